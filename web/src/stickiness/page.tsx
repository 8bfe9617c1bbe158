// Stickiness: how many people are active in a day, a week and a month, and on how many days.
import { MatchPicker } from "../filters/match-picker";
import { ForPeople } from "../filters/segment-picker";
import { QuestionPage } from "../question/question-page";
import { useQuestion } from "../question/use-question";
import { kind } from "./kind";
import { DEFAULT_MATCH, type StickinessSearch } from "./state";
import { texts } from "./texts";

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
  const page = useQuestion(kind);
  return <QuestionPage page={page} sentence={<Sentence search={page.search} onChange={page.change} />} />;
}
