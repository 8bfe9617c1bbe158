// Boards: cards that each keep a question, which is asked anew whenever somebody looks.
import { queryOptions } from "@tanstack/react-query";

import { answered, client, type Schemas } from "./client";

export type SavedBoard = Schemas["SavedBoard"];
export type ListedBoard = Schemas["ListedBoard"];
export type BoardCard = Schemas["BoardCard"];
export type NewBoardCard = Schemas["NewBoardCard"];
export type BoardRange = Schemas["BoardRange"];
/** What answers the question of a card. */
export type Insight = BoardCard["insight"];

/** The server's limits. */
export const CARDS_MAX = 30;
export const NAME_MAX = 100;
export const NOTE_MAX = 2_000;

/** Boards, by name. */
export const boards = queryOptions({
  queryKey: ["boards"],
  queryFn: ({ signal }) => answered(client.GET("/api/v1/boards", { signal })),
  staleTime: 10_000,
});

const one = (id: string) => ({ params: { path: { id } } });

export const board = (id: string) =>
  queryOptions({
    queryKey: ["board of cards", id],
    queryFn: ({ signal }) => answered(client.GET("/api/v1/boards/{id}", { ...one(id), signal })),
  });

export const makeBoard = (name: string, range: BoardRange, cards: NewBoardCard[]) =>
  answered(client.POST("/api/v1/boards", { body: { name, range, cards } }));

/** Saves the whole board; refused where somebody else saved it since its version. */
export const changeBoard = ({ id, name, note, range, version }: SavedBoard, cards: NewBoardCard[]) =>
  answered(
    client.PUT("/api/v1/boards/{id}", { ...one(id), body: { name, note, range, cards, version } }),
  );

/** Puts a card at the end of a board, as the board is now. */
export async function addCard(id: string, card: NewBoardCard): Promise<SavedBoard> {
  const now = await answered(client.GET("/api/v1/boards/{id}", one(id)));
  return changeBoard(now, [...now.cards, card]);
}

export const removeBoard = (id: string) => answered(client.DELETE("/api/v1/boards/{id}", one(id)));
