// "unique people who did", "sum of Amount in": what is measured, as parts of a sentence.
import { type Kind, linkOf, measureOf, MEASURES, wantsProperty } from "./measure";
import { Choice, PropertyPicker } from "./pickers";
import { texts } from "./texts";

export function MeasurePicker({ value, of, onChange }: MeasurePickerProps) {
  const { kind, property } = measureOf(value);
  const measured = (next: Kind, chosen: string | undefined) =>
    onChange(wantsProperty(next) ? `${next}:${chosen ?? property ?? texts.amount}` : next);
  return (
    <>
      <Choice
        value={kind}
        label={of ? texts.measureOf(of) : texts.measure}
        options={MEASURES}
        onChange={(next) => measured(next, undefined)}
      />
      {property && (
        <PropertyPicker
          value={{ property, scope: "event" }}
          label={texts.measured}
          onChange={(next) => measured(kind, next?.property)}
        />
      )}
      <span>{linkOf(kind)}</span>
    </>
  );
}
type MeasurePickerProps = {
  value: string;
  /** What tells it from another such control beside. */
  of?: string;
  onChange: (measure: string) => void;
};
