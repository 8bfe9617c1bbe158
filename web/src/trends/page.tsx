// Trends: how often something happens over time, as a sentence, a picture and a table.
import { keepPreviousData, useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";

import { account } from "../api/account";
import { trend, type TrendAnswer } from "../api/insights";
import { Lines, linesPicture } from "../charts/lines";
import { intervalName } from "../filters/interval-name";
import { isAdditive } from "../filters/measure";
import { previous } from "../filters/period";
import { useSegmentNames } from "../filters/segment-picker";
import { useRange } from "../filters/use-range";
import { eventInWords } from "../filters/words";
import { Answer } from "../question/answer";
import { QuestionPage } from "../question/question-page";
import { Nothing } from "../ui/panel";
import { Sentence } from "./sentence";
import { begun, isIncomplete, linesOf } from "./shape";
import { peopleOf, questionOf, type TrendSearch } from "./state";
import { Table, tableRows } from "./table";
import { texts } from "./texts";
import { questionInWords } from "./words";

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

function TrendShown({ answer: whole, before }: ShownProps) {
  const answer = begun(whole);
  const alone = eventInWords(answer.question.event);
  const sentence = questionInWords(answer.question, useSegmentNames());
  const navigate = useNavigate();
  const { series, meta, question } = answer;
  if (series.every((one) => one.points.every((point) => point.value === 0))) {
    return <Nothing title={texts.nothing} next={texts.nothingNext} />;
  }
  const data = dataOf(answer, before, alone);
  return (
    <Answer
      title={texts.title}
      sentence={sentence}
      meta={meta}
      picture={<Lines data={data} label={sentence} />}
      paint={(words, scheme) => linesPicture(data, words, scheme)}
      rows={() => tableRows(answer, alone)}
      onPeople={() => void navigate({ to: "/segments/new", search: { rule: peopleOf(question) } })}
    >
      <Table answer={answer} before={before} alone={alone} />
    </Answer>
  );
}
type ShownProps = { answer: TrendAnswer; before: TrendAnswer | undefined };

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
    <QuestionPage
      title={texts.title}
      sentence={<Sentence search={search} range={range} onChange={change} />}
      query={asked}
      height={HEIGHT}
    >
      {(answer) => <TrendShown answer={answer} before={search.compare ? earlier.data : undefined} />}
    </QuestionPage>
  );
}
