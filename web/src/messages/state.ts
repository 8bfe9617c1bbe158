// The state of the archive in the URL: which messages, and the one that is looked at.
import type { Visit, Wanted } from "../api/messages";
import { STATES } from "../deliveries/words";
import { isPersonId } from "../filters/who";

export type MessagesSearch = Wanted & { message?: string };

export const VISITS: Visit[] = ["opened", "clicked"];

const word = (given: unknown, most: number): string | undefined =>
  typeof given === "string" && given !== "" && given.length <= most ? given : undefined;

export function readMessages(search: Record<string, unknown>): MessagesSearch {
  const state = STATES.find((one) => one === search.state);
  const campaign = word(search.campaign, 64);
  const run = word(search.run, 200);
  const reason = word(search.reason, 64);
  const visit = VISITS.find((one) => one === search.visit);
  const message = word(search.message, 64);
  const person = word(search.person, 64);
  return {
    ...(person && isPersonId(person) ? { person } : {}),
    ...(campaign ? { campaign } : {}),
    ...(run ? { run } : {}),
    ...(state ? { state } : {}),
    ...(reason ? { reason } : {}),
    ...(visit ? { visit } : {}),
    ...(message ? { message } : {}),
  };
}
