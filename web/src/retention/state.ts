// The state of Retention: its form in the URL, and the question it asks.
import type { Cell, RetentionQuestion } from "../api/insights";
import { propertiesOf, readProperty } from "../filters/condition";
import { type Match, readMatch } from "../filters/match";
import { isStart } from "../filters/interval-name";
import type { Range } from "../filters/period";
import { ANY, type PropertyRef } from "../filters/pickers";
import { readSegmentId, segmentIdOf } from "../filters/segment-picker";

export type Period = "day" | "week" | "month";
export type Mode = "on" | "on_or_after" | "brackets";
export type Bracket = [number, number];
export type RetentionCell = Extract<Cell, { cohort: string }>;

export type RetentionSearch = {
  born?: Match;
  /** Only the first such event of a person's life. */
  first?: boolean;
  back?: Match;
  period?: Period;
  /** The last period that is looked at. */
  upto?: number;
  mode?: Mode;
  brackets?: Bracket[];
  rolling?: boolean;
  by?: PropertyRef[];
  segment?: string;
  /** The number whose people are shown. */
  cell?: RetentionCell;
};

export const PERIODS: Period[] = ["day", "week", "month"];
export const MODES: Mode[] = ["on", "on_or_after", "brackets"];
/** How far one looks, in periods of each length; the second is taken where nothing is said. */
export const UPTO: Record<Period, number[]> = {
  day: [7, 14, 30, 60, 90],
  week: [4, 8, 12, 26, 52],
  month: [3, 6, 12, 24],
};
export const DEFAULT_BRACKETS: Bracket[] = [
  [0, 1],
  [1, 2],
  [2, 4],
  [4, 8],
  [8, 15],
  [15, 31],
];
const BRACKETS_MAX = 40;
const PERIOD_MAX = 1_000;
const GROUPS = 5;
const KEY_MAX = 3;
export const DEFAULT_MATCH: Match = { event: ANY };

/** Whether brackets are as the server takes them: each begins and ends further on than the last. */
function ordered(brackets: Bracket[]): boolean {
  return brackets.every(([from, to], index) => {
    const [earlier, end] = brackets[index - 1] ?? [0, 0];
    return from < to && to <= PERIOD_MAX && from >= earlier && to > end;
  });
}

/** "0, 1, 2-3" as brackets, of which each ends before its second number; undefined where it is not. */
export function bracketsOf(text: string): Bracket[] | undefined {
  const parts = text.split(",").map((part) => /^\s*(\d+)\s*(?:[-–]\s*(\d+)\s*)?$/.exec(part));
  const read = parts.flatMap((found): Bracket[] =>
    found ? [[Number(found[1]), Number(found[2] ?? found[1]) + 1]] : [],
  );
  const all = read.length === parts.length && read.length <= BRACKETS_MAX;
  return all && ordered(read) ? read : undefined;
}

export const bracketInWords = ([from, to]: Bracket): string =>
  to === from + 1 ? `${from}` : `${from}–${to - 1}`;

function readBrackets(given: unknown): Bracket[] | undefined {
  const whole = (value: unknown) => Number.isInteger(value) && (value as number) >= 0;
  const pair = (one: unknown): one is Bracket =>
    Array.isArray(one) && one.length === 2 && one.every(whole);
  if (!Array.isArray(given) || given.length === 0 || given.length > BRACKETS_MAX) return undefined;
  return given.every(pair) && ordered(given) ? given : undefined;
}

function readCell(given: unknown): RetentionCell | undefined {
  if (typeof given !== "object" || given === null) return undefined;
  const { cohort, period, key } = given as Record<string, unknown>;
  if (!isStart(cohort)) return undefined;
  return {
    cohort,
    ...(typeof period === "number" ? { period } : {}),
    ...(Array.isArray(key) && key.length <= KEY_MAX ? { key: key as unknown[] } : {}),
  };
}

export function readRetention(search: Record<string, unknown>): RetentionSearch {
  const born = readMatch(search.born);
  const back = readMatch(search.back);
  const period = PERIODS.find((one) => one === search.period);
  const upto = UPTO[period ?? "day"].find((one) => one === search.upto);
  const mode = MODES.find((one) => one === search.mode);
  const brackets = readBrackets(search.brackets);
  const by = readProperty(search.by).slice(0, 1);
  const segment = readSegmentId(search.segment);
  const cell = readCell(search.cell);
  return {
    ...(born ? { born } : {}),
    ...(search.first === true ? { first: true } : {}),
    ...(back ? { back } : {}),
    ...(period ? { period } : {}),
    ...(upto ? { upto } : {}),
    ...(mode ? { mode } : {}),
    ...(brackets ? { brackets } : {}),
    ...(search.rolling === true ? { rolling: true } : {}),
    ...(by.length > 0 ? { by } : {}),
    ...(segment ? { segment } : {}),
    ...(cell ? { cell } : {}),
  };
}

/** The API takes brackets within the mode, too: the same with them beside it. */
export function beside({ mode, ...question }: RetentionQuestion): RetentionQuestion {
  if (typeof mode !== "object") return { mode, ...question };
  return { ...question, mode: "brackets", brackets: mode.brackets };
}

/** The state that asks a question. */
export function searchOf(question: RetentionQuestion): RetentionSearch {
  const { born, periods, align, breakdown, people, ...same } = beside(question);
  return readRetention({
    ...same,
    born,
    first: born.first_ever,
    upto: periods - 1,
    rolling: align === "rolling",
    by: propertiesOf(breakdown),
    segment: segmentIdOf(people),
  });
}

export const uptoOf = ({ period = "day", upto }: RetentionSearch): number =>
  upto ?? UPTO[period][1] ?? 1;

export function questionOf(search: RetentionSearch, range: Range, timezone: string): RetentionQuestion {
  const { born = DEFAULT_MATCH, back = DEFAULT_MATCH, mode = "on" } = search;
  return {
    born: { ...born, first_ever: search.first ?? false },
    back,
    from: range.from,
    to: range.to,
    timezone,
    period: search.period ?? "day",
    periods: uptoOf(search) + 1,
    mode,
    ...(mode === "brackets" ? { brackets: search.brackets ?? DEFAULT_BRACKETS } : {}),
    align: search.rolling ? "rolling" : "calendar",
    measure: "people",
    limit: GROUPS,
    ...(search.by ? { breakdown: search.by } : {}),
    ...(search.segment ? { people: { segment: search.segment } } : {}),
  };
}
