// A person's answer in the order in which it is read.
import type { Done, Person, Receipt } from "../api/people";
import type { DataClass, Property } from "../api/names";
import { CLASSES } from "../filters/classes";
import { day, masked } from "../ui/numbers";

export type Visit = { session: string; from: string; to: string; events: Done[] };
export type Day = { day: string; visits: Visit[] };

/** Events, newest first, as days of visits; a visit stands on the day on which it ended. */
export function daysOf(events: Done[], zone: string): Day[] {
  const days: Day[] = [];
  let visit: Visit | undefined;
  for (const event of events) {
    if (visit?.session === event.session) {
      visit.from = event.at;
      visit.events.push(event);
      continue;
    }
    visit = { session: event.session, from: event.at, to: event.at, events: [event] };
    const on = day(event.at, zone);
    const last = days.at(-1);
    if (last?.day === on) last.visits.push(visit);
    else days.push({ day: on, visits: [visit] });
  }
  return days;
}

type Traits = { class: DataClass | null; means: string | undefined; rows: [string, unknown][] };

/** Traits by the class of their data, those without a class last. */
export function traitsByClass(traits: Person["traits"], properties: Property[]): Traits[] {
  const classOf = new Map(properties.map((one) => [one.name, one.class]));
  const rows = Object.entries(traits).sort(([one], [other]) => one.localeCompare(other));
  const kinds: (DataClass | null)[] = ["identity", "contact", "location", "behaviour", "device", "sensitive", null];
  return kinds
    .map((kind) => ({
      class: kind,
      means: CLASSES.find(({ value }) => value === kind)?.means,
      rows: rows.filter(([name]) => (classOf.get(name) ?? null) === kind),
    }))
    .filter((group) => group.rows.length > 0);
}

/** Whether something of a person is held back from who looks. */
export const hides = ({ identity, email, phone, guids, traits }: Person): boolean =>
  [identity, email, phone, guids, ...Object.values(traits)].some(masked);

/** By which id a person's consents are asked for, where one may be seen. */
export function whoseOf({ identity, guids }: Person): { identity: string } | { guid: string } | undefined {
  if (typeof identity === "string" || typeof identity === "number") return { identity: `${identity}` };
  const guid = Array.isArray(guids) ? guids[0] : undefined;
  return guid === undefined ? undefined : { guid };
}

/** What was said, a line for each purpose and time, the newest first. */
export const saidOf = (receipts: Receipt[]) =>
  [...receipts].reverse().flatMap(({ id, at, method, notice, purposes }) =>
    Object.entries(purposes).map(([purpose, yes]) => ({ id, at, method, notice, purpose, yes })),
  );
