// A board's answer as cards, a line and rows.
import type { BoardAnswer, BoardQuestion } from "../api/insights";
import type { LinesData } from "../charts/line-option";
import { intervalName } from "../filters/interval-name";
import { datesInWords, eventInWords, peopleInWords, type SegmentNames } from "../filters/words";
import { difference, full, share, short } from "../ui/numbers";
import { DAILY, type Daily } from "./state";
import { texts } from "./texts";

type Figures = BoardAnswer["current"];
type Day = Figures["days"][number];

export type Card = {
  name: string;
  hint: string;
  /** As it is read, and in full. */
  value: string;
  whole: string;
  before: string;
};

type Figure = { of: string; value: (from: Figures) => number | null; shares?: boolean };
type Plain = Exclude<keyof Figures, "from" | "to" | "days" | "incomplete" | "retention">;
const plain = (of: Plain) => ({
  of,
  value: (from: Figures) => from[of],
});
const back = (of: "day_1" | "day_3" | "day_7") => ({
  of,
  value: (from: Figures) => from.retention[of],
  shares: true,
});
const FIGURES: Record<"people" | "money" | "back", Figure[]> = {
  people: [
    ...(["active", "new", "dau", "wau", "mau"] as const).map(plain),
    { of: "stickiness", value: (from) => from.stickiness, shares: true },
  ],
  money: (["paying", "new_paying", "revenue", "arpu", "arppu"] as const).map(plain),
  back: (["day_1", "day_3", "day_7"] as const).map(back),
};

/** On a card a large number has no decimals. */
const brief = (value: number) => short(Math.abs(value) >= 100 ? Math.round(value) : value);

function cardOf({ of, value, shares }: Figure, { current, previous }: BoardAnswer): Card {
  const [now, then] = [value(current), value(previous)];
  const said = (number: number | null, words: (number: number) => string) =>
    number === null ? texts.unknown : shares ? share(number) : words(number);
  return {
    name: texts.figures[of] ?? of,
    hint: texts.hints[of] ?? "",
    value: said(now, brief),
    whole: said(now, full),
    before:
      then === null
        ? texts.noBefore
        : texts.before(said(then, brief), now === null ? undefined : difference(now, then)),
  };
}

/** The cards of each group. */
export const cardsOf = (answer: BoardAnswer): { title: string; cards: Card[] }[] =>
  (["people", "money", "back"] as const).map((group) => ({
    title: texts[group],
    cards: FIGURES[group].map((figure) => cardOf(figure, answer)),
  }));

/** A day and whether it is over; of those that lie ahead nothing is known. */
export const daysOf = ({ days, incomplete }: Figures): (Day & { over: boolean })[] =>
  days
    .map((day, place) => ({ ...day, over: incomplete === null || place < incomplete }))
    .filter(({ dau }) => dau !== null);

export function lineOf({ current, previous }: BoardAnswer, show: Daily): LinesData {
  const days = daysOf(current);
  return {
    at: days.map(({ at }) => intervalName(at, "day")),
    lines: [{ name: texts.daily[show] ?? show, values: days.map((day) => day[show] ?? 0) }],
    before: previous.days.slice(0, days.length).map((day) => day[show] ?? 0),
    incomplete: days.map(({ over }) => !over),
    additive: false,
    shares: show === "dau_mau",
  };
}

/** The rows of the file: the figures, then the days. */
export function tableRows(answer: BoardAnswer): (string | number)[][] {
  const { current, previous } = answer;
  const figures = Object.values(FIGURES).flat();
  return [
    [texts.figure, texts.now, texts.then],
    ...figures.map(({ of, value }) => [of, value(current) ?? "", value(previous) ?? ""]),
    [],
    [texts.day, ...DAILY],
    ...daysOf(current).map((day) => [day.at, ...DAILY.map((of) => day[of] ?? "")]),
  ];
}

export function questionInWords(question: BoardQuestion, names: SegmentNames): string {
  const { active, paid, amount, people } = question;
  const what = `${texts.lead} ${eventInWords(active)} ${texts.paidBy} ${amount} ${texts.in} ${paid}`;
  const parts = [what, peopleInWords(people, names), datesInWords(question)];
  return parts.filter(Boolean).join(", ");
}
