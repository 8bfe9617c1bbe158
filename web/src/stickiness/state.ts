// The state of Stickiness: its form in the URL, and the question it asks.
import type { Cell, StickinessQuestion } from "../api/insights";
import { isStart } from "../filters/interval-name";
import { type Match, readMatch } from "../filters/match";
import type { Range } from "../filters/period";
import { ANY } from "../filters/pickers";
import { readSegmentId, segmentIdOf } from "../filters/segment-picker";

export type Reach = "dau" | "wau" | "mau";
export const REACHES: Reach[] = ["dau", "wau", "mau"];
export type StickinessCell = Extract<Cell, { of: Reach }> | Extract<Cell, { days: number }>;
export type StickinessSearch = {
  active?: Match;
  segment?: string;
  /** The number whose people are shown. */
  cell?: StickinessCell;
};
export const DEFAULT_MATCH: Match = { event: ANY };

function readCell(given: unknown): StickinessCell | undefined {
  if (typeof given !== "object" || given === null) return undefined;
  const { at, of, days } = given as Record<string, unknown>;
  if (typeof days === "number" && Number.isInteger(days) && days > 0) return { days };
  const reach = REACHES.find((one) => one === of);
  return isStart(at) && reach ? { at, of: reach } : undefined;
}

export function readStickiness(search: Record<string, unknown>): StickinessSearch {
  const active = readMatch(search.active);
  const segment = readSegmentId(search.segment);
  const cell = readCell(search.cell);
  return {
    ...(active ? { active } : {}),
    ...(segment ? { segment } : {}),
    ...(cell ? { cell } : {}),
  };
}

export function questionOf(search: StickinessSearch, range: Range, timezone: string): StickinessQuestion {
  return {
    ...(search.active ?? DEFAULT_MATCH),
    from: range.from,
    to: range.to,
    timezone,
    ...(search.segment ? { people: { segment: search.segment } } : {}),
  };
}

/** The state that asks a question. */
export const searchOf = ({ event, where, people }: StickinessQuestion): StickinessSearch =>
  readStickiness({ active: { event, where }, segment: segmentIdOf(people) });
