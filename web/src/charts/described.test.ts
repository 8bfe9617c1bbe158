import { describe, expect, it } from "vitest";

import { funnelInWords, linesInWords } from "./described";

const at = ["1 Nov", "2 Nov", "3 Nov", "4 Nov"];

describe("charts in words", () => {
  it("tells where a line goes, its most and its least, without what is not over", () => {
    expect(linesInWords(at, [{ name: "Charged", values: [10, 30, 20, 1] }], [false, false, false, true])).toBe(
      "Charged: 10 on 1 Nov, rises to 20 on 3 Nov (+100.0%), most 30 on 2 Nov, least 10 on 1 Nov. " +
        "4 Nov is not over yet.",
    );
  });
  it("tells a few lines and counts the others", () => {
    const lines = [..."abcdef"].map((name) => ({ name, values: [2, 1, 2, 2] }));
    const told = linesInWords(at, lines, []);
    expect(told).toContain("d: 2 on 1 Nov, 2 again on 4 Nov");
    expect(told).not.toContain("e:");
    expect(told).toContain("2 more groups are in the table.");
  });
  it("leaves out gaps and what is cut", () => {
    const lines = [{ name: "A / B", values: [1, null, 4, 2] }, { name: "C", values: [null, null, null, null] }];
    expect(linesInWords(at, lines, [true, false, false, false])).toBe(
      "A / B: 4 on 3 Nov, falls to 2 on 4 Nov (−50.0%). C: no value.",
    );
  });
  it("tells how many come through and where most are lost", () => {
    const step = (event: string, count: number, from_previous: number) => ({
      event,
      name: event,
      count,
      from_start: count / 100,
      from_previous,
      median_ms: 0,
    });
    expect(funnelInWords([step("A", 100, 1), step("B", 40, 0.4), step("C", 30, 0.75)], "people")).toBe(
      "Of 100 people at A, 30 (30.0%) came to C. " +
        "The largest fall, 60 people (60.0%), is between A and B.",
    );
    expect(funnelInWords([], "people")).toBe("");
  });
});
