// The dialog of what is about to be done with a board or one of its cards.
import { Button, Group, Stack, Text } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";

import type { BoardCard, SavedBoard } from "../api/boards";
import { type Change, told, without } from "./change";
import { Delete } from "./delete";
import { Edit } from "./edit";
import { Dialog, NamedForm } from "./named";
import { texts } from "./texts";

/** What is about to be done, in a dialog. */
export type Act = { does: "rename" | "delete" } | { does: "edit" | "remove"; card: BoardCard };

function Remove({ card, onRemove, onCancel }: RemoveProps) {
  return (
    <Stack gap={12}>
      <Text size="sm">{texts.removeDoes(card.title)}</Text>
      <Group gap={8}>
        <Button color="red" onClick={onRemove}>
          {texts.removeCard}
        </Button>
        <Button variant="default" onClick={onCancel}>
          {texts.cancel}
        </Button>
      </Group>
    </Stack>
  );
}
type RemoveProps = { card: BoardCard; onRemove: () => void; onCancel: () => void };

export function Acting({ act, board, zone, onChange, onDone }: ActingProps) {
  const navigate = useNavigate();
  const titles = {
    rename: texts.renameBoard,
    delete: texts.delete,
    edit: texts.editTitle,
    remove: texts.removeTitle,
  };
  const change = (by: Change) => {
    onChange(by);
    onDone();
  };
  const inside = () => {
    switch (act?.does) {
      case "rename":
        return (
          <NamedForm
            start={board}
            verb={texts.save}
            busy={false}
            error={undefined}
            onSave={(named) => change((now) => ({ ...now, ...named }))}
          />
        );
      case "delete":
        return (
          <Delete
            id={board.id}
            name={board.name}
            cards={board.cards.length}
            onDone={() => void navigate({ to: "/boards" })}
            onCancel={onDone}
          />
        );
      case "edit":
        return (
          <Edit
            card={act.card}
            range={board.range}
            zone={zone}
            onSave={(more) => change(told(act.card.id, more))}
          />
        );
      case "remove":
        return <Remove card={act.card} onRemove={() => change(without(act.card.id))} onCancel={onDone} />;
    }
  };
  return (
    <Dialog title={act ? titles[act.does] : ""} onClose={onDone}>
      {inside()}
    </Dialog>
  );
}
type ActingProps = {
  act: Act | undefined;
  board: SavedBoard;
  zone: string;
  onChange: (change: Change) => void;
  onDone: () => void;
};
