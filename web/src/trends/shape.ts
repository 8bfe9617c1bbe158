// A trend's answer as lines and rows.
import type { TrendAnswer } from "../api/insights";
import type { Line } from "../charts/line-option";
import { named } from "../ui/numbers";

type Series = TrendAnswer["series"];

export const nameOf = (key: unknown[], alone: string): string =>
  key.length === 0 ? alone : key.map(named).join(" · ");

export const linesOf = (series: Series, alone: string): Line[] =>
  series.map(({ key, points }) => ({
    name: nameOf(key, alone),
    values: points.map((point) => point.value),
  }));

const LENGTH: Record<string, number> = { minute: 1, hour: 60, day: 1440, week: 10_080, month: 40_320 };

/** The answer without the intervals that have not begun: nothing can be known of them. */
export function begun(answer: TrendAnswer): TrendAnswer {
  const now = Date.parse(answer.meta.as_of);
  const series = answer.series.map((one) => ({
    ...one,
    points: one.points.filter((point) => Date.parse(point.at) <= now),
  }));
  return { ...answer, series };
}

/** Whether the last interval is not over as of the answer. */
export function isIncomplete(answer: TrendAnswer): boolean {
  const { question } = answer;
  const last = answer.series[0]?.points.at(-1)?.at;
  const minutes = LENGTH[question.interval] ?? 0;
  return last !== undefined && Date.parse(last) + minutes * 60_000 > Date.parse(answer.meta.as_of);
}
