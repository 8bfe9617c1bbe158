// The state of RFM: its form in the URL, and the question it asks.
import type { Cell, RfmQuestion } from "../api/insights";
import type { Definition } from "../api/segments";
import { DEFAULT_AMOUNT, DEFAULT_PAID, RFM_NAMES, type RfmName } from "../filters/kinds";
import { type Match, readMatch } from "../filters/match";
import { previous, type Range } from "../filters/period";
import { readSegmentId, segmentIdOf } from "../filters/segment-picker";
import type { Compared } from "../question/kind";

export type Score = "r" | "f" | "m";
export const SCORES: Score[] = ["r", "f", "m"];
/** Who did it not at all in one of two ranges. */
export const NONE = "(none)";
export type Kind = RfmName | typeof NONE;

export type RfmCell =
  | Extract<Cell, { segment: RfmName }>
  | { from: Kind; to: Kind }
  | { [K in Score]: Record<K, number> }[Score];

export type RfmSearch = {
  paid?: Match;
  /** The property of a payment that says how much. */
  amount?: string;
  bins?: number;
  segment?: string;
  /** The number whose people are shown. */
  cell?: RfmCell;
};

export const BINS = [2, 3, 4, 5, 6, 8, 10];
export const DEFAULT_BINS = 5;
export const DEFAULT_MATCH: Match = { event: DEFAULT_PAID };
const BINS_MOST = 10;
const NAME_MAX = 1_024;

const kindOf = (given: unknown): RfmName | undefined => RFM_NAMES.find((one) => one === given);
const sideOf = (given: unknown): Kind | undefined => (given === NONE ? NONE : kindOf(given));

function readCell(given: unknown): RfmCell | undefined {
  if (typeof given !== "object" || given === null) return undefined;
  const fields = given as Record<string, unknown>;
  const segment = kindOf(fields.segment);
  if (segment) return { segment };
  const [from, to] = [sideOf(fields.from), sideOf(fields.to)];
  if (from && to) return { from, to };
  const score = SCORES.find((one) => {
    const bin = fields[one];
    return typeof bin === "number" && Number.isInteger(bin) && bin >= 1 && bin <= BINS_MOST;
  });
  return score && ({ [score]: fields[score] } as RfmCell);
}

export function readRfm(search: Record<string, unknown>): RfmSearch {
  const { amount } = search;
  const paid = readMatch(search.paid);
  const bins = BINS.find((one) => one === search.bins);
  const segment = readSegmentId(search.segment);
  const cell = readCell(search.cell);
  return {
    ...(paid ? { paid } : {}),
    ...(typeof amount === "string" && amount && amount.length <= NAME_MAX ? { amount } : {}),
    ...(bins ? { bins } : {}),
    ...(segment ? { segment } : {}),
    ...(cell ? { cell } : {}),
  };
}

export function questionOf(
  search: RfmSearch & { compare?: boolean },
  range: Range,
  timezone: string,
): RfmQuestion {
  const { from, to } = previous(range);
  return {
    ...(search.paid ?? DEFAULT_MATCH),
    amount: search.amount ?? DEFAULT_AMOUNT,
    from: range.from,
    to: range.to,
    timezone,
    bins: search.bins ?? DEFAULT_BINS,
    ...(search.segment ? { people: { segment: search.segment } } : {}),
    ...(search.compare ? { compare: { from, to } } : {}),
  };
}

/** The state that asks a question. */
export function searchOf({ event, where, people, compare, ...same }: RfmQuestion): Compared<RfmSearch> {
  const read = readRfm({ ...same, paid: { event, where }, segment: segmentIdOf(people) });
  return { ...read, ...(compare ? { compare: true } : {}) };
}

/** The rule of everyone who is scored. */
export function peopleOf({ event, where = [], from, to, people }: RfmQuestion): Definition {
  const did = { event, ...(where.length > 0 ? { where } : {}), within: { from, to } };
  return { all: [{ did }, ...(people ? [people] : [])] };
}

/**
 * The rule of those who are of a kind at any time, by as many days up to then. A rule knows five bins
 * and no conditions: undefined where the question has others.
 */
export function kindRule(question: RfmQuestion, name: RfmName): Definition | undefined {
  const { event, amount, bins, where = [], from, to, people } = question;
  if (bins !== DEFAULT_BINS || where.length > 0) return undefined;
  const days = Math.round((Date.parse(to) - Date.parse(from)) / 86_400_000);
  return { all: [{ rfm: { name, event, amount, last: `${days}d` } }, ...(people ? [people] : [])] };
}
