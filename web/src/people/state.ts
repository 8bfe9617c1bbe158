// What is looked for. It stands in the browser's own history and not in the address: back and reload
// work, and nobody's id is in a link that is passed on or written down on the way.
import type { IdKind } from "../api/people";

export type Find = { kind: IdKind; id: string };

declare module "@tanstack/react-router" {
  interface HistoryState {
    find?: Find;
  }
}

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
