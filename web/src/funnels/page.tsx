// Funnels: how many people go from one event to the next, and where they are lost.
import { keepPreviousData, useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";

import { account } from "../api/account";
import { funnel, type FunnelAnswer } from "../api/insights";
import { eventNames } from "../api/names";
import { FunnelBars } from "../charts/funnel-bars";
import { funnelPicture } from "../charts/funnel-picture";
import { previous } from "../filters/period";
import { useSegmentNames } from "../filters/segment-picker";
import { useRange } from "../filters/use-range";
import { Answer } from "../question/answer";
import { QuestionPage } from "../question/question-page";
import { named } from "../ui/numbers";
import { Loading, Nothing } from "../ui/panel";
import { Sentence } from "./sentence";
import { type FunnelSearch, questionOf, suggested } from "./state";
import { Table, tableRows } from "./table";
import { texts } from "./texts";
import { questionInWords } from "./words";

/** The heights of a question and an answer of three steps. */
const SENTENCE = 168;
const HEIGHT = 516;

function FunnelShown({ answer, before }: ShownProps) {
  const sentence = questionInWords(answer.question, useSegmentNames());
  if ((answer.steps[0]?.count ?? 0) === 0) {
    return <Nothing title={texts.nothing} next={texts.nothingNext} />;
  }
  const groups = answer.groups.map(({ key, steps }) => ({
    name: key.map(named).join(" · "),
    steps,
  }));
  const alone = groups.length === 0 && before?.steps.length === answer.steps.length;
  const data = { steps: answer.steps, groups, before: alone ? before?.steps : undefined };
  return (
    <Answer
      title={texts.title}
      sentence={sentence}
      meta={answer.meta}
      picture={<FunnelBars data={data} label={sentence} />}
      paint={(words, scheme) => funnelPicture(data, words, scheme)}
      rows={() => tableRows(answer)}
    >
      <Table answer={answer} before={before} />
    </Answer>
  );
}
type ShownProps = { answer: FunnelAnswer; before: FunnelAnswer | undefined };

export function Funnels() {
  const { data } = useSuspenseQuery(account);
  const found = useSearch({ from: "/inside/funnels" });
  const navigate = useNavigate({ from: "/funnels" });
  const names = useQuery(eventNames);
  const search = { ...found, steps: found.steps ?? suggested(names.data?.names ?? []) };
  const zone = data.timezone;
  const range = useRange(found, zone);
  const complete = search.steps.length >= 2;
  const asked = useQuery({
    ...funnel(questionOf(search, range, zone)),
    placeholderData: keepPreviousData,
    enabled: complete,
  });
  const earlier = useQuery({
    ...funnel(questionOf(search, previous(range), zone)),
    enabled: complete && found.compare === true,
  });
  const change = (more: FunnelSearch) =>
    void navigate({ search: (old) => ({ ...old, steps: search.steps, ...more }) });
  const waits = complete || names.isPending;
  const sentence = () => {
    if (search.steps.length > 0) return <Sentence search={search} onChange={change} />;
    return names.isPending ? <Loading height={SENTENCE} /> : undefined;
  };
  return (
    <QuestionPage
      title={texts.title}
      sentence={sentence()}
      query={asked}
      height={HEIGHT}
      instead={waits ? undefined : <Nothing title={texts.twoSteps} next={texts.twoStepsNext} />}
    >
      {(answer) => <FunnelShown answer={answer} before={found.compare ? earlier.data : undefined} />}
    </QuestionPage>
  );
}
