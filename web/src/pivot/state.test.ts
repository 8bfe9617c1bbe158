import { describe, expect, it } from "vitest";

import { questionOf, searchOf } from "./state";

const RANGE = { from: "2026-11-01", to: "2026-11-08", days: 7 };
const SEARCHES: Parameters<typeof questionOf>[0][] = [
  {},
  {
    what: { event: "Charged" },
    measure: "sum:Amount",
    rows: [{ property: "Plan", scope: "person" }],
    columns: [
      { property: "OS", scope: "event" },
      { property: "$hour", scope: "event" },
    ],
    segment: "s1",
  },
];

describe("the state that asks a question", () => {
  it.each(SEARCHES)("asks it again: %j", (search) => {
    const question = questionOf(search, RANGE, "Asia/Kolkata");
    expect(questionOf(searchOf(question), RANGE, "Asia/Kolkata")).toEqual(question);
  });
});
