import { describe, expect, it } from "vitest";

import type { SavedBoard } from "../api/boards";
import { moved, told, without } from "./change";

const card = (id: string) => ({
  id,
  title: id,
  note: null,
  insight: "trend" as const,
  question: {},
  range: null,
  width: "half" as const,
});
const board: SavedBoard = {
  id: "b",
  name: "B",
  note: null,
  range: { last: 28 },
  cards: ["a", "b", "c"].map(card),
  version: 1,
  changed_at: "",
  changed_by: "",
};
const ids = ({ cards }: { cards: { id?: string }[] }) => cards.map(({ id }) => id).join("");

describe("the cards of a board", () => {
  it("move by one place, and stay at the ends", () => {
    expect(ids(moved("b", -1)(board))).toBe("bac");
    expect(ids(moved("b", 1)(board))).toBe("acb");
    expect(ids(moved("a", -1)(board))).toBe("abc");
    expect(ids(moved("c", 1)(board))).toBe("abc");
    expect(ids(moved("gone", 1)(board))).toBe("abc");
  });
  it("go and change one at a time", () => {
    expect(ids(without("b")(board))).toBe("ac");
    const { cards } = told("b", { title: "New", width: "whole" })(board);
    expect(cards.map(({ title, width }) => `${title} ${width}`)).toEqual(["a half", "New whole", "c half"]);
  });
});
