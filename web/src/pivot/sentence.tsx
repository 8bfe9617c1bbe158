// "Count unique people who did Charged, rows by Plan, columns by weekday": each part a control.
import { ActionIcon } from "@mantine/core";
import { IconArrowsExchange } from "@tabler/icons-react";

import { MatchPicker } from "../filters/match-picker";
import { DEFAULT_MEASURE, leadOf, measureOf } from "../filters/measure";
import { MeasurePicker } from "../filters/measure-picker";
import type { PropertyRef } from "../filters/pickers";
import { Properties } from "../filters/properties";
import { ForPeople } from "../filters/segment-picker";
import { DEFAULT_COLUMNS, DEFAULT_MATCH, DEFAULT_ROWS, type PivotSearch, SIDE_MOST } from "./state";
import { texts } from "./texts";

/** The properties of a side, of which there is at least one. */
function Side({ value, name, onChange }: SideProps) {
  return (
    <Properties
      clock
      value={value}
      most={SIDE_MOST}
      label={(place) => texts.side(name, place)}
      onChange={onChange}
    />
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
