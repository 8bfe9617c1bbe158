// The state of the board: its form in the URL, and the question it asks.
import type { BoardQuestion } from "../api/insights";
import type { Definition } from "../api/segments";
import type { Range } from "../filters/period";
import { ANY } from "../filters/pickers";
import { readSegmentId, segmentIdOf } from "../filters/segment-picker";

export type Daily =
  | "dau"
  | "wau"
  | "mau"
  | "dau_mau"
  | "new"
  | "paying"
  | "paying_week"
  | "paying_month"
  | "revenue";
/** What there is of each day, in the order of the table. */
export const DAILY: Daily[] = [
  "dau",
  "wau",
  "mau",
  "dau_mau",
  "new",
  "paying",
  "paying_week",
  "paying_month",
  "revenue",
];

export type BoardSearch = {
  /** The event that makes a person active. */
  active?: string;
  paid?: string;
  /** The property of a payment that says how much. */
  amount?: string;
  segment?: string;
  /** What is drawn day by day. */
  show?: Daily;
};

export const DEFAULT_ACTIVE = ANY;
export const DEFAULT_PAID = "Charged";
export const DEFAULT_AMOUNT = "Amount";
export const DEFAULT_SHOW: Daily = "dau";
const NAME_MAX = 1_024;

const readName = (given: unknown): string | undefined =>
  typeof given === "string" && given !== "" && given.length <= NAME_MAX ? given : undefined;

export function readBoard(search: Record<string, unknown>): BoardSearch {
  const [active, paid, amount] = [search.active, search.paid, search.amount].map(readName);
  const segment = readSegmentId(search.segment);
  const show = DAILY.find((one) => one === search.show);
  return {
    ...(active ? { active } : {}),
    ...(paid ? { paid } : {}),
    ...(amount ? { amount } : {}),
    ...(segment ? { segment } : {}),
    ...(show ? { show } : {}),
  };
}

export function questionOf(search: BoardSearch, range: Range, timezone: string): BoardQuestion {
  return {
    from: range.from,
    to: range.to,
    timezone,
    active: search.active ?? DEFAULT_ACTIVE,
    paid: search.paid ?? DEFAULT_PAID,
    amount: search.amount ?? DEFAULT_AMOUNT,
    ...(search.segment ? { people: { segment: search.segment } } : {}),
  };
}

/** The state that asks a question. */
export const searchOf = ({ active, paid, amount, people }: BoardQuestion): BoardSearch =>
  readBoard({ active, paid, amount, segment: segmentIdOf(people) });

/** The rule of the people who are active in the range. */
export const peopleOf = ({ active, from, to, people }: BoardQuestion): Definition => ({
  all: [{ did: { event: active, within: { from, to } } }, ...(people ? [people] : [])],
});
