// "by OS", or by nothing: a part of a question's sentence.
import { PropertyPicker, type PropertyRef } from "./pickers";
import { texts } from "./texts";

export function ByProperty({ value, onChange }: ByPropertyProps) {
  return (
    <>
      <span>{texts.by}</span>
      <PropertyPicker
        value={value?.[0]}
        label={texts.breakdown}
        none={texts.noBreakdown}
        onChange={(chosen) => onChange(chosen ? [chosen] : undefined)}
      />
    </>
  );
}
type ByPropertyProps = {
  value: PropertyRef[] | undefined;
  onChange: (value: PropertyRef[] | undefined) => void;
};
