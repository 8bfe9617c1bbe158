// "Paths that begin with Viewed, 3 steps after it, within one visit, without Searched": each part a
// control.
import { useQuery } from "@tanstack/react-query";

import { eventNames } from "../api/names";
import { Chips } from "../filters/chips";
import type { Match } from "../filters/match";
import { MatchPicker } from "../filters/match-picker";
import { Choice } from "../filters/pickers";
import { ForPeople } from "../filters/segment-picker";
import {
  DEFAULT_STEPS,
  HIDE_MAX,
  DEFAULT_TOP,
  DEFAULT_WITHIN,
  type PathsSearch,
  STEPS,
  TOPS,
  WITHIN,
} from "./state";
import { texts } from "./texts";

/** What all paths begin or end with cannot be hidden. */
function Hidden({ value, anchor, onChange }: HiddenProps) {
  const { data } = useQuery(eventNames);
  const names = (data?.names ?? []).map(({ name }) => name).filter((name) => name !== anchor);
  return (
    <Chips
      lead={texts.hiding}
      label={texts.hide}
      none={texts.hideNone}
      more={texts.hideMore}
      without={texts.unhide}
      value={value}
      choices={names.map((name) => ({ value: name, label: name }))}
      most={HIDE_MAX}
      onChange={onChange}
    />
  );
}

type HiddenProps = {
  value: string[];
  anchor: string;
  onChange: (value: string[] | undefined) => void;
};

const numbered = (all: number[], words: (count: number) => string) =>
  all.map((count) => ({ value: `${count}`, label: words(count) }));

/** Another question has other numbers: the people of one of them are not shown any more. */
export function Sentence({ search, event, onChange: tell }: SentenceProps) {
  const onChange = (more: PathsSearch) => tell({ cell: undefined, ...more });
  const end = search.end ?? false;
  const anchor = (next: Match) => {
    const left = search.hide?.filter((name) => name !== next.event) ?? [];
    onChange({ event: next, hide: left.length > 0 ? left : undefined });
  };
  return (
    <div className="sentence" role="group" aria-label={texts.question}>
      <span>{texts.lead}</span>
      <Choice
        value={end ? "end" : "start"}
        label={texts.direction}
        options={[
          { value: "start", label: texts.start },
          { value: "end", label: texts.end },
        ]}
        onChange={(way) => onChange({ end: way === "end" ? true : undefined })}
      />
      <MatchPicker value={event} label={texts.event} onChange={anchor} />
      <span className="part">
        <span>{texts.showing}</span>
        <Choice
          value={`${search.steps ?? DEFAULT_STEPS}`}
          label={texts.steps}
          options={numbered(STEPS, (count) => texts.stepsOf(count, end))}
          onChange={(steps) => onChange({ steps: Number(steps) })}
        />
      </span>
      <Choice
        value={`${search.top ?? DEFAULT_TOP}`}
        label={texts.top}
        options={numbered(TOPS, texts.topOf)}
        onChange={(top) => onChange({ top: Number(top) })}
      />
      <span className="part">
        <span>{texts.within}</span>
        <Choice
          value={search.within ?? DEFAULT_WITHIN}
          label={texts.withinLabel}
          options={WITHIN.map((value) => ({ value, label: texts.withinOf[value] ?? value }))}
          onChange={(within) => onChange({ within })}
        />
      </span>
      <Choice
        value={search.once ? "once" : "each"}
        label={texts.repeats}
        options={[
          { value: "each", label: texts.each },
          { value: "once", label: texts.once },
        ]}
        onChange={(repeats) => onChange({ once: repeats === "once" ? true : undefined })}
      />
      <Hidden value={search.hide ?? []} anchor={event.event} onChange={(hide) => onChange({ hide })} />
      <ForPeople value={search.segment} onChange={(segment) => onChange({ segment })} />
    </div>
  );
}
type SentenceProps = {
  search: PathsSearch;
  /** The event of all paths. */
  event: Match;
  onChange: (more: PathsSearch) => void;
};
