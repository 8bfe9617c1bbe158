// Pivot as a question: events measured by two sides of a table, the stronger filled the larger a cell is.
import { useNavigate } from "@tanstack/react-router";

import { pivot, type PivotAnswer, type PivotQuestion } from "../api/insights";
import { HeatMap } from "../charts/heat-map";
import { heatPicture } from "../charts/heat-picture";
import { useSegmentNames } from "../filters/segment-picker";
import { Answer } from "../question/answer";
import type { Kind, ShownProps } from "../question/kind";
import { Nothing } from "../ui/panel";
import { cellAt, cellInWords, heatOf, inWords, isEmpty, questionInWords, tableRows } from "./shape";
import { peopleOf, type PivotSearch, questionOf, readPivot, searchOf } from "./state";
import { texts } from "./texts";

function Shown({ answer, onChange }: ShownProps<PivotAnswer, PivotSearch>) {
  const navigate = useNavigate();
  const sentence = questionInWords(answer.question, useSegmentNames());
  if (isEmpty(answer)) return <Nothing title={texts.nothing} next={texts.nothingNext} />;
  const data = heatOf(answer);
  return (
    <Answer
      insight="pivot"
      question={answer.question}
      title={texts.title}
      sentence={sentence}
      meta={answer.meta}
      picture={
        <HeatMap
          data={data}
          label={sentence}
          described={inWords(answer)}
          onChoose={(row, column) => onChange({ cell: cellAt(answer, row, column) })}
        />
      }
      paint={(words, scheme) => heatPicture(data, words, scheme)}
      rows={() => tableRows(answer)}
      onPeople={() =>
        void navigate({ to: "/segments/new", search: { rule: peopleOf(answer.question) } })
      }
    />
  );
}

export const kind: Kind<PivotQuestion, PivotAnswer, PivotSearch> = {
  insight: "pivot",
  title: texts.title,
  to: "/pivot",
  // Of a week's days.
  height: 400,
  dated: true,
  read: readPivot,
  questionOf,
  searchOf,
  ask: pivot,
  Shown,
  behind: ({ cell }, question) =>
    cell && { of: { kind: "pivot", question, cell }, words: cellInWords(cell, question) },
};
