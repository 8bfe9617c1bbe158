// A question of Trends in words: "Count unique people who did Charged, by OS, per day, 1 Nov 2026".
import type { TrendQuestion } from "../api/insights";
import { leadOf, measureInWords, measureOf } from "../filters/measure";
import {
  breakdownInWords,
  comparedInWords,
  conditionsInWords,
  datesInWords,
  eventInWords,
  peopleInWords,
  type SegmentNames,
} from "../filters/words";
import { type Counted, LETTERS } from "./state";
import { texts } from "./texts";

const countedInWords = ({ event, measure, where }: Counted): string =>
  [leadOf(measureOf(measure).kind), measureInWords(measure), eventInWords(event), conditionsInWords(where)]
    .filter(Boolean)
    .join(" ");

/** What each value is over, where that is not its own interval. */
export const overInWords = (rolling: number | undefined, cumulative: boolean, interval: string): string =>
  rolling ? texts.overLast(rolling, interval) : cumulative ? texts.addingUp : "";

export function questionInWords(question: TrendQuestion, names: SegmentNames): string {
  const { events, formula, interval, rolling, cumulative = false, people, segments, breakdown } = question;
  const several = events.length > 1;
  const parts = [
    formula,
    ...events.map((one, place) => (several ? `${LETTERS[place]}: ` : "") + countedInWords(one)),
    peopleInWords(people, names),
    comparedInWords(segments, names),
    breakdownInWords(breakdown),
    `${texts.per} ${interval}`,
    overInWords(rolling, cumulative, interval),
    datesInWords(question),
  ];
  return parts.filter(Boolean).join(", ");
}
