// "Count unique people who did Charged where plan is gold, by OS, per day": each part a control.
import { Choice, EventPicker, PropertyPicker } from "../filters/pickers";
import { Conditions } from "../filters/conditions";
import { DEFAULT_MEASURE, leadOf, measureOf } from "../filters/measure";
import { MeasurePicker } from "../filters/measure-picker";
import { fitting, intervalsOf, type Range } from "../filters/period";
import { ForPeople } from "../filters/segment-picker";
import { DEFAULT_EVENT, type TrendSearch } from "./state";
import { texts } from "./texts";

export function Sentence({ search, range, onChange }: SentenceProps) {
  const measure = search.measure ?? DEFAULT_MEASURE;
  const by = search.by?.[0];
  return (
    <div className="sentence" role="group" aria-label={texts.question}>
      <span>{leadOf(measureOf(measure).kind)}</span>
      <MeasurePicker value={measure} onChange={(next) => onChange({ measure: next })} />
      <EventPicker
        any
        value={search.event ?? DEFAULT_EVENT}
        onChange={(event) => onChange({ event })}
      />
      <Conditions
        value={search.where ?? []}
        onChange={(where) => onChange({ where: where.length > 0 ? where : undefined })}
      />
      <ForPeople value={search.segment} onChange={(segment) => onChange({ segment })} />
      <span>{texts.by}</span>
      <PropertyPicker
        value={by}
        label={texts.breakdown}
        none={texts.noBreakdown}
        onChange={(chosen) => onChange({ by: chosen ? [chosen] : undefined })}
      />
      <span>{texts.per}</span>
      <Choice
        value={fitting(search.interval, range.days)}
        label={texts.interval}
        options={intervalsOf(range.days).map((value) => ({ value, label: value }))}
        onChange={(interval) => onChange({ interval })}
      />
    </div>
  );
}
type SentenceProps = {
  search: TrendSearch;
  range: Range;
  onChange: (more: TrendSearch) => void;
};
