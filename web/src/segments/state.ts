// The state of a segment's page in the URL: the rule while it is not saved, and whether people are shown.
import type { Definition } from "../api/segments";
import { readRule } from "../rules/read";
import { written } from "../rules/rule";

export type SegmentSearch = { rule?: Definition; people?: boolean };

export function readSegment(search: Record<string, unknown>): SegmentSearch {
  const rule = readRule(search.rule);
  return {
    ...(rule ? { rule: written(rule) } : {}),
    ...(search.people === true ? { people: true } : {}),
  };
}
