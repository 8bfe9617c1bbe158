// A retention's answer as the rows of a heat map, and as a table.
import type { RetentionAnswer, RetentionQuestion } from "../api/insights";
import type { HeatCell, HeatData, HeatRow } from "../charts/heat";
import { intervalName } from "../filters/interval-name";
import { full, named } from "../ui/numbers";
import { bracketInWords, DEFAULT_BRACKETS, type RetentionCell } from "./state";
import { texts } from "./texts";

type Group = Pick<RetentionAnswer, "cohorts" | "average">;
type Cohort = Group["cohorts"][number];

/** The names of the values, in their order. */
export function columnsOf({ period, periods, mode, brackets }: RetentionQuestion): string[] {
  const places =
    mode === "brackets"
      ? ((brackets ?? DEFAULT_BRACKETS) as [number, number][]).map(bracketInWords)
      : Array.from({ length: periods }, (_, place) => `${place}`);
  return places.map((place) => texts.column(period, place));
}

export const sizeOf = ({ cohorts }: Group): number => cohorts.reduce((all, { size }) => all + size, 0);

export const groupName = (key: unknown[] | undefined): string =>
  key === undefined ? texts.everyone : key.map(named).join(" · ");

export const cohortName = (start: string, { period }: RetentionQuestion): string =>
  intervalName(start, period);

/** The cohorts that have anybody. */
const peopled = ({ cohorts }: Group): Cohort[] => cohorts.filter(({ size }) => size > 0);

function cellsOf(cohort: Cohort, columns: string[]): (HeatCell | undefined)[] {
  const { values, size, incomplete } = cohort;
  return columns.map((column, place) => {
    const value = values[place];
    if (value === null || value === undefined) return undefined;
    return {
      share: value / size,
      told: texts.told(full(value), full(size), column),
      incomplete: incomplete !== null && place >= incomplete,
    };
  });
}

function averageRow(name: string, group: Group, columns: string[]): HeatRow {
  const cells = columns.map((column, place) => {
    const share = group.average[place];
    if (share === null || share === undefined) return undefined;
    return { share, told: `${name}, ${column}`, incomplete: false };
  });
  return { name, size: sizeOf(group), cells, whole: true };
}

/** The group that is looked at: everyone where there is no such. */
export function groupOf(
  answer: RetentionAnswer,
  key: unknown[] | undefined,
): Group & { key?: unknown[] } {
  const wanted = JSON.stringify(key);
  return answer.groups.find((group) => JSON.stringify(group.key) === wanted) ?? answer;
}

/** The rows of a heat map, and of each which cohort it is; none for what sums up. */
export function heatOf(
  answer: RetentionAnswer,
  group: Group,
): { data: HeatData; cohorts: (Cohort | undefined)[] } {
  const columns = columnsOf(answer.question);
  const others = answer.groups.map((one) => averageRow(groupName(one.key), one, columns));
  const wholes =
    others.length > 0
      ? [averageRow(texts.everyone, answer, columns), ...others]
      : [averageRow(texts.average, answer, columns)];
  const cohorts = peopled(group);
  const rows = cohorts.map((cohort) => ({
    name: cohortName(cohort.start, answer.question),
    size: cohort.size,
    cells: cellsOf(cohort, columns),
  }));
  return {
    data: { head: texts.cohort, sizes: texts.size, columns, rows: [...wholes, ...rows] },
    cohorts: [...wholes.map(() => undefined), ...cohorts],
  };
}

/** What a number counts, in words. */
export function cellInWords({ cohort, period, key }: RetentionCell, question: RetentionQuestion): string {
  const column = columnsOf(question)[period ?? 0] ?? "";
  return texts.behind(column, cohortName(cohort, question), key ? `, ${groupName(key)}` : "");
}

/** The rows of the file: a row for each cohort of each group, a column for each value. */
export function tableRows(answer: RetentionAnswer): (string | number)[][] {
  const head = [texts.group, texts.cohort, texts.size, ...columnsOf(answer.question)];
  const groups: [string, Group][] = [
    [texts.everyone, answer],
    ...answer.groups.map((one): [string, Group] => [groupName(one.key), one]),
  ];
  const rows = groups.flatMap(([name, group]) => [
    ...peopled(group).map(({ start, size, values }) => [
      name,
      start,
      size,
      ...values.map((value) => value ?? ""),
    ]),
    [name, texts.average, sizeOf(group), ...group.average.map((value) => value ?? "")],
  ]);
  return [head, ...rows];
}
