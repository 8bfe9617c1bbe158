import { describe, expect, it } from "vitest";

import type { Condition } from "../api/insights";
import { questionOf, searchOf } from "./state";

const ON_IOS = [{ property: "OS", op: "eq", value: "iOS", scope: "event" }] as Condition[];
const RANGE = { from: "2026-11-01", to: "2026-11-08", days: 7 };
const SEARCHES: Parameters<typeof questionOf>[0][] = [
  { event: { event: "Viewed" } },
  {
    event: { event: "Viewed", where: ON_IOS },
    end: true,
    steps: 5,
    within: "1h",
    top: 8,
    hide: ["Searched"],
    once: true,
    segment: "s1",
  },
];

describe("the state that asks a question", () => {
  it.each(SEARCHES)("asks it again: %j", (search) => {
    const question = questionOf(search, RANGE, "Asia/Kolkata");
    expect(questionOf(searchOf(question), RANGE, "Asia/Kolkata")).toEqual(question);
  });
});
