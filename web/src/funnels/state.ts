// The state of Funnels: its form in the URL, and the question it asks.
import type { FunnelQuestion } from "../api/insights";
import type { Definition } from "../api/segments";
import { readProperty } from "../filters/condition";
import { type Match, readMatch } from "../filters/match";
import type { Range } from "../filters/period";
import type { PropertyRef } from "../filters/pickers";
import { readSegmentId } from "../filters/segment-picker";

export type Step = Match;
export type FunnelSearch = {
  steps?: Step[];
  window?: string;
  by?: PropertyRef[];
  /** A saved segment: its people alone. */
  segment?: string;
};

export const STEPS_MAX = 12;
const GROUPS = 5;
export const WINDOWS = ["30m", "1h", "1d", "7d", "14d", "30d", "90d"].map((value) => ({
  value,
  label: value
    .replace(/^1h$/, "1 hour")
    .replace(/^1d$/, "1 day")
    .replace(/m$/, " minutes")
    .replace(/d$/, " days"),
}));
export const DEFAULT_WINDOW = "7d";

export function readFunnel(search: Record<string, unknown>): FunnelSearch {
  const steps = Array.isArray(search.steps)
    ? search.steps.slice(0, STEPS_MAX).flatMap((step) => readMatch(step) ?? [])
    : [];
  const window = WINDOWS.find((one) => one.value === search.window)?.value;
  const by = readProperty(search.by).slice(0, 1);
  const segment = readSegmentId(search.segment);
  return {
    ...(steps.length > 0 ? { steps } : {}),
    ...(window ? { window } : {}),
    ...(by.length > 0 ? { by } : {}),
    ...(segment ? { segment } : {}),
  };
}

/** The steps that people most likely want first: what happens most often, then less and less. */
export const suggested = (names: { name: string }[]): Step[] =>
  names.slice(0, 3).map(({ name }) => ({ event: name }));

export function questionOf(search: FunnelSearch, range: Range, timezone: string): FunnelQuestion {
  return {
    steps: search.steps ?? [],
    from: range.from,
    to: range.to,
    timezone,
    window: search.window ?? DEFAULT_WINDOW,
    order: "ordered",
    count: "people",
    limit: GROUPS,
    ...(search.by ? { breakdown: search.by } : {}),
    ...(search.segment ? { people: { segment: search.segment } } : {}),
  };
}

/** The rule of people who did the first so many steps within the period: in any order, which is less
 * than the funnel asks. */
export function peopleOf({ steps, from, to, people }: FunnelQuestion, count: number): Definition {
  const did = steps.slice(0, count).map((step) => ({ did: { ...step, within: { from, to } } }));
  return { all: [...did, ...(people ? [people] : [])] };
}
