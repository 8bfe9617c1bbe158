// A rule out of a URL or a saved segment: whatever is not one is left out.
import type { Definition } from "../api/segments";
import { type Op, opInWords, readConditions, wantsNothing } from "../filters/condition";
import {
  DEPTH_MAX,
  type Did,
  type Group,
  group,
  type Part,
  PARTS_MAX,
  sizeOf,
  type Times,
  type Within,
  written,
} from "./rule";

type Fields = Record<string, unknown>;
const fields = (given: unknown): Fields =>
  typeof given === "object" && given !== null ? (given as Fields) : {};
const text = (given: unknown, most = 1024): string =>
  typeof given === "string" && given.length <= most ? given : "";
const whole = (given: unknown): number | undefined =>
  typeof given === "number" && Number.isInteger(given) && given >= 0 ? given : undefined;

export const isLength = (given: unknown): given is string =>
  typeof given === "string" && /^[1-9]\d{0,8}[smhdw]$/.test(given);

const TIMES: Times[] = ["at_least", "at_most", "exactly"];

function readTimes(given: unknown): Did["times"] {
  const how = TIMES.find((one) => whole(fields(given)[one]) !== undefined);
  const count = how && whole(fields(given)[how]);
  if (!how || count === undefined || (how === "at_least" && count === 1)) return undefined;
  return { how, count };
}

function readWithin(given: unknown): Within | undefined {
  const { last, from, to } = fields(given);
  if (isLength(last)) return { last };
  const some = text(from, 64) || text(to, 64);
  return some ? { from: text(from, 64), to: text(to, 64) } : undefined;
}

function readDid(given: unknown): Did {
  const { event, where, times, within, first_ever: first } = fields(given);
  const counted = readTimes(times);
  const when = readWithin(within);
  return {
    event: text(event),
    where: readConditions(where),
    first: first === true,
    ...(counted ? { times: counted } : {}),
    ...(when ? { within: when } : {}),
  };
}

function readPerson(given: unknown): Part {
  const { property, op, value } = fields(given);
  // Looked up among the words, so that nothing else passes for an operator.
  const known = typeof op === "string" && opInWords(op as Op) ? (op as Op) : "eq";
  const compared = value === undefined || wantsNothing(known) ? {} : { value };
  return { kind: "person", not: false, is: { property: text(property), op: known, ...compared } };
}

function readSample(given: unknown): Part | undefined {
  const { percent, salt } = fields(given);
  if (typeof percent !== "number" || !(percent > 0 && percent <= 100)) return undefined;
  const salted = text(salt, 64) ? { salt: text(salt, 64) } : {};
  return { kind: "sample", not: false, is: { percent, ...salted } };
}

function readGroup(of: "all" | "any", given: unknown, depth: number): Part | undefined {
  if (!Array.isArray(given) || given.length > PARTS_MAX) return undefined;
  return group(
    of,
    given.map((one) => readPart(one, depth + 1)).filter((one) => one !== undefined),
  );
}

function readPart(given: unknown, depth: number): Part | undefined {
  const is = fields(given);
  if (depth > DEPTH_MAX) return undefined;
  if ("not" in is) {
    const part = readPart(is.not, depth + 1);
    return part && { ...part, not: !part.not };
  }
  if ("all" in is) return readGroup("all", is.all, depth);
  if ("any" in is) return readGroup("any", is.any, depth);
  if ("did" in is) return { kind: "did", not: false, is: readDid(is.did) };
  if ("person" in is) return readPerson(is.person);
  if ("segment" in is) return { kind: "segment", not: false, is: text(is.segment, 64) };
  if ("inactive" in is) {
    const length = fields(is.inactive).for;
    return isLength(length) ? { kind: "inactive", not: false, is: length } : undefined;
  }
  if ("consented" in is) {
    return { kind: "consented", not: false, is: text(fields(is.consented).purpose) };
  }
  return "sample" in is ? readSample(is.sample) : undefined;
}

/** A rule whose outermost part is a group, as the builder shows it. */
export function readRule(given: unknown): Group | undefined {
  const part = readPart(given, 0);
  if (!part || sizeOf(part) > PARTS_MAX) return undefined;
  return part.kind === "group" ? part : group("all", [part]);
}

/** Whoever did anything: where a new segment begins. */
export const ANYBODY: Definition = { all: [{ did: { event: "*" } }] };

/** Whether two rules are the same, however they were written. */
export const sameRule = (one: unknown, other: unknown): boolean => {
  const [a, b] = [readRule(one), readRule(other)];
  return a !== undefined && b !== undefined && JSON.stringify(written(a)) === JSON.stringify(written(b));
};
