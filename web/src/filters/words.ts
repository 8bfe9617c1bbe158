// Parts of a question in words, for the name of a file, a picture and whoever reads with their ears.
import type { Condition, TrendQuestion } from "../api/insights";
import { named } from "../ui/numbers";
import { opInWords, wantsNothing } from "./condition";
import { dayBefore, periodInWords } from "./period";
import { ANY } from "./pickers";
import { texts } from "./texts";

/** "where plan is gold and amount is at least 10", or nothing. */
export function conditionsInWords(conditions: Condition[] | undefined): string {
  const parts = (conditions ?? []).map(({ property, op, value }) => {
    const told = Array.isArray(value) ? value.map(named).join(", ") : named(value);
    return [property, opInWords(op), ...(wantsNothing(op) ? [] : [told])].join(" ");
  });
  return parts.length > 0 ? `${texts.where} ${parts.join(` ${texts.and} `)}` : "";
}

export const eventInWords = (event: string): string => (event === ANY ? texts.anyEvent : event);

/** The properties that a question breaks down by. */
export function breakdownNames(by: TrendQuestion["breakdown"]): string[] {
  const all = Array.isArray(by) ? by : by === undefined ? [] : [by];
  return all.map((one) => (typeof one === "string" ? one : one.property));
}

/** "by OS", or nothing. */
export function breakdownInWords(by: TrendQuestion["breakdown"]): string {
  const names = breakdownNames(by);
  return names.length > 0 ? `${texts.by} ${names.join(", ")}` : "";
}

/** Names of saved segments by their ids. */
export type SegmentNames = ReadonlyMap<string, string>;

/** "for people in Gold", or nothing. */
export function peopleInWords(people: TrendQuestion["people"], names: SegmentNames): string {
  if (!people || !("segment" in people)) return "";
  return `${texts.forPeople} ${texts.peopleIn} ${names.get(people.segment) ?? texts.segmentGone}`;
}

/** "comparing Gold and Silver", or nothing. */
export function comparedInWords(segments: TrendQuestion["segments"], names: SegmentNames): string {
  const told = (segments ?? []).map(({ name }) => names.get(name) ?? texts.segmentGone);
  return told.length > 0 ? `${texts.comparing} ${told.join(` ${texts.and} `)}` : "";
}

/** "1 Oct 2026 – 28 Oct 2026": a picture is read later, when "last 28 days" are others. */
export const datesInWords = ({ from, to }: { from: string; to: string }): string =>
  periodInWords({ from, until: dayBefore(to) });
