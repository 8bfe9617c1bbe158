// "People who did App Launched and came back to do Charged, per week, by OS": each part a control.
import { TextInput } from "@mantine/core";

import { ByProperty } from "../filters/by-property";
import { MatchPicker } from "../filters/match-picker";
import { Choice } from "../filters/pickers";
import { ForPeople } from "../filters/segment-picker";
import { useFollowed } from "../filters/use-followed";
import {
  type Bracket,
  bracketInWords,
  bracketsOf,
  DEFAULT_BRACKETS,
  DEFAULT_MATCH,
  MODES,
  type Period,
  PERIODS,
  type RetentionSearch,
  UPTO,
  uptoOf,
} from "./state";
import { texts } from "./texts";

function Brackets({ value, onChange }: { value: Bracket[]; onChange: (value: Bracket[]) => void }) {
  const shown = value.map(bracketInWords).join(", ");
  const [text, setText] = useFollowed(shown);
  const read = bracketsOf(text);
  const settle = () => read && text !== shown && onChange(read);
  return (
    <TextInput
      aria-label={texts.brackets}
      error={read ? undefined : texts.bracketsHint}
      value={text}
      maxLength={400}
      w={`${Math.min(40, Math.max(18, text.length + 3))}ch`}
      onChange={(event) => setText(event.currentTarget.value)}
      onBlur={settle}
      onKeyDown={(event) => event.key === "Enter" && settle()}
    />
  );
}

function When({ search, onChange }: SentenceProps) {
  const { period = "day", mode = "on" } = search;
  const modes = texts.modes(period);
  return (
    <>
      <Choice
        value={mode}
        label={texts.mode}
        options={MODES.map((value) => ({ value, label: modes[value] ?? value }))}
        onChange={(next) => onChange({ mode: next })}
      />
      {mode === "brackets" && (
        <Brackets
          value={search.brackets ?? DEFAULT_BRACKETS}
          onChange={(brackets) => onChange({ brackets })}
        />
      )}
      <span className="part">
        <span>{texts.per}</span>
        <Choice<Period>
          value={period}
          label={texts.period}
          options={PERIODS.map((value) => ({ value, label: value }))}
          onChange={(next) => onChange({ period: next, upto: undefined })}
        />
      </span>
      {mode !== "brackets" && (
        <Choice
          value={`${uptoOf(search)}`}
          label={texts.upto}
          options={UPTO[period].map((count) => ({
            value: `${count}`,
            label: texts.uptoOf(period, count),
          }))}
          onChange={(count) => onChange({ upto: Number(count) })}
        />
      )}
      {period !== "day" && (
        <Choice
          value={search.rolling ? "rolling" : "calendar"}
          label={texts.align}
          options={[
            { value: "calendar", label: texts.calendar(period) },
            { value: "rolling", label: texts.rolling(period) },
          ]}
          onChange={(align) => onChange({ rolling: align === "rolling" ? true : undefined })}
        />
      )}
    </>
  );
}

/** Another question has other numbers: the people of one of them are not shown any more. */
export function Sentence({ search, onChange: tell }: SentenceProps) {
  const onChange = (more: RetentionSearch) => tell({ cell: undefined, ...more });
  return (
    <div className="sentence" role="group" aria-label={texts.question}>
      <span>{texts.lead}</span>
      <MatchPicker
        any
        value={search.born ?? DEFAULT_MATCH}
        label={texts.born}
        onChange={(born) => onChange({ born })}
      />
      <Choice
        value={search.first ? "ever" : "period"}
        label={texts.first}
        options={[
          { value: "period", label: texts.firstInPeriod },
          { value: "ever", label: texts.firstEver },
        ]}
        onChange={(which) => onChange({ first: which === "ever" ? true : undefined })}
      />
      <span>{texts.andBack}</span>
      <MatchPicker
        any
        value={search.back ?? DEFAULT_MATCH}
        label={texts.back}
        onChange={(back) => onChange({ back })}
      />
      <When search={search} onChange={onChange} />
      <ForPeople value={search.segment} onChange={(segment) => onChange({ segment })} />
      <ByProperty value={search.by} onChange={(by) => onChange({ by })} />
    </div>
  );
}
type SentenceProps = { search: RetentionSearch; onChange: (more: RetentionSearch) => void };
