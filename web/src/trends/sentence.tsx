// "Count unique people who did Charged where plan is gold, by OS, per day": each part a control.
import { ActionIcon, Button, TextInput } from "@mantine/core";
import { IconPlus, IconX } from "@tabler/icons-react";

import { ByProperty } from "../filters/by-property";
import { CompareSegments } from "../filters/compare-segments";
import { MatchPicker } from "../filters/match-picker";
import { DEFAULT_MEASURE, leadOf, measureOf } from "../filters/measure";
import { MeasurePicker } from "../filters/measure-picker";
import { fitting, type Interval, intervalsOf, type Range } from "../filters/period";
import { Choice } from "../filters/pickers";
import { ForPeople } from "../filters/segment-picker";
import { useFollowed } from "../filters/use-followed";
import { BY_MAX, type Counted, countedOf, DEFAULT_EVENT, eventsAs, FORMULA_MAX } from "./state";
import { LETTERS, type TrendSearch } from "./state";
import { texts } from "./texts";
import { overInWords } from "./words";

/** One of the events; where there are several, each with the letter that a formula calls it by. */
function Event({ counted, letter, onChange, onRemove }: EventProps) {
  return (
    <li className="sentence">
      {letter && <strong>{letter}</strong>}
      <span>{leadOf(measureOf(counted.measure).kind)}</span>
      <MeasurePicker
        value={counted.measure}
        of={letter === "A" ? undefined : letter}
        onChange={(measure) => onChange({ ...counted, measure })}
      />
      <MatchPicker
        any
        value={counted}
        label={letter && letter !== "A" ? texts.eventOf(letter) : undefined}
        onChange={(match) => onChange({ ...match, measure: counted.measure })}
      />
      {letter && (
        <ActionIcon
          variant="subtle"
          color="gray"
          aria-label={texts.removeEvent(letter)}
          onClick={onRemove}
        >
          <IconX size={16} aria-hidden />
        </ActionIcon>
      )}
    </li>
  );
}
type EventProps = {
  counted: Counted;
  letter: string | undefined;
  onChange: (counted: Counted) => void;
  onRemove: () => void;
};

/** What is made of the events' values; nothing where it is empty. */
function Formula({ value, onChange }: { value: string; onChange: (formula: string | undefined) => void }) {
  const [text, setText] = useFollowed(value);
  const settle = () => {
    if (text.trim() !== value) onChange(text.trim() || undefined);
  };
  return (
    <span className="part">
      <span>{texts.formulaLead}</span>
      <TextInput
        aria-label={texts.formula}
        title={texts.formulaHint}
        placeholder={texts.formulaExample}
        value={text}
        maxLength={FORMULA_MAX}
        w={`${Math.min(40, Math.max(16, text.length + 4))}ch`}
        onChange={(event) => setText(event.currentTarget.value)}
        onBlur={settle}
        onKeyDown={(event) => event.key === "Enter" && settle()}
      />
    </span>
  );
}

/** As many intervals as one usually looks back over, by the length of one. */
const ROLLING: Record<Interval, number[]> = {
  minute: [5, 15, 60],
  hour: [6, 24],
  day: [7, 14, 28],
  week: [4, 12],
  month: [3, 12],
};

/** What each value is over: its interval, some up to it, or all up to it. */
function Over({ search, interval, onChange }: OverProps) {
  const { rolling, cumulative = false } = search;
  const known = ROLLING[interval];
  const counts = rolling && !known.includes(rolling) ? [...known, rolling] : known;
  return (
    <Choice
      value={rolling ? `${rolling}` : cumulative ? "all" : "own"}
      label={texts.over}
      options={[
        { value: "own", label: texts.each(interval) },
        ...counts.map((count) => ({
          value: `${count}`,
          label: overInWords(count, false, interval),
        })),
        { value: "all", label: texts.addingUp },
      ]}
      onChange={(over) =>
        onChange({
          rolling: Number(over) || undefined,
          cumulative: over === "all" ? true : undefined,
        })
      }
    />
  );
}
type OverProps = {
  search: TrendSearch;
  interval: Interval;
  onChange: (more: TrendSearch) => void;
};

/** Another question has other numbers: the people of one of them are not shown any more. */
export function Sentence({ search, range, onChange: tell }: SentenceProps) {
  const onChange = (more: TrendSearch) => tell({ cell: undefined, ...more });
  const events = countedOf(search);
  const set = (next: Counted[]) => onChange(eventsAs(next));
  const interval = fitting(search.interval, range.days);
  return (
    <div role="group" aria-label={texts.question}>
      <ol className="steps">
        {events.map((counted, place) => (
          <Event
            key={place}
            counted={counted}
            letter={events.length > 1 ? LETTERS[place] : undefined}
            onChange={(next) => set(events.with(place, next))}
            onRemove={() => set(events.filter((_, other) => other !== place))}
          />
        ))}
      </ol>
      <div className="sentence">
        <Button
          size="xs"
          variant="default"
          leftSection={<IconPlus size={14} aria-hidden />}
          disabled={events.length >= LETTERS.length}
          onClick={() => set([...events, { event: DEFAULT_EVENT, measure: DEFAULT_MEASURE }])}
        >
          {texts.addEvent}
        </Button>
        {events.length > 1 && (
          <Formula value={search.formula ?? ""} onChange={(formula) => onChange({ formula })} />
        )}
        <ForPeople value={search.segment} onChange={(segment) => onChange({ segment })} />
        <CompareSegments
          value={search.segments}
          onChange={(segments) => onChange({ segments })}
        />
        <ByProperty value={search.by} most={BY_MAX} onChange={(by) => onChange({ by })} />
        <span className="part">
          <span>{texts.per}</span>
          <Choice
            value={interval}
            label={texts.interval}
            options={intervalsOf(range.days).map((value) => ({ value, label: value }))}
            onChange={(next) => onChange({ interval: next, rolling: undefined })}
          />
        </span>
        <Over search={search} interval={interval} onChange={onChange} />
      </div>
    </div>
  );
}
type SentenceProps = {
  search: TrendSearch;
  range: Range;
  onChange: (more: TrendSearch) => void;
};
