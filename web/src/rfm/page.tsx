// RFM: who did something how recently, how often and for how much, as ten kinds of people; and with
// a period to compare, who became what.
import { Stack, Text, Title } from "@mantine/core";
import { keepPreviousData, useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";

import { account } from "../api/account";
import { rfm, type RfmAnswer } from "../api/insights";
import { HeatMap } from "../charts/heat-map";
import { Tiles, tilesPicture } from "../charts/tiles";
import { DEFAULT_AMOUNT, RFM_NAMES } from "../filters/kinds";
import { MatchPicker } from "../filters/match-picker";
import { Choice, PropertyPicker } from "../filters/pickers";
import { ForPeople, useSegmentNames } from "../filters/segment-picker";
import { useRange } from "../filters/use-range";
import { Answer } from "../question/answer";
import { PeopleBehind } from "../question/behind";
import { QuestionPage } from "../question/question-page";
import { Nothing } from "../ui/panel";
import { cellInWords, columnKind, inWords, movesOf, questionInWords, tableRows, tilesOf } from "./shape";
import {
  BINS,
  DEFAULT_BINS,
  DEFAULT_MATCH,
  peopleOf,
  questionOf,
  type RfmCell,
  type RfmSearch,
} from "./state";
import { Scores, Table } from "./table";
import { texts } from "./texts";

const HEIGHT = 1_200;
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

function RfmShown({ answer, onChoose }: ShownProps) {
  const navigate = useNavigate();
  const sentence = questionInWords(answer.question, useSegmentNames());
  if (answer.people === 0) return <Nothing title={texts.nothing} next={texts.nothingNext} />;
  const tiles = tilesOf(answer);
  return (
    <Answer
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
type ShownProps = { answer: RfmAnswer; onChoose: (cell: RfmCell) => void };

/** Another question has other numbers: the people of one of them are not shown any more. */
function Sentence({ search, onChange: tell }: SentenceProps) {
  const onChange = (more: RfmSearch) => tell({ cell: undefined, ...more });
  return (
    <div className="sentence" role="group" aria-label={texts.question}>
      <span>{texts.lead}</span>
      <MatchPicker
        any
        value={search.paid ?? DEFAULT_MATCH}
        label={texts.paid}
        onChange={(paid) => onChange({ paid })}
      />
      <span>{texts.worth}</span>
      <PropertyPicker
        of="event"
        value={{ property: search.amount ?? DEFAULT_AMOUNT, scope: "event" }}
        label={texts.amount}
        onChange={(amount) => onChange({ amount: amount?.property })}
      />
      <span>{texts.cameTo}</span>
      <Choice
        value={`${search.bins ?? DEFAULT_BINS}`}
        label={texts.bins}
        options={BINS.map((count) => ({ value: `${count}`, label: texts.inBins(count) }))}
        onChange={(bins) => onChange({ bins: Number(bins) })}
      />
      <ForPeople value={search.segment} onChange={(segment) => onChange({ segment })} />
    </div>
  );
}
type SentenceProps = { search: RfmSearch; onChange: (more: RfmSearch) => void };

export function Rfm() {
  const { timezone } = useSuspenseQuery(account).data;
  const search = useSearch({ from: "/inside/rfm" });
  const navigate = useNavigate({ from: "/rfm" });
  const question = questionOf(search, useRange(search, timezone), timezone);
  const asked = useQuery({ ...rfm(question), placeholderData: keepPreviousData });
  const change = (more: RfmSearch) =>
    void navigate({ search: (old) => ({ ...old, ...more }), resetScroll: false });
  const { cell } = search;
  return (
    <>
      <QuestionPage
        title={texts.title}
        sentence={<Sentence search={search} onChange={change} />}
        query={asked}
        height={HEIGHT}
      >
        {(answer) => <RfmShown answer={answer} onChoose={(next) => change({ cell: next })} />}
      </QuestionPage>
      <PeopleBehind
        of={cell && { kind: "rfm", question, cell }}
        words={cell ? cellInWords(cell) : ""}
        zone={timezone}
        onClose={() => change({ cell: undefined })}
      />
    </>
  );
}
