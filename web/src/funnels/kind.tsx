// Funnels as a question: how many people go from one event to the next, where they are lost, how long it
// takes, and how that changes over time.
import { Stack } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";

import { funnel, type FunnelAnswer, type FunnelQuestion } from "../api/insights";
import { FunnelBars } from "../charts/funnel-bars";
import { funnelPicture } from "../charts/funnel-picture";
import { previousDates } from "../filters/period";
import { useSegmentNames } from "../filters/segment-picker";
import type { SegmentNames } from "../filters/words";
import { Answer } from "../question/answer";
import type { Kind, ShownProps } from "../question/kind";
import { Failed, Nothing } from "../ui/panel";
import { OverTime } from "./over-time";
import { barsOf, cellInWords, tableRows } from "./shape";
import { type FunnelCell, type FunnelSearch, questionOf, readFunnel, searchOf } from "./state";
import { Table } from "./table";
import { texts } from "./texts";
import { Times } from "./times";
import { questionInWords } from "./words";

/** The whole period, as bars. */
function Whole({ answer, before, names, sentence, notKept, onChoose }: WholeProps) {
  const data = barsOf(answer, before, names);
  return (
    <Answer
      insight="funnel"
      question={answer.question}
      title={texts.title}
      sentence={sentence}
      meta={answer.meta}
      notKept={notKept}
      picture={<FunnelBars data={data} label={sentence} />}
      paint={(words, scheme) => funnelPicture(data, words, scheme)}
      rows={() => tableRows(answer, before, names)}
    >
      <Stack gap={24}>
        <Table answer={answer} before={before} names={names} onChoose={onChoose} />
        <Times answer={answer} names={names} />
      </Stack>
    </Answer>
  );
}
type WholeProps = {
  answer: FunnelAnswer;
  before: FunnelAnswer | undefined;
  names: SegmentNames;
  sentence: string;
  notKept: string | undefined;
  onChoose: (cell: FunnelCell) => void;
};

function Shown({ answer, search, onChange }: ShownProps<FunnelAnswer, FunnelSearch>) {
  const names = useSegmentNames();
  const { question } = answer;
  const earlier = useQuery({
    ...funnel({ ...question, ...previousDates(question) }),
    enabled: search.compare === true,
  });
  const before = search.compare ? earlier.data : undefined;
  const sentence = questionInWords(question, names);
  if ((answer.steps[0]?.count ?? 0) === 0) {
    const next = question.hold ? texts.nothingHeld : texts.nothingNext;
    return <Nothing title={texts.nothing} next={next} />;
  }
  const notKept = search.compare ? texts.notKept : undefined;
  const failed = search.compare && earlier.error;
  const shown = { answer, before, names, sentence, notKept };
  return (
    <>
      {failed && <Failed error={failed} again={() => void earlier.refetch()} />}
      {question.interval ? (
        <OverTime {...shown} way={search.way} onChange={onChange} />
      ) : (
        <Whole {...shown} onChoose={(cell) => onChange({ cell })} />
      )}
    </>
  );
}

export const kind: Kind<FunnelQuestion, FunnelAnswer, FunnelSearch> = {
  insight: "funnel",
  title: texts.title,
  to: "/funnels",
  // Of three steps.
  height: 780,
  dated: true,
  read: readFunnel,
  questionOf,
  searchOf,
  ask: funnel,
  Shown,
  behind: ({ cell }, question, names) =>
    cell && { of: { kind: "funnel", question, cell }, words: cellInWords(cell, question, names) },
};
