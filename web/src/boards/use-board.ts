// A board and how it is changed: one change after the other, each to what the one before left.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { board, changeBoard, type SavedBoard } from "../api/boards";
import type { Change } from "./change";

export function useBoard(id: string) {
  const queries = useQueryClient();
  const { queryKey } = board(id);
  const asked = useQuery(board(id));
  const saved = useMutation({
    scope: { id: `board ${id}` },
    mutationFn: (change: Change) => {
      const now = queries.getQueryData<SavedBoard>(queryKey);
      if (!now) throw new Error("a board that is changed was read");
      const { cards, ...of } = change(now);
      return changeBoard({ ...now, ...of }, cards);
    },
    onSuccess: (now) => {
      queries.setQueryData(queryKey, now);
      void queries.invalidateQueries({ queryKey: ["boards"] });
    },
  });
  return { asked, saved };
}
