// A funnel: bars from left to right, the fall and the median time between them. On a narrow page
// the steps stand below each other.
import { Text } from "@mantine/core";
import { useComputedColorScheme } from "@mantine/core";

import { duration, full, share, short } from "../ui/numbers";
import { colours } from "./colours";

export type FunnelStep = {
  event: string;
  count: number;
  from_start: number;
  from_previous: number;
  median_ms: number | null;
};
export type FunnelGroup = { name: string; steps: FunnelStep[] };

function Between({ now, before }: { now: FunnelStep; before: FunnelStep }) {
  return (
    <Text size="xs" className="quiet" component="div">
      −{full(before.count - now.count)} ({share(1 - now.from_previous)})
      {now.median_ms !== null && <div>median {duration(now.median_ms)} from the start</div>}
    </Text>
  );
}

/** The steps of all, and where there are groups a bar for each in every step. */
export function FunnelBars({ steps, groups, label }: FunnelBarsProps) {
  const scheme = useComputedColorScheme("light");
  const drawn = groups.length > 0 ? groups : [{ name: label, steps }];
  const tints = colours(
    drawn.map((group) => group.name),
    scheme,
  );
  return (
    <>
      <ol className="funnel" aria-label={label}>
        {steps.map((step, index) => {
          const before = steps[index - 1];
          return (
            <li key={index}>
              <Text size="sm" fw={600} truncate title={step.event}>
                {index + 1}. {step.event}
              </Text>
              <div className="funnel-bars" aria-hidden>
                {drawn.map((group, place) => {
                  const part = group.steps[index]?.from_start ?? 0;
                  const title = `${group.name}: ${full(group.steps[index]?.count ?? 0)}, ${share(part)}`;
                  return (
                    <div key={group.name} className="funnel-bar" title={title}>
                      <div
                        style={
                          { "--part": `${100 * part}%`, background: tints[place] } as React.CSSProperties
                        }
                      />
                    </div>
                  );
                })}
              </div>
              <Text size="lg" fw={600} title={full(step.count)}>
                {short(step.count)}{" "}
                <Text span size="sm" className="quiet" fw={400}>
                  {share(step.from_start)}
                </Text>
              </Text>
              {before && <Between now={step} before={before} />}
            </li>
          );
        })}
      </ol>
      {groups.length > 0 && (
        <ul className="keys">
          {drawn.map((group, place) => (
            <li key={group.name}>
              <span style={{ background: tints[place] }} aria-hidden /> {group.name}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
type FunnelBarsProps = { steps: FunnelStep[]; groups: FunnelGroup[]; label: string };
