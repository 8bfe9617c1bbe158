// The state of Pivot: its form in the URL, and the question it asks.
import type { PivotQuestion } from "../api/insights";
import type { Definition } from "../api/segments";
import { HOUR, isClock, WEEKDAY } from "../filters/clock";
import { propertiesOf, readProperty } from "../filters/condition";
import { type Match, readMatch } from "../filters/match";
import { DEFAULT_MEASURE, readMeasure } from "../filters/measure";
import type { Range } from "../filters/period";
import { ANY, type PropertyRef } from "../filters/pickers";
import { readSegmentId, segmentIdOf } from "../filters/segment-picker";

/** The key of a row, of a column, of both, or of neither: then everyone. */
export type PivotCell = { row?: unknown[]; column?: unknown[] };

export type PivotSearch = {
  what?: Match;
  measure?: string;
  rows?: PropertyRef[];
  columns?: PropertyRef[];
  segment?: string;
  /** The number whose people are shown. */
  cell?: PivotCell;
};

/** What every publisher's events have: when they were. */
export const DEFAULT_ROWS: PropertyRef[] = [{ property: WEEKDAY, scope: "event" }];
export const DEFAULT_COLUMNS: PropertyRef[] = [{ property: HOUR, scope: "event" }];
export const DEFAULT_MATCH: Match = { event: ANY };
/** Properties of a side. */
export const SIDE_MOST = 3;
/** As much as one looks over; the rest is (other). */
const ROWS = 50;
const COLUMNS = 24;

const isKey = (given: unknown): given is unknown[] =>
  Array.isArray(given) && given.length > 0 && given.length <= SIDE_MOST;

function readCell(given: unknown): PivotCell | undefined {
  if (typeof given !== "object" || given === null || Array.isArray(given)) return undefined;
  const { row, column } = given as Record<string, unknown>;
  return { ...(isKey(row) ? { row } : {}), ...(isKey(column) ? { column } : {}) };
}

export function readPivot(search: Record<string, unknown>): PivotSearch {
  const what = readMatch(search.what);
  const measure = readMeasure(search.measure);
  const [rows, columns] = [readProperty(search.rows), readProperty(search.columns)];
  const segment = readSegmentId(search.segment);
  const cell = readCell(search.cell);
  return {
    ...(what ? { what } : {}),
    ...(measure ? { measure } : {}),
    ...(rows.length > 0 ? { rows } : {}),
    ...(columns.length > 0 ? { columns } : {}),
    ...(segment ? { segment } : {}),
    ...(cell ? { cell } : {}),
  };
}

/** Hours or weekdays alone stand in their own order where they are asked for by their name. */
function named(side: PropertyRef[]): PivotQuestion["rows"] {
  const [first, ...more] = side;
  return first && more.length === 0 && isClock(first.property) ? first.property : side;
}

export function questionOf(search: PivotSearch, range: Range, timezone: string): PivotQuestion {
  return {
    ...(search.what ?? DEFAULT_MATCH),
    measure: search.measure ?? DEFAULT_MEASURE,
    rows: named(search.rows ?? DEFAULT_ROWS),
    columns: named(search.columns ?? DEFAULT_COLUMNS),
    from: range.from,
    to: range.to,
    timezone,
    rows_limit: ROWS,
    columns_limit: COLUMNS,
    ...(search.segment ? { people: { segment: search.segment } } : {}),
  };
}

/** The state that asks a question. */
export const searchOf = ({ event, where, rows, columns, people, ...same }: PivotQuestion): PivotSearch =>
  readPivot({
    ...same,
    what: { event, where },
    rows: propertiesOf(rows),
    columns: propertiesOf(columns),
    segment: segmentIdOf(people),
  });

/** The rule of the people whose events are counted. */
export function peopleOf({ event, where = [], from, to, people }: PivotQuestion): Definition {
  const did = { event, ...(where.length > 0 ? { where } : {}), within: { from, to } };
  return { all: [{ did }, ...(people ? [people] : [])] };
}
