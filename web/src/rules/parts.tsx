// The rules of a sentence, one control for each: what they did, what they are, what they said.
import { TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";

import { policy } from "../api/gate";
import { OPS, wantsList, wantsNothing } from "../filters/condition";
import { RFM_NAMES } from "../filters/kinds";
import { Choice, EventPicker, PropertyPicker } from "../filters/pickers";
import { SegmentPicker } from "../filters/segment-picker";
import { useFollowed } from "../filters/use-followed";
import { ValuePicker } from "../filters/value-picker";
import { LengthPart, NumberPart } from "./lengths";
import { DidPart, InterestPart, SumPart } from "./parts-of-events";
import { type Group, KIND_DEFAULTS, type Part } from "./rule";
import { texts } from "./texts";
import { type Props, Verb } from "./verb";
import { partInWords } from "./words";

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

function KindPart({ part, onChange }: Props<"rfm">) {
  const { event, amount, last } = { ...KIND_DEFAULTS, ...part.is };
  const change = (more: Partial<typeof part.is>) => onChange({ ...part, is: { ...part.is, ...more } });
  return (
    <>
      <Verb part={part} yes={texts.are} no={texts.areNot} onChange={onChange} />
      <Choice
        value={part.is.name}
        label={texts.kindOf}
        options={RFM_NAMES.map((value) => ({ value, label: value }))}
        onChange={(name) => change({ name })}
      />
      <span>{texts.by}</span>
      <EventPicker any value={event} onChange={(next) => change({ event: next })} />
      <span>{texts.andIts}</span>
      <PropertyPicker
        of="event"
        value={{ property: amount, scope: "event" }}
        label={texts.money}
        onChange={(next) => next && change({ amount: next.property })}
      />
      <span>{texts.inTheLast}</span>
      <LengthPart value={last} onChange={(next) => change({ last: next })} />
    </>
  );
}

function RegionPart({ part, onChange }: Props<"in_region">) {
  const change = (more: Partial<typeof part.is>) => onChange({ ...part, is: { ...part.is, ...more } });
  return (
    <>
      <Verb part={part} yes={texts.lastWithin} no={texts.lastNotWithin} onChange={onChange} />
      <NumberPart
        value={part.is.km}
        label={texts.kilometres}
        least={0.001}
        most={20_040}
        step={0.1}
        onChange={(km) => change({ km })}
      />
      <span>{texts.kilometresOf}</span>
      <NumberPart
        value={part.is.lat}
        label={texts.latitude}
        least={-90}
        most={90}
        step={0.1}
        onChange={(lat) => change({ lat })}
      />
      <NumberPart
        value={part.is.lon}
        label={texts.longitude}
        least={-180}
        most={180}
        step={0.1}
        onChange={(lon) => change({ lon })}
      />
    </>
  );
}

/** What the builder does not know is shown as it is, and can be moved or taken away alone. */
function KeptPart({ part }: { part: Props<"kept">["part"] }) {
  return (
    <span>
      {partInWords(part, NO_NAMES)} <span className="quiet">{texts.keptHint}</span>
    </span>
  );
}
const NO_NAMES = new Map<string, string>();

/** The controls of a rule that is no group. */
export function Leaf({ part, without, onChange }: LeafProps) {
  switch (part.kind) {
    case "did":
      return <DidPart part={part} onChange={onChange} />;
    case "sum":
      return <SumPart part={part} onChange={onChange} />;
    case "interest":
      return <InterestPart part={part} onChange={onChange} />;
    case "rfm":
      return <KindPart part={part} onChange={onChange} />;
    case "in_region":
      return <RegionPart part={part} onChange={onChange} />;
    case "kept":
      return <KeptPart part={part} />;
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
