import { describe, expect, it } from "vitest";

import type { TrendAnswer } from "../api/insights";
import { begun, cellInWords, cellOf, dataOf, headOf, nameOf, tableRows } from "./shape";
import { questionOf, readTrend, type TrendSearch } from "./state";

const NAMES = new Map([["s1", "Gold"]]);
const RANGE = { from: "2026-11-25", to: "2026-11-26", days: 1 };
const hours = ["16", "17", "18", "19", "20"].map((hour) => `2026-11-25T${hour}:00:00+05:30`);
const asking = (search: TrendSearch & { compare?: boolean }) => questionOf(search, RANGE, "Asia/Kolkata");
const points = (values: (number | null)[]) => hours.map((at, place) => ({ at, value: values[place] ?? null }));

const answer: TrendAnswer = {
  meta: { as_of: "2026-11-25T18:49:13.000+05:30", elapsed_ms: 20, events_scanned: 100 },
  question: asking({ event: "Charged", measure: "total" }),
  series: [
    {
      key: [],
      name: "A",
      total: 30,
      points: points([10, 10, 10, 0, 0]).map((point, place) => (place > 1 ? { ...point, incomplete: true } : point)),
    },
  ],
};

describe("a trend that ends in the future", () => {
  it("ends with the interval that runs, which is not over", () => {
    const shown = begun(answer);
    expect(shown.series[0]?.points.map((point) => point.at)).toEqual(hours.slice(0, 3));
    expect(dataOf(shown, NAMES).incomplete).toEqual([false, false, true]);
  });
  it("has no interval before the first begins", () => {
    const early = { ...answer, meta: { ...answer.meta, as_of: "2026-11-24T18:49:13.000+05:30" } };
    expect(begun(early).series[0]?.points).toEqual([]);
  });
});

describe("the lines of a trend", () => {
  const more = [{ event: "Product Viewed", measure: "total" }];
  const line = { key: ["iOS"], name: "B", segment: "s1" };
  it("are called by what tells them apart", () => {
    const one = asking({ event: "Charged" });
    expect(nameOf({ key: [], name: "A" }, one, NAMES)).toBe("Charged");
    expect(nameOf({ key: ["iOS"], name: "A" }, one, NAMES)).toBe("iOS");
    expect(nameOf(line, asking({ more }), NAMES)).toBe("Gold · B Product Viewed · iOS");
    const formula = asking({ more, formula: "A / B" });
    expect(nameOf({ key: [], name: "A / B" }, formula, NAMES)).toBe("A / B");
  });
  it("lead to the people of their own numbers", () => {
    const question = asking({ more, segments: ["s1"], compare: true });
    expect(cellOf(line, question, hours[0])).toEqual({ key: ["iOS"], at: hours[0], series: "B", segment: "s1" });
    expect(cellOf({ key: [], name: "A / B" }, asking({ more, formula: "A / B" }), undefined)).toEqual({});
    const words = cellInWords({ series: "B", segment: "s1", previous: true }, question, NAMES);
    expect(words).toBe("Gold · B Product Viewed, Period before");
    expect(cellInWords({}, asking({ more, formula: "A / B" }), NAMES)).toBe("any event, Product Viewed, Whole period");
  });
  it("have gaps where a formula has no value, and what they were beside them", () => {
    const question = asking({ more, formula: "A / B", compare: true });
    const previous = { total: null, points: points([1, 2, 3, 4, 5]) };
    const series = [{ key: [], name: "A / B", total: 0.5, points: points([null, 0.5, 1, 1, 1]), previous }];
    const shown = { ...answer, question, series, previous: { from: hours[0] ?? "", to: hours[4] ?? "" } };
    expect(dataOf(shown, NAMES).lines[0]?.values).toEqual([null, 0.5, 1, 1, 1]);
    expect(dataOf(shown, NAMES).before).toEqual([1, 2, 3, 4, 5]);
    expect(headOf(shown)).toBe("Event");
    expect(tableRows(shown, NAMES)[1]?.slice(0, 5)).toEqual(["A / B", 0.5, "", "", 0.5]);
  });
});

describe("a trend by several properties", () => {
  const by = ["OS", "Plan", "Pune"].map((property) => ({ property, scope: "event" as const }));
  const question = asking({ event: "Charged", by });
  const series = [
    { key: ["iOS", null, 7], name: "A", total: 3, points: points([3]) },
    { key: ["(other)"], name: "A", total: 1, points: points([1]) },
  ];
  it("calls a line by all its values, and has a column for each in the file", () => {
    const shown = { ...answer, question, series };
    expect(series.map((one) => nameOf(one, question, NAMES))).toEqual(["iOS · (none) · 7", "(other)"]);
    expect(headOf(shown)).toBe("OS · Plan · Pune");
    const [head, first, other] = tableRows(shown, NAMES).map((row) => row.slice(0, 4));
    expect(head).toEqual(["OS", "Plan", "Pune", "Whole period"]);
    expect(first).toEqual(["iOS", "(none)", "7", 3]);
    expect(other).toEqual(["(other)", "", "", 1]);
  });
  it("stands in the address, with the people behind a number", () => {
    const search = { event: "Charged", by, cell: { key: ["iOS", null, 7] } };
    expect(readTrend(search)).toEqual(search);
  });
});

describe("a trend's address", () => {
  it("holds several events, what is made of them, and what each value is over", () => {
    const search = {
      event: "Charged",
      more: [{ event: "*", measure: "sum:Amount", where: [{ property: "OS", op: "exists", scope: "event" }] }],
      formula: "B / A",
      segments: ["s1", "s2"],
      rolling: 7,
      cell: { at: hours[0], series: "B" },
    };
    expect(readTrend(search)).toEqual(search);
    expect(asking(readTrend(search))).toMatchObject({ formula: "B / A", rolling: 7, limit: 4 });
  });
  it("leaves out what the server would refuse", () => {
    const odd = { formula: "A", rolling: 1, segments: ["s1", "s1", ""], more: [{ event: "" }, 7], cell: { at: "now" } };
    expect(readTrend(odd)).toEqual({ segments: ["s1"], cell: {} });
    expect(readTrend({ rolling: 3, cumulative: true })).toEqual({ rolling: 3 });
    expect(readTrend({ more: [{ event: "Charged", measure: "sum" }] })).toEqual({
      more: [{ event: "Charged", measure: "uniques" }],
    });
  });
});
