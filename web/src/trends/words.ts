// A question of Trends in words: "Count unique people who did Charged, by OS, per day, 1 Nov 2026".
import type { TrendQuestion } from "../api/insights";
import { leadOf, measureInWords, measureOf } from "../filters/measure";
import {
  breakdownInWords,
  conditionsInWords,
  datesInWords,
  eventInWords,
  peopleInWords,
  type SegmentNames,
} from "../filters/words";
import { texts } from "./texts";

export function questionInWords(question: TrendQuestion, names: SegmentNames): string {
  const { measure, event } = question;
  const what = [leadOf(measureOf(measure).kind), measureInWords(measure), eventInWords(event)];
  const parts = [
    [...what, conditionsInWords(question.where)].filter(Boolean).join(" "),
    peopleInWords(question.people, names),
    breakdownInWords(question.breakdown),
    `${texts.per} ${question.interval}`,
    datesInWords(question),
  ];
  return parts.filter(Boolean).join(", ");
}
