import { describe, expect, it } from "vitest";

import type { Condition } from "../api/insights";
import { questionOf, searchOf } from "./state";

const ON_IOS = [{ property: "OS", op: "eq", value: "iOS", scope: "event" }] as Condition[];
const RANGE = { from: "2026-11-01", to: "2026-11-08", days: 7 };
const SEARCHES: Parameters<typeof questionOf>[0][] = [
  {},
  {
    event: "Charged",
    measure: "sum:Amount",
    where: ON_IOS,
    by: [{ property: "Plan", scope: "person" }],
    interval: "week",
    segment: "s1",
    rolling: 4,
    compare: true,
  },
  {
    event: "A",
    measure: "total",
    more: [{ event: "B", measure: "uniques", where: ON_IOS }],
    formula: "A / B",
    segments: ["s1", "s2"],
    cumulative: true,
  },
];

describe("the state that asks a question", () => {
  it.each(SEARCHES)("asks it again: %j", (search) => {
    const question = questionOf(search, RANGE, "Asia/Kolkata");
    expect(questionOf(searchOf(question), RANGE, "Asia/Kolkata")).toEqual(question);
  });
  it("may be about one event alone, as the API has it", () => {
    const asked = { from: "2026-11-01", to: "2026-11-08", event: "Charged", interval: "day" as const };
    const alone = { ...asked, measure: "uniques" as const } as object as Parameters<typeof searchOf>[0];
    expect(searchOf(alone)).toEqual({ event: "Charged", measure: "uniques", interval: "day" });
  });
});
