import { describe, expect, it } from "vitest";

import { RFM_NAMES } from "../filters/kinds";
import { meant, readRule } from "./read";
import { written } from "./rule";

/** What a rule becomes that is opened and saved again. */
const again = (rule: unknown) => {
  const read = readRule(rule);
  return read && written(read);
};
/** The same as a rule in a group, which the builder shows every rule in. */
const within = (leaf: unknown) => ({ all: [leaf] });

const KNOWN: unknown[] = [
  { sum: { event: "Charged", property: "Amount", op: "between", value: [10, 20.5] } },
  {
    sum: {
      event: "*",
      property: "Amount",
      op: "gt",
      value: -3,
      where: [{ property: "OS", op: "eq", value: "iOS", scope: "person" }],
      within: { from: "2026-01-01" },
    },
  },
  { interest: { event: "*", property: "$hour", value: [9, 10], mode: "predominant" } },
  {
    interest: {
      event: "Charged",
      property: "Category",
      value: "Shoes",
      mode: "at_least",
      percent: 12.5,
      within: { last: "30d" },
    },
  },
  { rfm: { name: "Can't lose them" } },
  { rfm: { name: "Loyal", event: "Played", amount: "Coins", last: "90d" } },
  { in_region: { lat: 0, lon: -180, km: 0.5 } },
  { did: { event: "Charged", within: { to: "2026-01-01T00:00:00+05:30" } } },
  { person: { property: "Email", op: "eq", value: { masked: true } } },
];
/** What the builder has no controls for. */
const UNKNOWN: unknown[] = [
  { in_region: { masked: true } },
  { likely: { event: "Charged", in: "7d" } },
  { constructor: {} },
  { did: { event: "Charged", by: "device" } },
  { did: { event: "Charged", where: [{ property: "Tags", op: "has", value: "a" }] } },
  { did: { event: "Charged", within: { last: "30d", from: "2026-01-01" } } },
  { sum: { event: "Charged", property: "Amount", op: "contains", value: "1" } },
  { interest: { event: "*", property: "OS", value: "iOS", mode: "at_least" } },
  { interest: { event: "*", property: "OS", value: "iOS", mode: "predominant", percent: 3 } },
  { rfm: { name: "Whales" } },
  { sample: { percent: 10, of: "buyers" } },
  { inactive: { for: "14d", but: "mail" } },
  { all: "of them" },
  { did: { event: "*" }, person: { property: "Plan", op: "exists" } },
];

describe("a rule that is opened and saved again", () => {
  it("says what it said, leaf by leaf, also where it is not meant", () => {
    for (const leaf of KNOWN) {
      expect(again(within(leaf))).toEqual(within(leaf));
      expect(readRule(within(leaf))?.is.parts[0]?.kind).toBe(Object.keys(leaf as object)[0]);
      expect(again(within({ not: leaf }))).toEqual(within({ not: leaf }));
    }
  });
  it("keeps whole what there are no controls for", () => {
    for (const leaf of UNKNOWN) {
      expect(readRule(within(leaf))?.is.parts[0]?.kind).toBe("kept");
      expect(again(within({ not: leaf }))).toEqual(within({ not: leaf }));
    }
  });
  it("keeps as many conditions and values as the server takes", () => {
    const where = Array.from({ length: 64 }, () => ({
      property: "OS",
      op: "in",
      value: Array.from({ length: 1_000 }, (_, place) => `${place}`),
      scope: "event",
    }));
    const rule = within({ did: { event: "*", where } });
    expect(again(rule)).toEqual(rule);
  });
  it("may leave unsaid what goes without saying", () => {
    const said = { event: "*", where: [], within: "ever", times: { at_least: 1 }, first_ever: false };
    expect(again(within({ did: said }))).toEqual(within({ did: { event: "*" } }));
  });
});

/** Numbers that are the same each time (mulberry32). */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A definition as the API's description has them, of random form. */
function anyRule(random: () => number, depth: number): Record<string, unknown> {
  const below = (count: number) => Math.floor(random() * count);
  const one = <T>(of: T[]): T => of[below(of.length)] as T;
  const maybe = (fields: () => object) => (random() < 0.5 ? fields() : {});
  const value = () => one<unknown>(["iOS", "", 12, -0.5, true]);
  const where = () => ({
    where: Array.from({ length: below(3) }, () => ({
      property: "OS",
      ...one<object>([{ op: "eq", value: value() }, { op: "exists" }, { op: "in", value: [1, "a"] }]),
      ...maybe(() => ({ scope: one(["event", "person"]) })),
    })),
  });
  const when = () => ({
    within: one<unknown>(["ever", { last: "30d" }, { from: "2026-01-01" }, { from: "a", to: "b" }]),
  });
  const times = () => ({ times: { [one(["at_least", "at_most", "exactly"])]: below(4) } });
  const first = () => ({ first_ever: random() < 0.5 });
  const events = () => ({ event: one(["*", "Charged"]), ...maybe(where), ...maybe(when) });
  const kind = () => ({ event: "Played", amount: "Coins", last: "90d" });
  const leaves: (() => Record<string, unknown>)[] = [
    () => ({ did: { ...events(), ...maybe(times), ...maybe(first) } }),
    () => ({ sum: { ...events(), property: "Amount", ...one([{ op: "gt", value: 1 }, { op: "between", value: [1, 2] }]) } }),
    () => ({
      interest: {
        ...events(),
        property: one(["$hour", "OS"]),
        value: one<unknown>([value(), [1, 2]]),
        ...one<object>([{ mode: "predominant" }, { mode: "at_least", percent: 1 + below(99) }]),
      },
    }),
    () => ({ rfm: { name: one(RFM_NAMES), ...maybe(kind) } }),
    () => ({ in_region: { lat: below(180) - 90, lon: below(360) - 180, km: 1 + below(100) } }),
    () => ({ person: { property: "Plan", ...one<object>([{ op: "ne", value: value() }, { op: "not_exists" }]) } }),
    () => ({ segment: "0123456789abcdef" }),
    () => ({ inactive: { for: "14d" } }),
    () => ({ consented: { purpose: "marketing:email" } }),
    () => ({ sample: { percent: 10, ...maybe(() => ({ salt: one(["", "a"]) })) } }),
  ];
  const parts = () => Array.from({ length: 1 + below(3) }, () => anyRule(random, depth + 1));
  if (depth > 3 || random() < 0.6) return one(leaves)();
  return one<() => Record<string, unknown>>([
    () => ({ all: parts() }),
    () => ({ any: parts() }),
    () => ({ not: anyRule(random, depth + 1) }),
  ])();
}

/** Twice not is not at all. */
function plain(rule: unknown): unknown {
  if (Array.isArray(rule)) return rule.map(plain);
  if (typeof rule !== "object" || rule === null) return rule;
  const fields = rule as Record<string, unknown>;
  const inner = fields.not as Record<string, unknown> | undefined;
  if (inner && "not" in inner) return plain(inner.not);
  return Object.fromEntries(Object.entries(fields).map(([name, of]) => [name, plain(of)]));
}

describe("any rule of the API", () => {
  it("means the same after it was opened and saved again", () => {
    const random = numbers(20_261_128);
    const kinds = new Set<string>();
    for (let n = 0; n < 1_000; n++) {
      const rule = within(anyRule(random, 0));
      const read = readRule(rule);
      expect(meant(again(rule))).toEqual(plain(meant(rule)));
      for (const found of JSON.stringify(read).matchAll(/"kind":"(\w+)"/g)) kinds.add(found[1] ?? "");
    }
    // All have controls, none was merely kept.
    expect([...kinds].sort()).toEqual(
      "consented did group in_region inactive interest person rfm sample segment sum".split(" "),
    );
  });
});
