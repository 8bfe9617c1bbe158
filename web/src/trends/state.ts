// The state of Trends: its form in the URL, and the question it asks.
import type { Condition, TrendQuestion } from "../api/insights";
import type { Definition } from "../api/segments";
import { readConditions, readProperty } from "../filters/condition";
import { DEFAULT_MEASURE, readMeasure } from "../filters/measure";
import { fitting, type Interval, type Range } from "../filters/period";
import type { PropertyRef } from "../filters/pickers";
import { readSegmentId } from "../filters/segment-picker";

export type TrendSearch = {
  event?: string;
  measure?: string;
  interval?: Interval;
  where?: Condition[];
  by?: PropertyRef[];
  /** A saved segment: its people's events alone. */
  segment?: string;
};

const INTERVALS = ["minute", "hour", "day", "week", "month"];
/** As many lines as stay apart; the rest is (other). */
const GROUPS = 8;

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
