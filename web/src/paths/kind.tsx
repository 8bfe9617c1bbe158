// Paths as a question: what people do after an event, or before one, step by step.
import { Text } from "@mantine/core";

import { paths, type PathsAnswer, type PathsQuestion } from "../api/insights";
import { SankeyDiagram } from "../charts/sankey-diagram";
import { sankeyPicture } from "../charts/sankey-picture";
import { useSegmentNames } from "../filters/segment-picker";
import { Answer } from "../question/answer";
import type { Kind, ShownProps } from "../question/kind";
import { Nothing } from "../ui/panel";
import { answerInWords, cellInWords, cellOf, questionInWords, sankeyOf, tableRows, totalOf } from "./shape";
import { type PathsCell, type PathsSearch, questionOf, readPaths, searchOf } from "./state";
import { Table } from "./table";
import { texts } from "./texts";

function Shown({ answer, onChange }: ShownProps<PathsAnswer, PathsSearch>) {
  const onChoose = (cell: PathsCell) => onChange({ cell });
  const sentence = questionInWords(answer.question, useSegmentNames());
  if (totalOf(answer) === 0) return <Nothing title={texts.nothing} next={texts.nothingNext} />;
  const data = sankeyOf(answer);
  return (
    <Answer
      insight="paths"
      question={answer.question}
      title={texts.title}
      sentence={sentence}
      meta={answer.meta}
      picture={
        <>
          <SankeyDiagram
            data={data}
            label={sentence}
            described={answerInWords(answer)}
            onChoose={(part) => {
              const cell = cellOf(answer, part);
              if (cell) onChoose(cell);
            }}
          />
          <Text size="xs" className="quiet" mt={8}>
            {answer.question.end ? texts.before : texts.further}
          </Text>
        </>
      }
      paint={(words, scheme) => sankeyPicture(data, words, scheme)}
      rows={() => tableRows(answer)}
    >
      <Table answer={answer} onChoose={onChoose} />
    </Answer>
  );
}

export const kind: Kind<PathsQuestion, PathsAnswer, PathsSearch> = {
  insight: "paths",
  title: texts.title,
  to: "/paths",
  // Of three steps.
  height: 900,
  dated: true,
  read: readPaths,
  questionOf,
  searchOf,
  ask: paths,
  Shown,
  behind: ({ cell }, question) =>
    cell && { of: { kind: "paths", question, cell }, words: cellInWords(cell, question) },
};
