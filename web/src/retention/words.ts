// A question of Retention in words: "People who did Launched and came back to do Charged, per day".
import type { RetentionQuestion } from "../api/insights";
import {
  breakdownInWords,
  conditionsInWords,
  datesInWords,
  eventInWords,
  peopleInWords,
  type SegmentNames,
} from "../filters/words";
import { columnsOf } from "./shape";
import { texts } from "./texts";

export function questionInWords(question: RetentionQuestion, names: SegmentNames): string {
  const { born, back, period, mode, align } = question;
  const when = typeof mode === "string" ? texts.modes(period)[mode] : undefined;
  const what = [
    `${texts.lead} ${eventInWords(born.event)}`,
    conditionsInWords(born.where),
    born.first_ever ? texts.firstEver : "",
    `${texts.andBack} ${eventInWords(back.event)}`,
    conditionsInWords(back.where),
  ];
  const parts = [
    what.filter(Boolean).join(" "),
    [when, mode === "brackets" ? columnsOf(question).join(", ") : ""].filter(Boolean).join(": "),
    `${texts.per} ${period}`,
    align === "rolling" ? texts.rolling(period) : "",
    peopleInWords(question.people, names),
    breakdownInWords(question.breakdown),
    datesInWords(question),
  ];
  return parts.filter(Boolean).join(", ");
}
