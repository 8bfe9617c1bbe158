// The app at a glance: who is active, new, back and paying, with the period before beside.
import { EventPicker, PropertyPicker } from "../filters/pickers";
import { ForPeople } from "../filters/segment-picker";
import { QuestionPage } from "../question/question-page";
import { useQuestion } from "../question/use-question";
import { kind } from "./kind";
import { type BoardSearch, DEFAULT_ACTIVE, DEFAULT_AMOUNT, DEFAULT_PAID } from "./state";
import { texts } from "./texts";

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
  const page = useQuestion(kind);
  return <QuestionPage page={page} sentence={<Sentence search={page.search} onChange={page.change} />} />;
}
