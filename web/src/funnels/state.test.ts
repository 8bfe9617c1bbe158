import { describe, expect, it } from "vitest";

import { between, questionOf, readFunnel, searchOf } from "./state";
import { questionInWords } from "./words";

const RANGE = { from: "2026-11-01", to: "2026-11-29", days: 28 };
const STEPS = [{ event: "Viewed" }, { event: "Added" }, { event: "Charged" }];
const REFUNDED = { event: "Refunded", after: 1, before: 12 };
const asking = (search: Parameters<typeof questionOf>[0]) => questionOf(search, RANGE, "Asia/Kolkata");

describe("a funnel's address", () => {
  it("holds order, exclusions, what is held and what is counted", () => {
    const search = {
      steps: STEPS,
      order: "any" as const,
      exclude: [{ ...REFUNDED, where: [{ property: "OS", op: "exists" as const, scope: "event" as const }] }],
      hold: ["Item", "OS"],
      attempts: true,
      segments: ["s1"],
      interval: "week" as const,
      way: 2,
      cell: { step: 3, lost: true as const, at: "2026-11-02T00:00:00+05:30", segment: "s1" },
    };
    expect(readFunnel(search)).toEqual(search);
  });
  it("leaves out what the server would refuse", () => {
    const odd = {
      order: "loose",
      exclude: [{ event: "" }, 7, { event: "Refunded", after: 0, before: 99 }],
      hold: ["", "Item", "Item", 3],
      interval: "year",
      way: 2,
      cell: { step: 0 },
    };
    expect(readFunnel(odd)).toEqual({ exclude: [REFUNDED], hold: ["Item"] });
    // Nobody is lost before the first step.
    expect(readFunnel({ cell: { step: 1, lost: true } })).toEqual({ cell: { step: 1 } });
  });
});

describe("a funnel's question", () => {
  it("excludes between steps that there are, and not in a strict funnel", () => {
    expect(between({ event: "R", after: 5, before: 9 }, 3)).toEqual({ event: "R", after: 2, before: 3 });
    expect(between({ event: "R", after: 1, before: 1 }, 3)).toEqual({ event: "R", after: 1, before: 2 });
    const exclude = [REFUNDED];
    expect(asking({ steps: STEPS, exclude }).exclude).toEqual([{ event: "Refunded", after: 1, before: 3 }]);
    expect(asking({ steps: STEPS, exclude, order: "strict" }).exclude).toBeUndefined();
  });
  it("tells intervals of the start apart that fit the days, where it is asked to", () => {
    expect(asking({ steps: STEPS, interval: "week" }).interval).toBe("week");
    expect(asking({ steps: STEPS, interval: "minute" }).interval).toBe("day");
    expect(asking({ steps: STEPS })).not.toHaveProperty("interval");
    expect(readFunnel({ steps: STEPS, interval: "day", way: 1 })).toEqual({ steps: STEPS, interval: "day" });
  });
  it("has the comparison with the period before in it, and leads back to it", () => {
    const question = asking({ steps: STEPS, compare: true });
    expect(question.compare).toBe("previous");
    expect(searchOf(question)).toMatchObject({ steps: STEPS, compare: true });
    expect(searchOf(asking({ steps: STEPS }))).not.toHaveProperty("compare");
  });
  it("is said in words", () => {
    const search = { steps: STEPS, order: "any" as const, exclude: [REFUNDED], hold: ["Item"], attempts: true };
    const words = questionInWords(asking({ ...search, segments: ["s1"], interval: "day" }), new Map([["s1", "Gold"]]));
    expect(words).toBe(
      "People who did Viewed, and Added, and Charged, in any order, within 7 days, " +
        "apart from who did Refunded between step 1 and step 3, with the same Item, counting attempts, " +
        "comparing Gold, per day of the start, 1 Nov 2026 – 28 Nov 2026",
    );
  });
});

describe("the state that asks a question", () => {
  it.each([
    { steps: STEPS },
    {
      steps: STEPS,
      order: "any" as const,
      window: "1h",
      exclude: [{ ...REFUNDED, before: 3 }],
      hold: ["Cart"],
      attempts: true,
    },
    {
      steps: STEPS,
      by: [{ property: "Plan", scope: "person" as const }],
      segment: "s1",
      segments: ["s2", "s3"],
      interval: "day" as const,
    },
  ])("asks it again: %j", (search) => {
    expect(asking(searchOf(asking(search)))).toEqual(asking(search));
  });
});
