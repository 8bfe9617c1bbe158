// Funnels: how many people go from one event to the next, and where they are lost.
import { Stack, Title } from "@mantine/core";
import { keepPreviousData, useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";

import { account } from "../api/account";
import { funnel, type FunnelAnswer } from "../api/insights";
import { eventNames } from "../api/names";
import { FunnelBars } from "../charts/funnel-bars";
import { previous } from "../filters/period";
import { useRange } from "../filters/use-range";
import { AnswerFoot } from "../ui/answer-foot";
import { saveCsv } from "../ui/download";
import { named } from "../ui/numbers";
import { Answered, Nothing, Panel } from "../ui/panel";
import { Sentence } from "./sentence";
import { type FunnelSearch, questionOf, suggested } from "./state";
import { Table, tableRows } from "./table";
import { texts } from "./texts";

function Answer({ answer, before, zone }: AnswerProps) {
  if ((answer.steps[0]?.count ?? 0) === 0) {
    return <Nothing title={texts.nothing} next={texts.nothingNext} />;
  }
  const groups = answer.groups.map(({ key, steps }) => ({
    name: key.map(named).join(" · "),
    steps,
  }));
  return (
    <>
      <FunnelBars steps={answer.steps} groups={groups} label={texts.everyone} />
      <AnswerFoot
        meta={answer.meta}
        zone={zone}
        onCsv={() => saveCsv("funnel", tableRows(answer))}
      />
      <Table answer={answer} before={before} />
    </>
  );
}
type AnswerProps = { answer: FunnelAnswer; before: FunnelAnswer | undefined; zone: string };

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
    <Stack gap={16} component="main">
      <Title order={1}>{texts.title}</Title>
      <Panel>
        <Sentence search={search} onChange={change} />
      </Panel>
      <Panel>
        {waits ? (
          <Answered query={asked} height={420}>
            {(answer) => (
              <Answer
                answer={answer}
                before={found.compare ? earlier.data : undefined}
                zone={zone}
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
