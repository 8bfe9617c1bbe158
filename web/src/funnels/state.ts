// The state of Funnels: its form in the URL, and the question it asks.
import type { FunnelQuestion } from "../api/insights";
import type { Definition } from "../api/segments";
import { comparedOf, readSegmentIds } from "../filters/compare-segments";
import { propertiesOf, readProperty } from "../filters/condition";
import { isStart } from "../filters/interval-name";
import { type Match, readMatch } from "../filters/match";
import { fitting, type Interval, type Range, readInterval } from "../filters/period";
import type { PropertyRef } from "../filters/pickers";
import { readSegmentId, segmentIdOf } from "../filters/segment-picker";
import type { Compared } from "../question/kind";

export type Step = Match;
export type Order = FunnelQuestion["order"];
/** What ends an attempt that took one step and not yet another, counted from 1. */
export type Excluded = Match & { after: number; before: number };
/** Who reached a step, or was lost before it; of those who started in one interval where it says so. */
export type FunnelCell = { step: number; lost?: true; key?: unknown[]; at?: string; segment?: string };

export type FunnelSearch = {
  steps?: Step[];
  window?: string;
  order?: Order;
  exclude?: Excluded[];
  /** Properties of events that are equal at every step. */
  hold?: string[];
  /** Whether each attempt counts, and not each person once. */
  attempts?: boolean;
  by?: PropertyRef[];
  /** The length of the intervals of the start that are told apart; none where it is one whole. */
  interval?: Interval;
  /** The step whose share of those at the step before is drawn over time: else the last, of the first. */
  way?: number;
  /** A saved segment: its people alone. */
  segment?: string;
  /** Saved segments beside each other. */
  segments?: string[];
  /** The number whose people are shown. */
  cell?: FunnelCell;
};

export const STEPS_MAX = 12;
export const EXCLUDED_MAX = 12;
export const HOLD_MAX = 3;
const GROUPS = 5;
const NAME_MAX = 1_024;
const KEY_MAX = 3;
export const ORDERS: Order[] = ["ordered", "strict", "any"];
export const WINDOWS = ["30m", "1h", "1d", "7d", "14d", "30d", "90d"].map((value) => ({
  value,
  label: value
    .replace(/^1h$/, "1 hour")
    .replace(/^1d$/, "1 day")
    .replace(/m$/, " minutes")
    .replace(/d$/, " days"),
}));
export const DEFAULT_WINDOW = "7d";

const isPlace = (given: unknown): given is number =>
  typeof given === "number" && Number.isInteger(given) && given >= 1 && given <= STEPS_MAX;

function readExcluded(given: unknown): Excluded[] {
  const match = readMatch(given);
  if (!match) return [];
  const { after, before } = given as Record<string, unknown>;
  return [{ ...match, after: isPlace(after) ? after : 1, before: isPlace(before) ? before : STEPS_MAX }];
}

/** An excluded event that lies between steps that there are. */
export function between({ after, before, ...match }: Excluded, steps: number): Excluded {
  const last = Math.max(2, Math.min(before, steps));
  return { ...match, after: Math.max(1, Math.min(after, last - 1)), before: last };
}

function readCell(given: unknown): FunnelCell | undefined {
  if (typeof given !== "object" || given === null) return undefined;
  const { step, lost, key, at, segment } = given as Record<string, unknown>;
  const of = readSegmentId(segment);
  if (!isPlace(step)) return undefined;
  return {
    step,
    ...(lost === true && step > 1 ? { lost } : {}),
    ...(Array.isArray(key) && key.length <= KEY_MAX ? { key: key as unknown[] } : {}),
    ...(isStart(at) ? { at } : {}),
    ...(of ? { segment: of } : {}),
  };
}

const list = (given: unknown): unknown[] => (Array.isArray(given) ? given : []);

export function readFunnel(search: Record<string, unknown>): FunnelSearch {
  const steps = list(search.steps).slice(0, STEPS_MAX).flatMap((step) => readMatch(step) ?? []);
  const window = WINDOWS.find((one) => one.value === search.window)?.value;
  const order = ORDERS.find((one) => one === search.order);
  const exclude = list(search.exclude).slice(0, EXCLUDED_MAX).flatMap(readExcluded);
  const isName = (name: unknown): name is string =>
    typeof name === "string" && name !== "" && name.length <= NAME_MAX;
  const hold = [...new Set(list(search.hold).filter(isName))].slice(0, HOLD_MAX);
  const by = readProperty(search.by).slice(0, 1);
  const interval = readInterval(search.interval);
  const way = isPlace(search.way) && search.way > 1 ? search.way : undefined;
  const segment = readSegmentId(search.segment);
  const segments = readSegmentIds(search.segments);
  const cell = readCell(search.cell);
  return {
    ...(steps.length > 0 ? { steps } : {}),
    ...(window ? { window } : {}),
    ...(order ? { order } : {}),
    ...(exclude.length > 0 ? { exclude } : {}),
    ...(hold.length > 0 ? { hold } : {}),
    ...(search.attempts === true ? { attempts: true } : {}),
    ...(by.length > 0 ? { by } : {}),
    ...(interval ? { interval } : {}),
    ...(interval && way ? { way } : {}),
    ...(segment ? { segment } : {}),
    ...(segments.length > 0 ? { segments } : {}),
    ...(cell ? { cell } : {}),
  };
}

/** The steps that people most likely want first: what happens most often, then less and less. */
export const suggested = (names: { name: string }[]): Step[] =>
  names.slice(0, 3).map(({ name }) => ({ event: name }));

export function questionOf(
  search: Compared<FunnelSearch>,
  range: Range,
  timezone: string,
): FunnelQuestion {
  const { steps = [], order = "ordered", exclude = [], hold, by, interval, segment, segments } = search;
  // In a strict funnel any other event ends an attempt anyway.
  const ends = order === "strict" ? [] : exclude.map((one) => between(one, steps.length));
  return {
    steps,
    from: range.from,
    to: range.to,
    timezone,
    window: search.window ?? DEFAULT_WINDOW,
    order,
    count: search.attempts ? "attempts" : "people",
    limit: GROUPS,
    times: true,
    ...(ends.length > 0 ? { exclude: ends } : {}),
    ...(hold ? { hold } : {}),
    ...(by ? { breakdown: by } : {}),
    ...(interval ? { interval: fitting(interval, range.days) } : {}),
    ...(segment ? { people: { segment } } : {}),
    ...comparedOf(segments),
    ...(search.compare ? { compare: "previous" } : {}),
  };
}

/** The state that asks a question. */
export function searchOf(question: FunnelQuestion): Compared<FunnelSearch> {
  const { count, breakdown, people, segments, compare, ...same } = question;
  const read = readFunnel({
    ...same,
    attempts: count === "attempts",
    by: propertiesOf(breakdown),
    segment: segmentIdOf(people),
    segments: segments?.map(({ name }) => name),
  });
  return { ...read, ...(compare ? { compare: true } : {}) };
}

/** The rule of people who did the first so many steps within the period: in any order, which is less
 * than the funnel asks. */
export function peopleOf({ steps, from, to, people }: FunnelQuestion, count: number): Definition {
  const did = steps.slice(0, count).map((step) => ({ did: { ...step, within: { from, to } } }));
  return { all: [...did, ...(people ? [people] : [])] };
}
