// "Count unique people who did Charged where plan is gold, by OS, per day": each part a control.
import { Choice, EventPicker, PropertyPicker } from "../filters/pickers";
import { Conditions } from "../filters/conditions";
import { fitting, intervalsOf, type Range } from "../filters/period";
import { ForPeople } from "../filters/segment-picker";
import {
  DEFAULT_EVENT,
  DEFAULT_MEASURE,
  type Kind,
  measureOf,
  MEASURES,
  type TrendSearch,
  wantsProperty,
} from "./state";
import { texts } from "./texts";
import { leadOf, linkOf } from "./words";

export function Sentence({ search, range, onChange }: SentenceProps) {
  const { kind, property } = measureOf(search.measure ?? DEFAULT_MEASURE);
  const measured = (next: Kind, of: string | undefined) => {
    if (!wantsProperty(next)) onChange({ measure: next });
    else onChange({ measure: `${next}:${of ?? property ?? texts.amount}` });
  };
  const by = search.by?.[0];
  return (
    <div className="sentence" role="group" aria-label={texts.question}>
      <span>{leadOf(kind)}</span>
      <Choice
        value={kind}
        label={texts.measure}
        options={MEASURES}
        onChange={(next) => measured(next, undefined)}
      />
      {property && (
        <PropertyPicker
          value={{ property, scope: "event" }}
          label={texts.measured}
          onChange={(of) => measured(kind, of?.property)}
        />
      )}
      <span>{linkOf(kind)}</span>
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
