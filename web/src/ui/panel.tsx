// A panel in its four states: loading, nothing yet, refused, failed. A failed panel keeps the last
// good answer on screen, marked.
import { Alert, Button, Group, Skeleton, Stack, Text, Title } from "@mantine/core";
import { IconAlertTriangle, IconLock } from "@tabler/icons-react";
import type { ReactNode } from "react";

import { Refusal } from "../api/client";

export function Panel({
  title,
  aside,
  children,
}: {
  title?: string;
  aside?: ReactNode;
  children: ReactNode;
}) {
  return (
    <section className="card" aria-label={title} style={{ padding: 16, minWidth: 0 }}>
      {title && (
        <Group justify="space-between" mb={12} gap="xs">
          <Title order={2}>{title}</Title>
          {aside}
        </Group>
      )}
      {children}
    </section>
  );
}

/** Lines where an answer will be, in its height, so that nothing jumps. */
export function Loading({ height = 240 }: { height?: number }) {
  return <Skeleton height={height} radius={8} aria-label="Loading" role="status" />;
}

/** Nothing yet: says what to do next. */
export function Nothing({ title, next }: { title: string; next?: ReactNode }) {
  return (
    <Stack align="center" justify="center" gap={8} py={40} ta="center">
      <Text fw={600}>{title}</Text>
      {next && (
        <Text size="sm" className="quiet" component="div" maw={520}>
          {next}
        </Text>
      )}
    </Stack>
  );
}

/** What went wrong, and how to go on. */
export function Failed({ error, again }: { error: unknown; again?: () => void }) {
  const refusal = error instanceof Refusal ? error : undefined;
  if (refusal?.forbidden) {
    return (
      <Alert color="gray" icon={<IconLock size={18} />} title="Not allowed" role="alert">
        {refusal.message}. Someone with the role admin can change that.
      </Alert>
    );
  }
  return (
    <Alert
      color="red"
      variant="light"
      icon={<IconAlertTriangle size={18} />}
      title="This did not work"
      role="alert"
    >
      <Text size="sm">{refusal?.message ?? "Something unexpected happened in this page."}</Text>
      {refusal?.places.map((place) => (
        <Text size="sm" key={place.pointer}>
          <code>{place.pointer || "/"}</code> {place.message}
        </Text>
      ))}
      {again && (
        <Button size="xs" mt={8} variant="default" onClick={again}>
          Try again
        </Button>
      )}
    </Alert>
  );
}

/** The state of a query: its answer when there is one, marked when it is not fresh. */
export function Answered<T>({
  query,
  height,
  children,
}: {
  query: {
    data: T | undefined;
    error: unknown;
    isFetching: boolean;
    isPlaceholderData?: boolean;
    refetch: () => unknown;
  };
  height?: number;
  children: (data: T) => ReactNode;
}) {
  const { data, error, isFetching, isPlaceholderData, refetch } = query;
  if (data === undefined) {
    return error ? (
      <Failed error={error} again={() => void refetch()} />
    ) : (
      <Loading height={height} />
    );
  }
  return (
    <>
      {error ? (
        <>
          <Failed error={error} again={() => void refetch()} />
          <Text size="xs" className="quiet" my={8}>
            Below is the last good answer.
          </Text>
        </>
      ) : null}
      <div
        aria-busy={isFetching}
        style={{ opacity: isPlaceholderData || error ? 0.55 : 1, transition: "opacity 120ms" }}
      >
        {children(data)}
      </div>
    </>
  );
}
