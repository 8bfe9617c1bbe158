import { describe, expect, it } from "vitest";

import { questionOf } from "./state";
import { questionInWords } from "./words";

const range = { from: "2026-11-01", to: "2026-11-29", days: 28 };
const words = (search: Parameters<typeof questionOf>[0]) =>
  questionInWords(questionOf(search, range, "Asia/Kolkata"), new Map([["s1", "Gold"]]));

describe("a trend's question in words", () => {
  it("says what is counted, of what, and when", () => {
    expect(words({})).toBe(
      "Count unique people who did any event, per day, 1 Nov 2026 – 28 Nov 2026",
    );
  });
  it("says measures, conditions and breakdowns", () => {
    const where = { property: "OS", op: "in", value: ["iOS", "tvOS"], scope: "event" } as const;
    const known = { property: "Plan", op: "exists", scope: "person" } as const;
    const by = [{ property: "Plan", scope: "person" as const }];
    const search = { event: "Charged", measure: "sum:Amount", where: [where, known], by };
    expect(words({ segment: "s1", event: "Charged" })).toBe(
      "Count unique people who did Charged, for people in Gold, per day, 1 Nov 2026 – 28 Nov 2026",
    );
    expect(words({ ...search, interval: "week" })).toBe(
      "Show the sum of Amount in Charged where OS is one of iOS, tvOS and Plan is known, by Plan, " +
        "per week, 1 Nov 2026 – 28 Nov 2026",
    );
  });
});
