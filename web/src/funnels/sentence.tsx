// "People who did Viewed, then Added, then Charged, within 7 days, by OS": each part a control.
import { ActionIcon, Button, Group } from "@mantine/core";
import { IconArrowUp, IconPlus, IconX } from "@tabler/icons-react";

import { ByProperty } from "../filters/by-property";
import { CompareSegments } from "../filters/compare-segments";
import { MatchPicker } from "../filters/match-picker";
import { type Interval, intervalsOf, fitting, type Range } from "../filters/period";
import { Choice } from "../filters/pickers";
import { ForPeople } from "../filters/segment-picker";
import { Exclusion, Held } from "./exclusions";
import { DEFAULT_WINDOW, EXCLUDED_MAX, type Excluded, type FunnelSearch, ORDERS } from "./state";
import { type Step, STEPS_MAX, WINDOWS } from "./state";
import { texts } from "./texts";

function StepControl({ step, index, count, next, onChange, onUp, onRemove }: StepControlProps) {
  return (
    <li className="sentence">
      <span className="step-word">{index === 0 ? texts.peopleWhoDid : next}</span>
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
  /** What stands before a step that is not the first. */
  next: string;
  onChange: (step: Step) => void;
  onUp: () => void;
  onRemove: () => void;
};

/** How the steps are taken, and what is counted. */
function How({ search, onChange }: SentenceProps) {
  return (
    <>
      <Choice
        value={search.order ?? "ordered"}
        label={texts.order}
        options={ORDERS.map((value) => ({ value, label: texts.orders[value] }))}
        onChange={(order) => onChange({ order: order === "ordered" ? undefined : order })}
      />
      <span className="part">
        <span>{texts.within}</span>
        <Choice
          value={search.window ?? DEFAULT_WINDOW}
          label={texts.window}
          options={WINDOWS}
          onChange={(window) => onChange({ window })}
        />
      </span>
      <Held value={search.hold} onChange={(hold) => onChange({ hold })} />
      <span className="part">
        <span>{texts.counting}</span>
        <Choice
          value={search.attempts ? "attempts" : "people"}
          label={texts.count}
          options={[
            { value: "people", label: texts.counts.people },
            { value: "attempts", label: texts.counts.attempts },
          ]}
          onChange={(count) => onChange({ attempts: count === "attempts" ? true : undefined })}
        />
      </span>
    </>
  );
}

/** The choice of no intervals. */
const WHOLE = "whole";

/** Whether the start's intervals are told apart. */
function OverTime({ value, range, onChange }: OverTimeProps) {
  const choices = intervalsOf(range.days);
  return (
    <span className="part">
      <span>{texts.per}</span>
      <Choice<Interval | typeof WHOLE>
        value={value ? fitting(value, range.days) : WHOLE}
        label={texts.overTime}
        options={[
          { value: WHOLE, label: texts.asWhole },
          ...choices.map((interval) => ({ value: interval, label: texts.started(interval) })),
        ]}
        onChange={(next) => onChange(next === WHOLE ? undefined : next)}
      />
    </span>
  );
}
type OverTimeProps = {
  value: Interval | undefined;
  range: Range;
  onChange: (interval: Interval | undefined) => void;
};

/** Another question has other numbers: the people of one of them are not shown any more. */
export function Sentence({ search, range, onChange: tell }: SentenceProps & { range: Range }) {
  const { steps, order, exclude = [] } = search;
  const onChange = (more: FunnelSearch) => tell({ cell: undefined, ...more });
  const ends = (next: Excluded[]) => onChange({ exclude: next.length > 0 ? next : undefined });
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
            next={order === "any" ? texts.and : texts.then}
            onChange={(next) => set(steps.map((old, at) => (at === index ? next : old)))}
            onUp={() => swap(index)}
            onRemove={() => set(steps.filter((_, at) => at !== index))}
          />
        ))}
        {order !== "strict" &&
          exclude.map((excluded, index) => (
            <Exclusion
              key={`excluded ${index} ${excluded.event}`}
              excluded={excluded}
              place={index + 1}
              steps={steps.length}
              onChange={(next) => ends(exclude.with(index, next))}
              onRemove={() => ends(exclude.filter((_, other) => other !== index))}
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
        {order !== "strict" && (
          <Button
            size="xs"
            variant="default"
            leftSection={<IconPlus size={14} aria-hidden />}
            disabled={exclude.length >= EXCLUDED_MAX || !last}
            onClick={() =>
              last && ends([...exclude, { event: last.event, after: 1, before: STEPS_MAX }])
            }
          >
            {texts.exclude}
          </Button>
        )}
        <How search={search} onChange={onChange} />
        <ForPeople value={search.segment} onChange={(segment) => onChange({ segment })} />
        <CompareSegments
          value={search.segments}
          onChange={(segments) => onChange({ segments })}
        />
        <ByProperty value={search.by} onChange={(by) => onChange({ by })} />
        <OverTime
          value={search.interval}
          range={range}
          onChange={(interval) => onChange({ interval, ...(interval ? {} : { way: undefined }) })}
        />
      </div>
    </div>
  );
}
type SentenceProps = {
  search: FunnelSearch & { steps: Step[] };
  onChange: (more: FunnelSearch) => void;
};
