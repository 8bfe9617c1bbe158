import { describe, expect, it } from "vitest";

import type { TrendAnswer } from "../api/insights";
import { begun, isIncomplete } from "./shape";

const hours = ["16", "17", "18", "19", "20"].map((hour) => `2026-11-25T${hour}:00:00+05:30`);
const answer: TrendAnswer = {
  meta: { as_of: "2026-11-25T18:49:13.000+05:30", elapsed_ms: 20, events_scanned: 100 },
  question: {
    event: "Charged",
    measure: "total",
    interval: "hour",
    from: "2026-11-25",
    to: "2026-11-26",
    limit: 8,
  },
  series: [{ key: [], total: 30, points: hours.map((at) => ({ at, value: 10 })) }],
};

describe("a trend that ends in the future", () => {
  it("ends with the interval that runs, which is not over", () => {
    const shown = begun(answer);
    expect(shown.series[0]?.points.map((point) => point.at)).toEqual(hours.slice(0, 3));
    expect(isIncomplete(shown)).toBe(true);
  });
  it("has no interval before the first begins", () => {
    const early = { ...answer, meta: { ...answer.meta, as_of: "2026-11-24T18:49:13.000+05:30" } };
    expect(begun(early).series[0]?.points).toEqual([]);
  });
});
