// Who would get a campaign now, and why not the others: of the draft as it is saved.
import { Text } from "@mantine/core";
import { keepPreviousData, useQuery } from "@tanstack/react-query";

import { forecast, type Forecast as Answer, type Saved } from "../api/campaigns";
import { RankedBars } from "../charts/bars";
import { Counter } from "../ui/counter";
import { full, share } from "../ui/numbers";
import { Answered, Panel } from "../ui/panel";
import { lacks } from "./shape";
import { texts } from "./texts";

const HEIGHT = 200;

/** Why people would not get it, the most frequent first. */
export const lossesOf = ({ unreachable, control }: Answer) =>
  Object.entries({ ...unreachable, control })
    .map(([why, people]) => ({ why: texts.unreachable[why as keyof typeof texts.unreachable], people }))
    .filter(({ people }) => people > 0)
    .sort((one, other) => other.people - one.people);

/** What the saved draft would do; nothing is asked before it says what is written. */
export function useForecast(saved: Saved | undefined) {
  const enabled = saved !== undefined && lacks(saved.draft, "what") === undefined;
  const query = useQuery({
    ...forecast(saved?.id ?? "", saved?.version ?? 0),
    enabled,
    placeholderData: keepPreviousData,
  });
  return { query, enabled };
}

/** Messages that were made to see whether they can be, and what some of them lack. */
export function Lacking({ of }: { of: Answer }) {
  if (of.missing_data.length === 0) return null;
  return (
    <>
      <Text size="xs" className="quiet" mt={12}>
        {texts.lacking(full(of.sampled))}
      </Text>
      <ul className="lacking">
        {of.missing_data.map(({ path, people }) => (
          <li key={path}>
            <code>{path}</code>: {full(people)}
          </li>
        ))}
      </ul>
    </>
  );
}

function Numbers({ of }: { of: Answer }) {
  const rows = lossesOf(of).map(({ why, people }) => ({
    name: why,
    value: people,
    shown: `${full(people)} · ${of.people > 0 ? share(people / of.people) : "–"}`,
  }));
  return (
    <>
      <Counter value={of.reachable} />
      <Text size="sm" mb={8}>
        {texts.reachable} {texts.ofPeople(full(of.people))}
      </Text>
      {rows.length > 0 && <RankedBars rows={rows} of={of.people} label={texts.willGet} />}
      <Lacking of={of} />
    </>
  );
}

export function Forecast({ saved, changed }: { saved: Saved | undefined; changed: boolean }) {
  const { query, enabled } = useForecast(saved);
  return (
    <Panel title={texts.willGet}>
      {enabled ? (
        <Answered query={{ ...query, isPlaceholderData: query.isPlaceholderData || changed }} height={HEIGHT}>
          {(of) => <Numbers of={of} />}
        </Answered>
      ) : (
        <Text size="sm" className="quiet">
          {saved ? texts.saveToSeeWhat : texts.saveToSee}
        </Text>
      )}
      {enabled && (
        <Text size="xs" className="quiet" mt={8}>
          {changed ? texts.changedSince : texts.willGetHint}
        </Text>
      )}
    </Panel>
  );
}
