// What is done with a saved segment: kept under another name, frozen, deleted. Each says what it will do.
import { Button, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";

import { Refusal } from "../api/client";
import {
  type Definition,
  freezeSegment,
  makeSegment,
  removeSegment,
  type Segment,
  segmentCount,
  segments,
} from "../api/segments";
import { day, full } from "../ui/numbers";
import { Failed } from "../ui/panel";
import { texts } from "./texts";

export type Act = "saveAs" | "freeze" | "delete";

function Named({ does, start, verb, act, onDone }: NamedProps) {
  const [name, setName] = useState(start.slice(0, 100));
  const queries = useQueryClient();
  const done = useMutation({
    mutationFn: () => act(name.trim()),
    onSuccess: async (segment) => {
      await queries.invalidateQueries({ queryKey: ["segments"] });
      onDone(segment);
    },
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        done.mutate();
      }}
    >
      <Stack gap={12}>
        <Text size="sm">{does}</Text>
        <TextInput
          data-autofocus
          label={texts.name}
          value={name}
          required
          withAsterisk={false}
          maxLength={100}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        {done.error && <Failed error={done.error} />}
        <Group>
          <Button type="submit" loading={done.isPending}>
            {verb}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
type NamedProps = {
  does: string;
  start: string;
  verb: string;
  act: (name: string) => Promise<Segment>;
  onDone: (segment: Segment) => void;
};

function Freeze({ saved, zone, onDone }: { saved: Segment; zone: string; onDone: (list: Segment) => void }) {
  const { data } = useQuery(segmentCount({ segment: saved.id }));
  const [now] = useState(() => Date.now());
  return (
    <Named
      does={texts.freezeDoes(data ? full(data.people) : "…")}
      start={texts.frozenName(saved.name.slice(0, 80), day(now, zone))}
      verb={texts.freeze}
      act={(name) => freezeSegment(saved.id, name)}
      onDone={onDone}
    />
  );
}

function Delete({ saved, onDone, onCancel }: DeleteProps) {
  const queries = useQueryClient();
  const all = useQuery(segments).data?.segments ?? [];
  const users = all.filter(({ definition }) =>
    JSON.stringify(definition).includes(`{"segment":${JSON.stringify(saved.id)}}`),
  );
  const gone = useMutation({
    mutationFn: () => removeSegment(saved.id),
    onSuccess: async () => {
      onDone();
      await queries.invalidateQueries({ queryKey: ["segments"] });
    },
  });
  const inUse = gone.error instanceof Refusal && gone.error.code === "in_use";
  return (
    <Stack gap={12}>
      <Text size="sm">{texts.deleteDoes(saved.name)}</Text>
      {gone.error && <Failed error={gone.error} />}
      {(inUse || users.length > 0) && (
        <Text size="sm" component="div">
          {texts.usedBy}
          <ul className="reasons">
            {users.map(({ id, name }) => (
              <li key={id}>
                <Link to="/segments/$id" params={{ id }} onClick={onCancel}>
                  {name}
                </Link>
              </li>
            ))}
          </ul>
        </Text>
      )}
      <Group gap={8}>
        <Button color="red" loading={gone.isPending} onClick={() => gone.mutate()}>
          {texts.delete}
        </Button>
        <Button variant="default" onClick={onCancel}>
          {texts.cancel}
        </Button>
      </Group>
    </Stack>
  );
}
type DeleteProps = { saved: Segment; onDone: () => void; onCancel: () => void };

/** The dialog of what is about to be done; `onDone` is told the segment that it made, if it made one. */
export function Acts({ act, saved, rule, zone, onClose, onDone }: ActsProps) {
  const done = (made?: Segment) => {
    onClose();
    onDone(made);
  };
  return (
    <Modal
      opened={act !== undefined}
      onClose={onClose}
      title={act && texts[act]}
      closeButtonProps={{ "aria-label": texts.cancel }}
    >
      {act === "freeze" && <Freeze saved={saved} zone={zone} onDone={done} />}
      {act === "delete" && <Delete saved={saved} onDone={() => done()} onCancel={onClose} />}
      {act === "saveAs" && rule && (
        <Named
          does={texts.saveAsDoes}
          start={texts.copyOf(saved.name.slice(0, 90))}
          verb={texts.save}
          act={(name) => makeSegment(name, rule)}
          onDone={done}
        />
      )}
    </Modal>
  );
}
type ActsProps = {
  act: Act | undefined;
  saved: Segment;
  /** The rule as it stands, where it is complete. */
  rule: Definition | undefined;
  zone: string;
  onClose: () => void;
  onDone: (made?: Segment) => void;
};
