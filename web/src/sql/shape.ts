// What an answer's rows are shown as: cells in words, and a chart where they are numbers by time or by name.
import type { SqlAnswer, SqlType } from "../api/sql";
import type { LinesData } from "../charts/line-option";
import { texts } from "./texts";

/** Bars beyond these are a table. */
const BARS_MAX = 30;
/** Points beyond these are no line that a person reads. */
const POINTS_MAX = 1_000;
const LINES_MAX = 8;

export const isNumber = (type: SqlType): boolean => type === "integer" || type === "number";

/** A cell as it stands in the table: numbers as they are, nothing as an empty cell. */
export function told(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "boolean") return value ? texts.yes : texts.no;
  if (typeof value === "bigint") return value.toString();
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Letters of a cell that are drawn; a file has them all. */
const LETTERS_MAX = 500;

export const inShort = (text: string): string => (text.length > LETTERS_MAX ? `${text.slice(0, LETTERS_MAX)}…` : text);

/** "2026-11-01T00:00:00Z" without what is the same everywhere. */
function moments(values: string[]): string[] {
  const midnight = values.every((at) => /T00:00:00/.test(at));
  return values.map((at) => (midnight ? at.slice(0, 10) : at.slice(0, 16).replace("T", " ")));
}

export type Picture =
  | { kind: "lines"; data: LinesData }
  | { kind: "bars"; value: string; rows: { name: string; value: number; shown: string }[] };

/** Rows as CSV: the names of the columns, then the cells. */
export function tableRows({ columns, rows }: SqlAnswer): (string | number | bigint)[][] {
  const cell = (value: unknown) => (typeof value === "number" || typeof value === "bigint" ? value : told(value));
  return [columns.map(({ name }) => name), ...rows.map((row) => row.map(cell))];
}

/** A column of numbers that can be drawn from zero on. */
const drawn = (rows: unknown[][], at: number): number[] | undefined => {
  // A point is drawn no finer than a number can be.
  const values = rows.map((row) => (typeof row[at] === "bigint" ? Number(row[at]) : row[at]));
  return values.every((value) => typeof value === "number" && value >= 0) ? (values as number[]) : undefined;
};

/** The chart that says the same as the rows, where there is one. */
export function pictureOf({ columns, rows }: SqlAnswer): Picture | undefined {
  const [first, ...others] = columns;
  if (!first || others.length === 0 || !others.every(({ type }) => isNumber(type))) return undefined;
  if (rows.length < 2 || rows.some((row) => row[0] === null)) return undefined;
  if (first.type === "timestamp" || first.type === "date") {
    const sorted = [...rows].sort((one, other) => Date.parse(told(one[0])) - Date.parse(told(other[0])));
    const at = moments(sorted.map((row) => told(row[0])));
    const lines = others.map(({ name }, place) => ({ name, values: drawn(sorted, place + 1) }));
    const fits = rows.length <= POINTS_MAX && lines.length <= LINES_MAX && new Set(at).size === at.length;
    if (!fits || new Set(lines.map(({ name }) => name)).size < lines.length) return undefined;
    const told_ = lines.flatMap(({ name, values }) => (values ? [{ name, values }] : []));
    if (told_.length < lines.length) return undefined;
    return { kind: "lines", data: { at, lines: told_, incomplete: at.map(() => false), additive: false } };
  }
  const [only, second] = others;
  const values = drawn(rows, 1);
  if (!only || second || !values || rows.length > BARS_MAX) return undefined;
  const names = rows.map((row) => told(row[0]));
  if (new Set(names).size < names.length) return undefined;
  const bars = names.map((name, place) => ({ name, value: values[place] ?? 0, shown: told(rows[place]?.[1]) }));
  return { kind: "bars", value: only.name, rows: bars };
}
