// "Charged where plan is gold": an event and its conditions as parts of a sentence.
import { Conditions } from "./conditions";
import { type Match, matching } from "./match";
import { EventPicker } from "./pickers";

export function MatchPicker({ value, label, any, onChange }: MatchPickerProps) {
  return (
    <>
      <EventPicker
        any={any}
        value={value.event}
        label={label}
        onChange={(event) => onChange(matching(event, value.where ?? []))}
      />
      <Conditions
        value={value.where ?? []}
        onChange={(where) => onChange(matching(value.event, where))}
      />
    </>
  );
}
type MatchPickerProps = {
  value: Match;
  label?: string;
  any?: boolean;
  onChange: (value: Match) => void;
};
