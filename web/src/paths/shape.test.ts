import { describe, expect, it } from "vitest";

import type { PathsAnswer } from "../api/insights";
import { cellOf, sankeyOf } from "./shape";

const question = {
  from: "2026-11-01",
  to: "2026-11-29",
  steps: 3,
  within: "session",
  top: 5,
  sequences: 50,
  collapse_repeats: false,
};
const meta = { as_of: "2026-11-28T14:00:00+05:30", elapsed_ms: 2, events_scanned: 10 };
const count = 5;
const paths = (more: Partial<PathsAnswer>): PathsAnswer => ({
  nodes: [],
  links: [],
  sequences: [],
  meta,
  question,
  ...more,
});

describe("paths as a diagram", () => {
  it("go to the right from what they begin with", () => {
    const answer = paths({
      question: { ...question, start: "A" },
      nodes: [
        { step: 0, event: "A", count },
        { step: 1, event: "B", count },
      ],
      links: [{ step: 0, from: "A", to: "B", count }],
    });
    const { nodes, links, columns } = sankeyOf(answer);
    expect(nodes.map(({ column }) => column)).toEqual([0, 1]);
    expect(links).toEqual([{ from: 0, to: 1, count }]);
    expect(columns).toEqual(["The start", "1 step after"]);
  });
  it("go on from their start where a card says that they have no end", () => {
    const kept = { ...question, end: null } as object as typeof question;
    expect(sankeyOf(paths({ question: kept })).columns).toEqual(["The start"]);
  });
  it("come from the left to what they end with", () => {
    const answer = paths({
      question: { ...question, end: "B" },
      nodes: [
        { step: 0, event: "B", count },
        { step: 1, event: "A", count },
      ],
      links: [{ step: 0, from: "A", to: "B", count }],
    });
    const { nodes, links, columns } = sankeyOf(answer);
    expect(nodes.map(({ column }) => column)).toEqual([1, 0]);
    expect(links).toEqual([{ from: 1, to: 0, count }]);
    expect(columns).toEqual(["1 step before", "The end"]);
    expect(cellOf(answer, { link: 0 })).toEqual({ step: 0, from: "A", to: "B" });
  });
});
