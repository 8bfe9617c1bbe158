// Paths: what people do after an event, or before one, step by step.
import { Text } from "@mantine/core";
import { keepPreviousData, useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";

import { account } from "../api/account";
import { paths, type PathsAnswer } from "../api/insights";
import { eventNames } from "../api/names";
import { SankeyDiagram } from "../charts/sankey-diagram";
import { sankeyPicture } from "../charts/sankey-picture";
import { useSegmentNames } from "../filters/segment-picker";
import { useRange } from "../filters/use-range";
import { Answer } from "../question/answer";
import { PeopleBehind } from "../question/behind";
import { QuestionPage } from "../question/question-page";
import { Loading, Nothing } from "../ui/panel";
import { Sentence } from "./sentence";
import { answerInWords, cellInWords, cellOf, questionInWords, sankeyOf, tableRows, totalOf } from "./shape";
import { type PathsCell, type PathsSearch, questionOf } from "./state";
import { Table } from "./table";
import { texts } from "./texts";

/** The heights of a question and of an answer of three steps. */
const SENTENCE = 88;
const HEIGHT = 900;

function PathsShown({ answer, onChoose }: ShownProps) {
  const sentence = questionInWords(answer.question, useSegmentNames());
  if (totalOf(answer) === 0) return <Nothing title={texts.nothing} next={texts.nothingNext} />;
  const data = sankeyOf(answer);
  return (
    <Answer
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
type ShownProps = { answer: PathsAnswer; onChoose: (cell: PathsCell) => void };

export function Paths() {
  const { timezone } = useSuspenseQuery(account).data;
  const search = useSearch({ from: "/inside/paths" });
  const navigate = useNavigate({ from: "/paths" });
  const names = useQuery(eventNames);
  // What happens most often is where most paths begin.
  const first = names.data?.names[0];
  const event = search.event ?? (first && { event: first.name });
  const question = questionOf(search, event ?? { event: "" }, useRange(search, timezone), timezone);
  const asked = useQuery({
    ...paths(question),
    placeholderData: keepPreviousData,
    enabled: event !== undefined,
  });
  const change = (more: PathsSearch) =>
    void navigate({ search: (old) => ({ ...old, event, ...more }), resetScroll: false });
  const sentence = event && <Sentence search={search} event={event} onChange={change} />;
  const none = !event && names.isSuccess;
  const { cell } = search;
  return (
    <>
      <QuestionPage
        title={texts.title}
        sentence={sentence ?? (names.isPending ? <Loading height={SENTENCE} /> : undefined)}
        query={event ? asked : { ...asked, error: names.error, refetch: names.refetch }}
        height={HEIGHT}
        instead={none ? <Nothing title={texts.noEvents} next={texts.noEventsNext} /> : undefined}
      >
        {(answer) => <PathsShown answer={answer} onChoose={(next) => change({ cell: next })} />}
      </QuestionPage>
      <PeopleBehind
        of={cell && event && { kind: "paths", question, cell }}
        words={cell ? cellInWords(cell, question) : ""}
        zone={timezone}
        onClose={() => change({ cell: undefined })}
      />
    </>
  );
}
