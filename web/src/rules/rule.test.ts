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
  it("leaves out what is no rule, and leaves to the server what is wrong in one", () => {
    expect(readRule("drop")).toBeUndefined();
    expect(readRule({ all: ["drop", null, []] })?.is.parts).toEqual([]);
    const wrong = { all: [{ listed: [] }, { sample: { percent: 0 } }, { inactive: { for: "soon" } }] };
    const read = readRule(wrong);
    expect(read && asked(read)).toEqual(wrong);
    let deep: unknown = BOUGHT;
    for (let n = 0; n < 40; n++) deep = { all: [deep] };
    const kept = readRule(deep);
    expect(kept && written(kept)).toEqual(deep);
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
    const worth = { sum: { event: "Charged", property: "Amount", op: "gte", value: 100 } };
    const likes = { interest: { event: "*", property: "$weekday", value: [6, 7], mode: "at_least", percent: 60 } };
    const near = { in_region: { lat: 18.52, lon: 73.86, km: 5 } };
    const known = { all: [worth, { not: likes }, { rfm: { name: "At risk", last: "90d" } }, near] };
    expect(ruleInWords(known, NAMES)).toBe(
      "People whose sum of Amount of Charged is at least 100, " +
        "and not those whose day of the week is one of Saturday, Sunday at least 60 % of the time in anything, " +
        "and who are At risk by Charged and its Amount in the last 90 days, " +
        "and who were last known to be within 5 km of 18.52, 73.86",
    );
    expect(ruleInWords({ not: { later: 1 } }, NAMES)).toBe('People who do not match {"later":1}');
    expect(ruleInWords({ person: { property: "Email", op: "eq", value: { masked: true } } }, NAMES)).toBe(
      "People whose Email is (hidden)",
    );
  });
});
