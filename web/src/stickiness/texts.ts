import { catalogue } from "../ui/texts";

export const texts = catalogue({
  en: {
    title: "Stickiness",
    question: "The question",
    lead: "How often people who did",
    tail: "are active",
    active: "What makes a person active",
    reach: "People active in a day, in 7 and in 30 days",
    share: "Share of the people of 30 days who were active on the day",
    histogram: "On how many days of the period people were active",
    dau: "in a day",
    wau: "in 7 days",
    mau: "in 30 days",
    dauMau: "day by 30 days",
    day: "Day",
    onDays: (count: number) => (count === 1 ? "1 day" : `${count} days`),
    columnTold: (people: string, days: string) => `${people} people were active on ${days}`,
    mostTold: (people: string, days: string) => `Most, ${people} people, were active on ${days}.`,
    behindDays: (days: string) => `Active on exactly ${days} of the period`,
    behindAt: { dau: "Active on", wau: "Active in the 7 days to", mau: "Active in the 30 days to" },
    notOver: "not over yet",
    table: "The same numbers as a table",
    nothing: "Nobody was active in the period",
    nothingNext: "Take a longer period at the top, another event, or fewer conditions.",
  },
  hi: { title: "नियमितता", day: "दिन" },
});
