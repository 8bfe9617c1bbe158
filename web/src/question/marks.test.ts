import { describe, expect, it } from "vitest";

import { endOf, marksOf } from "./marks";

const note = (id: string, at: string) => ({ id, at, text: id, version: 1, changed_at: at, changed_by: "ann" });
const days = ["23", "24", "25"].map((day) => `2026-11-${day}T00:00:00+05:30`);

describe("notes on the axis of time", () => {
  it("stand at the interval that they fall into, those of one together", () => {
    const all = [
      note("before", "2026-11-22T23:59:59+05:30"),
      note("first", "2026-11-23T00:00:00+05:30"),
      // The same moment, as another zone says it: still the 24th in India.
      note("late", "2026-11-24T18:29:59Z"),
      note("last", "2026-11-25T00:00:00+05:30"),
      note("evening", "2026-11-25T23:00:00+05:30"),
      note("after", "2026-11-26T02:00:00+05:30"),
    ];
    expect(marksOf(all, days, endOf(days, "day"))).toEqual([
      { place: 0, told: ["first"], ids: ["first"] },
      { place: 1, told: ["late"], ids: ["late"] },
      { place: 2, told: ["last", "evening"], ids: ["last", "evening"] },
    ]);
  });
  it("have no place where nothing is drawn", () => {
    expect(marksOf([note("one", "2026-11-23T00:00:00Z")], [], endOf([], "day"))).toEqual([]);
  });
});
