// A campaign's draft: what it begins as, what it still lacks, and how it reads.
import type { Campaign, Schedule } from "../api/campaigns";
import type { Provider } from "../api/channels";
import type { Content } from "../api/templates";
import { ANYBODY, readRule } from "../rules/read";
import { isComplete } from "../rules/rule";
import { lengthInWords } from "../rules/words";
import { full } from "../ui/numbers";
import type { Step } from "./state";
import { texts } from "./texts";

/** Above this many people, publishing wants their number typed. */
export const TYPED_ABOVE = 1_000;

/** What a new campaign is before anybody says anything. */
export const startOf = (providers: Provider[]): Campaign => ({
  name: "",
  channel: "email",
  provider: providers.find(({ channel }) => channel === "email")?.provider ?? "",
  audience: ANYBODY,
  content: { template: "" },
  schedule: "now",
});

/** A draft as the server keeps it, with times as the browser's own fields write them. */
export function tidy(draft: Campaign): Campaign {
  const minute = (time: string) => time.slice(0, "22:00".length);
  const { quiet_hours: quiet, schedule } = draft;
  return {
    ...draft,
    ...(quiet ? { quiet_hours: { ...quiet, from: minute(quiet.from), to: minute(quiet.to) } } : {}),
    ...(schedule ? { schedule: tidySchedule(schedule) } : {}),
  };
}

function tidySchedule(schedule: Schedule): Schedule {
  if (schedule === "now") return schedule;
  if ("once" in schedule) {
    return { once: { ...schedule.once, at: schedule.once.at.slice(0, "2026-12-01T09:00".length) } };
  }
  return { recurring: { ...schedule.recurring, at: schedule.recurring.at.slice(0, "09:00".length) } };
}

/** Content of its own; undefined where a template has it. */
export const ownContent = ({ content }: Campaign): Content | undefined =>
  "template" in content ? undefined : content;

/** What mails are for where nothing is said; a webhook says it. */
export const purposeOf = ({ channel, purpose }: Campaign): string | undefined =>
  purpose ?? (channel === "email" ? "marketing:email" : undefined);

/** Whether the people are said in full: then the draft can be saved. */
export function knowsWho({ audience }: Campaign): boolean {
  if ("segment" in audience) return audience.segment !== "";
  const rule = readRule(audience);
  return rule !== undefined && isComplete(rule);
}

const isDay = (text: string) => /^\d{4}-\d\d-\d\d/.test(text);

/** What a step still lacks, in words; nothing where it is complete. */
export function lacks(draft: Campaign, step: Step): string | undefined {
  switch (step) {
    case "who":
      if (draft.name.trim() === "") return texts.lacksName;
      return knowsWho(draft) ? undefined : texts.lacksWho;
    case "what":
      if (draft.provider === "") return texts.lacksProvider;
      if (!purposeOf(draft)) return texts.lacksPurpose;
      if (draft.from && draft.from.address.trim() === "") return texts.lacksFrom;
      return "template" in draft.content && draft.content.template === "" ? texts.lacksContent : undefined;
    case "when":
      return lacksTime(draft.schedule ?? "now");
    case "goal":
      return draft.goal && draft.goal.event === "" ? texts.lacksEvent : undefined;
    case "review":
      return undefined;
  }
}

function lacksTime(schedule: Schedule): string | undefined {
  if (schedule === "now") return undefined;
  if ("once" in schedule) return isDay(schedule.once.at) ? undefined : texts.lacksTime;
  const { at, every, from } = schedule.recurring;
  if (at === "" || !isDay(from)) return texts.lacksTime;
  return typeof every === "object" && "week" in every && every.week.length === 0 ? texts.lacksDays : undefined;
}

const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
export type Weekday = (typeof DAYS)[number];
export const WEEKDAYS: readonly Weekday[] = DAYS;

function everyInWords(every: Extract<Schedule, { recurring: unknown }>["recurring"]["every"]): string {
  if (every === "day") return texts.everyDay;
  if ("month" in every) return texts.everyMonth(every.month);
  return texts.everyWeek(WEEKDAYS.filter((day) => every.week.includes(day)).map((day) => texts.weekdays[day]).join(", "));
}

const dateInWords = (date: string) =>
  isDay(date)
    ? new Date(`${date.slice(0, 10)}T00:00:00Z`).toLocaleDateString("en-GB", { dateStyle: "medium", timeZone: "UTC" })
    : "…";

/** "Once, on 1 Dec 2026 at 09:00, on each person's own clock". */
export function scheduleInWords(schedule: Schedule | undefined, zone: string): string {
  if (!schedule || schedule === "now") return texts.atOnce;
  const clock = (given: string | undefined) =>
    given === undefined || given === "publisher" ? zone : texts.clocks[given as "person" | "person_or_next_day"];
  if ("once" in schedule) {
    const { at, clock: whose } = schedule.once;
    return texts.onceAt(dateInWords(at), at.slice(11, 16), clock(whose));
  }
  const { at, every, from, until, clock: whose } = schedule.recurring;
  return [
    texts.recurringAt(everyInWords(every), at, clock(whose)),
    texts.fromDay(dateInWords(from)),
    ...(until ? [texts.untilDay(dateInWords(until))] : []),
  ].join(" ");
}

/** "Not from 22:00 to 08:00, then it waits; at most 3 in 7 days; at most 600 a minute". */
export function limitsInWords(draft: Campaign): string[] {
  const { quiet_hours: quiet, frequency_cap: cap, per_minute: speed } = draft;
  return [
    ...(quiet ? [texts.quietAt(quiet.from, quiet.to, texts.thens[quiet.then ?? "delay"])] : []),
    ...(cap ? [texts.capOf(cap.messages, cap.within === "day" ? texts.aDay : lengthInWords(cap.within))] : []),
    ...(speed ? [texts.speedOf(full(speed))] : []),
    texts.within(lengthInWords(draft.send_within ?? "24h")),
  ];
}

/** A length that `LengthPart` shows, in words of the draft's defaults. */
export const lengthOr = (given: string | undefined, otherwise: string): string => given ?? otherwise;
