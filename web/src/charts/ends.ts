// The names of lines beside their ends.
import type { EChartsType } from "echarts/core";

import { GREY, type Scheme } from "./colours";
import { ENDS_WIDTH, type Line, type LinesData, tintsOf } from "./line-option";
import { spread } from "./spread";
import { texts } from "./texts";

const LINE_HEIGHT = 16;

/** A name, where it stands, and the colour of its line. */
export type End = { name: string; tint: string; left: number; top: number; width: number };

/** Where the names stand in a chart that is drawn; the middle of each at `top`. */
export function endsOf(chart: EChartsType, data: LinesData, scheme: Scheme): End[] {
  const { before } = data;
  const lines = before ? [...data.lines, { name: texts.before, values: before }] : data.lines;
  const tints = [...tintsOf(data.lines, scheme), GREY[scheme]];
  const last = (line: Line) => line.values.findLast((value) => value !== null) ?? 0;
  const wished = lines.map((line) => chart.convertToPixel({ yAxisIndex: 0 }, last(line)));
  const placed = spread(wished, LINE_HEIGHT, LINE_HEIGHT / 2, chart.getHeight() - LINE_HEIGHT);
  return lines.map(({ name }, place) => ({
    name,
    tint: tints[place] ?? "",
    left: chart.getWidth() - ENDS_WIDTH + 8,
    top: placed[place] ?? 0,
    width: ENDS_WIDTH - 8,
  }));
}
