// The verb of a rule: whether it is meant or its contrary.
import { Choice } from "../filters/pickers";
import type { Kind, Part, PartOf } from "./rule";
import { texts } from "./texts";

/** A part of a rule as controls. */
export type Props<K extends Kind> = { part: PartOf<K>; onChange: (part: Part) => void };

/** "did" or "did not do". */
export function Verb({ part, yes, no, onChange }: VerbProps) {
  return (
    <Choice
      value={part.not ? "no" : "yes"}
      label={texts.verb}
      options={[
        { value: "yes", label: yes },
        { value: "no", label: no },
      ]}
      onChange={(chosen) => onChange({ ...part, not: chosen === "no" })}
    />
  );
}
type VerbProps = { part: Part; yes: string; no: string; onChange: (part: Part) => void };
