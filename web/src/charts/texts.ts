import { catalogue } from "../ui/texts";

export const texts = catalogue({
  en: {
    before: "the period before",
    noValue: "no value",
    noValues: (name: string) => `${name}: no value`,
    notOver: (at: string) => `${at}, not over yet`,
    against: (difference: string, at: string) => `${difference} against ${at}`,
    first: (name: string, value: string, at: string) => `${name}: ${value} on ${at}`,
    rises: (value: string, at: string, by: string) => `rises to ${value} on ${at} (${by})`,
    falls: (value: string, at: string, by: string) => `falls to ${value} on ${at} (${by})`,
    stays: (value: string, at: string) => `${value} again on ${at}`,
    most: (value: string, at: string) => `most ${value} on ${at}`,
    least: (value: string, at: string) => `least ${value} on ${at}`,
    mark: (at: string, told: string) => `Note on ${at}: ${told}.`,
    lastNotOver: (at: string) => `${at} is not over yet.`,
    more: (count: number) => `${count} more groups are in the table.`,
    fromTo: (from: string, to: string, told: string) => `${from}, then ${to}: ${told}`,
    notOverYet: "not over yet",
    incompleteKey: "Dashed: not over yet for everyone, and not part of the average.",
    median: "median",
    medianFromStart: "median from step 1",
    funnel: (start: string, unit: string, event: string, end: string, share: string, last: string) =>
      `Of ${start} ${unit} at ${event}, ${end} (${share}) came to ${last}.`,
    fall: (count: string, unit: string, share: string, from: string, to: string) =>
      `The largest fall, ${count} ${unit} (${share}), is between ${from} and ${to}.`,
    under: (share: string) => `<${share}`,
    thenWas: (share: string) => `${share} before`,
  },
});
