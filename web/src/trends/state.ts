// The state of Trends: its form in the URL, and the question it asks.
import type { TrendQuestion } from "../api/insights";
import type { Definition } from "../api/segments";
import { comparedOf, readSegmentIds } from "../filters/compare-segments";
import { propertiesOf, readConditions, readProperty } from "../filters/condition";
import { isStart } from "../filters/interval-name";
import { type Match, readMatch } from "../filters/match";
import { DEFAULT_MEASURE, readMeasure } from "../filters/measure";
import { fitting, type Interval, type Range, readInterval } from "../filters/period";
import type { PropertyRef } from "../filters/pickers";
import { readSegmentId, segmentIdOf } from "../filters/segment-picker";
import type { Compared } from "../question/kind";

/** An event that is counted, and what is measured of it. */
export type Counted = Match & { measure: string };

/** A number of the answer: of a group, of an interval, of the period before. */
export type TrendCell = {
  key?: unknown[];
  at?: string;
  previous?: true;
  /** Which of several events, by its letter. */
  series?: string;
  segment?: string;
};

export type TrendSearch = Partial<Counted> & {
  /** More events beside the first. */
  more?: Counted[];
  /** What is made of the values of the events, which it calls A to E. */
  formula?: string;
  interval?: Interval;
  by?: PropertyRef[];
  /** A saved segment: its people's events alone. */
  segment?: string;
  /** Saved segments beside each other. */
  segments?: string[];
  /** Each value over so many intervals. */
  rolling?: number;
  /** Each value over all up to it. */
  cumulative?: boolean;
  /** The number whose people are shown. */
  cell?: TrendCell;
};

/** As many lines as stay apart; the rest is (other). */
const LINES = 8;
export const LETTERS = ["A", "B", "C", "D", "E"];
export const FORMULA_MAX = 256;
const ROLLING_MAX = 366;
/** As many properties as an answer is broken down by. */
export const BY_MAX = 3;
export const DEFAULT_EVENT = "*";

/** The events that are counted, the first one first. */
export function countedOf({ event, measure, where, more = [] }: TrendSearch): Counted[] {
  const first = { event: event ?? DEFAULT_EVENT, measure: measure ?? DEFAULT_MEASURE };
  return [{ ...first, ...(where ? { where } : {}) }, ...more];
}

/** The form in the URL of these events, of which there is at least one. */
export function eventsAs([first, ...more]: Counted[]): TrendSearch {
  return {
    event: first?.event,
    measure: first?.measure,
    where: first?.where,
    more: more.length > 0 ? more : undefined,
    // What is made of several is nothing of one.
    ...(more.length > 0 ? {} : { formula: undefined }),
  };
}

function readMore(given: unknown): Counted[] {
  if (!Array.isArray(given)) return [];
  return given.slice(0, LETTERS.length - 1).flatMap((one: unknown) => {
    const match = readMatch(one);
    const measure = readMeasure((one as { measure?: unknown } | null)?.measure);
    return match ? [{ ...match, measure: measure ?? DEFAULT_MEASURE }] : [];
  });
}

function readCell(given: unknown): TrendCell | undefined {
  if (typeof given !== "object" || given === null) return undefined;
  const { key, at, previous, series, segment } = given as Record<string, unknown>;
  const known = LETTERS.find((letter) => letter === series);
  const of = readSegmentId(segment);
  return {
    ...(Array.isArray(key) && key.length <= BY_MAX ? { key: key as unknown[] } : {}),
    ...(isStart(at) ? { at } : {}),
    ...(previous === true ? { previous } : {}),
    ...(known ? { series: known } : {}),
    ...(of ? { segment: of } : {}),
  };
}

const isRolling = (given: unknown): given is number =>
  typeof given === "number" && Number.isInteger(given) && given >= 2 && given <= ROLLING_MAX;

/** Text of a URL that is not too long. */
const readText = (given: unknown, most: number): string | undefined =>
  typeof given === "string" && given.trim() !== "" && given.length <= most ? given : undefined;

export function readTrend(search: Record<string, unknown>): TrendSearch {
  const { rolling } = search;
  const interval = readInterval(search.interval);
  const event = readText(search.event, 1024);
  const measure = readMeasure(search.measure);
  const where = readConditions(search.where);
  const more = readMore(search.more);
  const formula = readText(search.formula, FORMULA_MAX);
  const by = readProperty(search.by);
  const segment = readSegmentId(search.segment);
  const segments = readSegmentIds(search.segments);
  const cell = readCell(search.cell);
  return {
    ...(event ? { event } : {}),
    ...(measure ? { measure } : {}),
    ...(interval ? { interval } : {}),
    ...(where.length > 0 ? { where } : {}),
    ...(more.length > 0 ? { more } : {}),
    ...(formula && more.length > 0 ? { formula } : {}),
    ...(by.length > 0 ? { by } : {}),
    ...(segment ? { segment } : {}),
    ...(segments.length > 0 ? { segments } : {}),
    ...(isRolling(rolling) ? { rolling } : search.cumulative === true ? { cumulative: true } : {}),
    ...(cell ? { cell } : {}),
  };
}

export function questionOf(
  search: TrendSearch & { compare?: boolean },
  range: Range,
  timezone: string,
): TrendQuestion {
  const { formula, by, segment, segments, rolling, cumulative, compare } = search;
  const events = countedOf(search);
  const lines = (formula ? 1 : events.length) * (segments?.length ?? 1);
  return {
    events,
    interval: fitting(search.interval, range.days),
    from: range.from,
    to: range.to,
    timezone,
    limit: Math.max(1, Math.floor(LINES / lines)),
    ...(formula ? { formula } : {}),
    ...(by ? { breakdown: by } : {}),
    ...(segment ? { people: { segment } } : {}),
    ...comparedOf(segments),
    ...(rolling ? { rolling } : {}),
    ...(cumulative ? { cumulative } : {}),
    ...(compare ? { compare: "previous" } : {}),
  };
}

/** The measure of the API where it is not told. */
const UNTOLD = "total";

/** The API knows a form for one event alone, too: the same with its events in a list. */
export function listed({ event, measure = UNTOLD, ...question }: TrendQuestion): TrendQuestion {
  const events = question.events ?? [{ event: event ?? DEFAULT_EVENT, measure }];
  return { ...question, events: events.map((one) => ({ ...one, measure: one.measure ?? UNTOLD })) };
}

/** The state that asks a question. */
export function searchOf(question: TrendQuestion): Compared<TrendSearch> {
  const { events, where, breakdown, people, segments, compare, ...same } = listed(question);
  const [first, ...more] = events.map((one) => ({
    ...one,
    where: [...(one.where ?? []), ...(where ?? [])],
  }));
  const read = readTrend({
    ...same,
    ...first,
    more,
    by: propertiesOf(breakdown),
    segment: segmentIdOf(people),
    segments: segments?.map(({ name }) => name),
  });
  return { ...read, ...(compare ? { compare: true } : {}) };
}

/** The rule of the people whose events an answer counts. */
export function peopleOf({ events, from, to, people }: TrendQuestion): Definition {
  const did = events.map(({ event, where = [] }) => ({
    did: { event, ...(where.length > 0 ? { where } : {}), within: { from, to } },
  }));
  const [first] = did;
  const any = first && did.length === 1 ? first : { any: did };
  return { all: [any, ...(people ? [people] : [])] };
}
