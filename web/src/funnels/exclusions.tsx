// What a funnel's sentence says beyond its steps: events that end an attempt, and what is held.
import { ActionIcon } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";

import { properties } from "../api/names";
import { Chips } from "../filters/chips";
import { MatchPicker } from "../filters/match-picker";
import { Choice } from "../filters/pickers";
import { between, type Excluded, HOLD_MAX } from "./state";
import { texts } from "./texts";

/** "apart from who did Refunded between step 1 and step 3". */
export function Exclusion({ excluded, place, steps, onChange, onRemove }: ExclusionProps) {
  const { after, before, ...match } = between(excluded, steps);
  const places = (least: number, most: number) =>
    Array.from({ length: Math.max(0, most - least + 1) }, (_, index) => ({
      value: `${least + index}`,
      label: `${least + index}`,
    }));
  return (
    <li className="sentence">
      <span className="step-word">{texts.apartFrom}</span>
      <MatchPicker
        value={match}
        label={texts.excluded(place)}
        onChange={(next) => onChange({ ...next, after, before })}
      />
      <span className="together">
        <span>{texts.betweenStep}</span>
        <Choice
          value={`${after}`}
          label={texts.after(place)}
          options={places(1, before - 1)}
          onChange={(next) => onChange({ ...match, after: Number(next), before })}
        />
      </span>
      <span className="together">
        <span>{texts.andStep}</span>
        <Choice
          value={`${before}`}
          label={texts.beforeStep(place)}
          options={places(after + 1, steps)}
          onChange={(next) => onChange({ ...match, after, before: Number(next) })}
        />
      </span>
      <ActionIcon variant="subtle" color="gray" aria-label={texts.include(place)} onClick={onRemove}>
        <IconX size={16} aria-hidden />
      </ActionIcon>
    </li>
  );
}
type ExclusionProps = {
  excluded: Excluded;
  /** Counted from 1. */
  place: number;
  /** How many there are. */
  steps: number;
  onChange: (excluded: Excluded) => void;
  onRemove: () => void;
};

/** Properties of events that are the same at every step of an attempt. */
export function Held({ value = [], onChange }: HeldProps) {
  const { data } = useQuery(properties);
  const names = (data ?? []).filter(({ seen }) => seen > 0).map(({ name }) => name);
  return (
    <Chips
      lead={texts.holding}
      label={texts.hold}
      none={texts.holdNone}
      more={texts.holdMore}
      without={texts.notHeld}
      value={value}
      choices={names.map((name) => ({ value: name, label: name }))}
      most={HOLD_MAX}
      onChange={onChange}
    />
  );
}
type HeldProps = { value: string[] | undefined; onChange: (hold: string[] | undefined) => void };
