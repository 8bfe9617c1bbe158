import { catalogue } from "./texts";

/** The server's words as a sentence: they begin small and end without a full stop. */
export const sentence = (text: string) =>
  `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}`;

export const words = catalogue({
  en: {
    loading: "Loading",
    copy: "Copy",
    copied: "Copied",
    copyLink: "Copy link",
    people: "Segment",
    peopleHint: "Make a segment of the people behind these numbers",
    board: "Save to board",
    boardHint: "Keep the question as a card of a board",
    csv: "CSV",
    png: "PNG",
    csvHint: "Save the numbers as a table",
    pngHint: "Save the chart as a picture",
    columnsShown: (shown: string, all: string) => `The first ${shown} of ${all} columns; the file has all.`,
    allColumns: "Show all columns",
    events: (read: string) => `${read} events`,
    asOf: (when: string) => `as of ${when}`,
    answeredAt: (when: string, read: string) => `As of ${when}, from ${read} events`,
    hidden: "(hidden)",
    hiddenWord: "hidden",
    hiddenWhy: "Held, and seen by whoever has the scope people",
    notAllowed: "Not allowed",
    whoCan: (scope: string) =>
      `Someone with the scope ${scope} can look for you; someone with the scope admin can give it to you.`,
    whoCanAny: "Someone with the scope admin can do it, or let you.",
    failed: "This did not work",
    broke: "Something unexpected happened in this page. Try again, or load the page again.",
    unreachable: "It may be starting again. This page keeps what it has: try again in a moment.",
    again: "Try again",
    lastGood: "Below is the last good answer; it is not the answer to this question.",
  },
  hi: { loading: "लोड हो रहा है", copy: "कॉपी करें", again: "फिर कोशिश करें" },
});
