import { catalogue } from "../ui/texts";

export const texts = catalogue({
  en: {
    behind: "The people behind this number",
    people: (count: string, one: boolean) => (one ? "1 person" : `${count} people`),
    list: "Who they are",
    person: "Person",
    email: "E-mail",
    phone: "Phone",
    events: "Events",
    lastSeen: "Last seen",
    nobody: "Nobody is behind this number",
    nobodyNext: "People come and go: who was counted may have been forgotten since.",
    hidden: "What tells who people are is hidden: seeing it needs the scope people.",
    audited: "That you look at them is written into the audit.",
    previous: "Previous",
    next: "Next",
    pageOf: (page: number) => `Page ${page}`,
    segmentName: "Name of the segment",
    close: "Close",
    save: "Save as segment",
    saved: (count: string) => `Kept as a list of ${count}.`,
    open: "Open the segment",
  },
  hi: { person: "व्यक्ति", email: "ई-मेल", phone: "फ़ोन", previous: "पिछला", next: "अगला" },
});
