// A trend's answer as lines and rows.
import type { TrendAnswer, TrendQuestion } from "../api/insights";
import type { LinesData } from "../charts/line-option";
import { intervalName } from "../filters/interval-name";
import { isAdditive } from "../filters/measure";
import { breakdownNames, eventInWords, type SegmentNames } from "../filters/words";
import { full, named } from "../ui/numbers";
import { LETTERS, type TrendCell } from "./state";
import { texts } from "./texts";

export type Series = TrendAnswer["series"][number];
type Line = Pick<Series, "key" | "name" | "segment">;

/** "A Charged" where several events are counted. */
function eventName({ events, formula }: TrendQuestion, name: string | undefined): string | undefined {
  if (formula) return formula;
  const place = events.length > 1 ? LETTERS.indexOf(name ?? "") : 0;
  const event = eventInWords(events[place]?.event ?? "");
  return events.length > 1 ? `${name} ${event}` : event;
}

/** What tells a line from the others, part by part as `headsOf` calls them. */
function partsOf({ key, name, segment }: Line, question: TrendQuestion, names: SegmentNames): string[] {
  const { events, segments, formula, breakdown } = question;
  // The key of the rest is one word.
  const by = Math.max(breakdownNames(breakdown).length, key.length);
  const event = eventName(question, name) ?? "";
  const parts = [
    ...(segments || segment ? [segment ? (names.get(segment) ?? texts.gone) : ""] : []),
    ...(events.length > 1 && !formula ? [event] : []),
    ...Array.from({ length: by }, (_, place) => (place < key.length ? named(key[place]) : "")),
  ];
  return parts.length > 0 ? parts : [event];
}

/** What a line is called: all that tells it from the others, and the event where that is nothing. */
export function nameOf({ key, name, segment }: Line, question: TrendQuestion, names: SegmentNames): string {
  const event = eventName(question, name);
  return partsOf({ key, name, segment }, question, names).filter(Boolean).join(" · ") || (event ?? "");
}

/** The answer without the intervals that have not begun: nothing can be known of them. */
export function begun(answer: TrendAnswer): TrendAnswer {
  const now = Date.parse(answer.meta.as_of);
  const series = answer.series.map((one) => ({
    ...one,
    points: one.points.filter((point) => Date.parse(point.at) <= now),
  }));
  return { ...answer, series };
}

export const isNothing = ({ series }: TrendAnswer): boolean =>
  series.every(({ points }) => points.every(({ value }) => !value));

/** Whether the values of the lines are parts of one whole. */
const additive = ({ events, formula, segments }: TrendQuestion): boolean =>
  events.length === 1 && !formula && !segments && isAdditive(events[0]?.measure ?? "");

export function dataOf(answer: TrendAnswer, names: SegmentNames): LinesData {
  const { series, question } = answer;
  const points = series[0]?.points ?? [];
  const valuesOf = (all: Series["points"]) => all.map(({ value }) => value);
  // One line alone has room for what it was.
  const alone = series.length === 1 ? series[0]?.previous : undefined;
  const then = alone?.points.some(({ value }) => value !== null) ? alone : undefined;
  return {
    at: points.map(({ at }) => intervalName(at, question.interval)),
    lines: series.map((one) => ({
      name: nameOf(one, question, names),
      values: valuesOf(one.points),
    })),
    ...(then ? { before: valuesOf(then.points).slice(0, points.length) } : {}),
    incomplete: points.map(({ incomplete }) => incomplete ?? false),
    additive: additive(question),
  };
}

/** The cell of a number: of an interval, or of the whole period. */
export const cellOf = (
  { key, name, segment }: Line,
  { events, formula }: TrendQuestion,
  at: string | undefined,
  previous = false,
): TrendCell => ({
  ...(key.length > 0 ? { key } : {}),
  ...(at ? { at } : {}),
  ...(previous ? { previous: true } : {}),
  ...(name && events.length > 1 && !formula ? { series: name } : {}),
  ...(segment ? { segment } : {}),
});

/** What a number counts, in words. */
export function cellInWords(cell: TrendCell, question: TrendQuestion, names: SegmentNames): string {
  const line = { key: cell.key ?? [], name: cell.series, segment: cell.segment };
  // Behind a formula are those of any of its events.
  const any = question.events.length > 1 && !cell.series;
  const what = any ? question.events.map(({ event }) => eventInWords(event)).join(", ") : undefined;
  const parts = [
    what ?? nameOf(line, question, names),
    ...(what ? [...line.key.map(named), ...(cell.segment ? [names.get(cell.segment) ?? texts.gone] : [])] : []),
    cell.at ? intervalName(cell.at, question.interval) : cell.previous ? texts.before : texts.total,
  ];
  return parts.join(", ");
}

/** A value in words: what a formula cannot say is none. */
export const valueInWords = (value: number | null | undefined): string =>
  value === null || value === undefined ? "–" : full(value);

/** What the rows are: segments, events, values of properties. */
function headsOf({ question }: TrendAnswer): string[] {
  const { events, segments, formula, breakdown } = question;
  const parts = [
    ...(segments ? [texts.segment] : []),
    ...(events.length > 1 && !formula ? [texts.event] : []),
    ...breakdownNames(breakdown),
  ];
  return parts.length > 0 ? parts : [texts.event];
}
export const headOf = (answer: TrendAnswer): string => headsOf(answer).join(" · ");

/** The rows of the file: a row per line, a column for each part of its name and each interval. */
export function tableRows(answer: TrendAnswer, names: SegmentNames): (string | number)[][] {
  const at = (answer.series[0]?.points ?? []).map((point) => point.at);
  const then = answer.previous ? [texts.before] : [];
  const rows = answer.series.map((one) => [
    ...partsOf(one, answer.question, names),
    one.total ?? "",
    ...(answer.previous ? [one.previous?.total ?? ""] : []),
    ...one.points.map(({ value }) => value ?? ""),
  ]);
  return [[...headsOf(answer), texts.total, ...then, ...at], ...rows];
}
