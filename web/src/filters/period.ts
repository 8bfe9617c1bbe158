// The period of a question: the last so many days, or two dates. Days are the publisher's.

export type Period = { last: number } | { from: string; until: string };

/** A period as dates: `from` inclusive, `to` exclusive, `days` long. */
export type Range = { from: string; to: string; days: number };

export const PRESETS = [1, 7, 14, 28, 90, 180, 365];
export const DEFAULT_PERIOD: Period = { last: 28 };
const DAYS_MAX = 1_826;
const DAY_MS = 86_400_000;
const DATE = /^\d{4}-\d{2}-\d{2}$/;

const days = (date: string): number => Date.parse(`${date}T00:00:00Z`) / DAY_MS;
const dated = (day: number): string => new Date(day * DAY_MS).toISOString().slice(0, 10);
export const isDate = (text: unknown): text is string =>
  typeof text === "string" && DATE.test(text) && dated(days(text) || 0) === text;

/** The date in a zone. */
export const dateIn = (zone: string, at: number): string =>
  new Intl.DateTimeFormat("en-CA", { timeZone: zone, dateStyle: "short" }).format(at);

/** The form of a period in the URL; what is not one is left out. */
export type PeriodSearch = { last?: number; from?: string; until?: string };

export function readPeriod(search: Record<string, unknown>): PeriodSearch {
  const { last, from, until } = search;
  if (isDate(from) && isDate(until) && from <= until && days(until) - days(from) < DAYS_MAX) {
    return { from, until };
  }
  const whole = typeof last === "number" && Number.isInteger(last) && last > 0 && last <= DAYS_MAX;
  return whole ? { last } : {};
}

export function periodOf({ last, from, until }: PeriodSearch): Period {
  return from && until ? { from, until } : last ? { last } : DEFAULT_PERIOD;
}

/** A period as dates in a zone; the last days end with today. */
export function rangeOf(period: Period, zone: string, now: number): Range {
  if ("last" in period) {
    const tomorrow = days(dateIn(zone, now)) + 1;
    return { from: dated(tomorrow - period.last), to: dated(tomorrow), days: period.last };
  }
  const to = days(period.until) + 1;
  return { from: period.from, to: dated(to), days: to - days(period.from) };
}

/** The period of the same length that ends where this one begins. */
export const previous = ({ from, days: length }: Range): Range => ({
  from: dated(days(from) - length),
  to: from,
  days: length,
});

/** The last day of a period that ends before this date. */
export const dayBefore = (date: string): string => dated(days(date) - 1);

const read = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeZone: "UTC" });
const written = (date: string): string => read.format(Date.parse(`${date}T00:00:00Z`));

/** "last 28 days" or "1 Oct 2026 – 28 Oct 2026". */
export function periodInWords(period: Period): string {
  if ("last" in period) return period.last === 1 ? "today" : `last ${period.last} days`;
  return period.from === period.until
    ? written(period.from)
    : `${written(period.from)} – ${written(period.until)}`;
}

const INTERVALS = ["minute", "hour", "day", "week", "month"] as const;
export type Interval = (typeof INTERVALS)[number];

/** An interval in a URL. */
export const readInterval = (given: unknown): Interval | undefined =>
  INTERVALS.find((one) => one === given);

/** The intervals that draw well over so many days. */
export function intervalsOf(length: number): Interval[] {
  const all: [Interval, number, number][] = [
    ["minute", 0, 1],
    ["hour", 0, 31],
    ["day", 1, 400],
    ["week", 8, DAYS_MAX],
    ["month", 32, DAYS_MAX],
  ];
  return all.filter(([, least, most]) => length >= least && length <= most).map(([name]) => name);
}

/** The interval asked for where it fits, else the one that fits best. */
export function fitting(asked: Interval | undefined, length: number): Interval {
  const fit = intervalsOf(length);
  if (asked && fit.includes(asked)) return asked;
  return length <= 2 ? "hour" : length <= 120 ? "day" : "week";
}
