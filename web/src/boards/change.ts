// What can be done with the cards of a board; each is done to the board as it is by then.
import type { BoardCard, NewBoardCard, SavedBoard } from "../api/boards";

/** A board as it is to be saved. */
export type Changed = Pick<SavedBoard, "name" | "note" | "range"> & { cards: NewBoardCard[] };
export type Change = (board: SavedBoard) => Changed;

/** One place earlier (-1) or later (1); where there is none, nothing moves. */
export const moved = (id: string, by: -1 | 1): Change => (board) => {
  const from = board.cards.findIndex((card) => card.id === id);
  const [card, other] = [board.cards[from], board.cards[from + by]];
  if (!card || !other) return board;
  return { ...board, cards: board.cards.with(from, other).with(from + by, card) };
};

export const without = (id: string): Change => (board) => ({
  ...board,
  cards: board.cards.filter((card) => card.id !== id),
});

/** What a person says of a card; the question stays. */
export type Told = Pick<BoardCard, "title" | "note" | "range" | "width">;

export const told = (id: string, more: Partial<Told>): Change => (board) => ({
  ...board,
  cards: board.cards.map((card) => (card.id === id ? { ...card, ...more } : card)),
});
