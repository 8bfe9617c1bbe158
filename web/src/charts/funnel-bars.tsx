// A funnel: bars from left to right, the fall and the median time between them. On a narrow page
// the steps stand below each other.
import { Text, useComputedColorScheme } from "@mantine/core";
import type { CSSProperties } from "react";

import { duration, full, share, short } from "../ui/numbers";
import { colours, type Scheme } from "./colours";
import { funnelInWords } from "./described";
import { Keys } from "./keys";
import { texts } from "./texts";

export type FunnelStep = {
  /** By which a funnel has its colour. */
  event: string;
  /** What the step is called. */
  name: string;
  count: number;
  from_start: number;
  from_previous: number;
  median_ms: number | null;
};
export type FunnelGroup = { name: string; steps: FunnelStep[] };
export type FunnelData = {
  steps: FunnelStep[];
  /** A bar for each in every step; none where everyone is one. */
  groups: FunnelGroup[];
  /** The steps of the period before. */
  before?: FunnelStep[];
  /** What is counted. */
  unit: "people" | "attempts";
};

/** The bars of each step, and their colours. */
export function barsOf({ steps, groups }: FunnelData, scheme: Scheme) {
  // One funnel has the colour of what it begins with.
  const drawn = groups.length > 0 ? groups : [{ name: steps[0]?.event ?? "", steps }];
  const tints = colours(
    drawn.map((group) => group.name),
    scheme,
  );
  return { drawn, tints };
}

/** Less than this is not nothing, though one decimal would say so. */
const LEAST = 0.0005;
const less = (value: number, words: (value: number) => string) =>
  value > 0 ? `−${words(value)}` : words(0);
const fallen = (part: number) =>
  part > 0 && part < LEAST ? texts.under(share(2 * LEAST)) : less(part, share);

/** The fall from a step to the next, and how long it takes. */
export function betweenInWords(now: FunnelStep, before: FunnelStep, index: number) {
  return {
    share: fallen(1 - now.from_previous),
    count: less(before.count - now.count, full),
    time: now.median_ms === null ? undefined : duration(now.median_ms),
    // The server tells the time from the first step, which is that between the first two.
    since: now.median_ms === null ? undefined : index === 1 ? texts.median : texts.medianFromStart,
  };
}

function Between({ now, before, index }: { now: FunnelStep; before: FunnelStep; index: number }) {
  const words = betweenInWords(now, before, index);
  return (
    <div className="funnel-between">
      <strong>{words.share}</strong>
      <span>{words.count}</span>
      {words.time && <span>{words.time}</span>}
      {words.since && <span>{words.since}</span>}
    </div>
  );
}

const part = (value: number) => ({ "--part": `${100 * value}%` }) as CSSProperties;

export function FunnelBars({ data, label }: { data: FunnelData; label: string }) {
  const scheme = useComputedColorScheme("light");
  const { steps, groups, before: earlier, unit } = data;
  const { drawn, tints } = barsOf(data, scheme);
  return (
    <>
      <ol
        className="funnel"
        // Many steps scroll sideways, also by keyboard.
        tabIndex={0}
        aria-label={label}
        aria-description={funnelInWords(steps, unit)}
      >
        {steps.map((step, index) => {
          const before = steps[index - 1];
          const then = earlier?.[index];
          return (
            <li key={index}>
              {before && <Between now={step} before={before} index={index} />}
              <div className="funnel-step">
                <Text className="funnel-words" size="sm" fw={600} truncate title={step.name}>
                  {step.name}
                </Text>
                <div className="funnel-bars" aria-hidden>
                  {drawn.map((group, place) => {
                    const of = group.steps[index];
                    const more = groups.length > 0 ? `${group.name}: ` : "";
                    const title = `${more}${full(of?.count ?? 0)}, ${share(of?.from_start ?? 0)}`;
                    return (
                      <div key={group.name} className="funnel-bar" title={title}>
                        <div style={{ ...part(of?.from_start ?? 0), background: tints[place] }} />
                      </div>
                    );
                  })}
                  {then && <div className="funnel-then" style={part(then.from_start)} />}
                </div>
                <Text className="funnel-words" size="lg" fw={600} title={full(step.count)}>
                  {short(step.count)}{" "}
                  <Text span size="sm" className="quiet" fw={400}>
                    {share(step.from_start)}
                    {then && `, ${texts.thenWas(share(then.from_start))}`}
                  </Text>
                </Text>
              </div>
            </li>
          );
        })}
      </ol>
      {groups.length > 0 && <Keys names={drawn.map(({ name }) => name)} tints={tints} />}
    </>
  );
}
