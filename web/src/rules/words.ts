// A rule in words: "People who did Charged at least 3 times in the last 30 days, and whose Plan is gold".
import type { Definition } from "../api/segments";
import { propertyInWords, valueInWords } from "../filters/clock";
import { opInWords, wantsNothing } from "../filters/condition";
import { dayBefore, isDate, periodInWords } from "../filters/period";
import { conditionsInWords } from "../filters/words";
import { full, named } from "../ui/numbers";
import { readRule } from "./read";
import { type Compared, type Did, type Group, type Interest, KIND_DEFAULTS } from "./rule";
import type { Part, Sum, Within } from "./rule";
import { texts } from "./texts";

type Names = ReadonlyMap<string, string>;

const UNITS: Record<string, string> = { s: "second", m: "minute", h: "hour", d: "day", w: "week" };
export const UNIT_CHOICES = Object.entries(UNITS)
  .slice(1)
  .map(([value, label]) => ({ value, label: `${label}s` }));

/** "14d" as its number and unit. */
export const lengthOf = (length: string): { count: number; unit: string } => ({
  count: Number(length.slice(0, -1)),
  unit: length.slice(-1),
});

/** "14d" as "14 days". */
export function lengthInWords(length: string): string {
  const { count, unit } = lengthOf(length);
  return `${count} ${UNITS[unit] ?? unit}${count === 1 ? "" : "s"}`;
}

export const eventInWords = (event: string): string => (event === "*" ? texts.anything : event || "…");

export function withinInWords(within: Within): string {
  if ("last" in within) return `${texts.inTheLast} ${lengthInWords(within.last)}`;
  const day = (date: string) => (isDate(date) ? periodInWords({ from: date, until: date }) : date);
  const { from, to } = within;
  const until = isDate(to) ? dayBefore(to) : to;
  return [from && `${texts.from} ${day(from)}`, to && `${texts.until} ${day(until)}`]
    .filter(Boolean)
    .join(" ");
}

function timesInWords({ times }: Did): string {
  if (!times) return "";
  return `${texts.times[times.how]} ${full(times.count)} ${times.count === 1 ? texts.time : texts.manyTimes}`;
}

function didInWords(did: Did, not: boolean): string {
  const verb = not ? texts.whoDidNot : did.first ? texts.whoFirstDid : texts.whoDid;
  const when = did.within ? withinInWords(did.within) : "";
  return [verb, eventInWords(did.event), timesInWords(did), when, conditionsInWords(did.where)]
    .filter(Boolean)
    .join(" ");
}

function comparedInWords({ property, op, value }: Compared, not: boolean): string {
  const told = Array.isArray(value) ? value.map(named).join(", ") : value === undefined ? "…" : named(value);
  const what = [property || "…", opInWords(op), ...(wantsNothing(op) ? [] : [told])].join(" ");
  return `${not ? texts.notWhose : texts.whose} ${what}`;
}

/** What the numbers of events come to. */
function sumInWords({ event, where, within, ...compared }: Sum, not: boolean): string {
  const { property, op, value } = compared;
  const told = Array.isArray(value) ? value.map(named).join(", ") : value === undefined ? "…" : named(value);
  return [
    not ? texts.notWhoseSum : texts.whoseSum,
    property || "…",
    texts.ofEvent,
    eventInWords(event),
    within ? withinInWords(within) : "",
    conditionsInWords(where),
    opInWords(op),
    told,
  ]
    .filter(Boolean)
    .join(" ");
}

function interestInWords({ event, property, value, percent, where, within }: Interest, not: boolean): string {
  const several = Array.isArray(value);
  const all = several ? value : value === undefined ? [] : [value];
  return [
    not ? texts.notWhose : texts.whose,
    propertyInWords(property) || "…",
    several ? texts.isOneOf : texts.isOne,
    all.map((one) => valueInWords(property, one)).join(", ") || "…",
    percent === undefined ? texts.moreThanElse : `${texts.atLeastShare} ${full(percent)} ${texts.percentOfThem}`,
    texts.inEvent,
    eventInWords(event),
    within ? withinInWords(within) : "",
    conditionsInWords(where),
  ]
    .filter(Boolean)
    .join(" ");
}

export function partInWords(part: Part, names: Names): string {
  const either = (yes: string, no: string) => (part.not ? no : yes);
  switch (part.kind) {
    case "group": {
      const inner = partsInWords(part, names);
      return part.not ? `${texts.noneFor} (${inner})` : part.is.parts.length > 1 ? `(${inner})` : inner;
    }
    case "did":
      return didInWords(part.is, part.not);
    case "person":
      return comparedInWords(part.is, part.not);
    case "segment": {
      const name = names.get(part.is) ?? (part.is ? texts.gone : "…");
      return `${either(texts.whoAreIn, texts.whoAreNotIn)} ${name}`;
    }
    case "inactive":
      return `${either(texts.whoDidNothing, texts.whoDidSomething)} ${lengthInWords(part.is)}`;
    case "consented":
      return `${either(texts.whoSaidYes, texts.whoDidNotSayYes)} ${part.is || "…"}`;
    case "sum":
      return sumInWords(part.is, part.not);
    case "interest":
      return interestInWords(part.is, part.not);
    case "rfm": {
      const { event, amount, last } = { ...KIND_DEFAULTS, ...part.is };
      const by = texts.kindBy(eventInWords(event), amount, lengthInWords(last));
      return `${either(texts.whoAre, texts.whoAreNot)} ${part.is.name} ${by}`;
    }
    case "in_region": {
      const { lat = "…", lon = "…", km } = part.is;
      return texts.region(either(texts.whoWere, texts.whoWereNot), full(km), `${lat}, ${lon}`);
    }
    case "kept":
      return `${either(texts.whoMatch, texts.whoDoNotMatch)} ${JSON.stringify(part.is)}`;
    case "sample":
      return `${either(texts.whoAreInSample, texts.whoAreOutsideSample)} ${full(part.is.percent)} %`;
  }
}

const partsInWords = (of: Group, names: Names): string =>
  of.is.parts
    .map((part) => partInWords(part, names))
    .join(of.is.of === "all" ? `, ${texts.and} ` : `, ${texts.or} `);

/** A saved rule as one sentence. */
export function ruleInWords(definition: Definition | unknown, names: Names): string {
  const rule = readRule(definition);
  if (!rule || rule.is.parts.length === 0) return texts.unreadable;
  return rule.not
    ? `${texts.people} ${texts.noneFor} (${partsInWords(rule, names)})`
    : `${texts.people} ${partsInWords(rule, names)}`;
}
