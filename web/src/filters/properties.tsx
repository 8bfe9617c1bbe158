// Several properties of a question's sentence, one after another: "OS, Plan and another…".
import { PropertyPicker, type PropertyRef } from "./pickers";
import { texts } from "./texts";

const same = (one: PropertyRef) => (other: PropertyRef) =>
  one.property === other.property && one.scope === other.scope;

export function Properties({ value, most, label, none, last, clock, onChange }: PropertiesProps) {
  // One that is there already would tell nothing more.
  const set = (next: PropertyRef[]) =>
    onChange(next.filter((one, place) => next.findIndex(same(one)) === place));
  return (
    <>
      {value.map((one, place) => (
        <PropertyPicker
          key={`${place} ${one.scope} ${one.property}`}
          clock={clock}
          value={one}
          label={label(place + 1)}
          none={value.length > 1 ? texts.withoutProperty : last}
          onChange={(next) =>
            set(next ? value.with(place, next) : value.filter((_, other) => other !== place))
          }
        />
      ))}
      {value.length < most && (
        <PropertyPicker
          key={value.length}
          clock={clock}
          value={undefined}
          label={label(value.length + 1)}
          none={value.length > 0 ? texts.another : none}
          onChange={(next) => next && set([...value, next])}
        />
      )}
    </>
  );
}
type PropertiesProps = {
  value: PropertyRef[];
  /** How many there may be. */
  most: number;
  /** What the property at a place is, from 1, for who does not see the words before. */
  label: (place: number) => string;
  /** The words for none at all. */
  none?: string;
  /** The words for taking the only one away, where that may be. */
  last?: string;
  /** Whether the hour and the weekday of an event are among them. */
  clock?: boolean;
  onChange: (value: PropertyRef[]) => void;
};
