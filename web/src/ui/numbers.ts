// Numbers and times as people read them.

import { words } from "./words";

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const small = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });
/** Both digits, or the amounts of a column would not stand below each other. */
const fine = new Intl.NumberFormat("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const brief = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });
const compact = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });
const percent = new Intl.NumberFormat("en", {
  style: "percent",
  minimumFractionDigits: 1,
  maximumFractionDigits: 1,
});

const part = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 1 });

const signed = new Intl.NumberFormat("en", {
  style: "percent",
  signDisplay: "exceptZero",
  minimumFractionDigits: 1,
  maximumFractionDigits: 1,
});

/** 1,234,567, or 12.30 where it is not whole; 0.0123 where that would say too little. */
export function full(value: number): string {
  if (Number.isInteger(value)) return whole.format(value);
  return (Math.abs(value) < 1 ? small : fine).format(value);
}

/** 1.23 M, and 9 K, too: beside others that are shortened. */
export const shorter = (value: number): string => compact.format(value).replace(/([A-Z])$/, " $1");

/** 1.23 M on cards. */
export function short(value: number): string {
  if (Math.abs(value) < 1) return full(value);
  if (Math.abs(value) < 10_000) return brief.format(value);
  return shorter(value);
}

/** 0.4512 as 45.1%. */
export const share = (value: number): string => percent.format(value);

/** 0.4 as 40%, 0.125 as 12.5%: on an axis. */
export const shortShare = (value: number): string => part.format(value);

const UNITS: [string, number][] = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1_000],
];

/** 187,200,000 ms as "2 d 4 h". */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  const first = UNITS.findIndex(([, unit]) => ms >= unit);
  const [name, unit] = UNITS[first] ?? ["s", 1_000];
  const count = Math.floor(ms / unit);
  const next = UNITS[first + 1];
  const rest = next ? Math.floor((ms % unit) / next[1]) : 0;
  return next && rest > 0 && count < 10 ? `${count} ${name} ${rest} ${next[0]}` : `${count} ${name}`;
}

/** "14:03:07" in a zone. */
export const clock = (at: string | number, zone?: string): string =>
  new Date(at).toLocaleTimeString("en-GB", { timeZone: zone });

/** "24 Nov 2026" in a zone. */
export const day = (at: string | number, zone?: string): string =>
  new Date(at).toLocaleDateString("en-GB", { dateStyle: "medium", timeZone: zone });

/** "24 Nov 2026, 14:03" in a zone. */
export const moment = (at: string | number, zone?: string): string =>
  new Date(at).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short", timeZone: zone });

/** +12.3% or −4.5%: how much more or less than before; undefined where there was nothing. */
export const difference = (now: number, before: number | undefined): string | undefined =>
  before === undefined || before === 0
    ? undefined
    : signed.format(now / before - 1).replace("-", "−");

/** What the server holds and does not show to this caller. */
export const masked = (value: unknown): boolean =>
  typeof value === "object" && value !== null && "masked" in value && value.masked === true;

/** What a breakdown's value is called. */
export function named(value: unknown): string {
  if (value === null || value === undefined) return "(none)";
  if (masked(value)) return words.hidden;
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** "As of 24 Nov 2026, 14:03:07, Asia/Kolkata, from 8.2 M events". */
export const answeredAt = (meta: { as_of: string; events_scanned: number }, zone: string): string =>
  words.answeredAt(`${day(meta.as_of, zone)}, ${clock(meta.as_of, zone)}, ${zone}`, short(meta.events_scanned));
