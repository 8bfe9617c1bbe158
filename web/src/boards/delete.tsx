// Deletes a board, after it was said what goes.
import { Button, Group, Stack, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";

import { removeBoard } from "../api/boards";
import { Failed } from "../ui/panel";
import { texts } from "./texts";

export function Delete({ id, name, cards, onDone, onCancel }: DeleteProps) {
  const queries = useQueryClient();
  const gone = useMutation({
    mutationFn: () => removeBoard(id),
    onSuccess: async () => {
      onDone();
      await queries.invalidateQueries({ queryKey: ["boards"] });
    },
  });
  return (
    <Stack gap={12}>
      <Text size="sm">{texts.deleteDoes(name, cards)}</Text>
      {gone.error && <Failed error={gone.error} />}
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
type DeleteProps = {
  id: string;
  name: string;
  cards: number;
  onDone: () => void;
  onCancel: () => void;
};
