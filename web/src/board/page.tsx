// The app at a glance: who is active, new, back and paying, with the period before beside.
import "./board.css";

import { Group, Stack, Title } from "@mantine/core";
import { keepPreviousData, useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";

import { account } from "../api/account";
import { board, type BoardAnswer } from "../api/insights";
import { Lines, linesPicture } from "../charts/lines";
import { Choice, EventPicker, PropertyPicker } from "../filters/pickers";
import { ForPeople, useSegmentNames } from "../filters/segment-picker";
import { useRange } from "../filters/use-range";
import { Answer } from "../question/answer";
import { QuestionPage } from "../question/question-page";
import { Nothing } from "../ui/panel";
import { type Card, cardsOf, lineOf, questionInWords, tableRows } from "./shape";
import {
  type BoardSearch,
  DAILY,
  type Daily,
  DEFAULT_ACTIVE,
  DEFAULT_AMOUNT,
  DEFAULT_PAID,
  DEFAULT_SHOW,
  peopleOf,
  questionOf,
} from "./state";
import { Table } from "./table";
import { texts } from "./texts";

const HEIGHT = 1_300;

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

function Picture({ answer, show, label, onShow }: PictureProps) {
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
        <Lines data={lineOf(answer, show)} label={label} />
      </section>
    </Stack>
  );
}
type PictureProps = { answer: BoardAnswer; show: Daily; label: string; onShow: (show: Daily) => void };

function BoardShown({ answer, show, onShow }: ShownProps) {
  const navigate = useNavigate();
  const question = questionInWords(answer.question, useSegmentNames());
  const { current, previous } = answer;
  if (current.active === 0 && previous.active === 0) {
    return <Nothing title={texts.nothing} next={texts.nothingNext} />;
  }
  const sentence = `${texts.daily[show]}: ${question}`;
  return (
    <Answer
      title={texts.title}
      sentence={sentence}
      meta={answer.meta}
      picture={<Picture answer={answer} show={show} label={sentence} onShow={onShow} />}
      paint={(words, scheme) => linesPicture(lineOf(answer, show), words, scheme)}
      rows={() => tableRows(answer)}
      onPeople={() =>
        void navigate({ to: "/segments/new", search: { rule: peopleOf(answer.question) } })
      }
    >
      <Table answer={answer} />
    </Answer>
  );
}
type ShownProps = { answer: BoardAnswer; show: Daily; onShow: (show: Daily) => void };

function Sentence({ search, onChange }: SentenceProps) {
  return (
    <div className="sentence" role="group" aria-label={texts.question}>
      <span>{texts.lead}</span>
      <EventPicker
        any
        value={search.active ?? DEFAULT_ACTIVE}
        label={texts.active}
        onChange={(active) => onChange({ active })}
      />
      <span>{texts.paidBy}</span>
      <PropertyPicker
        of="event"
        value={{ property: search.amount ?? DEFAULT_AMOUNT, scope: "event" }}
        label={texts.amount}
        onChange={(amount) => onChange({ amount: amount?.property })}
      />
      <span>{texts.in}</span>
      <EventPicker
        value={search.paid ?? DEFAULT_PAID}
        label={texts.paid}
        onChange={(paid) => onChange({ paid })}
      />
      <ForPeople value={search.segment} onChange={(segment) => onChange({ segment })} />
    </div>
  );
}
type SentenceProps = { search: BoardSearch; onChange: (more: BoardSearch) => void };

export function Board() {
  const { timezone } = useSuspenseQuery(account).data;
  const search = useSearch({ from: "/inside/board" });
  const navigate = useNavigate({ from: "/board" });
  const question = questionOf(search, useRange(search, timezone), timezone);
  const asked = useQuery({ ...board(question), placeholderData: keepPreviousData });
  const change = (more: BoardSearch) =>
    void navigate({ search: (old) => ({ ...old, ...more }), resetScroll: false });
  return (
    <QuestionPage
      title={texts.title}
      sentence={<Sentence search={search} onChange={change} />}
      query={asked}
      height={HEIGHT}
    >
      {(answer) => (
        <BoardShown
          answer={answer}
          show={search.show ?? DEFAULT_SHOW}
          onShow={(show) => change({ show })}
        />
      )}
    </QuestionPage>
  );
}
