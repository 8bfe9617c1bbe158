// A question of Trends in words: "Count unique people who did Charged, by OS, per day, 1 Nov 2026".
import type { TrendQuestion } from "../api/insights";
import {
  breakdownInWords,
  conditionsInWords,
  datesInWords,
  eventInWords,
  peopleInWords,
  type SegmentNames,
} from "../filters/words";
import { type Kind, measureOf, MEASURES, wantsProperty } from "./state";
import { texts } from "./texts";

/** How a sentence begins. */
export const leadOf = (kind: Kind): string => (wantsProperty(kind) ? texts.show : texts.count);

/** What stands before the event. */
export function linkOf(kind: Kind): string {
  if (wantsProperty(kind)) return texts.in;
  return kind === "uniques" ? texts.whoDid : kind === "total" ? texts.peopleDid : texts.of;
}

export function questionInWords(question: TrendQuestion, names: SegmentNames): string {
  const { kind, property } = measureOf(question.measure);
  const measure = MEASURES.find((one) => one.value === kind)?.label ?? kind;
  const what = [leadOf(kind), measure, property, linkOf(kind), eventInWords(question.event)];
  const parts = [
    [...what, conditionsInWords(question.where)].filter(Boolean).join(" "),
    peopleInWords(question.people, names),
    breakdownInWords(question.breakdown),
    `${texts.per} ${question.interval}`,
    datesInWords(question),
  ];
  return parts.filter(Boolean).join(", ");
}
