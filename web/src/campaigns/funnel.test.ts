import { describe, expect, it } from "vitest";

import type { Report, Tally } from "../api/campaigns";
import { behindStep, losses, mayBeChance, pointsOf } from "./funnel";
import { doneOf, leftOf } from "./progress";

const TALLY: Tally = {
  planned: 5,
  handing_over: 1,
  accepted: 80,
  delivered: 0,
  failed: 4,
  dropped: 20,
  unknown: 2,
};

describe("a report", () => {
  it("names every loss, the most frequent first", () => {
    const drops: Report["drops"] = [
      { state: "dropped", reason: "no_consent", people: 20 },
      { state: "failed", reason: "gave_up", people: 4 },
      { state: "dropped", reason: "control", people: 0 },
    ];
    const of = { drops, tally: TALLY } as Report;
    expect(losses(of).map(({ state, reason, people }) => [state, reason, people])).toEqual([
      ["dropped", "no_consent", 20],
      ["planned", undefined, 5],
      ["failed", "gave_up", 4],
      ["unknown", undefined, 2],
      ["handing_over", undefined, 1],
    ]);
  });
  it("leads to the messages behind a number where there are such", () => {
    const of = { tally: TALLY, drops: [] };
    expect(behindStep("planned", of)).toEqual({});
    expect(behindStep("sent", of)).toEqual({ state: "accepted" });
    expect(behindStep("opened", of)).toEqual({ visit: "opened" });
    expect(behindStep("clicked", of)).toEqual({ visit: "clicked" });
    expect(behindStep("converted", of)).toBeUndefined();
  });
  it("leads nowhere where other messages would be there than are counted", () => {
    const bounced: Report["drops"] = [{ state: "failed", reason: "bounced", people: 1 }];
    expect(behindStep("sent", { tally: { ...TALLY, delivered: 1 }, drops: [] })).toBeUndefined();
    expect(behindStep("sent", { tally: TALLY, drops: bounced })).toBeUndefined();
  });
  it("compares with the control group in points", () => {
    const part = (people: number, converted: number) => ({ people, converted, rate: people ? converted / people : null });
    expect(pointsOf({ treated: part(100, 13), control: part(100, 12), lift: 0.01 })).toBe("+1.0");
    expect(pointsOf({ treated: part(100, 1), control: part(100, 10), lift: -0.09 })).toBe("−9.0");
    expect(pointsOf({ treated: part(100, 13), control: part(10, 0), lift: null })).toBeUndefined();
  });
  it("says where a difference may be chance", () => {
    const of = (people: number, converted: number) => ({ people, converted, rate: converted / people });
    expect(mayBeChance({ treated: of(656, 19), control: of(6, 0), lift: null })).toBe(true);
    expect(mayBeChance({ treated: of(9_000, 900), control: of(1_000, 60), lift: null })).toBe(false);
    expect(mayBeChance({ treated: of(10, 0), control: of(10, 0), lift: null })).toBe(true);
  });
  it("knows what is done and what may still go", () => {
    expect([doneOf(TALLY), leftOf(TALLY)]).toEqual([106, 6]);
  });
});
