// "unique people who did", "sum of Amount in": what is measured, as parts of a sentence.
import { type Kind, linkOf, measureOf, MEASURES, wantsProperty } from "./measure";
import { Choice, PropertyPicker } from "./pickers";
import { texts } from "./texts";

export function MeasurePicker({ value, onChange }: MeasurePickerProps) {
  const { kind, property } = measureOf(value);
  const measured = (next: Kind, of: string | undefined) =>
    onChange(wantsProperty(next) ? `${next}:${of ?? property ?? texts.amount}` : next);
  return (
    <>
      <Choice
        value={kind}
        label={texts.measure}
        options={MEASURES}
        onChange={(next) => measured(next, undefined)}
      />
      {property && (
        <PropertyPicker
          value={{ property, scope: "event" }}
          label={texts.measured}
          onChange={(of) => measured(kind, of?.property)}
        />
      )}
      <span>{linkOf(kind)}</span>
    </>
  );
}
type MeasurePickerProps = { value: string; onChange: (measure: string) => void };
