// A question of Funnels in words: "People who did Viewed, then Charged, within 7 days, by OS".
import type { FunnelQuestion } from "../api/insights";
import {
  breakdownInWords,
  conditionsInWords,
  datesInWords,
  peopleInWords,
  type SegmentNames,
} from "../filters/words";
import { WINDOWS } from "./state";
import { texts } from "./texts";

export function questionInWords(question: FunnelQuestion, names: SegmentNames): string {
  const steps = question.steps.map(({ event, where }, index) =>
    [index === 0 ? texts.peopleWhoDid : texts.then, event, conditionsInWords(where)]
      .filter(Boolean)
      .join(" "),
  );
  const window = WINDOWS.find((one) => one.value === question.window)?.label ?? question.window;
  const parts = [
    ...steps,
    `${texts.within} ${window}`,
    peopleInWords(question.people, names),
    breakdownInWords(question.breakdown),
    datesInWords(question),
  ];
  return parts.filter(Boolean).join(", ");
}
