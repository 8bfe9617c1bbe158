// The notes on the days of a chart below it: what they say, and how they are added, changed, removed.
import "./question.css";

import { ActionIcon, Button, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { IconPencil, IconPlus, IconTrash } from "@tabler/icons-react";
import { useMutation, useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { useState } from "react";

import { account } from "../api/account";
import {
  addAnnotation,
  type Annotation,
  ANNOTATION_MAX,
  changeAnnotation,
  removeAnnotation,
} from "../api/annotations";
import { dateIn, dayBefore } from "../filters/period";
import { day, moment } from "../ui/numbers";
import { Failed } from "../ui/panel";
import { useOnCard } from "./on-card";
import { texts } from "./texts";
import type { Notes as Known } from "./use-notes";

/** A note at the first moment of a day is one on the day. */
const isDay = ({ at }: Annotation) => at.slice(11, 19) === "00:00:00";
const whenOf = (note: Annotation, zone: string) => (isDay(note) ? day : moment)(note.at, zone);

function useSaved<V>(act: (value: V) => Promise<unknown>, onDone: () => void) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: act,
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ["annotations"] });
      onDone();
    },
  });
}

function Write({ of, on, zone, onDone }: { of?: Annotation; on: string; zone: string; onDone: () => void }) {
  const [date, setDate] = useState(of ? dateIn(zone, Date.parse(of.at)) : on);
  const [text, setText] = useState(of?.text ?? "");
  const saved = useSaved(() => {
    // Another text alone leaves the moment as it is.
    const stays = of && date === dateIn(zone, Date.parse(of.at));
    const at = stays ? of.at : date;
    return of ? changeAnnotation(of, at, text.trim()) : addAnnotation(at, text.trim());
  }, onDone);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        saved.mutate(undefined);
      }}
    >
      <Stack gap={12}>
        <TextInput
          data-autofocus
          label={texts.noteText}
          placeholder={texts.noteExample}
          value={text}
          required
          withAsterisk={false}
          maxLength={ANNOTATION_MAX}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <TextInput
          type="date"
          label={texts.noteDay}
          value={date}
          required
          withAsterisk={false}
          onChange={(event) => setDate(event.currentTarget.value)}
        />
        {saved.error && <Failed error={saved.error} />}
        <Group>
          <Button type="submit" loading={saved.isPending}>
            {texts.saveNote}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function Remove({ of, zone, onDone }: { of: Annotation; zone: string; onDone: () => void }) {
  const removed = useSaved(() => removeAnnotation(of.id), onDone);
  return (
    <Stack gap={12}>
      <Text size="sm">{texts.removeNoteDoes(of.text, whenOf(of, zone))}</Text>
      {removed.error && <Failed error={removed.error} />}
      <Group gap={8}>
        <Button color="red" loading={removed.isPending} onClick={() => removed.mutate(undefined)}>
          {texts.remove}
        </Button>
        <Button variant="default" onClick={onDone}>
          {texts.cancel}
        </Button>
      </Group>
    </Stack>
  );
}

type Act = { does: "add" } | { does: "change" | "remove"; of: Annotation };

function List({ notes: { all, marks }, zone, onAct }: ListProps) {
  // Those of one interval stand under its number; one that has no place on the chart has none.
  const numberOf = ({ id }: Annotation) => marks.findIndex(({ ids }) => ids.includes(id)) + 1;
  return (
    <ul className="notes" aria-label={texts.notes}>
      {all.map((note) => (
        <li key={note.id}>
          <Text size="sm" component="span">
            {numberOf(note) > 0 && <span className="note-number">{numberOf(note)}</span>}
            <span className="quiet">{whenOf(note, zone)}</span> {note.text}
          </Text>
          <ActionIcon
            size="sm"
            variant="subtle"
            color="gray"
            aria-label={texts.changeNote(note.text)}
            title={texts.savedBy(note.changed_by)}
            onClick={() => onAct({ does: "change", of: note })}
          >
            <IconPencil size={16} aria-hidden />
          </ActionIcon>
          <ActionIcon
            size="sm"
            variant="subtle"
            color="gray"
            aria-label={texts.removeNote(note.text)}
            onClick={() => onAct({ does: "remove", of: note })}
          >
            <IconTrash size={16} aria-hidden />
          </ActionIcon>
        </li>
      ))}
    </ul>
  );
}
type ListProps = { notes: Known; zone: string; onAct: (act: Act) => void };

/** On a card the marks alone are shown: the page of the question has this. */
export function Notes({ notes }: { notes: Known }) {
  const { timezone } = useSuspenseQuery(account).data;
  const [act, setAct] = useState<Act>();
  const onCard = useOnCard();
  const [now] = useState(() => Date.now());
  if (onCard) return null;
  const done = () => setAct(undefined);
  const today = dateIn(timezone, now);
  const last = dayBefore(notes.to.slice(0, 10));
  const titles = { add: texts.addNote, change: texts.changeNoteTitle, remove: texts.removeNoteTitle };
  return (
    <section className="notes-below">
      {notes.error ? <Failed error={notes.error} /> : null}
      {notes.all.length > 0 && <List notes={notes} zone={timezone} onAct={setAct} />}
      <Button
        size="compact-xs"
        variant="subtle"
        leftSection={<IconPlus size={14} aria-hidden />}
        onClick={() => setAct({ does: "add" })}
      >
        {texts.addNote}
      </Button>
      <Modal
        opened={act !== undefined}
        onClose={done}
        title={act && titles[act.does]}
        closeButtonProps={{ "aria-label": texts.close }}
        transitionProps={{ duration: 0 }}
      >
        {act?.does === "remove" ? (
          <Remove of={act.of} zone={timezone} onDone={done} />
        ) : (
          act && (
            <Write
              of={act.does === "change" ? act.of : undefined}
              on={last < today ? last : today}
              zone={timezone}
              onDone={done}
            />
          )
        )}
      </Modal>
    </section>
  );
}
