import { describe, expect, it } from "vitest";

import type { Kind } from "./kind";
import { askedAbout, leads } from "./leads";

type Question = { event: string; from: string; to: string; timezone?: string; where?: string[]; deep?: object | null };
type Search = { event?: string };

const kind: Pick<Kind<Question, never, Search>, "questionOf" | "searchOf" | "dated"> = {
  dated: true,
  questionOf: ({ event = "*" }, { from, to }, timezone) => ({ event, from, to, timezone }),
  searchOf: ({ event }) => ({ event }),
};
const whole = kind as Kind<Question, never, Search>;
const ZONE = "Asia/Kolkata";
const kept = { event: "Charged", from: "2026-11-01", to: "2026-11-08", timezone: ZONE };
const RANGE = { from: "2026-11-20", to: "2026-11-27", days: 7 };

describe("a card leads to its page", () => {
  it("where the page asks the same, whatever says nothing", () => {
    expect(leads(whole, kept, ZONE)).toBe(true);
    expect(leads(whole, { ...kept, where: [], deep: null }, ZONE)).toBe(true);
    // As the API keeps one that says no zone.
    const unzoned = { ...kept, timezone: null } as object as Question;
    expect(leads(whole, unzoned, ZONE)).toBe(true);
  });
  it("not where the page would ask something else", () => {
    expect(leads(whole, { ...kept, where: ["more"] }, ZONE)).toBe(false);
    expect(leads(whole, { ...kept, timezone: "UTC" }, ZONE)).toBe(false);
    expect(leads(whole, { ...kept, from: "2026-11-01T00:00:00Z" }, ZONE)).toBe(false);
  });
});

describe("the question of a card", () => {
  it("is asked about the days of the card", () => {
    expect(askedAbout(whole, kept, RANGE, ZONE)).toEqual({ ...kept, from: RANGE.from, to: RANGE.to });
  });
  it("keeps all that its page does not know of", () => {
    const more = { ...kept, where: ["more"] };
    expect(askedAbout(whole, more, RANGE, ZONE)).toEqual({ ...more, from: RANGE.from, to: RANGE.to });
  });
});
