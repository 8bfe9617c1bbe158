import { describe, expect, it } from "vitest";

import { ANYBODY, readRule, sameRule } from "./read";
import { asked, isComplete, written } from "./rule";
import { ruleInWords } from "./words";

const NAMES = new Map([["s1", "Gold"]]);
const BOUGHT = {
  did: {
    event: "Charged",
    where: [{ property: "Amount", op: "gt", value: 10, scope: "event" }],
    times: { at_least: 3 },
    within: { last: "30d" },
  },
};
const RULE = {
  all: [
    BOUGHT,
    { person: { property: "Plan", op: "eq", value: "gold" } },
    { not: { any: [{ segment: "s1" }, { inactive: { for: "1d" } }] } },
    { not: { consented: { purpose: "marketing:email" } } },
    { sample: { percent: 10, salt: "a" } },
  ],
};

describe("a segment's rule", () => {
  it("comes out of a URL as it went in", () => {
    const read = readRule(RULE);
    expect(read && written(read)).toEqual(RULE);
    expect(read && isComplete(read)).toBe(true);
  });
  it("is a group, however it was saved", () => {
    const read = readRule({ not: { not: { did: { event: "*", times: { at_least: 1 } } } } });
    expect(read && written(read)).toEqual(ANYBODY);
    expect(sameRule({ did: { event: "*" } }, ANYBODY)).toBe(true);
    expect(sameRule(RULE, ANYBODY)).toBe(false);
  });
  it("leaves out what is no rule", () => {
    expect(readRule("drop")).toBeUndefined();
    expect(readRule({ all: [{ listed: [] }, { sample: { percent: 0 } }] })?.is.parts).toEqual([]);
    let deep: unknown = BOUGHT;
    for (let n = 0; n < 40; n++) deep = { all: [deep] };
    expect(JSON.stringify(readRule(deep))).not.toContain("Charged");
    expect(readRule({ any: [{ inactive: { for: "soon" } }] })?.is.parts).toEqual([]);
  });
  it("keeps what is not complete in the URL, and asks without it", () => {
    const draft = { all: [BOUGHT, { person: { property: "", op: "eq" } }, { any: [] }] };
    const read = readRule(draft);
    expect(read && written(read)).toEqual(draft);
    expect(read && isComplete(read)).toBe(false);
    expect(read && asked(read)).toEqual({ all: [BOUGHT] });
    const none = readRule({ all: [{ segment: "" }] });
    expect(none && asked(none)).toBeUndefined();
  });
  it("reads as a sentence", () => {
    expect(ruleInWords(RULE, NAMES)).toBe(
      "People who did Charged at least 3 times in the last 30 days where Amount is more than 10, " +
        "and whose Plan is gold, " +
        "and apart from those (who are in Gold, or who did nothing for 1 day), " +
        "and who did not say yes to marketing:email, and who are in a sample of 10 %",
    );
    const between = { did: { event: "*", within: { from: "2026-10-01", to: "2026-11-01" } } };
    expect(ruleInWords(between, NAMES)).toBe(
      "People who did anything from 1 Oct 2026 until 31 Oct 2026",
    );
    expect(ruleInWords({ person: { property: "Email", op: "eq", value: { masked: true } } }, NAMES)).toBe(
      "People whose Email is (hidden)",
    );
  });
});
