// Trends: how often something happens over time, as a sentence, a picture and a table.
import { keepPreviousData, useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";

import { account } from "../api/account";
import { trend, type TrendAnswer } from "../api/insights";
import { Lines, linesPicture } from "../charts/lines";
import { useSegmentNames } from "../filters/segment-picker";
import { useRange } from "../filters/use-range";
import { Answer } from "../question/answer";
import { PeopleBehind } from "../question/behind";
import { QuestionPage } from "../question/question-page";
import { Nothing } from "../ui/panel";
import { Sentence } from "./sentence";
import { begun, cellInWords, dataOf, isNothing, tableRows } from "./shape";
import { peopleOf, questionOf, type TrendCell, type TrendSearch } from "./state";
import { Table } from "./table";
import { texts } from "./texts";
import { questionInWords } from "./words";

/** The height of an answer of one line. */
const HEIGHT = 458;

function TrendShown({ answer: whole, onChoose }: ShownProps) {
  const answer = begun(whole);
  const names = useSegmentNames();
  const navigate = useNavigate();
  const { question, meta } = answer;
  if (isNothing(answer)) return <Nothing title={texts.nothing} next={texts.nothingNext} />;
  const sentence = questionInWords(question, names);
  const data = dataOf(answer, names);
  return (
    <Answer
      title={texts.title}
      sentence={sentence}
      meta={meta}
      picture={<Lines data={data} label={sentence} />}
      paint={(words, scheme) => linesPicture(data, words, scheme)}
      rows={() => tableRows(answer, names)}
      onPeople={() => void navigate({ to: "/segments/new", search: { rule: peopleOf(question) } })}
    >
      <Table answer={answer} names={names} onChoose={onChoose} />
    </Answer>
  );
}
type ShownProps = { answer: TrendAnswer; onChoose: (cell: TrendCell) => void };

export function Trends() {
  const { timezone } = useSuspenseQuery(account).data;
  const search = useSearch({ from: "/inside/trends" });
  const navigate = useNavigate({ from: "/trends" });
  const names = useSegmentNames();
  const range = useRange(search, timezone);
  const question = questionOf(search, range, timezone);
  const asked = useQuery({ ...trend(question), placeholderData: keepPreviousData });
  const change = (more: TrendSearch) =>
    void navigate({ search: (old) => ({ ...old, ...more }), resetScroll: false });
  const { cell } = search;
  return (
    <>
      <QuestionPage
        title={texts.title}
        sentence={<Sentence search={search} range={range} onChange={change} />}
        query={asked}
        height={HEIGHT}
      >
        {(answer) => <TrendShown answer={answer} onChoose={(next) => change({ cell: next })} />}
      </QuestionPage>
      <PeopleBehind
        of={cell && { kind: "trend", question, cell }}
        words={cell ? cellInWords(cell, question, names) : ""}
        zone={timezone}
        onClose={() => change({ cell: undefined })}
      />
    </>
  );
}
