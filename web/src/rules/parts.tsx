// The rules of a sentence, one control for each: what they did, what they are, what they said.
import { TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";

import { policy } from "../api/gate";
import { OPS, wantsList, wantsNothing } from "../filters/condition";
import { Conditions } from "../filters/conditions";
import { Choice, EventPicker, PropertyPicker } from "../filters/pickers";
import { SegmentPicker } from "../filters/segment-picker";
import { useFollowed } from "../filters/use-followed";
import { ValuePicker } from "../filters/value-picker";
import { LengthPart, NumberPart, TimesPart, WithinPart } from "./lengths";
import type { Group, Kind, Part, PartOf } from "./rule";
import { texts } from "./texts";

type Props<K extends Kind> = { part: PartOf<K>; onChange: (part: Part) => void };

/** "did" or "did not do": whether a rule is meant or its contrary. */
function Verb({ part, yes, no, onChange }: { part: Part; yes: string; no: string; onChange: (part: Part) => void }) {
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

function DidPart({ part, onChange }: Props<"did">) {
  const { is: did, not } = part;
  const change = (more: Partial<typeof did>) => onChange({ ...part, is: { ...did, ...more } });
  const verbs = [
    { value: "yes", label: texts.did, not: false, first: false },
    { value: "no", label: texts.didNot, not: true, first: false },
    { value: "first", label: texts.didFirst, not: false, first: true },
    { value: "no first", label: texts.didNotFirst, not: true, first: true },
  ];
  const said = verbs.find((verb) => verb.not === not && verb.first === did.first);
  return (
    <>
      <Choice
        value={said?.value ?? "yes"}
        label={texts.verb}
        options={verbs}
        onChange={(chosen) => {
          const verb = verbs.find(({ value }) => value === chosen);
          // The first of all is one: how often is no question then.
          const { times, ...rest } = did;
          const is = verb?.first ? { ...rest, first: true } : { ...rest, first: false, ...(times ? { times } : {}) };
          onChange({ ...part, not: verb?.not ?? false, is });
        }}
      />
      <EventPicker any value={did.event} onChange={(event) => change({ event })} />
      {!did.first && (
        <TimesPart times={did.times} not={not} onChange={(times) => change({ times })} />
      )}
      <WithinPart within={did.within} onChange={(within) => change({ within })} />
      <Conditions value={did.where} onChange={(where) => change({ where })} />
    </>
  );
}

function PersonPart({ part, onChange }: Props<"person">) {
  const { property, op, value } = part.is;
  const change = (is: typeof part.is) => onChange({ ...part, is });
  return (
    <>
      <Verb part={part} yes={texts.has} no={texts.hasNot} onChange={onChange} />
      <PropertyPicker
        of="person"
        value={property ? { property, scope: "person" } : undefined}
        label={texts.trait}
        onChange={(chosen) => chosen && change({ property: chosen.property, op })}
      />
      {property && (
        <Choice
          value={op}
          label={texts.operator}
          options={OPS}
          onChange={(next) => {
            const fits = !wantsNothing(next) && wantsList(next) === wantsList(op) && value !== undefined;
            change({ property, op: next, ...(fits ? { value } : {}) });
          }}
        />
      )}
      {property && !wantsNothing(op) && (
        <ValuePicker
          of={{ property, scope: "person" }}
          op={op}
          value={value}
          onChange={(next) => change({ property, op, value: next })}
        />
      )}
    </>
  );
}

function SegmentPart({ part, without, onChange }: Props<"segment"> & { without: string | undefined }) {
  return (
    <>
      <Verb part={part} yes={texts.areIn} no={texts.areNotIn} onChange={onChange} />
      <SegmentPicker
        value={part.is || undefined}
        label={texts.segment}
        without={without}
        onChange={(id) => onChange({ ...part, is: id ?? "" })}
      />
    </>
  );
}

function ConsentedPart({ part, onChange }: Props<"consented">) {
  const { data } = useQuery(policy);
  const known = Object.keys(data?.purposes ?? {});
  const all = !part.is || known.includes(part.is) ? known : [part.is, ...known];
  return (
    <>
      <Verb part={part} yes={texts.saidYes} no={texts.didNotSayYes} onChange={onChange} />
      <Choice
        value={part.is}
        label={texts.purpose}
        options={[
          ...(part.is ? [] : [{ value: "", label: texts.choosePurpose }]),
          ...all.map((value) => ({ value, label: value })),
        ]}
        onChange={(is) => onChange({ ...part, is })}
      />
    </>
  );
}

function SamplePart({ part, onChange }: Props<"sample">) {
  const { percent, salt } = part.is;
  const [text, setText] = useFollowed(salt ?? "");
  const settle = () => {
    if (text.trim() === (salt ?? "")) return;
    onChange({ ...part, is: { percent, ...(text.trim() ? { salt: text.trim() } : {}) } });
  };
  return (
    <>
      <Verb part={part} yes={texts.inSample} no={texts.outsideSample} onChange={onChange} />
      <NumberPart
        value={percent}
        label={texts.number}
        least={0.001}
        most={100}
        step={0.1}
        onChange={(next) => onChange({ ...part, is: { ...part.is, percent: next } })}
      />
      <span>{texts.percent}</span>
      <TextInput
        aria-label={texts.saltLabel}
        title={texts.salt}
        placeholder={texts.saltHint}
        value={text}
        maxLength={64}
        w="14ch"
        onChange={(event) => setText(event.currentTarget.value)}
        onBlur={settle}
        onKeyDown={(event) => {
          if (event.key === "Enter") settle();
        }}
      />
    </>
  );
}

/** The controls of a rule that is no group. */
export function Leaf({ part, without, onChange }: LeafProps) {
  switch (part.kind) {
    case "did":
      return <DidPart part={part} onChange={onChange} />;
    case "person":
      return <PersonPart part={part} onChange={onChange} />;
    case "segment":
      return <SegmentPart part={part} without={without} onChange={onChange} />;
    case "consented":
      return <ConsentedPart part={part} onChange={onChange} />;
    case "sample":
      return <SamplePart part={part} onChange={onChange} />;
    case "inactive":
      return (
        <>
          <Verb part={part} yes={texts.didNothing} no={texts.didSomething} onChange={onChange} />
          <LengthPart value={part.is} onChange={(is) => onChange({ ...part, is })} />
        </>
      );
  }
}
type LeafProps = {
  part: Exclude<Part, Group>;
  /** The segment that the rule is of. */
  without: string | undefined;
  onChange: (part: Part) => void;
};
