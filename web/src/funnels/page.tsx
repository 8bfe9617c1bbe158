// Funnels: how many people go from one event to the next, where they are lost, and how long it takes.
import { useQuery } from "@tanstack/react-query";

import { eventNames } from "../api/names";
import { QuestionPage } from "../question/question-page";
import { useFound, useQuestion } from "../question/use-question";
import { Loading, Nothing } from "../ui/panel";
import { kind } from "./kind";
import { Sentence } from "./sentence";
import { type FunnelSearch, suggested } from "./state";
import { texts } from "./texts";

/** The height of a question of three steps. */
const SENTENCE = 210;

export function Funnels() {
  const names = useQuery(eventNames);
  const found = useFound(kind);
  const steps = found.steps ?? suggested(names.data?.names ?? []);
  const page = useQuestion(kind, () => (steps.length >= 2 ? { ...found, steps } : undefined));
  const change = (more: FunnelSearch) => page.change({ steps, ...more });
  const waits = page.complete || names.isPending;
  const sentence = () => {
    if (steps.length > 0) {
      return <Sentence search={{ ...found, steps }} range={page.range} onChange={change} />;
    }
    return names.isPending ? <Loading height={SENTENCE} /> : undefined;
  };
  return (
    <QuestionPage
      page={page}
      sentence={sentence()}
      instead={waits ? undefined : <Nothing title={texts.twoSteps} next={texts.twoStepsNext} />}
    />
  );
}
