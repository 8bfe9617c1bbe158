// The state of Paths: its form in the URL, and the question it asks.
import type { Cell, PathsQuestion } from "../api/insights";
import { type Match, readMatch } from "../filters/match";
import type { Range } from "../filters/period";
import { readSegmentId, segmentIdOf } from "../filters/segment-picker";

export type PathsCell =
  | Extract<Cell, { step: number; event: string }>
  | Extract<Cell, { from: string }>
  | { events: string[] };
export type Direction = "start" | "end";
export type PathsSearch = {
  event?: Match;
  /** Whether paths end with the event; they begin with it where nothing is said. */
  end?: boolean;
  steps?: number;
  within?: string;
  top?: number;
  hide?: string[];
  /** Whether the same event several times in a row counts once. */
  once?: boolean;
  segment?: string;
  /** The number whose people are shown. */
  cell?: PathsCell;
};

export const STEPS = [2, 3, 4, 5, 6, 8, 10];
export const DEFAULT_STEPS = 3;
export const TOPS = [3, 5, 8, 12];
export const DEFAULT_TOP = 5;
export const WITHIN = ["session", "30m", "1h", "1d", "7d"];
export const DEFAULT_WITHIN = "session";
const SEQUENCES = 50;
export const HIDE_MAX = 100;
const EVENTS_MAX = 11;
const NAME_MAX = 1_024;

const isName = (given: unknown): given is string =>
  typeof given === "string" && given !== "" && given.length <= NAME_MAX;

function readCell(given: unknown): PathsCell | undefined {
  if (typeof given !== "object" || given === null) return undefined;
  const { step, event, from, to, events } = given as Record<string, unknown>;
  if (Array.isArray(events)) {
    return events.length <= EVENTS_MAX && events.every(isName) ? { events } : undefined;
  }
  if (typeof step !== "number") return undefined;
  if (isName(event)) return { step, event };
  return isName(from) && isName(to) ? { step, from, to } : undefined;
}

export function readPaths(search: Record<string, unknown>): PathsSearch {
  const event = readMatch(search.event);
  const steps = STEPS.find((one) => one === search.steps);
  const top = TOPS.find((one) => one === search.top);
  const within = WITHIN.find((one) => one === search.within);
  const hide = Array.isArray(search.hide) ? search.hide.filter(isName).slice(0, HIDE_MAX) : [];
  const segment = readSegmentId(search.segment);
  const cell = readCell(search.cell);
  return {
    ...(event ? { event } : {}),
    ...(search.end === true ? { end: true } : {}),
    ...(steps ? { steps } : {}),
    ...(within ? { within } : {}),
    ...(top ? { top } : {}),
    ...(hide.length > 0 ? { hide } : {}),
    ...(search.once === true ? { once: true } : {}),
    ...(segment ? { segment } : {}),
    ...(cell ? { cell } : {}),
  };
}

/** Where the state has no event there is no question yet. */
export function questionOf(search: PathsSearch, range: Range, timezone: string): PathsQuestion {
  const event = search.event ?? { event: "" };
  return {
    ...(search.end ? { end: event } : { start: event }),
    from: range.from,
    to: range.to,
    timezone,
    steps: search.steps ?? DEFAULT_STEPS,
    within: search.within ?? DEFAULT_WITHIN,
    top: search.top ?? DEFAULT_TOP,
    sequences: SEQUENCES,
    collapse_repeats: search.once ?? false,
    ...(search.hide ? { hide: search.hide } : {}),
    ...(search.segment ? { people: { segment: search.segment } } : {}),
  };
}

/** The state that asks a question. */
export function searchOf({ start, end, people, collapse_repeats, ...same }: PathsQuestion): PathsSearch {
  const anchor = start ?? end;
  return readPaths({
    ...same,
    event: typeof anchor === "string" ? { event: anchor } : anchor,
    end: !start,
    once: collapse_repeats,
    segment: segmentIdOf(people),
  });
}
