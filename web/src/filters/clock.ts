// When an event was, as a property of it: the hour and the weekday in the question's zone.
import { named } from "../ui/numbers";
import { texts } from "./texts";

export const HOUR = "$hour";
export const WEEKDAY = "$weekday";
export const isClock = (property: string): boolean => property === HOUR || property === WEEKDAY;

const hourInWords = (hour: number) => `${String(hour).padStart(2, "0")}:00`;

/** What there is to choose from: 24 hours, or 7 days from Monday on. */
export const clockChoices = (property: string): { value: number; label: string }[] =>
  property === HOUR
    ? Array.from({ length: 24 }, (_, hour) => ({ value: hour, label: hourInWords(hour) }))
    : texts.weekdays.map((label, day) => ({ value: day + 1, label }));

/** "Day of the week" for what the API calls `$weekday`; any other property by its own name. */
export const propertyInWords = (property: string): string =>
  property === HOUR ? texts.hour : property === WEEKDAY ? texts.weekday : property;

/** A value of a property: an hour or a weekday by its name. */
export function valueInWords(property: string, value: unknown): string {
  const known = isClock(property) ? clockChoices(property).find((one) => one.value === value) : undefined;
  return known?.label ?? named(value);
}
