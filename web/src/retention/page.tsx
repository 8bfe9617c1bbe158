// Retention: of the people who began together, how many come back, period by period.
import { QuestionPage } from "../question/question-page";
import { useQuestion } from "../question/use-question";
import { kind } from "./kind";
import { Sentence } from "./sentence";

export function Retention() {
  const page = useQuestion(kind);
  return <QuestionPage page={page} sentence={<Sentence search={page.search} onChange={page.change} />} />;
}
