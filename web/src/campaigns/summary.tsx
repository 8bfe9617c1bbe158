// A campaign in a few sentences, each with the way to where it is changed.
import { Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";

import type { Campaign } from "../api/campaigns";
import { templates } from "../api/templates";
import { purposeInWords } from "../filters/purposes";
import { useSegmentNames } from "../filters/segment-picker";
import { conditionsInWords } from "../filters/words";
import { lengthInWords, ruleInWords } from "../rules/words";
import { full } from "../ui/numbers";
import { lacks, limitsInWords, purposeOf, scheduleInWords } from "./shape";
import { type Step, STEPS } from "./state";
import { texts } from "./texts";

function useContentWords({ content }: Campaign): string {
  const id = "template" in content ? content.template : undefined;
  const { data } = useQuery({ ...templates, enabled: id !== undefined });
  if (id === undefined) return texts.ownText;
  if (id === "") return texts.lacksContent;
  const name = data?.templates.find((one) => one.id === id)?.name;
  return name ? texts.fromTemplate(name) : data ? texts.templateGone : "…";
}

function goalInWords({ goal }: Campaign): string {
  if (!goal) return texts.noGoal;
  const event = [goal.event, conditionsInWords(goal.where)].filter(Boolean).join(" ");
  return texts.goalOf(event, lengthInWords(goal.window ?? "7d"));
}

/** The lines of each step. */
function useLines(draft: Campaign, zone: string): Record<Exclude<Step, "review">, string[]> {
  const names = useSegmentNames();
  const content = useContentWords(draft);
  const purpose = purposeOf(draft);
  const { from, audience, control_percent: control } = draft;
  const who = "segment" in audience ? names.get(audience.segment) : undefined;
  return {
    who: [who ?? ruleInWords(audience, names)],
    what: [
      content,
      texts.writes(texts.channels[draft.channel], draft.provider || "…"),
      ...(from ? [[from.name, from.address].filter(Boolean).join(", ")] : []),
      ...(purpose ? [texts.purposeOf(purposeInWords(purpose) ?? purpose)] : []),
    ],
    when: [scheduleInWords(draft.schedule, zone), ...limitsInWords(draft)],
    goal: [goalInWords(draft), control === undefined ? texts.noControl : texts.controlOf(full(control))],
  };
}

export function Summary({ draft, zone, change }: SummaryProps) {
  const lines = useLines(draft, zone);
  return (
    <dl className="summary">
      {STEPS.filter((step) => step !== "review").map((step) => (
        <div key={step}>
          <dt>{texts.steps[step]}</dt>
          <dd>
            {lines[step].map((line, index) => (
              <div key={index} className={index === 0 ? undefined : "quiet"}>
                {line}
              </div>
            ))}
            {change && lacks(draft, step) && (
              <Text size="xs" className="unfinished" mt={4}>
                {lacks(draft, step)}
              </Text>
            )}
          </dd>
          {change && <dd className="summary-change">{change(step)}</dd>}
        </div>
      ))}
    </dl>
  );
}
type SummaryProps = {
  draft: Campaign;
  zone: string;
  /** The way to a step, where it may be changed. */
  change?: (step: Step) => ReactNode;
};
