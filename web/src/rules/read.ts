// A rule out of a URL or a saved segment. Whatever of it the builder does not know is kept as it is.
import type { Definition } from "../api/segments";
import { type Op, opInWords, readConditions, wantsNothing } from "../filters/condition";
import { RFM_NAMES } from "../filters/kinds";
import { same } from "../ui/same";
import {
  DEPTH_MAX,
  type Did,
  type Group,
  group,
  type Part,
  PARTS_MAX,
  sizeOf,
  SUM_OPS,
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
const within = (given: unknown, least: number, most: number): number | undefined =>
  typeof given === "number" && given >= least && given <= most ? given : undefined;

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

/** Of which events a rule speaks. */
function readEvents(given: Fields) {
  const when = readWithin(given.within);
  const where = readConditions(given.where);
  return { event: text(given.event), where, ...(when ? { within: when } : {}) };
}

function readDid(given: Fields): Part {
  const counted = readTimes(given.times);
  const more = { first: given.first_ever === true, ...(counted ? { times: counted } : {}) };
  return { kind: "did", not: false, is: { ...readEvents(given), ...more } };
}

/** A property and what it is compared with. */
function readCompared({ property, op, value, scope }: Fields) {
  // Looked up among the words, so that nothing else passes for an operator.
  const known = typeof op === "string" && opInWords(op as Op) ? (op as Op) : "eq";
  const compared = value === undefined || wantsNothing(known) ? {} : { value };
  const of = scope === "person" ? { scope } as const : {};
  return { property: text(property), op: known, ...compared, ...of };
}

function readSum(given: Fields): Part | undefined {
  const { scope, ...compared } = readCompared(given);
  const { op, value } = compared;
  const numbers = (Array.isArray(value) ? value : [value]).every((one) => typeof one === "number");
  const fits = value === undefined || (numbers && Array.isArray(value) === (op === "between"));
  if (scope || !SUM_OPS.includes(op) || !fits) return undefined;
  return { kind: "sum", not: false, is: { ...readEvents(given), ...compared } };
}

function readInterest(given: Fields): Part {
  const { property, value, mode } = given;
  const percent = mode === "at_least" ? within(given.percent, 0, 100) : undefined;
  const said = { ...(value === undefined ? {} : { value }), ...(percent ? { percent } : {}) };
  return { kind: "interest", not: false, is: { ...readEvents(given), property: text(property), ...said } };
}

function readKind({ name, event, amount, last }: Fields): Part | undefined {
  const known = RFM_NAMES.find((one) => one === name);
  if (!known) return undefined;
  const said = {
    ...(text(event) ? { event: text(event) } : {}),
    ...(text(amount) ? { amount: text(amount) } : {}),
    ...(isLength(last) ? { last } : {}),
  };
  return { kind: "rfm", not: false, is: { name: known, ...said } };
}

function readRegion(given: Fields): Part {
  const [lat, lon] = [within(given.lat, -90, 90), within(given.lon, -180, 180)];
  const point = { ...(lat === undefined ? {} : { lat }), ...(lon === undefined ? {} : { lon }) };
  return { kind: "in_region", not: false, is: { ...point, km: within(given.km, 0, 20_040) ?? 0 } };
}

function readSample({ percent, salt }: Fields): Part | undefined {
  if (typeof percent !== "number" || !(percent > 0 && percent <= 100)) return undefined;
  const salted = text(salt, 64) ? { salt: text(salt, 64) } : {};
  return { kind: "sample", not: false, is: { percent, ...salted } };
}

/** The parts of a rule that are no groups, as far as they are known here. */
const LEAVES: Record<string, (given: unknown) => Part | undefined> = {
  did: (given) => readDid(fields(given)),
  person: (given) => ({ kind: "person", not: false, is: readCompared(fields(given)) }),
  segment: (given) => ({ kind: "segment", not: false, is: text(given, 64) }),
  inactive: (given) => {
    const length = fields(given).for;
    return isLength(length) ? { kind: "inactive", not: false, is: length } : undefined;
  },
  consented: (given) => ({ kind: "consented", not: false, is: text(fields(given).purpose) }),
  sample: (given) => readSample(fields(given)),
  sum: (given) => readSum(fields(given)),
  interest: (given) => readInterest(fields(given)),
  rfm: (given) => readKind(fields(given)),
  in_region: (given) => readRegion(fields(given)),
};

/** What goes without saying, by the name of the field that says it. */
const UNSAID: [string, unknown][] = [
  ["within", "ever"],
  ["times", { at_least: 1 }],
  ["where", []],
  ["scope", "event"],
  ["first_ever", false],
  ["salt", ""],
];

/** A definition without what goes without saying: two that are the same then mean the same. */
export function meant(given: unknown): unknown {
  if (Array.isArray(given)) return given.map(meant);
  if (typeof given !== "object" || given === null) return given;
  const said = Object.entries(given).filter(
    ([name, value]) => !UNSAID.some(([of, unsaid]) => name === of && same(value, unsaid)),
  );
  return Object.fromEntries(said.map(([name, value]) => [name, meant(value)]));
}

/** What is read must say all that was given; else it stays as it was. */
function readLeaf(given: Fields): Part {
  const [name, ...more] = Object.keys(given);
  const known = more.length === 0 && name && Object.hasOwn(LEAVES, name) ? LEAVES[name] : undefined;
  const read = known?.(given[name ?? ""]);
  if (read && same(meant(written(read)), meant(given))) return read;
  return { kind: "kept", not: false, is: given as Definition };
}

function readPart(given: unknown, depth: number): Part | undefined {
  if (typeof given !== "object" || given === null || Array.isArray(given)) return undefined;
  const is = given as Fields;
  const [name, ...more] = Object.keys(is);
  if (more.length > 0 || depth >= DEPTH_MAX) return readLeaf(is);
  if (name === "not") {
    const part = readPart(is.not, depth + 1);
    return part && { ...part, not: !part.not };
  }
  const parts = name === "all" || name === "any" ? is[name] : undefined;
  if (!Array.isArray(parts)) return readLeaf(is);
  const read = parts.map((one) => readPart(one, depth + 1));
  return group(name === "all" ? "all" : "any", read.filter((one) => one !== undefined));
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
  return a !== undefined && b !== undefined && same(written(a), written(b));
};
