// Stickiness: how many people are active in a day, a week and a month, and on how many days.
import { Stack, Title } from "@mantine/core";
import { keepPreviousData, useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";

import { account } from "../api/account";
import { stickiness, type StickinessAnswer } from "../api/insights";
import { Columns } from "../charts/columns";
import { Lines } from "../charts/lines";
import { MatchPicker } from "../filters/match-picker";
import { ForPeople, useSegmentNames } from "../filters/segment-picker";
import { useRange } from "../filters/use-range";
import { Answer } from "../question/answer";
import { PeopleBehind } from "../question/behind";
import { QuestionPage } from "../question/question-page";
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
import { DEFAULT_MATCH, questionOf, type StickinessCell, type StickinessSearch } from "./state";
import { Table } from "./table";
import { texts } from "./texts";

const HEIGHT = 1_200;
const SHARE_HEIGHT = 180;

function Picture({ answer, onChoose }: ShownProps) {
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

function StickinessShown({ answer, onChoose }: ShownProps) {
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
type ShownProps = { answer: StickinessAnswer; onChoose: (cell: StickinessCell) => void };

function Sentence({ search, onChange }: SentenceProps) {
  return (
    <div className="sentence" role="group" aria-label={texts.question}>
      <span>{texts.lead}</span>
      <MatchPicker
        any
        value={search.active ?? DEFAULT_MATCH}
        label={texts.active}
        onChange={(active) => onChange({ active, cell: undefined })}
      />
      <span>{texts.tail}</span>
      <ForPeople
        value={search.segment}
        onChange={(segment) => onChange({ segment, cell: undefined })}
      />
    </div>
  );
}
type SentenceProps = { search: StickinessSearch; onChange: (more: StickinessSearch) => void };

export function Stickiness() {
  const { timezone } = useSuspenseQuery(account).data;
  const search = useSearch({ from: "/inside/stickiness" });
  const navigate = useNavigate({ from: "/stickiness" });
  const question = questionOf(search, useRange(search, timezone), timezone);
  const asked = useQuery({ ...stickiness(question), placeholderData: keepPreviousData });
  const change = (more: StickinessSearch) =>
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
        {(answer) => <StickinessShown answer={answer} onChoose={(next) => change({ cell: next })} />}
      </QuestionPage>
      <PeopleBehind
        of={cell && { kind: "stickiness", question, cell }}
        words={cell ? cellInWords(cell) : ""}
        zone={timezone}
        onClose={() => change({ cell: undefined })}
      />
    </>
  );
}
