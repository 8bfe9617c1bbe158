import { describe, expect, it } from "vitest";

import { questionOf, searchOf } from "./state";

const RANGE = { from: "2026-11-01", to: "2026-11-08", days: 7 };
const SEARCHES: Parameters<typeof questionOf>[0][] = [
  {},
  { active: "Opened", paid: "Bought", amount: "Price", segment: "s1" },
];

describe("the state that asks a question", () => {
  it.each(SEARCHES)("asks it again: %j", (search) => {
    const question = questionOf(search, RANGE, "Asia/Kolkata");
    expect(questionOf(searchOf(question), RANGE, "Asia/Kolkata")).toEqual(question);
  });
});
