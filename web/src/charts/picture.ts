// A chart as a picture to pass on: whose and what page, the question, the chart, when it was answered.
import { FONT, type Scheme, type Shades, SHADES } from "./colours";

export type Frame = { title: string; sentence: string; foot: string };

/** The room of a chart in a picture, in pixels at twice their density. */
export const WIDTH = 1152;
const MARGIN = 24;
const LINE = 28;
const DENSITY = 2;

export type Pen = CanvasRenderingContext2D;
export const font = (size: number, weight = 400) => `${weight} ${size}px ${FONT}`;

/** Words on as many lines as they need. */
function broken(pen: Pen, text: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const longer = `${lines.at(-1) ?? ""} ${word}`.trim();
    if (lines.length > 0 && pen.measureText(longer).width <= WIDTH) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

/** A canvas with all around a chart; `paint` draws the chart at the origin, `WIDTH` wide. */
export function frame(
  words: Frame,
  scheme: Scheme,
  height: number,
  paint: (pen: Pen, shades: Shades) => void,
): HTMLCanvasElement {
  const shades = SHADES[scheme];
  const canvas = document.createElement("canvas");
  const pen = canvas.getContext("2d");
  if (!pen) throw new Error("this browser paints no pictures");
  pen.font = font(20, 600);
  const sentence = broken(pen, words.sentence);
  const top = MARGIN + 20 + 8 + sentence.length * LINE + 16;
  canvas.width = (WIDTH + 2 * MARGIN) * DENSITY;
  canvas.height = (top + height + 16 + 16 + MARGIN) * DENSITY;
  pen.scale(DENSITY, DENSITY);
  pen.fillStyle = shades.page;
  pen.fillRect(0, 0, canvas.width, canvas.height);
  const write = (text: string, y: number, style: string, ink: string) => {
    pen.font = style;
    pen.fillStyle = ink;
    pen.fillText(text, MARGIN, y);
  };
  write(words.title, MARGIN + 14, font(14), shades.quiet);
  sentence.forEach((line, index) =>
    write(line, MARGIN + 20 + 8 + 20 + index * LINE, font(20, 600), shades.ink),
  );
  write(words.foot, top + height + 16 + 12, font(12), shades.quiet);
  pen.translate(MARGIN, top);
  pen.font = font(12);
  paint(pen, shades);
  return canvas;
}
