// Pivot: events measured by two sides of a table, the stronger filled the larger a cell is.
import { keepPreviousData, useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";

import { account } from "../api/account";
import { pivot, type PivotAnswer } from "../api/insights";
import { HeatMap } from "../charts/heat-map";
import { heatPicture } from "../charts/heat-picture";
import { useSegmentNames } from "../filters/segment-picker";
import { useRange } from "../filters/use-range";
import { Answer } from "../question/answer";
import { PeopleBehind } from "../question/behind";
import { QuestionPage } from "../question/question-page";
import { Nothing } from "../ui/panel";
import { Sentence } from "./sentence";
import { cellAt, cellInWords, heatOf, inWords, isEmpty, questionInWords, tableRows } from "./shape";
import { peopleOf, type PivotCell, type PivotSearch, questionOf } from "./state";
import { texts } from "./texts";

/** The height of an answer of a week's days. */
const HEIGHT = 400;

function PivotShown({ answer, onChoose }: ShownProps) {
  const navigate = useNavigate();
  const sentence = questionInWords(answer.question, useSegmentNames());
  if (isEmpty(answer)) return <Nothing title={texts.nothing} next={texts.nothingNext} />;
  const data = heatOf(answer);
  return (
    <Answer
      title={texts.title}
      sentence={sentence}
      meta={answer.meta}
      picture={
        <HeatMap
          data={data}
          label={sentence}
          described={inWords(answer)}
          onChoose={(row, column) => onChoose(cellAt(answer, row, column))}
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
type ShownProps = { answer: PivotAnswer; onChoose: (cell: PivotCell) => void };

export function Pivot() {
  const { timezone } = useSuspenseQuery(account).data;
  const search = useSearch({ from: "/inside/pivot" });
  const navigate = useNavigate({ from: "/pivot" });
  const question = questionOf(search, useRange(search, timezone), timezone);
  const asked = useQuery({ ...pivot(question), placeholderData: keepPreviousData });
  const change = (more: PivotSearch) =>
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
        {(answer) => <PivotShown answer={answer} onChoose={(next) => change({ cell: next })} />}
      </QuestionPage>
      <PeopleBehind
        of={cell && { kind: "pivot", question, cell }}
        words={cell ? cellInWords(cell, question) : ""}
        zone={timezone}
        onClose={() => change({ cell: undefined })}
      />
    </>
  );
}
