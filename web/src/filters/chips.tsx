// Several of a list as parts of a sentence: each chosen one can be taken away, and others be added.
import { ActionIcon, NativeSelect } from "@mantine/core";
import { IconX } from "@tabler/icons-react";

type Choice = { value: string; label: string };

export function Chips({ lead, label, none, more, without, value, choices, most, onChange }: ChipsProps) {
  const named = (one: string) => choices.find((choice) => choice.value === one)?.label ?? one;
  const others = choices.filter((choice) => !value.includes(choice.value));
  const set = (next: string[]) => onChange(next.length > 0 ? next : undefined);
  return (
    <span className="part">
      <span>{lead}</span>
      {value.map((one) => (
        <span key={one} className="together chip">
          {named(one)}
          <ActionIcon
            size="sm"
            variant="subtle"
            color="gray"
            aria-label={without(named(one))}
            onClick={() => set(value.filter((other) => other !== one))}
          >
            <IconX size={14} aria-hidden />
          </ActionIcon>
        </span>
      ))}
      {value.length < most && (
        <NativeSelect
          aria-label={label}
          value=""
          maw={320}
          data={[{ value: "", label: value.length > 0 ? more : none }, ...others]}
          onChange={(event) => event.currentTarget.value && set([...value, event.currentTarget.value])}
        />
      )}
    </span>
  );
}
type ChipsProps = {
  /** The words before them. */
  lead: string;
  /** What is chosen, for who does not see the words before. */
  label: string;
  /** The words for no choice yet, and for one more. */
  none: string;
  more: string;
  /** The words for taking one away. */
  without: (name: string) => string;
  value: string[];
  /** All there are, the chosen ones among them where they have a name of their own. */
  choices: Choice[];
  most: number;
  /** Undefined where none is left. */
  onChange: (value: string[] | undefined) => void;
};
