// The people behind a number: a panel beside the answer with who they are, which may be kept as a
// segment. It is part of the address: back closes it, and a link opens it.
import { Button, Drawer, Group, Text, TextInput } from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";
import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";

import { type Behind, keepBehind, peopleBehind } from "../api/insights";
import { full } from "../ui/numbers";
import { Answered, Failed } from "../ui/panel";
import { PeopleTable } from "./people-table";
import { texts } from "./texts";

const PAGE = 25;
const HEIGHT = 640;

function Keep({ of, suggested }: { of: Behind; suggested: string }) {
  const [name, setName] = useState([...suggested].slice(0, 100).join(""));
  const queries = useQueryClient();
  const kept = useMutation({
    mutationFn: () => keepBehind(of, name.trim()),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["segments"] }),
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        kept.mutate();
      }}
    >
      <Group align="end" gap={8} mb={16}>
        <TextInput
          label={texts.segmentName}
          value={name}
          required
          withAsterisk={false}
          maxLength={100}
          className="grows"
          onChange={(event) => {
            setName(event.currentTarget.value);
            kept.reset();
          }}
        />
        <Button type="submit" variant="default" loading={kept.isPending} disabled={kept.isSuccess}>
          {texts.save}
        </Button>
      </Group>
      {kept.data && (
        <Text size="sm" className="done" role="status" mb={16}>
          <IconCheck size={16} aria-hidden /> {texts.saved(full(kept.data.list?.people ?? 0))}{" "}
          <Link to="/segments/$id" params={{ id: kept.data.id }}>
            {texts.open}
          </Link>
        </Text>
      )}
      {kept.error && <Failed error={kept.error} />}
    </form>
  );
}

function Pages({ of, words, zone }: { of: Behind; words: string; zone: string }) {
  // Where each page so far begins, the last one being shown.
  const [cursors, setCursors] = useState<(string | null)[]>([null]);
  const cursor = cursors.at(-1) ?? null;
  const asked = useQuery({
    queryKey: ["people behind", of, cursor],
    queryFn: ({ signal }) => peopleBehind(of, cursor, PAGE, signal),
    placeholderData: keepPreviousData,
    // Each look is written into the audit: an answer is kept while the panel is open.
    staleTime: 60_000,
  });
  return (
    <Answered query={asked} height={HEIGHT}>
      {({ people, count, next, meta }) => (
        <>
          <Text fw={600} mb={4}>
            {texts.people(full(count), count === 1)}
          </Text>
          <Text size="sm" mb={16}>
            {words}
          </Text>
          {count > 0 && <Keep of={of} suggested={words} />}
          <PeopleTable people={people} meta={meta} zone={zone}>
            <Button
              size="xs"
              variant="default"
              disabled={cursors.length === 1}
              onClick={() => setCursors(cursors.slice(0, -1))}
            >
              {texts.previous}
            </Button>
            <Text size="sm">{texts.pageOf(cursors.length)}</Text>
            <Button
              size="xs"
              variant="default"
              disabled={next === null || asked.isPlaceholderData}
              onClick={() => setCursors([...cursors, next])}
            >
              {texts.next}
            </Button>
          </PeopleTable>
        </>
      )}
    </Answered>
  );
}

/** Opened as soon as there is a number whose people are asked for. */
export function PeopleBehind({ of, words, zone, onClose }: PeopleBehindProps) {
  return (
    <Drawer
      opened={of !== undefined}
      onClose={onClose}
      position="right"
      size="min(760px, 100vw)"
      title={texts.behind}
      closeButtonProps={{ "aria-label": texts.close }}
      transitionProps={{ duration: 0 }}
    >
      {of && <Pages key={JSON.stringify(of.cell)} of={of} words={words} zone={zone} />}
    </Drawer>
  );
}
type PeopleBehindProps = {
  of: Behind | undefined;
  /** What the number counts. */
  words: string;
  zone: string;
  onClose: () => void;
};
