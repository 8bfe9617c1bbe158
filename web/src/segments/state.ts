// The state of a segment's page in the URL: the rule while it is not saved, and whether people are shown.
import type { Definition } from "../api/segments";
import { readRule } from "./read";
import { written } from "./rule";

export type SegmentSearch = { rule?: Definition; people?: boolean };

export function readSegment(search: Record<string, unknown>): SegmentSearch {
  const rule = readRule(search.rule);
  return {
    ...(rule ? { rule: written(rule) } : {}),
    ...(search.people === true ? { people: true } : {}),
  };
}

/** Whether two rules are the same, however they were written. */
export const sameRule = (one: unknown, other: unknown): boolean => {
  const [a, b] = [readRule(one), readRule(other)];
  return a !== undefined && b !== undefined && JSON.stringify(written(a)) === JSON.stringify(written(b));
};
