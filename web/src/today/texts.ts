import { catalogue } from "../ui/texts";

export const texts = catalogue({
  en: {
    title: "Today",
    now: "People active now",
    nowHint: "with an event in the last 5 minutes",
    half: "In the last 30 minutes",
    halfHint: "people",
    minute: "Events in the last full minute",
    minuteHint: "kept by the gate",
    lastHour: "Events a minute, last hour",
    ago: (minutes: number) => (minutes === 0 ? "this minute" : `${minutes} min ago`),
    top: "Top events, 30 minutes",
    countries: "Countries, 30 minutes",
    noCountries: "No country is kept",
    noCountriesNext:
      "The country of an event is kept only where the policy allows the class location.",
    feed: "As it happens",
    pause: "Pause",
    resume: "Go on",
    paused: "Paused: the picture stands still, events are kept as ever.",
    lost: "The stream broke; it is asked for again.",
    nothing: "Nothing came in the last hour",
    nothingNext: "Put the SDK into a page or app: the snippets are in Settings.",
    snippets: "Open the snippets",
    person: "Person",
    when: "When",
    event: "Event",
    country: "Country",
  },
  hi: { title: "आज", now: "अभी सक्रिय लोग", pause: "रोकें", resume: "जारी रखें" },
});
