// Conditions of a question, and how they are read from a URL: whatever is not one is left out.
import type { Condition, TrendQuestion } from "../api/insights";
import { masked } from "../ui/numbers";
import type { PropertyRef } from "./pickers";

export type Op = Condition["op"];

const WORDS: Record<Op, string> = {
  eq: "is",
  ne: "is not",
  in: "is one of",
  not_in: "is none of",
  gt: "is more than",
  gte: "is at least",
  lt: "is less than",
  lte: "is at most",
  between: "is between",
  contains: "contains",
  not_contains: "does not contain",
  starts_with: "starts with",
  exists: "is known",
  not_exists: "is not known",
};

export const OPS = Object.entries(WORDS).map(([value, label]) => ({ value: value as Op, label }));
export const opInWords = (op: Op): string => WORDS[op];
export const wantsNothing = (op: Op): boolean => op === "exists" || op === "not_exists";
export const wantsList = (op: Op): boolean => op === "in" || op === "not_in" || op === "between";

/** The server's limits. */
const CONDITIONS_MAX = 64;
const VALUES_MAX = 1_000;
const plain = (value: unknown): boolean =>
  typeof value === "string" || typeof value === "number" || typeof value === "boolean";

function readCondition(given: unknown): Condition | undefined {
  if (typeof given !== "object" || given === null) return undefined;
  const { property, op, value, scope } = given as Record<string, unknown>;
  if (typeof property !== "string" || property === "" || property.length > 1024) return undefined;
  if (typeof op !== "string" || !(op in WORDS)) return undefined;
  const known = op as Op;
  const list = Array.isArray(value) && value.length <= VALUES_MAX && value.every(plain);
  const fits = wantsNothing(known) || masked(value) || (wantsList(known) ? list : plain(value));
  if (!fits) return undefined;
  const of = scope === "person" ? "person" : "event";
  return { property, op: known, scope: of, ...(wantsNothing(known) ? {} : { value }) };
}

export function readConditions(given: unknown): Condition[] {
  if (!Array.isArray(given)) return [];
  const read = given.slice(0, CONDITIONS_MAX).map(readCondition);
  return read.filter((condition) => condition !== undefined);
}

/** A property of an event or person in a URL. */
export function readProperty(given: unknown): PropertyRef[] {
  if (!Array.isArray(given)) return [];
  return given.slice(0, 3).flatMap((one: unknown) => {
    if (typeof one !== "object" || one === null) return [];
    const { property, scope } = one as Record<string, unknown>;
    if (typeof property !== "string" || property === "" || property.length > 1024) return [];
    return [{ property, scope: scope === "person" ? ("person" as const) : ("event" as const) }];
  });
}

/** The properties of a breakdown of the API: one or several, each by its name alone or with whose it is. */
export function propertiesOf(by: TrendQuestion["breakdown"] | null): PropertyRef[] {
  const all = Array.isArray(by) ? by : by === undefined || by === null ? [] : [by];
  return all.map((one) =>
    typeof one === "string"
      ? { property: one, scope: "event" }
      : { property: one.property, scope: one.scope ?? "event" },
  );
}

/** What is typed, as the value it most likely is: a number where it reads as one. */
export function typed(text: string): string | number | boolean {
  const trimmed = text.trim();
  if (/^-?\d{1,15}(\.\d+)?$/.test(trimmed) && !/^-?0\d/.test(trimmed)) return Number(trimmed);
  if (trimmed === "true" || trimmed === "false") return trimmed === "true";
  return trimmed;
}

/** The list of `between` and `in`, written with commas or line ends. */
export const typedList = (text: string): (string | number | boolean)[] =>
  text
    .split(/[,\n]/)
    .map((part) => part.trim())
    .filter((part) => part !== "")
    .map(typed);
