// RFM: who did something how recently, how often and for how much.
import { DEFAULT_AMOUNT } from "../filters/kinds";
import { MatchPicker } from "../filters/match-picker";
import { Choice, PropertyPicker } from "../filters/pickers";
import { ForPeople } from "../filters/segment-picker";
import { QuestionPage } from "../question/question-page";
import { useQuestion } from "../question/use-question";
import { kind } from "./kind";
import { BINS, DEFAULT_BINS, DEFAULT_MATCH, type RfmSearch } from "./state";
import { texts } from "./texts";

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
  const page = useQuestion(kind);
  return <QuestionPage page={page} sentence={<Sentence search={page.search} onChange={page.change} />} />;
}
