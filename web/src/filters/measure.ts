// What is measured of events: how many, of how many people, or the numbers of a property.
import { texts } from "./texts";

export type Kind = "total" | "uniques" | "per_person" | "sum" | "avg" | "min" | "max" | "p50" | "p90" | "p99";

const KINDS: Record<Kind, string> = {
  uniques: "unique people",
  total: "times",
  per_person: "times per person",
  sum: "sum of",
  avg: "average of",
  min: "smallest",
  max: "largest",
  p50: "median of",
  p90: "90th percentile of",
  p99: "99th percentile of",
};
export const MEASURES = Object.entries(KINDS).map(([value, label]) => ({
  value: value as Kind,
  label,
}));
export const DEFAULT_MEASURE = "uniques";

export const wantsProperty = (kind: Kind): boolean =>
  !["total", "uniques", "per_person"].includes(kind);

/** Whether the groups' values are parts of a whole. */
export const isAdditive = (measure: string): boolean =>
  ["total", "uniques", "sum"].includes(measureOf(measure).kind);

/** "sum:amount" as its kind and property. */
export function measureOf(measure: string): { kind: Kind; property?: string } {
  const at = measure.indexOf(":");
  const kind = (at < 0 ? measure : measure.slice(0, at)) as Kind;
  return at < 0 ? { kind } : { kind, property: measure.slice(at + 1) };
}

/** A measure in a URL. */
export function readMeasure(given: unknown): string | undefined {
  if (typeof given !== "string" || given.length > 1100) return undefined;
  const { kind, property } = measureOf(given);
  return Object.hasOwn(KINDS, kind) && wantsProperty(kind) === Boolean(property) ? given : undefined;
}

/** How a sentence begins. */
export const leadOf = (kind: Kind): string => (wantsProperty(kind) ? texts.show : texts.count);

/** What stands before the event. */
export function linkOf(kind: Kind): string {
  if (wantsProperty(kind)) return texts.in;
  return kind === "uniques" ? texts.whoDid : kind === "total" ? texts.peopleDid : texts.of;
}

/** "unique people who did", or "sum of Amount in": what stands before the event. */
export function measureInWords(measure: string): string {
  const { kind, property } = measureOf(measure);
  return [KINDS[kind], property, linkOf(kind)].filter(Boolean).join(" ");
}
