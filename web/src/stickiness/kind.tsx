// Stickiness as a question: how many people are active in a day, a week and a month, and on how many days.
import { Stack, Title } from "@mantine/core";

import { stickiness, type StickinessAnswer, type StickinessQuestion } from "../api/insights";
import { Columns } from "../charts/columns";
import { Lines } from "../charts/lines";
import { useSegmentNames } from "../filters/segment-picker";
import { Answer } from "../question/answer";
import type { Kind, ShownProps } from "../question/kind";
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
  type StickinessCell,
  type StickinessSearch,
} from "./state";
import { Table } from "./table";
import { texts } from "./texts";

const SHARE_HEIGHT = 180;

function Picture({ answer, onChoose }: PictureProps) {
  const days = daysOf(answer);
  return (
    <Stack gap={16}>
      <section>
        <Title order={2}>{texts.reach}</Title>
        <Lines data={reachLines(days)} label={texts.reach} />
      </section>
      <section>
        <Title order={2}>{texts.share}</Title>
        <Lines data={shareLine(days)} label={texts.share} height={SHARE_HEIGHT} />
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
type PictureProps = { answer: StickinessAnswer; onChoose: (cell: StickinessCell) => void };

function Shown({ answer, onChange }: ShownProps<StickinessAnswer, StickinessSearch>) {
  const onChoose = (cell: StickinessCell) => onChange({ cell });
  const sentence = questionInWords(answer.question, useSegmentNames());
  if (answer.histogram.every(({ people }) => people === 0)) {
    return <Nothing title={texts.nothing} next={texts.nothingNext} />;
  }
  return (
    <Answer
      title={texts.title}
      sentence={sentence}
      meta={answer.meta}
      picture={<Picture answer={answer} onChoose={onChoose} />}
      paint={(words, scheme) => stickinessPicture(answer, words, scheme)}
      rows={() => tableRows(answer)}
    >
      <Table answer={answer} onChoose={onChoose} />
    </Answer>
  );
}

export const kind: Kind<StickinessQuestion, StickinessAnswer, StickinessSearch> = {
  title: texts.title,
  height: 1_200,
  read: readStickiness,
  questionOf,
  ask: stickiness,
  Shown,
  behind: ({ cell }, question) =>
    cell && { of: { kind: "stickiness", question, cell }, words: cellInWords(cell) },
};
