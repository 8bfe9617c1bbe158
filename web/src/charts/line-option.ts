// How lines are drawn: zero-based, the incomplete interval dashed, the period before as a thin grey
// line. Their names stand beside their ends, see ends.ts.
import { full, share, short, shorter, shortShare } from "../ui/numbers";
import { colours, FONT, GREY, type Scheme, SHADES } from "./colours";
import { tooltip } from "./line-tooltip";
import type { Mark } from "./marks";

/** A value that is none is a gap: nothing can be said there, which is not zero. */
export type Line = { name: string; values: (number | null)[] };
export type LinesData = {
  /** What each interval is called; one for each value. */
  at: string[];
  lines: Line[];
  /** The same intervals of the period before. */
  before?: (number | null)[];
  /** Of each interval whether it is not over, or cut by the period: drawn dashed. */
  incomplete: boolean[];
  /** Whether the values of the lines are parts of a whole. */
  additive: boolean;
  /** Whether the values are shares, from 0 to 1. */
  shares?: boolean;
  /** What happened when, in the order of time. */
  marks?: Mark[];
};

/** A point between gaps, which no line would show. */
const alone = (values: Line["values"], index: number): boolean =>
  values[index] !== null && [index - 1, index + 1].every((beside) => (values[beside] ?? null) === null);

const mostOf = ({ lines, before = [] }: LinesData): number =>
  [...lines.flatMap(({ values }) => values), ...before].reduce<number>(
    (most, value) => Math.max(most, value ?? 0),
    0,
  );

/** An axis of shares ends with the whole where what is drawn comes near it: there is no more. */
const upTo = ({ shares }: LinesData, most: number) =>
  shares && most > 0.8 && most <= 1 ? { max: 1, interval: 0.25 } : {};

/** From here on an axis reaches to 10 K, and all of it is written so. */
const SHORTENED = 8_000;
const ticksOf = ({ shares }: LinesData, most: number) =>
  shares ? shortShare : most > SHORTENED ? shorter : short;

/** A value in words, in full. */
export const valueIn = ({ shares }: LinesData) => (shares ? share : full);

/** The room for names beside the ends of lines. */
export const ENDS_WIDTH = 132;
const MARGIN = { top: 16, bottom: 8, left: 8, right: 16 };

export const tintsOf = (lines: Line[], scheme: Scheme): string[] =>
  colours(
    lines.map((line) => line.name),
    scheme,
  );

export function lineOption(data: LinesData, scheme: Scheme, named: boolean) {
  const { at, lines, before, incomplete } = data;
  const { card, line: rule, ink, quiet } = SHADES[scheme];
  const most = mostOf(data);
  const tints = tintsOf(lines, scheme);
  const dashes = incomplete.includes(true);
  const beside = (index: number) => [-1, 0, 1].some((way) => incomplete[index + way]);
  const base = { type: "line", symbolSize: 6, connectNulls: false };
  const drawn = lines.flatMap(({ name, values }, place) => {
    const color = tints[place];
    const showSymbol = at.length <= 2 || values.some((_, index) => alone(values, index));
    const line = { ...base, showSymbol, name, itemStyle: { color } };
    const whole = values.map((value, index) => (incomplete[index] ? null : value));
    const part = values.map((value, index) => (beside(index) ? value : null));
    const solid = { ...line, data: whole, lineStyle: { width: 2, color } };
    const dashed = { ...line, data: part, lineStyle: { width: 2, type: "dashed", color } };
    return dashes ? [solid, dashed] : [solid];
  });
  const grey = { lineStyle: { width: 1, color: GREY[scheme] }, itemStyle: { color: GREY[scheme] } };
  const thin = { ...base, ...grey, showSymbol: at.length <= 2, name: "before", data: before, silent: true, symbol: "none" };
  const axisLabel = { color: quiet, fontSize: 12, fontFamily: FONT };
  return {
    animation: false,
    textStyle: { fontFamily: FONT },
    grid: { ...MARGIN, right: named ? ENDS_WIDTH : MARGIN.right, containLabel: true },
    xAxis: {
      type: "category",
      data: at,
      boundaryGap: false,
      axisLine: { lineStyle: { color: rule } },
      axisTick: { show: false },
      axisLabel: { ...axisLabel, hideOverlap: true, alignMaxLabel: named ? "center" : "right" },
      axisPointer: { lineStyle: { color: quiet, type: "solid", width: 1 } },
    },
    yAxis: {
      type: "value",
      min: 0,
      splitNumber: 4,
      ...upTo(data, most),
      splitLine: { lineStyle: { color: rule } },
      axisLabel: { ...axisLabel, formatter: ticksOf(data, most) },
    },
    tooltip: {
      trigger: "axis",
      confine: true,
      transitionDuration: 0,
      backgroundColor: card,
      borderColor: rule,
      padding: 12,
      textStyle: { color: ink, fontSize: 14, fontFamily: FONT },
      formatter: (shown: { dataIndex: number }[]) =>
        tooltip(data, tints, scheme, shown[0]?.dataIndex ?? 0),
    },
    series: before ? [thin, ...drawn] : drawn,
  };
}
