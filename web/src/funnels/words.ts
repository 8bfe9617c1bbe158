// A question of Funnels in words: "People who did Viewed, then Charged, within 7 days, by OS".
import type { FunnelQuestion } from "../api/insights";
import {
  breakdownInWords,
  comparedInWords,
  conditionsInWords,
  datesInWords,
  peopleInWords,
  type SegmentNames,
} from "../filters/words";
import { WINDOWS } from "./state";
import { texts } from "./texts";

type Excluded = NonNullable<FunnelQuestion["exclude"]>[number];

const excludedInWords = ({ event, where, after, before }: Excluded): string =>
  [
    `${texts.apartFrom} ${event}`,
    conditionsInWords(where),
    `${texts.betweenStep} ${after} ${texts.andStep} ${before}`,
  ]
    .filter(Boolean)
    .join(" ");

export function questionInWords(question: FunnelQuestion, names: SegmentNames): string {
  const { order, count, exclude = [], hold = [] } = question;
  const next = order === "any" ? texts.and : texts.then;
  const steps = question.steps.map(({ event, where }, index) =>
    [index === 0 ? texts.peopleWhoDid : next, event, conditionsInWords(where)]
      .filter(Boolean)
      .join(" "),
  );
  const window = WINDOWS.find((one) => one.value === question.window)?.label ?? question.window;
  const parts = [
    ...steps,
    order === "ordered" ? "" : texts.orders[order],
    `${texts.within} ${window}`,
    ...exclude.map(excludedInWords),
    hold.length > 0 ? `${texts.holding} ${hold.join(", ")}` : "",
    count === "people" ? "" : `${texts.counting} ${texts.counts[count]}`,
    peopleInWords(question.people, names),
    comparedInWords(question.segments, names),
    breakdownInWords(question.breakdown),
    question.interval ? `${texts.per} ${texts.started(question.interval)}` : "",
    datesInWords(question),
  ];
  return parts.filter(Boolean).join(", ");
}
