// A rule in words: "People who did Charged at least 3 times in the last 30 days, and whose Plan is gold".
import type { Definition } from "../api/segments";
import { opInWords, wantsNothing } from "../filters/condition";
import { dayBefore, isDate, periodInWords } from "../filters/period";
import { conditionsInWords } from "../filters/words";
import { full, named } from "../ui/numbers";
import { readRule } from "./read";
import type { Compared, Did, Group, Part, Within } from "./rule";
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

function partInWords(part: Part, names: Names): string {
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
