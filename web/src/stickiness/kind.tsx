// Stickiness as a question: how many people are active in a day, a week and a month, and on how many days.
import { Stack, Title } from "@mantine/core";

import { stickiness, type StickinessAnswer, type StickinessQuestion } from "../api/insights";
import { Columns } from "../charts/columns";
import { Lines } from "../charts/lines";
import { useSegmentNames } from "../filters/segment-picker";
import { Answer } from "../question/answer";
import type { Kind, ShownProps } from "../question/kind";
import { Notes } from "../question/notes";
import { type Notes as Known, useNotes } from "../question/use-notes";
import { Nothing } from "../ui/panel";
import { stickinessPicture } from "./picture";
import {
  cellInWords,
  columnsInWords,
  columnsOf,
  daysOf,
  questionInWords,
  reachLines,
  shareLine,
  tableRows,
} from "./shape";
import {
  questionOf,
  readStickiness,
  searchOf,
  type StickinessCell,
  type StickinessSearch,
} from "./state";
import { Table } from "./table";
import { texts } from "./texts";

const SHARE_HEIGHT = 180;

function Picture({ answer, notes, onChoose }: PictureProps) {
  const days = daysOf(answer);
  const { marks } = notes;
  return (
    <Stack gap={16}>
      <section>
        <Title order={2}>{texts.reach}</Title>
        <Lines data={{ ...reachLines(days), marks }} label={texts.reach} />
      </section>
      <section>
        <Title order={2}>{texts.share}</Title>
        <Lines data={{ ...shareLine(days), marks }} label={texts.share} height={SHARE_HEIGHT} />
        <Notes notes={notes} />
      </section>
      <section>
        <Title order={2} mb={8}>
          {texts.histogram}
        </Title>
        <Columns
          columns={columnsOf(answer)}
          label={texts.histogram}
          described={columnsInWords(answer)}
          onChoose={(place) => onChoose({ days: answer.histogram[place]?.days ?? 1 })}
        />
      </section>
    </Stack>
  );
}
type PictureProps = { answer: StickinessAnswer; notes: Known; onChoose: (cell: StickinessCell) => void };

function Shown({ answer, onChange }: ShownProps<StickinessAnswer, StickinessSearch>) {
  const onChoose = (cell: StickinessCell) => onChange({ cell });
  const sentence = questionInWords(answer.question, useSegmentNames());
  const starts = daysOf(answer).map(({ at }) => at);
  const notes = useNotes(answer.question, starts);
  if (answer.histogram.every(({ people }) => people === 0)) {
    return <Nothing title={texts.nothing} next={texts.nothingNext} />;
  }
  return (
    <Answer
      insight="stickiness"
      question={answer.question}
      title={texts.title}
      sentence={sentence}
      meta={answer.meta}
      picture={<Picture answer={answer} notes={notes} onChoose={onChoose} />}
      paint={(words, scheme) => stickinessPicture(answer, notes.marks, words, scheme)}
      rows={() => tableRows(answer)}
    >
      <Table answer={answer} onChoose={onChoose} />
    </Answer>
  );
}

export const kind: Kind<StickinessQuestion, StickinessAnswer, StickinessSearch> = {
  insight: "stickiness",
  title: texts.title,
  to: "/stickiness",
  height: 1_200,
  dated: true,
  read: readStickiness,
  questionOf,
  searchOf,
  ask: stickiness,
  Shown,
  behind: ({ cell }, question) =>
    cell && { of: { kind: "stickiness", question, cell }, words: cellInWords(cell) },
};
