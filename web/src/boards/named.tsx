// The name and the note of a board, as a form in a dialog.
import { Button, Group, Modal, Stack, Textarea, TextInput } from "@mantine/core";
import { type ReactNode, useState } from "react";

import { NAME_MAX, NOTE_MAX } from "../api/boards";
import { Failed } from "../ui/panel";
import { texts } from "./texts";

export type Named = { name: string; note: string | null };

/** What something is called, and a note on it. */
export function NameAndNote({ label, name, note, onName, onNote }: NameAndNoteProps) {
  return (
    <>
      <TextInput
        data-autofocus
        label={label}
        value={name}
        required
        withAsterisk={false}
        maxLength={NAME_MAX}
        onChange={(event) => onName(event.currentTarget.value)}
      />
      <Textarea
        label={texts.note}
        value={note}
        autosize
        minRows={2}
        maxLength={NOTE_MAX}
        onChange={(event) => onNote(event.currentTarget.value)}
      />
    </>
  );
}
type NameAndNoteProps = {
  label: string;
  name: string;
  note: string;
  onName: (name: string) => void;
  onNote: (note: string) => void;
};

export function NamedForm({ start, verb, busy, error, onSave }: NamedProps) {
  const [name, setName] = useState(start.name);
  const [note, setNote] = useState(start.note ?? "");
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        onSave({ name: name.trim(), note: note.trim() || null });
      }}
    >
      <Stack gap={12}>
        <NameAndNote label={texts.name} name={name} note={note} onName={setName} onNote={setNote} />
        {error ? <Failed error={error} /> : null}
        <Group>
          <Button type="submit" loading={busy}>
            {verb}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
type NamedProps = {
  start: Named;
  verb: string;
  busy: boolean;
  error: unknown;
  onSave: (named: Named) => void;
};

/** A dialog that is open while there is something in it. */
export function Dialog({ title, onClose, children }: DialogProps) {
  return (
    <Modal
      opened={children !== undefined}
      onClose={onClose}
      title={title}
      closeButtonProps={{ "aria-label": texts.cancel }}
      transitionProps={{ duration: 0 }}
    >
      {children}
    </Modal>
  );
}
type DialogProps = { title: string; onClose: () => void; children?: ReactNode };
