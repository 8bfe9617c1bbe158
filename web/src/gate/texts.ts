import { catalogue } from "../ui/texts";

export const texts = catalogue({
  en: {
    title: "Gate",
    does: "All that apps and sites send passes here before anything is written. What a person has not allowed is refused, or taken out of what is kept.",
    since: (when: string) =>
      `Records are events and changes of profiles. Counted since ${when}, when the server started.`,
    accepted: "Records kept",
    acceptedHint: "as far as each person allowed",
    refused: "Records refused",
    refusedHint: "nothing of them was kept",
    stripped: "Properties taken out",
    strippedHint: "of records that were kept",
    refusedWhy: "Refused, and why",
    strippedWhy: "Taken out, and why",
    noneRefused: "Nothing was refused",
    noneStripped: "Nothing was taken out",
    waiting: "Properties to class",
    waitingHint:
      "Apps send these, and nobody has said yet what they tell about a person. Until then their values are taken out and not kept.",
    noneWaiting: "No property waits for a class.",
    consents: "Consent by purpose",
    consentsHint:
      "People who answered, and what they allowed. Whoever has not answered is not counted here; where the policy asks for consent, no answer means no.",
    nobodySpoke:
      "Nobody has said yes or no yet. Where the policy asks for consent, no answer means no.",
    purpose: "What it is for",
    yes: "Said yes",
    no: "Said no",
    rate: "Share of yes",
    property: "Property",
    came: "Times sent",
    held: "Values held",
    tells: "What it tells",
    classOf: (name: string) => `What ${name} tells`,
    choose: "Choose…",
    properties: "All properties and what they tell",
    find: "Find a property",
    nothing: "Nothing by this name",
    more: (count: number) => `Show ${count} more`,
  },
  hi: { title: "द्वार", yes: "हाँ", no: "नहीं" },
});
