// Pivot: events measured by two sides of a table.
import { QuestionPage } from "../question/question-page";
import { useQuestion } from "../question/use-question";
import { kind } from "./kind";
import { Sentence } from "./sentence";

export function Pivot() {
  const page = useQuestion(kind);
  return <QuestionPage page={page} sentence={<Sentence search={page.search} onChange={page.change} />} />;
}
