// An answer about stickiness as lines, columns and rows.
import type { StickinessAnswer, StickinessQuestion } from "../api/insights";
import type { Column } from "../charts/columns";
import type { LinesData } from "../charts/line-option";
import {
  conditionsInWords,
  datesInWords,
  eventInWords,
  peopleInWords,
  type SegmentNames,
} from "../filters/words";
import { intervalName } from "../filters/interval-name";
import { full } from "../ui/numbers";
import { REACHES, type StickinessCell } from "./state";
import { texts } from "./texts";

type Day = { at: string; dau: number; wau: number; mau: number; dau_mau: number; over: boolean };

/** The days of the answer that have begun: of the others nothing can be known. */
export function daysOf({ days, incomplete }: StickinessAnswer): Day[] {
  return days.flatMap((day, place) => {
    const { at, dau, wau, mau, dau_mau } = day;
    if (dau === null || wau === null || mau === null || dau_mau === null) return [];
    return [{ at, dau, wau, mau, dau_mau, over: incomplete === null || place < incomplete }];
  });
}

const base = (days: Day[]) => ({
  at: days.map(({ at }) => intervalName(at, "day")),
  incomplete: days.map(({ over }) => !over),
  additive: false,
});

export const reachLines = (days: Day[]): LinesData => ({
  ...base(days),
  lines: REACHES.map((of) => ({ name: texts[of], values: days.map((day) => day[of]) })),
});

export const shareLine = (days: Day[]): LinesData => ({
  ...base(days),
  lines: [{ name: texts.dauMau, values: days.map((day) => day.dau_mau) }],
  shares: true,
});

/** Columns up to the greatest number of days that anybody was active on. */
export function columnsOf({ histogram }: StickinessAnswer): Column[] {
  const last = histogram.findLastIndex(({ people }) => people > 0);
  return histogram.slice(0, last + 1).map(({ days, people }) => ({
    name: `${days}`,
    value: people,
    told: texts.columnTold(full(people), texts.onDays(days)),
  }));
}

export function columnsInWords({ histogram }: StickinessAnswer): string {
  const most = histogram.reduce((one, other) => (other.people > one.people ? other : one));
  return texts.mostTold(full(most.people), texts.onDays(most.days));
}

/** The rows of the file: by day, then by number of days. */
export function tableRows(answer: StickinessAnswer): (string | number)[][] {
  return [
    [texts.day, ...REACHES, "dau_mau", texts.notOver],
    ...daysOf(answer).map((day) => [
      day.at,
      ...REACHES.map((of) => day[of]),
      day.dau_mau,
      day.over ? "" : texts.notOver,
    ]),
    [],
    [texts.histogram],
    ...answer.histogram.map(({ days, people }) => [days, people]),
  ];
}

export function questionInWords(question: StickinessQuestion, names: SegmentNames): string {
  const { event, where, people } = question;
  const who = [texts.lead, eventInWords(event), conditionsInWords(where), texts.tail];
  const parts = [who.filter(Boolean).join(" "), peopleInWords(people, names), datesInWords(question)];
  return parts.filter(Boolean).join(", ");
}

/** What a number counts, in words. */
export const cellInWords = (cell: StickinessCell): string =>
  "days" in cell
    ? texts.behindDays(texts.onDays(cell.days))
    : `${texts.behindAt[cell.of]} ${intervalName(cell.at, "day")}`;
