import { describe, expect, it } from "vitest";

import type { FunnelAnswer } from "../api/insights";
import { conversionOf, coursesOf, endsOf, linesOf, pointRows } from "./points";
import { questionOf } from "./state";

const RANGE = { from: "2026-11-01", to: "2026-11-05", days: 4 };
const NAMES = new Map([["s1", "Gold"]]);
const question = questionOf(
  { steps: [{ event: "Viewed" }, { event: "Added" }, { event: "Charged" }], interval: "day" },
  RANGE,
  "UTC",
);
const day = (date: number) => `2026-11-0${date}T00:00:00+00:00`;
const points = [
  { at: day(1), counts: [10, 5, 1] },
  { at: day(2), counts: [0, 0, 0] },
  { at: day(3), counts: [8, 4, 2], incomplete: true },
  { at: day(4), counts: [0, 0, 0], incomplete: true },
];
const answer: FunnelAnswer = {
  meta: { as_of: "2026-11-03T12:00:00Z", elapsed_ms: 20, events_scanned: 100 },
  question,
  steps: [],
  groups: [],
  points,
};
const compared: FunnelAnswer = {
  ...answer,
  segments: [{ name: "s1", steps: [], groups: [], points: [{ at: day(1), counts: [2, 2, 2] }] }],
};

describe("a funnel over time", () => {
  it("tells what part came from a step to the next, or the whole way, and none of nobody", () => {
    expect(endsOf(3, undefined)).toEqual([1, 3]);
    expect(endsOf(3, 2)).toEqual([1, 2]);
    // A link of a longer funnel.
    expect(endsOf(3, 7)).toEqual([1, 3]);
    const [first, none] = points;
    if (!first || !none) throw new Error("there are four");
    expect(conversionOf(first, undefined)).toBe(0.1);
    expect(conversionOf(first, 3)).toBe(0.2);
    expect(conversionOf(none, undefined)).toBeNull();
  });
  it("is a line of everyone with what may still change marked, and no intervals that have not begun", () => {
    const data = linesOf(answer, undefined, NAMES);
    expect(data.at).toEqual(["1 Nov", "2 Nov", "3 Nov"]);
    expect(data.lines).toEqual([{ name: "Everyone", values: [0.1, null, 0.25] }]);
    expect(data.incomplete).toEqual([false, false, true]);
    expect(data.before).toBeUndefined();
  });
  it("is compared with the period before where it is one line, and with segments by a line each", () => {
    const previous = { from: day(1), to: day(5), steps: [], groups: [], points: [...points].reverse() };
    expect(linesOf({ ...answer, previous }, 2, NAMES).before).toEqual([null, 0.5, null]);
    const beside = linesOf({ ...compared, previous }, 2, NAMES);
    expect(beside.lines).toEqual([{ name: "Gold", values: [1] }]);
    expect(beside.before).toBeUndefined();
    expect(coursesOf(compared, NAMES).map(({ of }) => of)).toEqual([{}, { segment: "s1" }]);
  });
  it("is in the file by interval and step", () => {
    const [, head, first, , last, gold] = pointRows(compared, NAMES);
    expect(head).toEqual(["Group", "Start", "1. Viewed", "2. Added", "3. Charged", "Conversion 1 → 3", "incomplete"]);
    expect(first).toEqual(["Everyone", day(1), 10, 5, 1, 0.1, ""]);
    expect(last).toEqual(["Everyone", day(3), 8, 4, 2, 0.25, "true"]);
    expect(gold).toEqual(["Gold", day(1), 2, 2, 2, 1, ""]);
  });
});
