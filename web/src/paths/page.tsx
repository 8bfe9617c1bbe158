// Paths: what people do after an event, or before one, step by step.
import { useQuery } from "@tanstack/react-query";

import { eventNames } from "../api/names";
import { QuestionPage } from "../question/question-page";
import { useQuestion } from "../question/use-question";
import { Loading, Nothing } from "../ui/panel";
import { kind } from "./kind";
import { Sentence } from "./sentence";
import { texts } from "./texts";

/** The height of a question. */
const SENTENCE = 88;

export function Paths() {
  const names = useQuery(eventNames);
  // What happens most often is where most paths begin.
  const first = names.data?.names[0];
  const page = useQuestion(kind, (found) => {
    const event = found.event ?? (first && { event: first.name });
    return event && { ...found, event };
  });
  const { search, asked, complete, change } = page;
  const sentence = complete && search.event && (
    <Sentence search={search} event={search.event} onChange={change} />
  );
  const none = !complete && names.isSuccess;
  return (
    <QuestionPage
      page={page}
      sentence={sentence || (names.isPending ? <Loading height={SENTENCE} /> : undefined)}
      query={complete ? asked : { ...asked, error: names.error, refetch: names.refetch }}
      instead={none ? <Nothing title={texts.noEvents} next={texts.noEventsNext} /> : undefined}
    />
  );
}
