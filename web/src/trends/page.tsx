// Trends: how often something happens over time, as a sentence, a picture and a table.
import { Stack, Title, useComputedColorScheme } from "@mantine/core";
import { keepPreviousData, useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";

import { account } from "../api/account";
import { trend, type TrendAnswer } from "../api/insights";
import { Lines, linesPicture } from "../charts/lines";
import { previous } from "../filters/period";
import { useSegmentNames } from "../filters/segment-picker";
import { useRange } from "../filters/use-range";
import { AnswerFoot } from "../ui/answer-foot";
import { saveCsv, savePng } from "../ui/download";
import { answeredAt } from "../ui/numbers";
import { Answered, Nothing, Panel } from "../ui/panel";
import { Sentence } from "./sentence";
import { begun, intervalName, isIncomplete, linesOf } from "./shape";
import { isAdditive, peopleOf, questionOf, type TrendSearch } from "./state";
import { Table, tableRows } from "./table";
import { texts } from "./texts";
import { eventInWords, questionInWords } from "./words";

/** The height of an answer of one line. */
const HEIGHT = 458;

function dataOf(answer: TrendAnswer, before: TrendAnswer | undefined, alone: string) {
  const { series, question } = answer;
  const at = (series[0]?.points ?? []).map((point) => intervalName(point.at, question.interval));
  const earlier = question.breakdown ? undefined : before?.series[0]?.points;
  return {
    at,
    lines: linesOf(series, alone),
    before: earlier?.map((point) => point.value).slice(0, at.length),
    incomplete: isIncomplete(answer),
    additive: isAdditive(question.measure),
  };
}

function Answer({ answer: whole, before, publisher }: AnswerProps) {
  const answer = begun(whole);
  const scheme = useComputedColorScheme("light");
  const alone = eventInWords(answer.question.event);
  const sentence = questionInWords(answer.question, useSegmentNames());
  const navigate = useNavigate();
  const { series, meta } = answer;
  if (series.every((one) => one.points.every((point) => point.value === 0))) {
    return <Nothing title={texts.nothing} next={texts.nothingNext} />;
  }
  const data = dataOf(answer, before, alone);
  const { name, timezone } = publisher;
  const words = { title: `${name} · ${texts.title}`, sentence, foot: answeredAt(meta, timezone) };
  return (
    <>
      <Lines data={data} label={sentence} />
      <AnswerFoot
        meta={meta}
        zone={timezone}
        onPeople={() => void navigate({ to: "/segments/new", search: { rule: peopleOf(answer.question) } })}
        onCsv={() => saveCsv(sentence, tableRows(answer, alone))}
        onPng={async () => savePng(sentence, await linesPicture(data, words, scheme))}
      />
      <Table answer={answer} before={before} alone={alone} />
    </>
  );
}
type AnswerProps = {
  answer: TrendAnswer;
  before: TrendAnswer | undefined;
  publisher: { name: string; timezone: string };
};

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
    <Stack gap={16}>
      <Title order={1}>{texts.title}</Title>
      <Panel>
        <Sentence search={search} range={range} onChange={change} />
      </Panel>
      <Panel>
        <Answered query={asked} height={HEIGHT}>
          {(answer) => (
            <Answer
              answer={answer}
              before={search.compare ? earlier.data : undefined}
              publisher={data}
            />
          )}
        </Answered>
      </Panel>
    </Stack>
  );
}
