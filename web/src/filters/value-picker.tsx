// The value at the end of a condition.
import { Autocomplete } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";

import { values } from "../api/names";
import { named } from "../ui/numbers";
import { isClock } from "./clock";
import { type Op, typed, typedList, wantsList } from "./condition";
import type { PropertyRef } from "./pickers";
import { texts } from "./texts";
import { useDropdown } from "./use-dropdown";
import { useFollowed } from "./use-followed";

const written = (value: unknown): string =>
  Array.isArray(value) ? value.map(named).join(", ") : value === undefined ? "" : named(value);

/** What a property is compared with, from the values that are kept. */
export function ValuePicker({ of, op, value, onChange }: ValuePickerProps) {
  // Hours and weekdays are no property that is kept.
  const kept = values(of.property, of.scope);
  const { data } = useQuery({ ...kept, enabled: of.property !== "" && !isClock(of.property) });
  const [text, setText] = useFollowed(written(value));
  const dropdown = useDropdown();
  const known = (data?.values ?? []).map((one) => named(one.value));
  const settle = (now: string) => {
    // What is held and not shown is not taken for what stands in its place.
    if (now.trim() === "" || now === written(value)) return;
    // A value that is held as text stays text, though it reads as a number.
    const held = data?.values.find((one) => named(one.value) === now.trim())?.value;
    onChange(wantsList(op) ? typedList(now) : (held ?? typed(now)));
  };
  return (
    <Autocomplete
      {...dropdown.props}
      aria-label={texts.value}
      placeholder={op === "between" ? "10, 20" : texts.value}
      value={text}
      data={wantsList(op) ? [] : [...new Set(known)]}
      limit={50}
      maxLength={1024}
      onChange={setText}
      onOptionSubmit={settle}
      onBlur={() => settle(text)}
      onKeyDown={(event) => {
        if (event.key !== "Enter") return;
        settle(text);
        dropdown.close();
      }}
      w={`${Math.min(32, Math.max(12, text.length + 4))}ch`}
    />
  );
}
type ValuePickerProps = {
  of: PropertyRef;
  op: Op;
  value: unknown;
  onChange: (value: unknown) => void;
};
