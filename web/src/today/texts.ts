import { catalogue } from "../ui/texts";

export const texts = catalogue({
  en: {
    title: "Today",
    now: "People active now",
    nowHint: "with an event in the last 5 minutes",
    half: "People in the last 30 minutes",
    halfHint: "with an event in them",
    minute: "Events in the last full minute",
    minuteHint: "that the gate let in",
    lastHour: "Events a minute, last hour",
    inWords: (most: string, when: string, last: string) =>
      `Most ${most}, ${when}; ${last} in the last full minute.`,
    most: (count: string) => `most: ${count}`,
    ago: (minutes: number) => (minutes === 0 ? "this minute" : `${minutes} min ago`),
    top: "Top events, 30 minutes",
    noTop: "No event in the last 30 minutes.",
    countries: "Countries, 30 minutes",
    noCountries:
      "No country is known. It is kept only where the policy and the person allow the class location.",
    feed: "As it happens",
    pause: "Pause",
    resume: "Go on",
    paused: "Paused: the picture stands still, events are kept as ever.",
    lost: "The stream broke; it is asked for again. Below is the last picture that came.",
    again: "It is asked for again every few seconds.",
    nothing: "Nothing came in the last hour",
    nothingNext: "Older events are in Trends.",
    openTrends: "Open Trends",
    welcome: "Nothing has come yet: three steps to the first picture",
    sendFirst: "Send something",
    sendFirstHow:
      "Put the SDK into your site or app: the unmodified CleverTap SDK, told this host. Or send from a server with an API token.",
    snippets: "Open the snippets",
    makeToken: "Make a token",
    askFirst: "Ask people",
    ask: {
      strict:
        "Your policy is strict: nothing of a person is kept before they say yes. Have the site or app tell Candor what people answer.",
      measured:
        "Your policy is measured: behaviour and device are kept for analytics on the basis you declared; for everything else people are asked.",
      open: "Your policy is open: everything is kept on the basis you declared, and nobody is asked.",
    },
    seePolicy: "See the policy",
    lookFirst: "Look at the gate",
    lookFirstHow:
      "It shows what came and why something was not kept, and asks what your own properties tell about a person.",
    openGate: "Open the gate",
    waits: "This page waits for the first event and shows it by itself.",
    cameAndRefused: (count: string) =>
      `Something comes, and is refused: ${count} since the server started.`,
    seeWhy: "See why at the gate",
    person: "Person",
    when: "When",
    event: "Event",
    country: "Country",
  },
  hi: { title: "आज", now: "अभी सक्रिय लोग", pause: "रोकें", resume: "जारी रखें" },
});
