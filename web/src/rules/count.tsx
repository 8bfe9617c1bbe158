// How many people answer to a rule as it stands, and how many of them can be reached by what.
import { Text, VisuallyHidden } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";

import { type Definition, segmentCount, type SegmentCount } from "../api/segments";
import { RankedBars } from "../charts/bars";
import { AnswerMeta } from "../ui/answer-foot";
import { Counter } from "../ui/counter";
import { full, share } from "../ui/numbers";
import { Answered, Nothing, Panel } from "../ui/panel";
import { texts } from "./texts";

/** What is changed again within this is not asked. */
const WAITS_MS = 300;
/** The height of an answer. */
const HEIGHT = 330;

const CHANNELS = ["email", "sms", "push", "whatsapp", "inapp"] as const;

function Reach({ answer }: { answer: SegmentCount }) {
  const { people, reachable } = answer;
  const rows = CHANNELS.map((channel) => ({
    name: texts.channels[channel],
    value: reachable[channel],
    shown: `${full(reachable[channel])} · ${people > 0 ? share(reachable[channel] / people) : "–"}`,
  }));
  return <RankedBars rows={rows} of={people} label={texts.reach} />;
}

/** Asks a moment after the last change; a later question cancels the one before. */
function useCount(definition: Definition | undefined) {
  const [settled] = useDebouncedValue(JSON.stringify(definition), WAITS_MS);
  const rule = settled === undefined ? undefined : (JSON.parse(settled) as Definition);
  const asked = useQuery({
    ...segmentCount(rule ?? { segment: "" }),
    enabled: rule !== undefined,
    placeholderData: keepPreviousData,
    refetchInterval: 60_000,
  });
  return { ...asked, isPlaceholderData: asked.isPlaceholderData || settled !== JSON.stringify(definition) };
}

export function Count({ definition, unfinished, zone }: CountProps) {
  const asked = useCount(definition);
  if (!definition) {
    return (
      <Panel title={texts.count}>
        <Nothing title={texts.nothingToCount} next={texts.nothingToCountNext} />
      </Panel>
    );
  }
  return (
    <Panel title={texts.count}>
      <Answered query={asked} height={HEIGHT}>
        {(answer) => (
          <>
            <div className="reach">
              <div>
                <Counter value={answer.people} />
                <Text size="sm">{texts.matching}</Text>
                <VisuallyHidden role="status">{texts.matched(full(answer.people))}</VisuallyHidden>
                {unfinished && (
                  <Text size="xs" className="quiet" mt={4}>
                    {texts.withoutUnfinished}
                  </Text>
                )}
              </div>
              <div>
                <Text size="sm" fw={600} mb={4}>
                  {texts.reach}
                </Text>
                <Reach answer={answer} />
                <Text size="xs" className="quiet" my={8}>
                  {texts.reachHint}
                </Text>
              </div>
            </div>
            <AnswerMeta meta={answer.meta} zone={zone} />
          </>
        )}
      </Answered>
    </Panel>
  );
}
type CountProps = { definition: Definition | undefined; unfinished: boolean; zone: string };
