/** Whether this is the start of an interval, as answers say it: a moment with its zone. */
export const isStart = (given: unknown): given is string =>
  typeof given === "string" &&
  /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(Z|[+-]\d{2}:\d{2})$/.test(given) &&
  !Number.isNaN(Date.parse(given));

/** What an interval is called on an axis, in the zone of the question. */
export function intervalName(at: string, interval: string): string {
  // The answer's offset is that of the zone: its clock is read as it stands.
  const local = new Date(`${at.slice(0, 16)}:00Z`);
  const words = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat("en-GB", { ...options, timeZone: "UTC" }).format(local);
  if (interval === "minute") return words({ hour: "2-digit", minute: "2-digit" });
  if (interval === "hour") {
    return words({ day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
  }
  if (interval === "month") return words({ month: "short", year: "numeric" });
  return words({ day: "numeric", month: "short" });
}
