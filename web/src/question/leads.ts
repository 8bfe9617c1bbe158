// Whether the page of a question can show it as it is kept: then a card leads there.
import type { Range } from "../filters/period";
import { isDate } from "../filters/period";
import { same } from "../ui/same";
import type { Kind } from "./kind";

/** What a question says by saying nothing may be written out or left out. */
function brief(part: unknown): unknown {
  if (Array.isArray(part)) return part.map(brief);
  if (typeof part !== "object" || part === null) return part;
  const told = Object.entries(part)
    .map(([name, value]) => [name, brief(value)] as const)
    .filter(([, value]) => value !== null && value !== false && !(Array.isArray(value) && value.length === 0));
  return Object.fromEntries(told);
}

const DAY_MS = 86_400_000;

/** The days of a question that has such. */
function daysOf(question: object): Range | undefined {
  const { from, to } = question as { from?: unknown; to?: unknown };
  if (!isDate(from) || !isDate(to)) return undefined;
  return { from, to, days: (Date.parse(to) - Date.parse(from)) / DAY_MS };
}

/** Where it says no zone, it is the publisher's. */
const inZone = (question: object, zone: string): object =>
  "timezone" in question ? { ...question, timezone: question.timezone ?? zone } : question;

/** Any days do for what is not asked about days. */
const ANY_DAYS: Range = { from: "2026-01-01", to: "2026-01-02", days: 1 };

export function leads<Q extends object, A, S>(kind: Kind<Q, A, S>, question: Q, zone: string): boolean {
  const days = kind.dated ? daysOf(question) : ANY_DAYS;
  if (!days) return false;
  const asked = kind.questionOf(kind.searchOf(question), days, zone);
  return same(brief(asked), brief(inZone(question, zone)));
}

/** The question about these days. */
export function askedAbout<Q extends object, A, S>(
  kind: Kind<Q, A, S>,
  question: Q,
  range: Range,
  zone: string,
): Q {
  if (leads(kind, question, zone)) return kind.questionOf(kind.searchOf(question), range, zone);
  return kind.dated ? { ...question, from: range.from, to: range.to } : question;
}
