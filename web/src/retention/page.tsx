// Retention: of the people who began together, how many come back, period by period.
import { keepPreviousData, useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";

import { account } from "../api/account";
import { retention, type RetentionAnswer } from "../api/insights";
import { HeatMap } from "../charts/heat-map";
import { heatPicture } from "../charts/heat-picture";
import { Choice } from "../filters/pickers";
import { useSegmentNames } from "../filters/segment-picker";
import { useRange } from "../filters/use-range";
import { Answer } from "../question/answer";
import { PeopleBehind } from "../question/behind";
import { QuestionPage } from "../question/question-page";
import { Nothing } from "../ui/panel";
import { Sentence } from "./sentence";
import { cellInWords, groupName, groupOf, heatOf, sizeOf, tableRows } from "./shape";
import { questionOf, type RetentionCell, type RetentionSearch } from "./state";
import { Table } from "./table";
import { texts } from "./texts";
import { questionInWords } from "./words";

/** The height of an answer of four weeks. */
const HEIGHT = 900;

function RetentionShown({ answer, onChoose }: ShownProps) {
  const [chosen, setChosen] = useState<unknown[]>();
  const sentence = questionInWords(answer.question, useSegmentNames());
  if (sizeOf(answer) === 0) return <Nothing title={texts.nothing} next={texts.nothingNext} />;
  const group = groupOf(answer, chosen);
  const { data, cohorts } = heatOf(answer, group);
  const ask = (cohort: string, period: number | undefined) =>
    onChoose({
      cohort,
      ...(period === undefined ? {} : { period }),
      ...(group.key ? { key: group.key } : {}),
    });
  const coded = (key: unknown[] | undefined) => JSON.stringify(key ?? null);
  const all = [undefined, ...answer.groups.map(({ key }) => key)];
  return (
    <Answer
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
type ShownProps = { answer: RetentionAnswer; onChoose: (cell: RetentionCell) => void };

export function Retention() {
  const { timezone } = useSuspenseQuery(account).data;
  const search = useSearch({ from: "/inside/retention" });
  const navigate = useNavigate({ from: "/retention" });
  const question = questionOf(search, useRange(search, timezone), timezone);
  const asked = useQuery({ ...retention(question), placeholderData: keepPreviousData });
  const change = (more: RetentionSearch) =>
    void navigate({ search: (old) => ({ ...old, ...more }), resetScroll: false });
  const { cell } = search;
  return (
    <>
      <QuestionPage
        title={texts.title}
        sentence={<Sentence search={search} onChange={change} />}
        query={asked}
        height={HEIGHT}
      >
        {(answer) => <RetentionShown answer={answer} onChoose={(next) => change({ cell: next })} />}
      </QuestionPage>
      <PeopleBehind
        of={cell && { kind: "retention", question, cell }}
        words={cell ? cellInWords(cell, question) : ""}
        zone={timezone}
        onClose={() => change({ cell: undefined })}
      />
    </>
  );
}
