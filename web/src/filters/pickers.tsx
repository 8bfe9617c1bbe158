// The controls inside a sentence: an event, a choice, a property.
import { Autocomplete, NativeSelect } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";

import { eventNames, properties, type Scope } from "../api/names";
import { HOUR, isClock, propertyInWords, WEEKDAY } from "./clock";
import { texts } from "./texts";
import { useDropdown } from "./use-dropdown";
import { useFollowed } from "./use-followed";

export const ANY = "*";

/** An event by name, from those that are kept; `*` is any where that is allowed. */
export function EventPicker({ value, label, any = false, onChange }: EventPickerProps) {
  const { data } = useQuery(eventNames);
  const names = (data?.names ?? []).map((event) => event.name);
  const shown = value === ANY ? texts.anyEvent : value;
  const [text, setText] = useFollowed(shown);
  const dropdown = useDropdown();
  const choices = any ? [texts.anyEvent, ...names] : names;
  // What is chosen already does not narrow the choices.
  const narrowed = text === shown ? "" : text.toLowerCase();
  const settle = (chosen: string) => {
    const name = chosen === texts.anyEvent ? ANY : chosen.trim();
    if (name === "" || (name === ANY && !any)) setText(shown);
    else if (name !== value) onChange(name);
  };
  return (
    <Autocomplete
      {...dropdown.props}
      aria-label={label ?? texts.event}
      value={text}
      data={choices}
      filter={({ options, limit }) =>
        options
          .filter((option) => "label" in option && option.label.toLowerCase().includes(narrowed))
          .slice(0, limit)
      }
      limit={200}
      maxDropdownHeight={320}
      maxLength={1024}
      onFocus={(event) => event.currentTarget.select()}
      onChange={setText}
      onOptionSubmit={settle}
      onBlur={() => settle(text)}
      onKeyDown={(event) => {
        if (event.key !== "Enter") return;
        settle(text);
        dropdown.close();
      }}
      w={`${Math.min(30, Math.max(14, shown.length + 5))}ch`}
      maw="100%"
    />
  );
}
type EventPickerProps = {
  value: string;
  label?: string;
  any?: boolean;
  onChange: (name: string) => void;
};

/** One of a few words. */
export function Choice<T extends string>({ value, label, options, onChange }: ChoiceProps<T>) {
  return (
    <NativeSelect
      aria-label={label}
      value={value}
      data={options}
      onChange={(event) => {
        const chosen = options.find((option) => option.value === event.currentTarget.value);
        if (chosen) onChange(chosen.value);
      }}
    />
  );
}
type ChoiceProps<T extends string> = {
  value: T;
  label: string;
  options: { value: T; label: string }[];
  onChange: (value: T) => void;
};

/** A property of the event or of the person. */
export type PropertyRef = { property: string; scope: Scope };

const coded = ({ property, scope }: PropertyRef) => `${scope}:${property}`;
const decoded = (value: string): PropertyRef | undefined => {
  const at = value.indexOf(":");
  const scope = value.slice(0, at);
  return scope === "event" || scope === "person"
    ? { scope, property: value.slice(at + 1) }
    : undefined;
};

/** A property that is kept, of events or of people; undefined where there is none. */
export function PropertyPicker({ value, label, none, of, clock = false, onChange }: PropertyPickerProps) {
  const { data } = useQuery(properties);
  const names = (data ?? []).filter((property) => property.seen > 0).map(({ name }) => name);
  const known = value && (names.includes(value.property) || (clock && isClock(value.property)));
  if (value && !known) names.push(value.property);
  names.sort((one, other) => one.localeCompare(other));
  const group = (scope: Scope, words: string, these: string[] = names) => ({
    group: words,
    items: these.map((property) => ({
      value: coded({ property, scope }),
      label: propertyInWords(property),
    })),
  });
  return (
    <NativeSelect
      aria-label={label}
      value={value ? coded(value) : ""}
      data={[
        ...(none || !value ? [{ value: "", label: none ?? texts.property }] : []),
        ...(of === "person" ? [] : [group("event", texts.ofEvent)]),
        ...(of === "event" ? [] : [group("person", texts.ofPerson)]),
        ...(clock ? [group("event", texts.ofTime, [HOUR, WEEKDAY])] : []),
      ]}
      onChange={(event) => onChange(decoded(event.currentTarget.value))}
    />
  );
}
type PropertyPickerProps = {
  value: PropertyRef | undefined;
  label: string;
  /** The words for no property, where that is a choice. */
  none?: string;
  /** Whose properties there are to choose from; both where nothing is said. */
  of?: Scope;
  /** Whether the hour and the weekday of an event are among them. */
  clock?: boolean;
  onChange: (value: PropertyRef | undefined) => void;
};
