// Trends: how often something happens over time, as a sentence, a picture and a table.
import { QuestionPage } from "../question/question-page";
import { useQuestion } from "../question/use-question";
import { kind } from "./kind";
import { Sentence } from "./sentence";

export function Trends() {
  const page = useQuestion(kind);
  return (
    <QuestionPage
      page={page}
      sentence={<Sentence search={page.search} range={page.range} onChange={page.change} />}
    />
  );
}
