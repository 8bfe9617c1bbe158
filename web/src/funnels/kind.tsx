// Funnels as a question: how many people go from one event to the next, where they are lost, how long it
// takes, and how that changes over time.
import { Stack } from "@mantine/core";

import { funnel, type FunnelAnswer, type FunnelQuestion } from "../api/insights";
import { FunnelBars } from "../charts/funnel-bars";
import { funnelPicture } from "../charts/funnel-picture";
import { useSegmentNames } from "../filters/segment-picker";
import type { SegmentNames } from "../filters/words";
import { Answer } from "../question/answer";
import type { Kind, ShownProps } from "../question/kind";
import { Nothing } from "../ui/panel";
import { OverTime } from "./over-time";
import { barsOf, cellInWords, tableRows } from "./shape";
import { type FunnelCell, type FunnelSearch, questionOf, readFunnel, searchOf } from "./state";
import { Table } from "./table";
import { texts } from "./texts";
import { Times } from "./times";
import { questionInWords } from "./words";

/** The whole period, as bars. */
function Whole({ answer, names, sentence, onChoose }: WholeProps) {
  const data = barsOf(answer, names);
  return (
    <Answer
      insight="funnel"
      question={answer.question}
      title={texts.title}
      sentence={sentence}
      meta={answer.meta}
      picture={<FunnelBars data={data} label={sentence} />}
      paint={(words, scheme) => funnelPicture(data, words, scheme)}
      rows={() => tableRows(answer, names)}
    >
      <Stack gap={24}>
        <Table answer={answer} names={names} onChoose={onChoose} />
        <Times answer={answer} names={names} />
      </Stack>
    </Answer>
  );
}
type WholeProps = {
  answer: FunnelAnswer;
  names: SegmentNames;
  sentence: string;
  onChoose: (cell: FunnelCell) => void;
};

function Shown({ answer, search, onChange }: ShownProps<FunnelAnswer, FunnelSearch>) {
  const names = useSegmentNames();
  const { question } = answer;
  const sentence = questionInWords(question, names);
  if ((answer.steps[0]?.count ?? 0) === 0) {
    const next = question.hold ? texts.nothingHeld : texts.nothingNext;
    return <Nothing title={texts.nothing} next={next} />;
  }
  const shown = { answer, names, sentence };
  return question.interval ? (
    <OverTime {...shown} way={search.way} onChange={onChange} />
  ) : (
    <Whole {...shown} onChoose={(cell) => onChange({ cell })} />
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
