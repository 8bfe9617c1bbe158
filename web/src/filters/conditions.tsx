// "where plan is gold and amount is more than 10": conditions as parts of a sentence.
import { ActionIcon, Button } from "@mantine/core";
import { IconPlus, IconX } from "@tabler/icons-react";
import { useState } from "react";

import type { Condition } from "../api/insights";
import { type Op, OPS, wantsList, wantsNothing } from "./condition";
import { Choice, PropertyPicker, type PropertyRef } from "./pickers";
import { texts } from "./texts";
import { ValuePicker } from "./value-picker";

/** A condition that is not complete yet is not asked. */
type Draft = { of?: PropertyRef; op: Op; value?: unknown };

const asked = ({ of, op, value }: Draft): Condition | undefined => {
  const complete = wantsNothing(op) || (Array.isArray(value) ? value.length > 0 : value !== undefined);
  if (!of || !complete || (op === "between" && (value as unknown[]).length !== 2)) return undefined;
  return { ...of, op, ...(wantsNothing(op) ? {} : { value }) };
};

function One({ draft, word, onChange, onRemove }: OneProps) {
  const change = (more: Partial<Draft>) => onChange({ ...draft, ...more });
  return (
    <span className="part">
      <span className="quiet">{word}</span>
      <PropertyPicker
        value={draft.of}
        label={texts.property}
        onChange={(of) => change({ of, value: undefined })}
      />
      {draft.of && (
        <>
          <Choice
            value={draft.op}
            label={texts.operator}
            options={OPS}
            onChange={(op) =>
              change({ op, value: wantsList(op) === wantsList(draft.op) ? draft.value : undefined })
            }
          />
          {!wantsNothing(draft.op) && (
            <ValuePicker
              of={draft.of}
              op={draft.op}
              value={draft.value}
              onChange={(value) => change({ value })}
            />
          )}
        </>
      )}
      <ActionIcon
        variant="subtle"
        color="gray"
        className="remove"
        aria-label={texts.removeCondition}
        onClick={onRemove}
      >
        <IconX size={16} />
      </ActionIcon>
    </span>
  );
}
type OneProps = {
  draft: Draft;
  word: string;
  onChange: (draft: Draft) => void;
  onRemove: () => void;
};

/** The conditions of a question; `onChange` is told complete ones alone. */
export function Conditions({ value, onChange }: ConditionsProps) {
  const draftOf = ({ property, scope, op, value: held }: Condition): Draft => ({
    of: { property, scope },
    op,
    value: held,
  });
  const [drafts, setDrafts] = useState<Draft[]>(value.map(draftOf));
  const [seen, setSeen] = useState(JSON.stringify(value));
  const told = JSON.stringify(value);
  if (seen !== told) {
    setSeen(told);
    // The question changed from outside: back, or a link.
    const now = drafts.map(asked).filter((condition) => condition !== undefined);
    if (JSON.stringify(now) !== told) setDrafts(value.map(draftOf));
  }
  const change = (next: Draft[]) => {
    setDrafts(next);
    const now = next.map(asked).filter((condition) => condition !== undefined);
    if (JSON.stringify(now) !== told) onChange(now);
  };
  return (
    <>
      {drafts.map((draft, index) => (
        <One
          key={index}
          draft={draft}
          word={index === 0 ? texts.where : texts.and}
          onChange={(now) => change(drafts.map((old, at) => (at === index ? now : old)))}
          onRemove={() => change(drafts.filter((_, at) => at !== index))}
        />
      ))}
      <Button
        size="xs"
        variant="subtle"
        className="add"
        leftSection={<IconPlus size={14} aria-hidden />}
        onClick={() => setDrafts([...drafts, { op: "eq" }])}
      >
        {texts.addCondition}
      </Button>
    </>
  );
}
type ConditionsProps = { value: Condition[]; onChange: (value: Condition[]) => void };
