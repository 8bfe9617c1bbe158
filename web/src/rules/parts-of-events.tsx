// The rules about events of a person: that they did something, what its numbers come to, and what prevails.
import { clockChoices, isClock } from "../filters/clock";
import { OPS } from "../filters/condition";
import { Conditions } from "../filters/conditions";
import { Choice, EventPicker, PropertyPicker } from "../filters/pickers";
import { ValuePicker } from "../filters/value-picker";
import { NumberPart, TimesPart, WithinPart } from "./lengths";
import { SUM_OPS } from "./rule";
import { texts } from "./texts";
import { type Props, Verb } from "./verb";

export function DidPart({ part, onChange }: Props<"did">) {
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

/** A number has no bounds of its own here: those of what the browser holds exactly. */
const MOST = Number.MAX_SAFE_INTEGER;
const NO_SUM = [0, 0];

export function SumPart({ part, onChange }: Props<"sum">) {
  const { event, property, op, value, where, within } = part.is;
  const change = (more: Partial<typeof part.is>) => onChange({ ...part, is: { ...part.is, ...more } });
  const two = op === "between";
  const [least, most] = Array.isArray(value) ? (value as number[]) : NO_SUM;
  const number = (now: number | undefined, label: string, tell: (next: number) => void) => (
    <NumberPart value={now} label={label} least={-MOST} most={MOST} step={0.1} onChange={tell} />
  );
  return (
    <>
      <Verb part={part} yes={texts.sumIs} no={texts.sumIsNot} onChange={onChange} />
      <PropertyPicker
        of="event"
        value={property ? { property, scope: "event" } : undefined}
        label={texts.summed}
        onChange={(of) => of && change({ property: of.property })}
      />
      <span>{texts.ofEvent}</span>
      <EventPicker any value={event} onChange={(next) => change({ event: next })} />
      <WithinPart within={within} onChange={(next) => change({ within: next })} />
      <Conditions value={where} onChange={(next) => change({ where: next })} />
      <Choice
        value={op}
        label={texts.operator}
        options={OPS.filter((one) => SUM_OPS.includes(one.value))}
        onChange={(next) => {
          const fits = (next === "between") === two;
          change({ op: next, value: fits ? value : next === "between" ? NO_SUM : undefined });
        }}
      />
      {two ? (
        <span className="together">
          {number(least, texts.least, (next) => change({ value: [next, most] }))}
          <span>{texts.and}</span>
          {number(most, texts.most, (next) => change({ value: [least, next] }))}
        </span>
      ) : (
        number(value as number | undefined, texts.number, (next) => change({ value: next }))
      )}
    </>
  );
}

/** What prevails: one value, or one of several. */
function Values({ part, onChange }: Props<"interest">) {
  const { property, value } = part.is;
  const several = Array.isArray(value);
  const change = (next: unknown) => onChange({ ...part, is: { ...part.is, value: next } });
  const choices = clockChoices(property).map((one) => ({ value: `${one.value}`, label: one.label }));
  return (
    <>
      <Choice
        value={several ? "several" : "one"}
        label={texts.howMany}
        options={[
          { value: "one", label: texts.isOne },
          { value: "several", label: texts.isOneOf },
        ]}
        onChange={(how) => {
          const [first] = several ? (value as unknown[]) : [value];
          change(how === "one" ? first : first === undefined ? [] : [first]);
        }}
      />
      {isClock(property) && !several ? (
        <Choice
          value={value === undefined ? "" : JSON.stringify(value)}
          label={texts.value}
          options={[...(value === undefined ? [{ value: "", label: "…" }] : []), ...choices]}
          onChange={(next) => next && change(Number(next))}
        />
      ) : (
        <ValuePicker
          of={{ property, scope: "event" }}
          op={several ? "in" : "eq"}
          value={value}
          onChange={change}
        />
      )}
    </>
  );
}

export function InterestPart({ part, onChange }: Props<"interest">) {
  const { event, property, percent, where, within } = part.is;
  const change = (more: Partial<typeof part.is>) => onChange({ ...part, is: { ...part.is, ...more } });
  return (
    <>
      <Verb part={part} yes={texts.interested} no={texts.notInterested} onChange={onChange} />
      <PropertyPicker
        clock
        of="event"
        value={property ? { property, scope: "event" } : undefined}
        label={texts.prevailing}
        onChange={(of) => of && change({ property: of.property, value: undefined })}
      />
      {property && <Values part={part} onChange={onChange} />}
      <Choice
        value={percent === undefined ? "predominant" : "at_least"}
        label={texts.howMuch}
        options={[
          { value: "predominant", label: texts.moreThanElse },
          { value: "at_least", label: texts.atLeastShare },
        ]}
        onChange={(mode) => change({ percent: mode === "at_least" ? (percent ?? 50) : undefined })}
      />
      {percent !== undefined && (
        <span className="together">
          <NumberPart
            value={percent}
            label={texts.number}
            least={0.001}
            most={100}
            step={0.1}
            onChange={(next) => change({ percent: next })}
          />
          <span>{texts.percentOfThem}</span>
        </span>
      )}
      <span>{texts.inEvent}</span>
      <EventPicker any value={event} onChange={(next) => change({ event: next })} />
      <WithinPart within={within} onChange={(next) => change({ within: next })} />
      <Conditions value={where} onChange={(next) => change({ where: next })} />
    </>
  );
}
