// The state of Trends: its form in the URL, and the question it asks.
import type { Condition, TrendQuestion } from "../api/insights";
import type { Definition } from "../api/segments";
import { readConditions, readProperty } from "../filters/condition";
import { fitting, type Interval, type Range } from "../filters/period";
import type { PropertyRef } from "../filters/pickers";
import { readSegmentId } from "../filters/segment-picker";

export type Kind = "total" | "uniques" | "per_person" | "sum" | "avg" | "min" | "max" | "p50" | "p90" | "p99";

export type TrendSearch = {
  event?: string;
  measure?: string;
  interval?: Interval;
  where?: Condition[];
  by?: PropertyRef[];
  /** A saved segment: its people's events alone. */
  segment?: string;
};

const KINDS: Record<Kind, string> = {
  uniques: "unique people",
  total: "times",
  per_person: "times per person",
  sum: "sum of",
  avg: "average of",
  min: "smallest",
  max: "largest",
  p50: "median of",
  p90: "90th percentile of",
  p99: "99th percentile of",
};
export const MEASURES = Object.entries(KINDS).map(([value, label]) => ({
  value: value as Kind,
  label,
}));
const INTERVALS = ["minute", "hour", "day", "week", "month"];
/** As many lines as stay apart; the rest is (other). */
const GROUPS = 8;

export const wantsProperty = (kind: Kind): boolean =>
  !["total", "uniques", "per_person"].includes(kind);

/** Whether the groups' values are parts of a whole. */
export const isAdditive = (measure: string): boolean =>
  ["total", "uniques", "sum"].includes(measureOf(measure).kind);

/** "sum:amount" as its kind and property. */
export function measureOf(measure: string): { kind: Kind; property?: string } {
  const at = measure.indexOf(":");
  const kind = (at < 0 ? measure : measure.slice(0, at)) as Kind;
  return at < 0 ? { kind } : { kind, property: measure.slice(at + 1) };
}

function readMeasure(given: unknown): string | undefined {
  if (typeof given !== "string" || given.length > 1100) return undefined;
  const { kind, property } = measureOf(given);
  return kind in KINDS && wantsProperty(kind) === Boolean(property) ? given : undefined;
}

export function readTrend(search: Record<string, unknown>): TrendSearch {
  const { event, interval } = search;
  const measure = readMeasure(search.measure);
  const where = readConditions(search.where);
  const by = readProperty(search.by);
  const segment = readSegmentId(search.segment);
  return {
    ...(typeof event === "string" && event && event.length <= 1024 ? { event } : {}),
    ...(measure ? { measure } : {}),
    ...(INTERVALS.includes(interval as string) ? { interval: interval as Interval } : {}),
    ...(where.length > 0 ? { where } : {}),
    ...(by.length > 0 ? { by } : {}),
    ...(segment ? { segment } : {}),
  };
}

export const DEFAULT_EVENT = "*";
export const DEFAULT_MEASURE = "uniques";

export function questionOf(search: TrendSearch, range: Range, timezone: string): TrendQuestion {
  return {
    event: search.event ?? DEFAULT_EVENT,
    measure: search.measure ?? DEFAULT_MEASURE,
    interval: fitting(search.interval, range.days),
    from: range.from,
    to: range.to,
    timezone,
    limit: GROUPS,
    ...(search.where ? { where: search.where } : {}),
    ...(search.by ? { breakdown: search.by } : {}),
    ...(search.segment ? { people: { segment: search.segment } } : {}),
  };
}

/** The rule of the people whose events an answer counts. */
export function peopleOf({ event, where = [], from, to, people }: TrendQuestion): Definition {
  const conditions = where.length > 0 ? { where } : {};
  const did = { did: { event, ...conditions, within: { from, to } } };
  return { all: [did, ...(people ? [people] : [])] };
}
