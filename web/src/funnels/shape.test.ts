import { describe, expect, it } from "vitest";

import type { FunnelAnswer } from "../api/insights";
import { barsOf, cellInWords, columnsOf, lostAt, partsOf, tableRows, timesOf } from "./shape";
import { questionOf } from "./state";

const RANGE = { from: "2026-11-01", to: "2026-11-29", days: 28 };
const NAMES = new Map([["s1", "Gold"]]);
const HOUR = 3_600_000;
const question = questionOf(
  { steps: [{ event: "Viewed" }, { event: "Charged" }], segments: ["s1"], order: "any" },
  RANGE,
  "UTC",
);
const times = [
  { from_ms: 0, to_ms: HOUR, count: 3 },
  { from_ms: HOUR, to_ms: 2 * HOUR, count: 1 },
];
const step = (event: string, count: number, more: object) => ({
  event,
  count,
  from_start: count / 10,
  from_previous: count / 10,
  median_ms: HOUR,
  p90_ms: HOUR,
  ...more,
});
const steps = [step("Viewed", 10, {}), step("Charged", 4, { times })];
const answer: FunnelAnswer = {
  meta: { as_of: "2026-11-25T18:49:13Z", elapsed_ms: 20, events_scanned: 100 },
  question,
  steps,
  times,
  groups: [{ key: ["iOS"], steps, times: [] }],
  segments: [{ name: "s1", steps, groups: [{ key: [null], steps, times: [] }], times }],
};

describe("a funnel's answer", () => {
  it("has the numbers of everyone, of groups, of segments and of their groups", () => {
    expect(partsOf(answer, NAMES).map(({ name, of }) => [name, of])).toEqual([
      ["Everyone", {}],
      ["iOS", { key: ["iOS"] }],
      ["Gold", { segment: "s1" }],
      ["Gold · (none)", { segment: "s1", key: [null] }],
    ]);
    expect(barsOf(answer, NAMES).groups.map(({ name }) => name)).toEqual(["Gold"]);
    expect(barsOf(answer, NAMES).steps[1]?.name).toBe("All 2 of them");
  });
  it("tells who was lost, and whom a number counts", () => {
    expect(lostAt(steps, 1)).toBe(6);
    const cell = { step: 2, lost: true as const, segment: "s1", key: ["iOS"] };
    expect(cellInWords(cell, question, NAMES)).toBe("Came to Any 1 of them, and not to All 2 of them, Gold, iOS");
    const started = { step: 1, at: "2026-11-02T00:00:00+00:00" };
    expect(cellInWords(started, { ...question, interval: "day" }, NAMES)).toBe("Came to Any 1 of them, started 2 Nov");
  });
  it("has what was before beside it in the file, where that is compared", () => {
    const previous = {
      from: "2026-10-04T00:00:00+00:00",
      to: "2026-11-01T00:00:00+00:00",
      steps: steps.map((one) => ({ ...one, count: one.count + 1 })),
      groups: [],
    };
    const [head = [], first, , ofGroup] = tableRows({ ...answer, previous }, NAMES);
    const place = head.indexOf("Period before");
    expect([first?.[place], ofGroup?.[place]]).toEqual([11, ""]);
    expect(tableRows(answer, NAMES)[0]).not.toContain("Period before");
  });
  it("tells how long the whole way took, and a step of it", () => {
    const [everyone] = partsOf(answer, NAMES);
    if (!everyone) throw new Error("there is always everyone");
    expect(timesOf(everyone, undefined)).toBe(times);
    expect(timesOf(everyone, 2)).toBe(times);
    expect(timesOf(everyone, 1)).toEqual([]);
    expect(columnsOf(times, question).map(({ told }) => told)).toEqual([
      "3 people took 0 to 1 h",
      "1 person took 1 h to 2 h",
    ]);
    expect(tableRows(answer, NAMES).at(-1)).toEqual(["Gold", HOUR, 2 * HOUR, 1]);
  });
});
