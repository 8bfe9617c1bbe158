// What a chart shows in words, for those who do not see it. Every number is the server's.
import { difference, full, share } from "../ui/numbers";
import type { FunnelData, FunnelStep } from "./funnel-bars";
import type { Line } from "./line-option";
import { texts } from "./texts";

/** A value in words. */
type Say = (value: number) => string;

/** Lines that are told one by one; the table has the others. */
const TOLD = 4;

function lineInWords({ name, values }: Line, at: string[], known: number[], say: Say): string {
  const told = known.flatMap((index) => {
    const value = values[index];
    return value === null || value === undefined ? [] : [{ value, when: at[index] ?? "" }];
  });
  const [first, last] = [told[0], told.at(-1)];
  if (!first || !last) return texts.noValues(name);
  const most = told.reduce((one, other) => (other.value > one.value ? other : one));
  const least = told.reduce((one, other) => (other.value < one.value ? other : one));
  const end = say(last.value);
  const by = difference(last.value, first.value) ?? "";
  const way =
    last.value === first.value
      ? texts.stays(end, last.when)
      : (last.value > first.value ? texts.rises : texts.falls)(
          end,
          last.when,
          by || say(last.value - first.value),
        );
  return [
    texts.first(name, say(first.value), first.when),
    ...(told.length > 1 ? [way] : []),
    ...(told.length > 2 ? [texts.most(say(most.value), most.when)] : []),
    ...(told.length > 2 ? [texts.least(say(least.value), least.when)] : []),
  ].join(", ");
}

/** Where each line begins and ends, its most and its least; what is not over is left out. */
export function linesInWords(at: string[], lines: Line[], incomplete: boolean[], say: Say = full): string {
  const whole = at.map((_, index) => index).filter((index) => !incomplete[index]);
  const known = whole.length > 0 ? whole : at.map((_, index) => index);
  const told = lines.slice(0, TOLD).map((line) => `${lineInWords(line, at, known, say)}.`);
  if (lines.length > TOLD) told.push(texts.more(lines.length - TOLD));
  if (incomplete.at(-1)) told.push(texts.lastNotOver(at.at(-1) ?? ""));
  return told.join(" ");
}

/** How many come through a funnel, and where most are lost. */
export function funnelInWords(steps: FunnelStep[], unit: FunnelData["unit"]): string {
  const [first, last] = [steps[0], steps.at(-1)];
  if (!first || !last) return "";
  const falls = steps.slice(1).map((step, index) => {
    const before = steps[index] ?? first;
    return { step, before, lost: before.count - step.count };
  });
  falls.sort((one, other) => other.lost - one.lost);
  const worst = falls[0];
  return [
    texts.funnel(full(first.count), unit, first.name, full(last.count), share(last.from_start), last.name),
    ...(worst && worst.lost > 0
      ? [
          texts.fall(
            full(worst.lost),
            unit,
            share(1 - worst.step.from_previous),
            worst.before.name,
            worst.step.name,
          ),
        ]
      : []),
  ].join(" ");
}
