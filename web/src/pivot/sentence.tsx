// "Count unique people who did Charged, rows by Plan, columns by weekday": each part a control.
import { ActionIcon } from "@mantine/core";
import { IconArrowsExchange } from "@tabler/icons-react";

import { MatchPicker } from "../filters/match-picker";
import { DEFAULT_MEASURE, leadOf, measureOf } from "../filters/measure";
import { MeasurePicker } from "../filters/measure-picker";
import { PropertyPicker, type PropertyRef } from "../filters/pickers";
import { ForPeople } from "../filters/segment-picker";
import { DEFAULT_COLUMNS, DEFAULT_MATCH, DEFAULT_ROWS, type PivotSearch, SIDE_MOST } from "./state";
import { texts } from "./texts";

/** The properties of a side, of which there is at least one. */
function Side({ value, name, onChange }: SideProps) {
  return (
    <>
      {value.map((one, place) => (
        <PropertyPicker
          key={`${place} ${one.scope} ${one.property}`}
          clock
          value={one}
          label={texts.side(name, place + 1)}
          none={value.length > 1 ? texts.remove : undefined}
          onChange={(next) => {
            const left = value.filter((_, other) => other !== place);
            if (next) onChange(value.with(place, next));
            else if (left.length > 0) onChange(left);
          }}
        />
      ))}
      {value.length < SIDE_MOST && (
        <PropertyPicker
          key={value.length}
          clock
          value={undefined}
          label={texts.side(name, value.length + 1)}
          none={texts.more}
          onChange={(next) => next && onChange([...value, next])}
        />
      )}
    </>
  );
}
type SideProps = { value: PropertyRef[]; name: string; onChange: (value: PropertyRef[]) => void };

/** Another question has other numbers: the people of one of them are not shown any more. */
export function Sentence({ search, onChange: tell }: SentenceProps) {
  const onChange = (more: PivotSearch) => tell({ cell: undefined, ...more });
  const measure = search.measure ?? DEFAULT_MEASURE;
  const { rows = DEFAULT_ROWS, columns = DEFAULT_COLUMNS } = search;
  return (
    <div className="sentence" role="group" aria-label={texts.question}>
      <span>{leadOf(measureOf(measure).kind)}</span>
      <MeasurePicker value={measure} onChange={(next) => onChange({ measure: next })} />
      <MatchPicker
        any
        value={search.what ?? DEFAULT_MATCH}
        label={texts.event}
        onChange={(what) => onChange({ what })}
      />
      <ForPeople value={search.segment} onChange={(segment) => onChange({ segment })} />
      <span className="part">
        <span>{texts.rowsBy}</span>
        <Side value={rows} name={texts.rows} onChange={(next) => onChange({ rows: next })} />
      </span>
      <ActionIcon
        variant="subtle"
        color="gray"
        title={texts.swap}
        aria-label={texts.swap}
        onClick={() => onChange({ rows: columns, columns: rows })}
      >
        <IconArrowsExchange size={16} aria-hidden />
      </ActionIcon>
      <span className="part">
        <span>{texts.columnsBy}</span>
        <Side value={columns} name={texts.columns} onChange={(next) => onChange({ columns: next })} />
      </span>
    </div>
  );
}
type SentenceProps = { search: PivotSearch; onChange: (more: PivotSearch) => void };
