// Funnels: how many people go from one event to the next, where they are lost, and how long it takes.
import { Stack } from "@mantine/core";
import { keepPreviousData, useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";

import { account } from "../api/account";
import { funnel, type FunnelAnswer } from "../api/insights";
import { eventNames } from "../api/names";
import { FunnelBars } from "../charts/funnel-bars";
import { funnelPicture } from "../charts/funnel-picture";
import { previous } from "../filters/period";
import { useSegmentNames } from "../filters/segment-picker";
import { useRange } from "../filters/use-range";
import { Answer } from "../question/answer";
import { PeopleBehind } from "../question/behind";
import { QuestionPage } from "../question/question-page";
import { Loading, Nothing } from "../ui/panel";
import { Sentence } from "./sentence";
import { barsOf, cellInWords, tableRows } from "./shape";
import { type FunnelCell, type FunnelSearch, questionOf, suggested } from "./state";
import { Table } from "./table";
import { texts } from "./texts";
import { Times } from "./times";
import { questionInWords } from "./words";

/** The heights of a question and an answer of three steps. */
const SENTENCE = 210;
const HEIGHT = 780;

function FunnelShown({ answer, before, onChoose }: ShownProps) {
  const names = useSegmentNames();
  const sentence = questionInWords(answer.question, names);
  if ((answer.steps[0]?.count ?? 0) === 0) {
    const next = answer.question.hold ? texts.nothingHeld : texts.nothingNext;
    return <Nothing title={texts.nothing} next={next} />;
  }
  const data = barsOf(answer, before, names);
  return (
    <Answer
      title={texts.title}
      sentence={sentence}
      meta={answer.meta}
      picture={<FunnelBars data={data} label={sentence} />}
      paint={(words, scheme) => funnelPicture(data, words, scheme)}
      rows={() => tableRows(answer, names)}
    >
      <Stack gap={24}>
        <Table answer={answer} before={before} names={names} onChoose={onChoose} />
        <Times answer={answer} names={names} />
      </Stack>
    </Answer>
  );
}
type ShownProps = {
  answer: FunnelAnswer;
  before: FunnelAnswer | undefined;
  onChoose: (cell: FunnelCell) => void;
};

export function Funnels() {
  const { data } = useSuspenseQuery(account);
  const found = useSearch({ from: "/inside/funnels" });
  const navigate = useNavigate({ from: "/funnels" });
  const names = useQuery(eventNames);
  const segmentNames = useSegmentNames();
  const search = { ...found, steps: found.steps ?? suggested(names.data?.names ?? []) };
  const zone = data.timezone;
  const range = useRange(found, zone);
  const complete = search.steps.length >= 2;
  const question = questionOf(search, range, zone);
  const asked = useQuery({
    ...funnel(question),
    placeholderData: keepPreviousData,
    enabled: complete,
  });
  const earlier = useQuery({
    ...funnel(questionOf(search, previous(range), zone)),
    enabled: complete && found.compare === true,
  });
  const change = (more: FunnelSearch) =>
    void navigate({
      search: (old) => ({ ...old, steps: search.steps, ...more }),
      resetScroll: false,
    });
  const { cell } = found;
  const waits = complete || names.isPending;
  const sentence = () => {
    if (search.steps.length > 0) return <Sentence search={search} onChange={change} />;
    return names.isPending ? <Loading height={SENTENCE} /> : undefined;
  };
  return (
    <>
      <QuestionPage
        title={texts.title}
        sentence={sentence()}
        query={asked}
        height={HEIGHT}
        instead={waits ? undefined : <Nothing title={texts.twoSteps} next={texts.twoStepsNext} />}
      >
        {(answer) => (
          <FunnelShown
            answer={answer}
            before={found.compare ? earlier.data : undefined}
            onChoose={(next) => change({ cell: next })}
          />
        )}
      </QuestionPage>
      <PeopleBehind
        of={cell && complete ? { kind: "funnel", question, cell } : undefined}
        words={cell ? cellInWords(cell, question, segmentNames) : ""}
        zone={zone}
        onClose={() => change({ cell: undefined })}
      />
    </>
  );
}
