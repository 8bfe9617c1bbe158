// Numbers, lengths and periods inside a rule.
import { TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";

import { isDate, dayBefore } from "../filters/period";
import { Choice } from "../filters/pickers";
import { useFollowed } from "../filters/use-followed";
import type { Did, Within } from "./rule";
import { texts } from "./texts";
import { lengthOf, UNIT_CHOICES } from "./words";

const SETTLES_MS = 400;
const DAY_MS = 86_400_000;

/** A number that is told once it is typed to its end. */
export function NumberPart({ value, label, least = 1, most, step = 1, onChange }: NumberPartProps) {
  const shown = value === undefined ? "" : String(value);
  const [text, setText] = useFollowed(shown);
  const settle = (now: string) => {
    const read = Number(now);
    const whole = step !== 1 || Number.isInteger(read);
    const fits = now.trim() !== "" && whole && read >= least && read <= most;
    if (!fits) setText(shown);
    else if (read !== value) onChange(read);
  };
  const soon = useDebouncedCallback((now: string) => {
    // What is not a number yet may become one: it is put back where it is left alone.
    const read = Number(now);
    if (now.trim() !== "" && read >= least && read <= most) settle(now);
  }, SETTLES_MS);
  return (
    <TextInput
      type="number"
      aria-label={label}
      value={text}
      min={least}
      max={most}
      step={step === 1 ? 1 : "any"}
      onChange={(event) => {
        setText(event.currentTarget.value);
        soon(event.currentTarget.value);
      }}
      onBlur={() => settle(text)}
      onKeyDown={(event) => {
        if (event.key === "Enter") settle(text);
      }}
      w={`${Math.max(8, text.length + 5)}ch`}
    />
  );
}
type NumberPartProps = {
  /** None while nothing is said. */
  value: number | undefined;
  label: string;
  least?: number;
  most: number;
  step?: number;
  onChange: (value: number) => void;
};

/** Ten years of the unit, the longest that the server takes. */
const MOST: Record<string, number> = { s: 9_999, m: 99_999, h: 87_840, d: 3_660, w: 522 };

/** "14 days". */
export function LengthPart({ value, onChange }: { value: string; onChange: (length: string) => void }) {
  const { count, unit } = lengthOf(value);
  const units = UNIT_CHOICES.some((one) => one.value === unit)
    ? UNIT_CHOICES
    : [...UNIT_CHOICES, { value: unit, label: unit }];
  return (
    <span className="together">
      <NumberPart
        value={count}
        label={texts.number}
        most={MOST[unit] ?? 1}
        onChange={(next) => onChange(`${next}${unit}`)}
      />
      <Choice
        value={unit}
        label={texts.unit}
        options={units}
        onChange={(next) => onChange(`${Math.min(count, MOST[next] ?? 1)}${next}`)}
      />
    </span>
  );
}

type Often = "once" | "at_least" | "at_most" | "exactly";

/** "at least 3 times"; once where nothing is said. */
export function TimesPart({ times, not, onChange }: TimesPartProps) {
  const options: { value: Often; label: string }[] = [
    { value: "once", label: not ? texts.evenOnce : texts.once },
    { value: "at_least", label: texts.times.at_least },
    { value: "exactly", label: texts.times.exactly },
    { value: "at_most", label: texts.times.at_most },
  ];
  return (
    <>
      <Choice
        value={times?.how ?? "once"}
        label={texts.howOften}
        options={options}
        onChange={(how) =>
          onChange(how === "once" ? undefined : { how, count: times?.count ?? (how === "at_least" ? 2 : 1) })
        }
      />
      {times && (
        <span className="together">
          <NumberPart
            value={times.count}
            label={texts.number}
            least={times.how === "at_least" ? 1 : 0}
            most={1_000_000}
            onChange={(count) => onChange({ ...times, count })}
          />
          <span>{times.count === 1 ? texts.time : texts.manyTimes}</span>
        </span>
      )}
    </>
  );
}
type TimesPartProps = {
  times: Did["times"];
  not: boolean;
  onChange: (times: Did["times"]) => void;
};

const today = () => new Date().toISOString().slice(0, 10);
const after = (date: string) =>
  new Date(Date.parse(`${date}T00:00:00Z`) + DAY_MS).toISOString().slice(0, 10);

function Day({ value, label, onChange }: { value: string; label: string; onChange: (date: string) => void }) {
  return (
    <TextInput
      type="date"
      aria-label={label}
      value={value.slice(0, 10)}
      onChange={(event) => {
        const date = event.currentTarget.value;
        if (date === "" || isDate(date)) onChange(date);
      }}
    />
  );
}

/** "in the last 30 days", "from 1 Oct until 31 Oct", or at any time. */
export function WithinPart({ within, onChange }: WithinPartProps) {
  const how = !within ? "ever" : "last" in within ? "last" : "between";
  const month = (): Within => ({
    from: new Date(Date.now() - 30 * DAY_MS).toISOString().slice(0, 10),
    to: after(today()),
  });
  return (
    <>
      <Choice
        value={how}
        label={texts.when}
        options={[
          { value: "ever", label: texts.ever },
          { value: "last", label: texts.inTheLast },
          { value: "between", label: texts.between },
        ]}
        onChange={(next) =>
          onChange(next === "ever" ? undefined : next === "last" ? { last: "30d" } : month())
        }
      />
      {within && "last" in within && (
        <LengthPart value={within.last} onChange={(last) => onChange({ last })} />
      )}
      {within && !("last" in within) && (
        <>
          <Day
            label={texts.from}
            value={within.from}
            onChange={(from) => onChange(from || within.to ? { from, to: within.to } : undefined)}
          />
          <span>{texts.until}</span>
          <Day
            label={texts.until}
            value={isDate(within.to) ? dayBefore(within.to) : within.to}
            onChange={(until) => {
              const to = until && after(until);
              onChange(to || within.from ? { from: within.from, to } : undefined);
            }}
          />
        </>
      )}
    </>
  );
}
type WithinPartProps = { within: Within | undefined; onChange: (within: Within | undefined) => void };
