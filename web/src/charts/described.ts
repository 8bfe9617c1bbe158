// What a chart shows in words, for those who do not see it. Every number is the server's.
import { difference, full, share } from "../ui/numbers";
import type { FunnelStep } from "./funnel-bars";
import type { Line } from "./line-option";
import { texts } from "./texts";

/** A value in words. */
type Say = (value: number) => string;

/** Lines that are told one by one; the table has the others. */
const TOLD = 4;

function lineInWords({ name, values }: Line, at: string[], whole: number, say: Say): string {
  const told = values.slice(0, whole);
  const [first, last] = [told[0] ?? 0, told.at(-1) ?? 0];
  const most = told.indexOf(Math.max(...told));
  const least = told.indexOf(Math.min(...told));
  const when = (index: number) => at[index] ?? "";
  const end = say(last);
  const by = difference(last, first) ?? "";
  const way =
    last === first
      ? texts.stays(end, when(whole - 1))
      : (last > first ? texts.rises : texts.falls)(end, when(whole - 1), by || say(last - first));
  return [
    texts.first(name, say(first), when(0)),
    ...(whole > 1 ? [way] : []),
    ...(whole > 2 ? [texts.most(say(told[most] ?? 0), when(most))] : []),
    ...(whole > 2 ? [texts.least(say(told[least] ?? 0), when(least))] : []),
  ].join(", ");
}

/** Where each line begins and ends, its most and its least; what is not over is left out. */
export function linesInWords(at: string[], lines: Line[], incomplete: boolean, say: Say = full): string {
  const whole = incomplete && at.length > 1 ? at.length - 1 : at.length;
  const told = lines.slice(0, TOLD).map((line) => `${lineInWords(line, at, whole, say)}.`);
  if (lines.length > TOLD) told.push(texts.more(lines.length - TOLD));
  if (incomplete) told.push(texts.lastNotOver(at.at(-1) ?? ""));
  return told.join(" ");
}

/** How many come through a funnel, and where most are lost. */
export function funnelInWords(steps: FunnelStep[]): string {
  const [first, last] = [steps[0], steps.at(-1)];
  if (!first || !last) return "";
  const falls = steps.slice(1).map((step, index) => {
    const before = steps[index] ?? first;
    return { step, before, lost: before.count - step.count };
  });
  falls.sort((one, other) => other.lost - one.lost);
  const worst = falls[0];
  return [
    texts.funnel(full(first.count), first.event, full(last.count), share(last.from_start), last.event),
    ...(worst && worst.lost > 0
      ? [
          texts.fall(
            full(worst.lost),
            share(1 - worst.step.from_previous),
            worst.before.event,
            worst.step.event,
          ),
        ]
      : []),
  ].join(" ");
}
