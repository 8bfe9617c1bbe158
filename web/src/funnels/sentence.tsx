// "People who did Viewed, then Added, then Charged, within 7 days, by OS": each part a control.
import { ActionIcon, Button, Group } from "@mantine/core";
import { IconArrowUp, IconPlus, IconX } from "@tabler/icons-react";

import { MatchPicker } from "../filters/match-picker";
import { Choice, PropertyPicker } from "../filters/pickers";
import { ForPeople } from "../filters/segment-picker";
import { DEFAULT_WINDOW, type FunnelSearch, type Step, STEPS_MAX, WINDOWS } from "./state";
import { texts } from "./texts";

function StepControl({ step, index, count, onChange, onUp, onRemove }: StepControlProps) {
  return (
    <li className="sentence">
      <span className="step-word">{index === 0 ? texts.peopleWhoDid : texts.then}</span>
      <MatchPicker value={step} label={texts.step(index + 1)} onChange={onChange} />
      <Group gap={0}>
        {index > 0 && (
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label={texts.earlier(index + 1)}
            onClick={onUp}
          >
            <IconArrowUp size={16} />
          </ActionIcon>
        )}
        {count > 2 && (
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label={texts.remove(index + 1)}
            onClick={onRemove}
          >
            <IconX size={16} />
          </ActionIcon>
        )}
      </Group>
    </li>
  );
}
type StepControlProps = {
  step: Step;
  index: number;
  count: number;
  onChange: (step: Step) => void;
  onUp: () => void;
  onRemove: () => void;
};

export function Sentence({ search, onChange }: SentenceProps) {
  const { steps } = search;
  const set = (next: Step[]) => onChange({ steps: next });
  const swap = (index: number) => {
    const [one, other] = [steps[index - 1], steps[index]];
    if (one && other) set([...steps.slice(0, index - 1), other, one, ...steps.slice(index + 1)]);
  };
  const last = steps.at(-1);
  return (
    <div role="group" aria-label={texts.question}>
      <ol className="steps">
        {steps.map((step, index) => (
          <StepControl
            key={`${index} ${step.event}`}
            step={step}
            index={index}
            count={steps.length}
            onChange={(next) => set(steps.map((old, at) => (at === index ? next : old)))}
            onUp={() => swap(index)}
            onRemove={() => set(steps.filter((_, at) => at !== index))}
          />
        ))}
      </ol>
      <div className="sentence">
        <Button
          size="xs"
          variant="default"
          leftSection={<IconPlus size={14} />}
          disabled={steps.length >= STEPS_MAX || !last}
          onClick={() => last && set([...steps, { event: last.event }])}
        >
          {texts.add}
        </Button>
        <span>{texts.within}</span>
        <Choice
          value={search.window ?? DEFAULT_WINDOW}
          label={texts.window}
          options={WINDOWS}
          onChange={(window) => onChange({ window })}
        />
        <ForPeople value={search.segment} onChange={(segment) => onChange({ segment })} />
        <span>{texts.by}</span>
        <PropertyPicker
          value={search.by?.[0]}
          label={texts.breakdown}
          none={texts.noBreakdown}
          onChange={(chosen) => onChange({ by: chosen ? [chosen] : undefined })}
        />
      </div>
    </div>
  );
}
type SentenceProps = {
  search: FunnelSearch & { steps: Step[] };
  onChange: (more: FunnelSearch) => void;
};
