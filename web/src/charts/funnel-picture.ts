// A funnel as a picture to pass on: the same bars and words as on the page.
import { full, share } from "../ui/numbers";
import { GREY, type Scheme, type Shades } from "./colours";
import { barsOf, betweenInWords, type FunnelData } from "./funnel-bars";
import { texts } from "./texts";
import { font, type Frame, frame, type Pen, WIDTH } from "./picture";

const BARS = 240;
const HEAD = 28;
const FOOT = 32;
const KEYS = 28;
/** Between two steps; less where there are many. */
const BETWEEN = 136;
const STEP_MIN = 48;

export function funnelPicture(data: FunnelData, words: Frame, scheme: Scheme): HTMLCanvasElement {
  const { steps, groups, before } = data;
  const { drawn, tints } = barsOf(data, scheme);
  const gap = Math.min(BETWEEN, (WIDTH - steps.length * STEP_MIN) / Math.max(1, steps.length - 1));
  const width = (WIDTH - gap * (steps.length - 1)) / steps.length;
  const one = (pen: Pen, shades: Shades, index: number) => {
    const step = steps[index];
    if (!step) return;
    const left = index * (width + gap);
    pen.font = font(14, 600);
    pen.fillStyle = shades.ink;
    pen.fillText(step.name, left, 14, width);
    pen.fillText(full(step.count), left, HEAD + BARS + 24, width);
    const taken = pen.measureText(full(step.count)).width + 8;
    pen.font = font(14);
    pen.fillStyle = shades.quiet;
    const then = before?.[index];
    const was = then ? `, ${texts.thenWas(share(then.from_start))}` : "";
    pen.fillText(share(step.from_start) + was, left + taken, HEAD + BARS + 24, Math.max(1, width - taken));
    const bar = width / drawn.length;
    drawn.forEach((group, place) => {
      const high = BARS * (group.steps[index]?.from_start ?? 0);
      pen.fillStyle = shades.line;
      pen.fillRect(left + place * bar, HEAD, bar - 4, BARS);
      pen.fillStyle = tints[place] ?? "";
      pen.fillRect(left + place * bar, HEAD + BARS - high, bar - 4, high);
    });
    if (then) {
      pen.fillStyle = GREY[scheme];
      pen.fillRect(left, HEAD + BARS * (1 - then.from_start), width, 1);
    }
    const earlier = steps[index - 1];
    if (!earlier) return;
    const between = betweenInWords(step, earlier, index);
    const lines = [between.share, between.count, between.time, between.since];
    lines.forEach((line, row) => {
      pen.font = row === 0 ? font(14, 600) : font(12);
      pen.fillStyle = row === 0 ? shades.ink : shades.quiet;
      if (line) pen.fillText(line, left - gap + 4, HEAD + BARS / 2 - 24 + row * 20, gap - 16);
    });
  };
  const height = HEAD + BARS + FOOT + (groups.length > 0 ? KEYS : 0);
  return frame(words, scheme, height, (pen, shades) => {
    steps.forEach((_, index) => one(pen, shades, index));
    let left = 0;
    for (const [place, group] of groups.entries()) {
      pen.font = font(12);
      pen.fillStyle = tints[place] ?? "";
      pen.fillRect(left, HEAD + BARS + FOOT + 10, 10, 10);
      pen.fillStyle = shades.ink;
      pen.fillText(group.name, left + 16, HEAD + BARS + FOOT + 19);
      left += 16 + pen.measureText(group.name).width + 20;
    }
  });
}
