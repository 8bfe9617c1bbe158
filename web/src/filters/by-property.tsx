// "by OS and Plan", or by nothing: a part of a question's sentence.
import type { PropertyRef } from "./pickers";
import { Properties } from "./properties";
import { texts } from "./texts";

export function ByProperty({ value = [], most = 1, onChange }: ByPropertyProps) {
  return (
    <span className="part">
      <span>{texts.by}</span>
      <Properties
        value={value}
        most={most}
        label={texts.breakdown}
        none={texts.noBreakdown}
        last={texts.noBreakdown}
        onChange={(next) => onChange(next.length > 0 ? next : undefined)}
      />
    </span>
  );
}
type ByPropertyProps = {
  value: PropertyRef[] | undefined;
  /** How many there may be. */
  most?: number;
  onChange: (value: PropertyRef[] | undefined) => void;
};
