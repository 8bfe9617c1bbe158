import { catalogue } from "../ui/texts";

export const texts = catalogue({
  en: {
    title: "Trends",
    question: "The question",
    by: "by",
    breakdown: "Breakdown",
    noBreakdown: "no breakdown",
    per: "per",
    interval: "Interval",
    event: "Event",
    total: "Whole period",
    before: "Period before",
    table: "The same numbers as a table",
    nothing: "Nothing like this happened in the period",
    nothingNext: "Take a longer period at the top, another event, or fewer conditions.",
  },
  hi: { title: "रुझान", per: "प्रति", total: "कुल" },
});
