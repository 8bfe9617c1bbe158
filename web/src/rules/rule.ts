// A segment's rule as the builder holds it: a tree of parts, some of them not complete yet.
import type { Condition } from "../api/insights";
import type { Definition } from "../api/segments";
import { type Op, wantsNothing } from "../filters/condition";
import { DEFAULT_AMOUNT, DEFAULT_PAID, type RfmName } from "../filters/kinds";

export type Times = "at_least" | "at_most" | "exactly";
export type Within = { last: string } | { from: string; to: string };
export type Did = {
  event: string;
  where: Condition[];
  times?: { how: Times; count: number };
  within?: Within;
  first: boolean;
};
/** A trait that compares so; without a name while nothing is chosen. */
export type Compared = { property: string; op: Op; value?: unknown; scope?: "person" };
/** What the numbers of someone's events come to. */
export type Sum = Compared & { event: string; where: Condition[]; within?: Within };
/** What prevails among someone's events; without a percentage it is more frequent than all else. */
export type Interest = {
  event: string;
  property: string;
  value?: unknown;
  percent?: number;
  where: Condition[];
  within?: Within;
};
/** A kind among all who did something lately; what is not said is as in [`KIND_DEFAULTS`]. */
export type RfmKind = { name: RfmName; event?: string; amount?: string; last?: string };
export type Region = { lat?: number; lon?: number; km: number };
type Leaf<K extends string> = Extract<Definition, Record<K, unknown>>[K];

type Kinds = {
  group: { of: "all" | "any"; parts: Part[] };
  did: Did;
  person: Compared;
  segment: string;
  inactive: string;
  consented: string;
  sample: { percent: number; salt?: string };
  sum: Sum;
  interest: Interest;
  rfm: RfmKind;
  in_region: Region;
  /** What the builder does not know: it stays as it is. */
  kept: Definition;
};
export type Kind = keyof Kinds;
export type PartOf<K extends Kind> = { kind: K; not: boolean; is: Kinds[K] };
export type Part = { [K in Kind]: PartOf<K> }[Kind];
export type Group = PartOf<"group">;

/** What a kind of people is told by where nothing is said. */
export const KIND_DEFAULTS = { event: DEFAULT_PAID, amount: DEFAULT_AMOUNT, last: "365d" };

/** How a sum is compared. */
export const SUM_OPS: Op[] = ["gt", "gte", "lt", "lte", "eq", "ne", "between"];

/** The server's limits. */
export const PARTS_MAX = 256;
export const DEPTH_MAX = 16;

export const group = (of: "all" | "any", parts: Part[]): Group => ({
  kind: "group",
  not: false,
  is: { of, parts },
});

/** How many rules and groups there are. */
export const sizeOf = (part: Part): number =>
  part.kind === "group" ? part.is.parts.reduce((all, one) => all + sizeOf(one), 1) : 1;

/** A condition that is compared with something, where it must be. */
const compares = ({ op, value }: Compared): boolean => {
  const some = Array.isArray(value) ? value.length > 0 : value !== undefined;
  return wantsNothing(op) || (some && (op !== "between" || (value as unknown[]).length === 2));
};

/** Whether a part says all that it has to say; a group, whether every part of it does. */
export function isComplete(part: Part): boolean {
  switch (part.kind) {
    case "group":
      return part.is.parts.length > 0 && part.is.parts.every(isComplete);
    case "did":
      return part.is.event !== "";
    case "person":
      return part.is.property !== "" && compares(part.is);
    case "segment":
    case "consented":
      return part.is !== "";
    case "sum":
      return part.is.event !== "" && part.is.property !== "" && compares(part.is);
    case "interest": {
      const { event, property, value } = part.is;
      return event !== "" && property !== "" && compares({ property, op: "in", value });
    }
    case "in_region":
      return part.is.lat !== undefined && part.is.lon !== undefined;
    default:
      return true;
  }
}

/** Of a period what is said; one without an end has none. */
function whenOf(within: Within | undefined) {
  if (!within || "last" in within) return within ? { within } : {};
  const { from, to } = within;
  return { within: { ...(from ? { from } : {}), ...(to ? { to } : {}) } };
}

const whereOf = (where: Condition[]) => (where.length > 0 ? { where } : {});

function didOf({ event, where, times, within, first }: Did): Definition {
  return {
    did: {
      event,
      ...whereOf(where),
      ...(times ? { times: { [times.how]: times.count } as { at_least: number } } : {}),
      ...whenOf(within),
      ...(first ? { first_ever: true } : {}),
    },
  };
}

function sumOf({ where, within, ...rest }: Sum): Definition {
  return { sum: { ...(rest as Leaf<"sum">), ...whereOf(where), ...whenOf(within) } };
}

function interestOf({ where, within, percent, value, ...rest }: Interest): Definition {
  const mode = percent === undefined ? "predominant" : "at_least";
  const said = { ...(value === undefined ? {} : { value }), ...(percent ? { percent } : {}) };
  const interest = { ...rest, mode, ...said, ...whereOf(where), ...whenOf(within) };
  return { interest: interest as Leaf<"interest"> };
}

function leafOf(part: Exclude<Part, Group>): Definition {
  switch (part.kind) {
    case "did":
      return didOf(part.is);
    case "person":
      return { person: part.is as Condition };
    case "segment":
      return { segment: part.is };
    case "inactive":
      return { inactive: { for: part.is } };
    case "consented":
      return { consented: { purpose: part.is } };
    case "sample":
      return { sample: part.is };
    case "sum":
      return sumOf(part.is);
    case "interest":
      return interestOf(part.is);
    case "rfm":
      return { rfm: part.is as Leaf<"rfm"> };
    case "in_region":
      return { in_region: part.is as Leaf<"in_region"> };
    case "kept":
      return part.is;
  }
}

/** As the server reads it, with what is not complete as it stands: the form in the URL. */
export function written(part: Part): Definition {
  const is =
    part.kind === "group"
      ? ({ [part.is.of]: part.is.parts.map(written) } as Definition)
      : leafOf(part);
  return part.not ? { not: is } : is;
}

/** Without what is not complete: what is counted. Undefined where nothing is left. */
export function asked(part: Part): Definition | undefined {
  if (part.kind !== "group") return isComplete(part) ? written(part) : undefined;
  const parts = part.is.parts.map(asked).filter((one) => one !== undefined);
  if (parts.length === 0) return undefined;
  const is = { [part.is.of]: parts } as Definition;
  return part.not ? { not: is } : is;
}
