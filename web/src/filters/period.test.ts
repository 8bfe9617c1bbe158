import { describe, expect, it } from "vitest";

import { fitting, periodInWords, previous, rangeOf, readPeriod } from "./period";

// 20:00 UTC on 23 November is already the 24th in Kolkata.
const NOW = Date.parse("2026-11-23T20:00:00Z");

describe("the period of a question", () => {
  it("ends with today in the publisher's zone", () => {
    const range = rangeOf({ last: 28 }, "Asia/Kolkata", NOW);
    expect(range).toEqual({ from: "2026-10-28", to: "2026-11-25", days: 28 });
    expect(rangeOf({ last: 1 }, "America/New_York", NOW).from).toBe("2026-11-23");
  });
  it("compares with the same length before", () => {
    const range = rangeOf({ from: "2026-03-01", until: "2026-03-31" }, "UTC", NOW);
    expect(range).toEqual({ from: "2026-03-01", to: "2026-04-01", days: 31 });
    expect(previous(range)).toEqual({ from: "2026-01-29", to: "2026-03-01", days: 31 });
  });
  it("reads from a URL only what is a period", () => {
    expect(readPeriod({ last: 7 })).toEqual({ last: 7 });
    expect(readPeriod({ last: "7; drop" })).toEqual({});
    expect(readPeriod({ last: 1e9 })).toEqual({});
    expect(readPeriod({ from: "2026-02-30", until: "2026-03-01" })).toEqual({});
    expect(readPeriod({ from: "2026-03-02", until: "2026-03-01" })).toEqual({});
    expect(readPeriod({ from: "2026-03-01", until: "2026-03-02", last: 3 })).toEqual({
      from: "2026-03-01",
      until: "2026-03-02",
    });
  });
  it("has words for people", () => {
    expect(periodInWords({ last: 1 })).toBe("today");
    expect(periodInWords({ from: "2026-03-01", until: "2026-03-31" })).toBe(
      "1 Mar 2026 – 31 Mar 2026",
    );
  });
  it("draws neither a point nor a thousand of them", () => {
    expect(fitting("minute", 28)).toBe("day");
    expect(fitting(undefined, 1)).toBe("hour");
    expect(fitting("week", 28)).toBe("week");
  });
});
