import { describe, expect, it } from "vitest";

import { lineOption, type LinesData } from "./line-option";

const data = (values: (number | null)[], more: Partial<LinesData> = {}): LinesData => ({
  at: values.map((_, place) => `${place}`),
  lines: [{ name: "Everyone", values }],
  incomplete: values.map(() => false),
  additive: false,
  ...more,
});
const dots = (values: (number | null)[]) => {
  const [line] = lineOption(data(values), "light", false).series;
  return line && "showSymbol" in line && line.showSymbol;
};

describe("lines", () => {
  it("have a dot where a value stands alone between gaps, or would be no line", () => {
    expect(dots([null, 1, 2, null])).toBe(false);
    expect(dots([1, null, 2, 3])).toBe(true);
    expect(dots([1, 2])).toBe(true);
  });
  it("of shares end with the whole where they come near it, on an axis without needless digits", () => {
    const { yAxis } = lineOption(data([0.5, 1], { shares: true }), "light", false);
    expect(yAxis).toMatchObject({ max: 1, interval: 0.25 });
    expect(yAxis.axisLabel.formatter(0.4)).toBe("40%");
    for (const other of [data([0.1, 0.3], { shares: true }), data([0.9, 1])]) {
      expect(lineOption(other, "light", false).yAxis).not.toHaveProperty("max");
    }
  });
  it("have numbers of one kind on an axis", () => {
    const ticks = (most: number) => [3_000, 9_000].map(lineOption(data([1, most]), "light", false).yAxis.axisLabel.formatter);
    expect(ticks(11_000)).toEqual(["3 K", "9 K"]);
    expect(ticks(7_000)).toEqual(["3,000", "9,000"]);
  });
});
