// Trends: how often something happens over time, as a sentence, a picture and a table.
import { Stack, Title } from "@mantine/core";
import { keepPreviousData, useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";

import { account } from "../api/account";
import { trend, type TrendAnswer, type TrendQuestion } from "../api/insights";
import { Lines } from "../charts/lines";
import { previous } from "../filters/period";
import { useRange } from "../filters/use-range";
import { AnswerFoot } from "../ui/answer-foot";
import { saveCsv } from "../ui/download";
import { Answered, Nothing, Panel } from "../ui/panel";
import { Sentence } from "./sentence";
import { intervalName, isIncomplete, linesOf } from "./shape";
import { DEFAULT_EVENT, questionOf, type TrendSearch } from "./state";
import { Table, tableRows } from "./table";
import { texts } from "./texts";

type AnswerProps = {
  answer: TrendAnswer;
  before: TrendAnswer | undefined;
  question: TrendQuestion;
  zone: string;
};

function Answer({ answer, before, question, zone }: AnswerProps) {
  const alone = question.event === DEFAULT_EVENT ? texts.anyEvent : question.event;
  const { series, meta } = answer;
  if (series.every((one) => one.points.every((point) => point.value === 0))) {
    return <Nothing title={texts.nothing} next={texts.nothingNext} />;
  }
  const at = (series[0]?.points ?? []).map((point) => intervalName(point.at, question.interval));
  const grouped = question.breakdown !== undefined;
  const earlier = grouped ? undefined : before?.series[0]?.points.map((point) => point.value);
  return (
    <>
      <Lines
        at={at}
        lines={linesOf(series, alone)}
        before={earlier?.slice(0, at.length)}
        incomplete={isIncomplete(answer, question)}
        label={`${texts.title}: ${alone}`}
      />
      <AnswerFoot
        meta={meta}
        zone={zone}
        onCsv={() => saveCsv("trend", tableRows(answer, question, alone))}
      />
      <Table answer={answer} before={before} question={question} alone={alone} />
    </>
  );
}

export function Trends() {
  const { data } = useSuspenseQuery(account);
  const search = useSearch({ from: "/inside/trends" });
  const navigate = useNavigate({ from: "/trends" });
  const zone = data.timezone;
  const range = useRange(search, zone);
  const question = questionOf(search, range, zone);
  const asked = useQuery({ ...trend(question), placeholderData: keepPreviousData });
  const earlier = useQuery({
    ...trend(questionOf({ ...search, interval: question.interval }, previous(range), zone)),
    enabled: search.compare === true,
  });
  const change = (more: TrendSearch) =>
    void navigate({ search: (old) => ({ ...old, ...more }), replace: false });
  return (
    <Stack gap={16} component="main">
      <Title order={1}>{texts.title}</Title>
      <Panel>
        <Sentence search={search} range={range} onChange={change} />
      </Panel>
      <Panel>
        <Answered query={asked} height={480}>
          {(answer) => (
            <Answer
              answer={answer}
              before={search.compare ? earlier.data : undefined}
              question={question}
              zone={zone}
            />
          )}
        </Answered>
      </Panel>
    </Stack>
  );
}
