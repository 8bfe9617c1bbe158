import { describe, expect, it } from "vitest";

import type { Condition } from "../api/insights";
import { questionOf, searchOf } from "./state";

const ON_IOS = [{ property: "OS", op: "eq", value: "iOS", scope: "event" }] as Condition[];
const RANGE = { from: "2026-11-01", to: "2026-11-08", days: 7 };
const SEARCHES: Parameters<typeof questionOf>[0][] = [
  {},
  {
    paid: { event: "Bought", where: ON_IOS },
    amount: "Price",
    bins: 4,
    segment: "s1",
    compare: true,
  },
];

describe("the state that asks a question", () => {
  it.each(SEARCHES)("asks it again: %j", (search) => {
    const question = questionOf(search, RANGE, "Asia/Kolkata");
    expect(questionOf(searchOf(question), RANGE, "Asia/Kolkata")).toEqual(question);
  });
});
