// The ids by which somebody is found, and what they are called.
import type { IdKind, Person } from "../api/people";
import { masked, named } from "../ui/numbers";

export const KINDS: IdKind[] = ["identity", "email", "phone", "guid"];

/** The longest id that the server knows. */
export const ID_MAX = 1024;

/** What an id most likely is, by its form. */
export function kindOf(text: string): IdKind {
  const id = text.trim();
  if (/^[^\s@]+@[^\s@]+$/.test(id)) return "email";
  if (/^\+[\d\s().-]{6,24}$/.test(id)) return "phone";
  if (/^(__)?[0-9a-f]{32}$/i.test(id) || /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id)) {
    return "guid";
  }
  return "identity";
}

/** A person's own id in Candor, which is opened and not looked for. */
export const isPersonId = (text: string): boolean => /^p_[0-9a-f]{32}$/.test(text.trim());

/** What a person is called: the name, else an id of theirs; undefined where that is hidden or unknown. */
export function calledOf(person: Person): string | undefined {
  const ids = [person.traits.Name, person.identity, person.email, person.phone];
  const told = ids.find((one) => one !== null && one !== undefined && !masked(one));
  return told === undefined ? undefined : named(told);
}
