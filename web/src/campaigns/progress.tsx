// How far a run is: a bar of what became of its messages, and each number beside.
import { Group, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import type { CSSProperties } from "react";

import type { Run, Tally } from "../api/campaigns";
import type { MessageState } from "../api/messages";
import { CampaignBadge, MessageBadge } from "../deliveries/badge";
import { stateInWords } from "../deliveries/words";
import { Note } from "../ui/note";
import { full, moment, share } from "../ui/numbers";
import { Panel } from "../ui/panel";
import { sentence } from "../ui/words";
import { texts } from "./texts";

/** In the order in which a message comes through them. */
const ORDER: MessageState[] = ["delivered", "accepted", "failed", "unknown", "dropped", "handing_over", "planned"];

/** Messages of which all is known that will be known without a word from outside. */
export const doneOf = (tally: Tally): number =>
  tally.accepted + tally.delivered + tally.failed + tally.dropped + tally.unknown;

/** Messages that may still go out. */
export const leftOf = (tally: Tally): number => tally.planned + tally.handing_over;

const allOf = (tally: Tally): number => doneOf(tally) + leftOf(tally);

function Bar({ tally, people }: { tally: Tally; people: number }) {
  // Those whose messages are not made yet wait, too.
  const all = Math.max(1, people, allOf(tally));
  return (
    <div className="progress" aria-hidden>
      {ORDER.filter((state) => state !== "planned").map((state) => (
        <div key={state} data-state={state} style={{ "--part": `${(100 * tally[state]) / all}%` } as CSSProperties} />
      ))}
    </div>
  );
}

export function Progress({ campaign, run, zone }: { campaign: string; run: Run; zone: string }) {
  const { tally, people } = run;
  const shown = ORDER.filter((state) => tally[state] > 0);
  const done = people > 0 ? doneOf(tally) / people : 0;
  const when = run.as_of ? texts.asOfPeople(full(people), moment(run.as_of, zone)) : texts.dueAt(moment(run.due, zone));
  const moves = run.state === "running" || run.state === "paused";
  return (
    <Panel title={texts.live} aside={<CampaignBadge state={run.state} />}>
      <Group justify="space-between" gap={8} mb={8}>
        <Text size="sm">
          {when}
          {moves && `; ${texts.untilAt(moment(run.until, zone))}`}
        </Text>
        <Text size="sm" fw={600} role="status" aria-live="off">
          {share(done)}
        </Text>
      </Group>
      <Bar tally={tally} people={people} />
      <ul className="tally">
        {shown.map((state) => (
          <li key={state}>
            <Link to="/messages" search={{ campaign, run: run.run, state }} aria-label={`${full(tally[state])} ${stateInWords(state)}`}>
              <strong>{full(tally[state])}</strong>
            </Link>
            <MessageBadge state={state} />
          </li>
        ))}
      </ul>
      {run.note && (
        <Note kind="mind" title={run.state === "paused" ? texts.pausedItself : undefined}>
          {sentence(run.note)}
        </Note>
      )}
      {run.repeated > 0 && (
        <Text size="sm" className="quiet" mt={8}>
          {texts.repeated(full(run.repeated))}
        </Text>
      )}
    </Panel>
  );
}
