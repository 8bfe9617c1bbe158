// A pivot's answer as a heat map and as rows.
import type { PivotAnswer, PivotQuestion } from "../api/insights";
import type { HeatData, HeatRow } from "../charts/heat";
import { propertyInWords, valueInWords } from "../filters/clock";
import { leadOf, measureInWords, measureOf } from "../filters/measure";
import {
  breakdownNames,
  conditionsInWords,
  datesInWords,
  eventInWords,
  peopleInWords,
  type SegmentNames,
} from "../filters/words";
import { full } from "../ui/numbers";
import type { PivotCell } from "./state";
import { texts } from "./texts";

type Side = PivotQuestion["rows"];

const sideName = (side: Side): string => breakdownNames(side).map(propertyInWords).join(" · ");

/** What a line is called: the values of its properties, "Monday" for the first weekday. */
export function lineName(key: unknown[], side: Side): string {
  const names = breakdownNames(side);
  // What is not shown by itself has one name, whatever its properties.
  if (key.length !== names.length) return texts.other;
  return key.map((value, place) => valueInWords(names[place] ?? "", value)).join(" · ");
}

export const isEmpty = ({ values }: PivotAnswer): boolean =>
  values.every((row) => row.every((value) => value === 0));

const mostOf = ({ values }: PivotAnswer): number => Math.max(0, ...values.flat());

export function heatOf(answer: PivotAnswer): HeatData {
  const { question, rows, columns, values, total } = answer;
  const most = mostOf(answer) || 1;
  const names = columns.map(({ key }) => lineName(key, question.columns));
  const cell = (value: number, row: string, column: string) => ({
    share: value / most,
    shown: full(value),
    told: texts.told(row, column, full(value)),
    incomplete: false,
  });
  const lines = rows.map(({ key, total: size }, place): HeatRow => {
    const name = lineName(key, question.rows);
    const cells = columns.map((_, column) => {
      const value = values[place]?.[column] ?? 0;
      return value === 0 ? undefined : cell(value, name, names[column] ?? "");
    });
    return { name, size, sizeShown: full(size), cells };
  });
  const all = columns.map(({ total: value }, place) => cell(value, texts.all, names[place] ?? ""));
  const whole = { name: texts.all, size: total, sizeShown: full(total), cells: all, whole: true };
  const head = sideName(question.rows);
  return { head, sizes: texts.all, columns: names, rows: [whole, ...lines], most: 1, open: true };
}

/** The cell of a heat map whose first row is of all; no column is all of them. */
export function cellAt({ rows, columns }: PivotAnswer, row: number, column?: number): PivotCell {
  const line = rows[row - 1];
  const other = column === undefined ? undefined : columns[column];
  return { ...(line ? { row: line.key } : {}), ...(other ? { column: other.key } : {}) };
}

/** What a number counts, in words. */
export function cellInWords({ row, column }: PivotCell, question: PivotQuestion): string {
  const parts = [
    row && `${sideName(question.rows)}: ${lineName(row, question.rows)}`,
    column && `${sideName(question.columns)}: ${lineName(column, question.columns)}`,
  ];
  return parts.filter(Boolean).join(", ") || texts.behindAll;
}

export function inWords(answer: PivotAnswer): string {
  const { question, rows, columns, values } = answer;
  const most = mostOf(answer);
  const row = values.findIndex((line) => line.includes(most));
  const column = values[row]?.indexOf(most) ?? 0;
  return texts.described(
    full(rows.length),
    full(columns.length),
    lineName(rows[row]?.key ?? [], question.rows),
    lineName(columns[column]?.key ?? [], question.columns),
    full(most),
  );
}

/** The rows of the file, as the table has them. */
export function tableRows({ question, rows, columns, values, total }: PivotAnswer): (string | number)[][] {
  return [
    [
      sideName(question.rows),
      texts.all,
      ...columns.map(({ key }) => lineName(key, question.columns)),
    ],
    [texts.all, total, ...columns.map((column) => column.total)],
    ...rows.map(({ key, total: size }, place) => [
      lineName(key, question.rows),
      size,
      ...(values[place] ?? []),
    ]),
  ];
}

export function questionInWords(question: PivotQuestion, names: SegmentNames): string {
  const { measure, event, where, rows, columns, people } = question;
  const what = [
    leadOf(measureOf(measure).kind),
    measureInWords(measure),
    eventInWords(event),
    conditionsInWords(where),
  ];
  const parts = [
    what.filter(Boolean).join(" "),
    `${texts.rowsBy} ${sideName(rows)}`,
    `${texts.columnsBy} ${sideName(columns)}`,
    peopleInWords(people, names),
    datesInWords(question),
  ];
  return parts.filter(Boolean).join(", ");
}
