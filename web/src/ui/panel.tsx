// A panel in its four states: loading, nothing yet, refused, failed. A failed panel keeps the last
// good answer on screen, marked.
import { Button, Group, Skeleton, Stack, Text, Title } from "@mantine/core";
import { type ReactNode, useState } from "react";

import { Refusal } from "../api/client";
import { Note } from "./note";
import { sentence, words } from "./words";

export function Panel({ title, aside, children }: PanelProps) {
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
type PanelProps = { title?: string; aside?: ReactNode; children: ReactNode };

/** Lines where an answer will be, in its height, so that nothing jumps. */
export function Loading({ height = 240 }: { height?: number }) {
  return <Skeleton height={height} radius={8} aria-label={words.loading} role="status" />;
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
  // Where one thing is wrong, the message says it already.
  const places = refusal?.places.filter(({ message }) => !refusal.message.includes(message));
  if (refusal?.forbidden) {
    const scope = refusal.scope;
    return (
      <Note kind="lock" title={words.notAllowed} role="alert">
        {sentence(refusal.message)} {scope === "people" ? words.whoCan(scope) : words.whoCanAny}
      </Note>
    );
  }
  return (
    <Note kind="bad" title={words.failed} role="alert">
      {refusal ? sentence(refusal.message) : words.broke}
      {refusal?.status === 0 && ` ${words.unreachable}`}
      {places?.map((place) => (
        <div key={place.pointer}>
          <code>{place.pointer || "/"}</code> {place.message}
        </div>
      ))}
      {again && (
        <div>
          <Button size="xs" mt={12} variant="default" onClick={again}>
            {words.again}
          </Button>
        </div>
      )}
    </Note>
  );
}

/** The newest answer that came, also while a later question fails. */
function useLastGood<T>(data: T | undefined): T | undefined {
  const [last, setLast] = useState(data);
  if (data !== undefined && data !== last) setLast(data);
  return data ?? last;
}

/** The state of a query: its answer when there is one, marked when it is not fresh. */
export function Answered<T>({ query, height, children }: AnsweredProps<T>) {
  const { data, error, isFetching, isPlaceholderData, refetch } = query;
  const last = useLastGood(data);
  const again = () => void refetch();
  const refused = error instanceof Refusal && error.forbidden;
  if (last === undefined || refused) {
    return error ? <Failed error={error} again={again} /> : <Loading height={height} />;
  }
  return (
    <>
      {error ? (
        <>
          <Failed error={error} again={again} />
          <Text size="xs" className="quiet" my={8}>
            {words.lastGood}
          </Text>
        </>
      ) : null}
      <div aria-busy={isFetching} className="answer" data-old={Boolean(isPlaceholderData || error)}>
        {children(last)}
      </div>
    </>
  );
}
type AnsweredProps<T> = {
  query: {
    data: T | undefined;
    error: unknown;
    isFetching: boolean;
    isPlaceholderData?: boolean;
    refetch: () => unknown;
  };
  height?: number;
  children: (data: T) => ReactNode;
};
