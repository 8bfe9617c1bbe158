// Trends as a question: how often something happens over time, as a picture and a table.
import { useNavigate } from "@tanstack/react-router";

import { trend, type TrendAnswer, type TrendQuestion } from "../api/insights";
import { Lines, linesPicture } from "../charts/lines";
import { useSegmentNames } from "../filters/segment-picker";
import { Answer } from "../question/answer";
import type { Kind, ShownProps } from "../question/kind";
import { Nothing } from "../ui/panel";
import { begun, cellInWords, dataOf, isNothing, tableRows } from "./shape";
import { peopleOf, questionOf, readTrend, type TrendSearch } from "./state";
import { Table } from "./table";
import { texts } from "./texts";
import { questionInWords } from "./words";

function Shown({ answer: whole, onChange }: ShownProps<TrendAnswer, TrendSearch>) {
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
      <Table answer={answer} names={names} onChoose={(cell) => onChange({ cell })} />
    </Answer>
  );
}

export const kind: Kind<TrendQuestion, TrendAnswer, TrendSearch> = {
  title: texts.title,
  // Of one line.
  height: 458,
  read: readTrend,
  questionOf,
  ask: trend,
  Shown,
  behind: ({ cell }, question, names) =>
    cell && { of: { kind: "trend", question, cell }, words: cellInWords(cell, question, names) },
};
