// Funnels: how many people go from one event to the next, and where they are lost.
import { Stack, Title, useComputedColorScheme } from "@mantine/core";
import { keepPreviousData, useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";

import { account } from "../api/account";
import { funnel, type FunnelAnswer } from "../api/insights";
import { eventNames } from "../api/names";
import { FunnelBars } from "../charts/funnel-bars";
import { funnelPicture } from "../charts/funnel-picture";
import { previous } from "../filters/period";
import { useSegmentNames } from "../filters/segment-picker";
import { useRange } from "../filters/use-range";
import { AnswerFoot } from "../ui/answer-foot";
import { saveCsv, savePng } from "../ui/download";
import { answeredAt, named } from "../ui/numbers";
import { Answered, Loading, Nothing, Panel } from "../ui/panel";
import { Sentence } from "./sentence";
import { type FunnelSearch, questionOf, suggested } from "./state";
import { Table, tableRows } from "./table";
import { texts } from "./texts";
import { questionInWords } from "./words";

/** The heights of a question and an answer of three steps. */
const SENTENCE = 168;
const HEIGHT = 516;

function Answer({ answer, before, publisher }: AnswerProps) {
  const scheme = useComputedColorScheme("light");
  const sentence = questionInWords(answer.question, useSegmentNames());
  if ((answer.steps[0]?.count ?? 0) === 0) {
    return <Nothing title={texts.nothing} next={texts.nothingNext} />;
  }
  const groups = answer.groups.map(({ key, steps }) => ({
    name: key.map(named).join(" · "),
    steps,
  }));
  const alone = groups.length === 0 && before?.steps.length === answer.steps.length;
  const data = { steps: answer.steps, groups, before: alone ? before?.steps : undefined };
  const { name, timezone } = publisher;
  const foot = answeredAt(answer.meta, timezone);
  const words = { title: `${name} · ${texts.title}`, sentence, foot };
  return (
    <>
      <FunnelBars data={data} label={sentence} />
      <AnswerFoot
        meta={answer.meta}
        zone={timezone}
        onCsv={() => saveCsv(sentence, tableRows(answer))}
        onPng={() => savePng(sentence, funnelPicture(data, words, scheme))}
      />
      <Table answer={answer} before={before} />
    </>
  );
}
type AnswerProps = {
  answer: FunnelAnswer;
  before: FunnelAnswer | undefined;
  publisher: { name: string; timezone: string };
};

export function Funnels() {
  const { data } = useSuspenseQuery(account);
  const found = useSearch({ from: "/inside/funnels" });
  const navigate = useNavigate({ from: "/funnels" });
  const names = useQuery(eventNames);
  const search = { ...found, steps: found.steps ?? suggested(names.data?.names ?? []) };
  const zone = data.timezone;
  const range = useRange(found, zone);
  const complete = search.steps.length >= 2;
  const asked = useQuery({
    ...funnel(questionOf(search, range, zone)),
    placeholderData: keepPreviousData,
    enabled: complete,
  });
  const earlier = useQuery({
    ...funnel(questionOf(search, previous(range), zone)),
    enabled: complete && found.compare === true,
  });
  const change = (more: FunnelSearch) =>
    void navigate({ search: (old) => ({ ...old, steps: search.steps, ...more }) });
  const waits = complete || names.isPending;
  return (
    <Stack gap={16}>
      <Title order={1}>{texts.title}</Title>
      {(names.isPending || search.steps.length > 0) && (
        <Panel>
          {search.steps.length > 0 ? (
            <Sentence search={search} onChange={change} />
          ) : (
            <Loading height={SENTENCE} />
          )}
        </Panel>
      )}
      <Panel>
        {waits ? (
          <Answered query={asked} height={HEIGHT}>
            {(answer) => (
              <Answer
                answer={answer}
                before={found.compare ? earlier.data : undefined}
                publisher={data}
              />
            )}
          </Answered>
        ) : (
          <Nothing title={texts.twoSteps} next={texts.twoStepsNext} />
        )}
      </Panel>
    </Stack>
  );
}
