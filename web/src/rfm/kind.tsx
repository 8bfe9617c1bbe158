// RFM as a question: ten kinds of people, and with a period to compare, who became what.
import { Stack, Text, Title } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";

import { rfm, type RfmAnswer, type RfmQuestion } from "../api/insights";
import { HeatMap } from "../charts/heat-map";
import { Tiles, tilesPicture } from "../charts/tiles";
import { RFM_NAMES } from "../filters/kinds";
import { useSegmentNames } from "../filters/segment-picker";
import { Answer } from "../question/answer";
import type { Kind, ShownProps } from "../question/kind";
import { Nothing } from "../ui/panel";
import { cellInWords, columnKind, inWords, movesOf, questionInWords, tableRows, tilesOf } from "./shape";
import { peopleOf, questionOf, readRfm, type RfmCell, type RfmSearch, searchOf } from "./state";
import { Scores, Table } from "./table";
import { texts } from "./texts";

const WAYS = { across: texts.recent, up: texts.often };

function Moves({ moves, onChoose }: MovesProps) {
  const { data, rows } = movesOf(moves);
  return (
    <section>
      <Title order={2}>{texts.moves}</Title>
      <Text size="sm" className="quiet" mb={8}>
        {texts.movesHint}
      </Text>
      <HeatMap
        data={data}
        label={texts.moves}
        onChoose={(row, column) => {
          const from = rows[row];
          if (from && column !== undefined) onChoose({ from, to: columnKind(column) });
        }}
      />
    </section>
  );
}
type MovesProps = {
  moves: NonNullable<RfmAnswer["moves"]>;
  onChoose: (cell: RfmCell) => void;
};

function Shown({ answer, onChange }: ShownProps<RfmAnswer, RfmSearch>) {
  const onChoose = (cell: RfmCell) => onChange({ cell });
  const navigate = useNavigate();
  const sentence = questionInWords(answer.question, useSegmentNames());
  if (answer.people === 0) return <Nothing title={texts.nothing} next={texts.nothingNext} />;
  const tiles = tilesOf(answer);
  return (
    <Answer
      insight="rfm"
      question={answer.question}
      title={texts.title}
      sentence={sentence}
      meta={answer.meta}
      picture={
        <Tiles
          tiles={tiles}
          ways={WAYS}
          label={texts.kinds}
          described={inWords(answer)}
          onChoose={(index) => onChoose({ segment: RFM_NAMES[index] ?? "Champions" })}
        />
      }
      paint={(words, scheme) => tilesPicture(tiles, WAYS, words, scheme)}
      rows={() => tableRows(answer)}
      onPeople={() =>
        void navigate({ to: "/segments/new", search: { rule: peopleOf(answer.question) } })
      }
    >
      <Stack gap={24}>
        <Table answer={answer} onChoose={onChoose} />
        {answer.moves && <Moves moves={answer.moves} onChoose={onChoose} />}
        <section>
          <Title order={2}>{texts.scores}</Title>
          <Text size="sm" className="quiet" mb={8}>
            {texts.highest}
          </Text>
          <Scores answer={answer} onChoose={onChoose} />
        </section>
      </Stack>
    </Answer>
  );
}

export const kind: Kind<RfmQuestion, RfmAnswer, RfmSearch> = {
  insight: "rfm",
  title: texts.title,
  to: "/rfm",
  height: 1_200,
  dated: true,
  read: readRfm,
  questionOf,
  searchOf,
  ask: rfm,
  Shown,
  behind: ({ cell }, question) =>
    cell && { of: { kind: "rfm", question, cell }, words: cellInWords(cell) },
};
