// An event with conditions: what a question looks for.
import type { Condition } from "../api/insights";
import { readConditions } from "./condition";

export type Match = { event: string; where?: Condition[] };

/** An event of a URL; undefined where it is none. */
export function readMatch(given: unknown): Match | undefined {
  if (typeof given !== "object" || given === null) return undefined;
  const { event, where } = given as Record<string, unknown>;
  if (typeof event !== "string" || event === "" || event.length > 1024) return undefined;
  return matching(event, readConditions(where));
}

/** An event under conditions, of which there may be none. */
export const matching = (event: string, where: Condition[]): Match => ({
  event,
  ...(where.length > 0 ? { where } : {}),
});
