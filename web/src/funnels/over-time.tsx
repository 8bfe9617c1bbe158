// A funnel over time: the share that converts, as lines over when people started.
import { Stack, Text } from "@mantine/core";

import type { FunnelAnswer } from "../api/insights";
import { Lines, linesPicture } from "../charts/lines";
import { Choice } from "../filters/pickers";
import type { SegmentNames } from "../filters/words";
import { Answer } from "../question/answer";
import { Notes } from "../question/notes";
import { useNotes } from "../question/use-notes";
import { coursesOf, endsOf, linesOf, pointRows } from "./points";
import { PointsTable } from "./points-table";
import { tableRows } from "./shape";
import type { FunnelCell } from "./state";
import { Table } from "./table";
import { texts } from "./texts";
import { Times } from "./times";

/** The whole way is no step. */
const WHOLE = "whole";

/** From which step to which the share is told. */
function Way({ steps, value, onChange }: WayProps) {
  const ways = Array.from({ length: steps - 1 }, (_, index) => ({
    value: `${index + 2}`,
    label: texts.wayTo(index + 1, index + 2),
  }));
  return (
    <div className="sentence" style={{ marginBottom: 12 }}>
      <span>{texts.conversion}</span>
      <Choice
        value={value !== undefined && value <= steps ? `${value}` : WHOLE}
        label={texts.conversionOf}
        options={[{ value: WHOLE, label: texts.wholeWay }, ...ways]}
        onChange={(next) => onChange(next === WHOLE ? undefined : Number(next))}
      />
    </div>
  );
}
type WayProps = {
  steps: number;
  value: number | undefined;
  onChange: (way: number | undefined) => void;
};

export function OverTime({ answer, names, sentence, way, onChange }: OverTimeProps) {
  const { question } = answer;
  const starts = (coursesOf(answer, names)[0]?.points ?? []).map(({ at }) => at);
  const notes = useNotes(question, starts, question.interval);
  const data = { ...linesOf(answer, way, names), marks: notes.marks };
  const steps = question.steps.length;
  const called = way === undefined ? sentence : `${texts.converted(...endsOf(steps, way))}: ${sentence}`;
  const choose = (cell: FunnelCell) => onChange({ cell });
  return (
    <Answer
      insight="funnel"
      question={question}
      title={texts.title}
      sentence={called}
      asked={sentence}
      meta={answer.meta}
      notKept={way ? texts.wayNotKept : undefined}
      picture={
        <>
          <Way steps={steps} value={way} onChange={(next) => onChange({ way: next })} />
          <Lines data={data} label={called} />
          <Notes notes={notes} />
        </>
      }
      paint={(words, scheme) => linesPicture(data, words, scheme)}
      rows={() => [...tableRows(answer, names), ...pointRows(answer, names)]}
    >
      <Stack gap={24}>
        <div>
          <PointsTable answer={answer} names={names} way={way} onChoose={choose} />
          <Text size="xs" className="quiet" mt={8}>
            {data.incomplete.includes(true) && texts.mayCome}{" "}
            {answer.groups.length > 0 && texts.notOfGroups}
          </Text>
        </div>
        <Table answer={answer} names={names} onChoose={choose} />
        <Times answer={answer} names={names} />
      </Stack>
    </Answer>
  );
}
type OverTimeProps = {
  answer: FunnelAnswer;
  names: SegmentNames;
  /** The question in words. */
  sentence: string;
  way: number | undefined;
  onChange: (more: { cell?: FunnelCell; way?: number | undefined }) => void;
};
