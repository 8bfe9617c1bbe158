// The app at a glance as a question: who is active, new, back and paying, with the period before beside.
import "./board.css";

import { Group, Stack, Title } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";

import { board, type BoardAnswer, type BoardQuestion } from "../api/insights";
import type { LinesData } from "../charts/line-option";
import { Lines, linesPicture } from "../charts/lines";
import { Choice } from "../filters/pickers";
import { useSegmentNames } from "../filters/segment-picker";
import { Answer } from "../question/answer";
import type { Kind, ShownProps } from "../question/kind";
import { Notes } from "../question/notes";
import { type Notes as Known, useNotes } from "../question/use-notes";
import { Nothing } from "../ui/panel";
import { type Card, cardsOf, daysOf, lineOf, questionInWords, tableRows } from "./shape";
import {
  type BoardSearch,
  DAILY,
  type Daily,
  DEFAULT_SHOW,
  peopleOf,
  questionOf,
  readBoard,
  searchOf,
} from "./state";
import { Table } from "./table";
import { texts } from "./texts";

function Figures({ title, cards }: { title: string; cards: Card[] }) {
  return (
    <section>
      <Title order={2}>{title}</Title>
      <dl className="figures">
        {cards.map(({ name, hint, value, whole, before }) => (
          <div key={name} className="figure">
            <dt>{name}</dt>
            <dd className="value" title={whole}>
              {value}
            </dd>
            <dd className="more">{before}</dd>
            <dd className="more quiet">{hint}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function Picture({ answer, line, notes, show, label, onShow }: PictureProps) {
  return (
    <Stack gap={24}>
      {cardsOf(answer).map(({ title, cards }) => (
        <Figures key={title} title={title} cards={cards} />
      ))}
      <section>
        <Group gap={8} mb={8}>
          <Title order={2}>{texts.dayByDay}</Title>
          <Choice
            value={show}
            label={texts.show}
            options={DAILY.map((value) => ({ value, label: texts.daily[value] ?? value }))}
            onChange={onShow}
          />
        </Group>
        <Lines data={line} label={label} />
        <Notes notes={notes} />
      </section>
    </Stack>
  );
}
type PictureProps = {
  answer: BoardAnswer;
  line: LinesData;
  notes: Known;
  show: Daily;
  label: string;
  onShow: (show: Daily) => void;
};

function Shown({ answer, search, onChange }: ShownProps<BoardAnswer, BoardSearch>) {
  const navigate = useNavigate();
  const question = questionInWords(answer.question, useSegmentNames());
  const { current, previous } = answer;
  const { show = DEFAULT_SHOW } = search;
  const starts = daysOf(current).map(({ at }) => at);
  const notes = useNotes(answer.question, starts);
  if (current.active === 0 && previous.active === 0) {
    return <Nothing title={texts.nothing} next={texts.nothingNext} />;
  }
  const sentence = `${texts.daily[show]}: ${question}`;
  const line = { ...lineOf(answer, show), marks: notes.marks };
  return (
    <Answer
      insight="board"
      question={answer.question}
      title={texts.title}
      sentence={sentence}
      meta={answer.meta}
      picture={
        <Picture
          answer={answer}
          line={line}
          notes={notes}
          show={show}
          label={sentence}
          onShow={(next) => onChange({ show: next })}
        />
      }
      paint={(words, scheme) => linesPicture(line, words, scheme)}
      rows={() => tableRows(answer)}
      onPeople={() =>
        void navigate({ to: "/segments/new", search: { rule: peopleOf(answer.question) } })
      }
    >
      <Table answer={answer} />
    </Answer>
  );
}

export const kind: Kind<BoardQuestion, BoardAnswer, BoardSearch> = {
  insight: "board",
  title: texts.title,
  to: "/board",
  height: 1_300,
  dated: true,
  read: readBoard,
  questionOf,
  searchOf,
  ask: board,
  Shown,
};
