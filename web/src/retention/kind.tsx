// Retention as a question: of the people who began together, how many come back, period by period.
import { useState } from "react";

import { retention, type RetentionAnswer, type RetentionQuestion } from "../api/insights";
import { HeatMap } from "../charts/heat-map";
import { heatPicture } from "../charts/heat-picture";
import { Choice } from "../filters/pickers";
import { useSegmentNames } from "../filters/segment-picker";
import { Answer } from "../question/answer";
import type { Kind, ShownProps } from "../question/kind";
import { Nothing } from "../ui/panel";
import { cellInWords, groupName, groupOf, heatOf, sizeOf, tableRows } from "./shape";
import { beside, questionOf, readRetention, type RetentionSearch, searchOf } from "./state";
import { Table } from "./table";
import { texts } from "./texts";
import { questionInWords } from "./words";

function Shown({ answer, onChange }: ShownProps<RetentionAnswer, RetentionSearch>) {
  const [chosen, setChosen] = useState<unknown[]>();
  const sentence = questionInWords(answer.question, useSegmentNames());
  if (sizeOf(answer) === 0) return <Nothing title={texts.nothing} next={texts.nothingNext} />;
  const group = groupOf(answer, chosen);
  const { data, cohorts } = heatOf(answer, group);
  const ask = (cohort: string, period: number | undefined) =>
    onChange({
      cell: {
        cohort,
        ...(period === undefined ? {} : { period }),
        ...(group.key ? { key: group.key } : {}),
      },
    });
  const coded = (key: unknown[] | undefined) => JSON.stringify(key ?? null);
  const all = [undefined, ...answer.groups.map(({ key }) => key)];
  return (
    <Answer
      insight="retention"
      question={answer.question}
      title={texts.title}
      sentence={sentence}
      meta={answer.meta}
      picture={
        <>
          {answer.groups.length > 0 && (
            <div className="sentence" style={{ marginBottom: 12 }}>
              <span>{texts.cohortsOf}</span>
              <Choice
                value={coded(group.key)}
                label={texts.group}
                options={all.map((key) => ({ value: coded(key), label: groupName(key) }))}
                onChange={(code) => setChosen(all.find((key) => coded(key) === code))}
              />
            </div>
          )}
          <HeatMap
            data={data}
            label={sentence}
            onChoose={(row, column) => {
              const cohort = cohorts[row];
              if (cohort) ask(cohort.start, column);
            }}
          />
        </>
      }
      paint={(words, scheme) => heatPicture(data, words, scheme)}
      rows={() => tableRows(answer)}
    >
      <Table answer={answer} group={group.key} onChoose={ask} />
    </Answer>
  );
}

export const kind: Kind<RetentionQuestion, RetentionAnswer, RetentionSearch> = {
  insight: "retention",
  title: texts.title,
  to: "/retention",
  // Of four weeks.
  height: 900,
  dated: true,
  read: readRetention,
  questionOf,
  searchOf,
  ask: (question) => retention(beside(question)),
  Shown,
  behind: ({ cell }, question) =>
    cell && { of: { kind: "retention", question, cell }, words: cellInWords(cell, question) },
};
