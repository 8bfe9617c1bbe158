// Trends as a question: how often something happens over time, as a picture and a table.
import { useNavigate } from "@tanstack/react-router";

import { trend, type TrendAnswer, type TrendQuestion } from "../api/insights";
import { Lines, linesPicture } from "../charts/lines";
import { useSegmentNames } from "../filters/segment-picker";
import { Answer } from "../question/answer";
import type { Kind, ShownProps } from "../question/kind";
import { Notes } from "../question/notes";
import { useNotes } from "../question/use-notes";
import { Nothing } from "../ui/panel";
import { begun, cellInWords, dataOf, isNothing, tableRows } from "./shape";
import { listed, peopleOf, questionOf, readTrend, searchOf, type TrendSearch } from "./state";
import { Table } from "./table";
import { texts } from "./texts";
import { questionInWords } from "./words";

function Shown({ answer: whole, onChange }: ShownProps<TrendAnswer, TrendSearch>) {
  const answer = begun(whole);
  const names = useSegmentNames();
  const navigate = useNavigate();
  const { question, meta } = answer;
  const starts = (answer.series[0]?.points ?? []).map(({ at }) => at);
  const notes = useNotes(question, starts, question.interval);
  if (isNothing(answer)) return <Nothing title={texts.nothing} next={texts.nothingNext} />;
  const sentence = questionInWords(question, names);
  const data = { ...dataOf(answer, names), marks: notes.marks };
  return (
    <Answer
      insight="trend"
      question={question}
      title={texts.title}
      sentence={sentence}
      meta={meta}
      picture={
        <>
          <Lines data={data} label={sentence} />
          <Notes notes={notes} />
        </>
      }
      paint={(words, scheme) => linesPicture(data, words, scheme)}
      rows={() => tableRows(answer, names)}
      onPeople={() => void navigate({ to: "/segments/new", search: { rule: peopleOf(question) } })}
    >
      <Table answer={answer} names={names} onChoose={(cell) => onChange({ cell })} />
    </Answer>
  );
}

export const kind: Kind<TrendQuestion, TrendAnswer, TrendSearch> = {
  insight: "trend",
  title: texts.title,
  to: "/trends",
  // Of one line.
  height: 458,
  dated: true,
  read: readTrend,
  questionOf,
  searchOf,
  ask: (question) => trend(listed(question)),
  Shown,
  behind: ({ cell }, question, names) =>
    cell && { of: { kind: "trend", question, cell }, words: cellInWords(cell, question, names) },
};
