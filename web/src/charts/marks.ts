// Marks on the axis of time: what happened when, as an upright line with a number. The words stand at
// the pointer and in a list below.
import type { EChartsType } from "echarts/core";

import type { Shades } from "./colours";
import { texts } from "./texts";
import { font, type Pen, WIDTH } from "./picture";

/** What happened in an interval, by its place on the axis. */
export type Mark = { place: number; told: string[] };

/** A mark in a chart that is drawn. */
export type Drawn = { number: number; left: number; top: number; height: number };

const TOP = 16;
const BADGE = 16;

export function drawnMarks(chart: EChartsType, marks: Mark[] = []): Drawn[] {
  const foot = chart.convertToPixel({ yAxisIndex: 0 }, 0);
  return marks.map(({ place }, index) => ({
    number: index + 1,
    left: chart.convertToPixel({ xAxisIndex: 0 }, place),
    top: TOP - BADGE / 2,
    height: foot - TOP + BADGE / 2,
  }));
}

/** The same on a canvas. */
export function paintMarks(pen: Pen, shades: Shades, marks: Drawn[]): void {
  pen.save();
  pen.textAlign = "center";
  pen.font = font(11, 600);
  for (const { number, left, top, height } of marks) {
    pen.strokeStyle = shades.quiet;
    pen.setLineDash([3, 3]);
    pen.beginPath();
    pen.moveTo(left, top + BADGE);
    pen.lineTo(left, top + height);
    pen.stroke();
    pen.fillStyle = shades.quiet;
    pen.beginPath();
    pen.arc(left, top + BADGE / 2, BADGE / 2, 0, 2 * Math.PI);
    pen.fill();
    pen.fillStyle = shades.card;
    pen.fillText(`${number}`, left, top + BADGE / 2 + 4);
  }
  pen.restore();
}

const LINE = 20;

/** What the numbers stand for, below a picture to pass on. */
export function marksListed(at: string[], marks: Mark[] = []) {
  const paint = (pen: Pen, shades: Shades) =>
    marks.forEach(({ place, told }, index) => {
      pen.fillStyle = shades.ink;
      pen.fillText(`${index + 1}   ${at[place] ?? ""}: ${told.join("; ")}`, 0, LINE * (index + 1), WIDTH);
    });
  return { height: LINE * marks.length, paint };
}

/** For those who do not see them. */
export const marksInWords = (at: string[], marks: Mark[] = []): string =>
  marks.map(({ place, told }) => texts.mark(at[place] ?? "", told.join("; "))).join(" ");
