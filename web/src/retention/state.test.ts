import { describe, expect, it } from "vitest";

import { beside, bracketsOf, questionOf, readRetention, searchOf } from "./state";

describe("brackets as they are written", () => {
  it("are single periods and spans, each further on than the one before", () => {
    expect(bracketsOf("0, 1, 2-3")).toEqual([
      [0, 1],
      [1, 2],
      [2, 4],
    ]);
    expect(bracketsOf("3, 1")).toBeUndefined();
    expect(bracketsOf("1, soon")).toBeUndefined();
  });
});

describe("a retention's address", () => {
  it("names a cell by the start of its cohort, and nothing that is none", () => {
    const cell = { cohort: "2026-11-16T00:00:00+05:30", period: 1 };
    expect(readRetention({ cell }).cell).toEqual(cell);
    expect(readRetention({ cell: { cohort: "2026-11-16" } }).cell).toBeUndefined();
    expect(readRetention({ cell: { cohort: "2026-99-16T00:00:00Z" } }).cell).toBeUndefined();
  });
  it("leaves out brackets that the server would refuse", () => {
    expect(readRetention({ brackets: [[2, 1]] }).brackets).toBeUndefined();
    expect(readRetention({ brackets: [[0, 1], [1, 4]] }).brackets).toEqual([[0, 1], [1, 4]]);
  });
});

describe("the state that asks a question", () => {
  const range = { from: "2026-11-01", to: "2026-11-08", days: 7 };
  const searches: Parameters<typeof questionOf>[0][] = [
    {},
    {
      born: { event: "A" },
      first: true,
      back: { event: "B" },
      period: "week",
      upto: 12,
      rolling: true,
    },
    {
      mode: "brackets",
      brackets: [
        [0, 1],
        [1, 3],
      ],
      by: [{ property: "OS", scope: "event" }],
      segment: "s1",
    },
  ];
  it.each(searches)("asks it again: %j", (search) => {
    const question = questionOf(search, range, "Asia/Kolkata");
    expect(questionOf(searchOf(question), range, "Asia/Kolkata")).toEqual(question);
  });
  it("has its brackets beside the mode, though the API takes them within it", () => {
    const asked = questionOf({ mode: "brackets", brackets: [[0, 2]] }, range, "UTC");
    expect(beside({ ...asked, mode: { brackets: [[0, 2]] }, brackets: undefined })).toEqual(asked);
  });
});
