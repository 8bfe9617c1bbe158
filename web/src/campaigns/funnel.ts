// A report's numbers in the order in which they are read.
import type { Report } from "../api/campaigns";
import type { MessageState, Visit } from "../api/messages";

type Step = Report["funnel"][number]["step"];

/** Which messages of a run are behind a number. */
export type Behind = { state?: MessageState; reason?: string; visit?: Visit };

/** Reasons of what came back after it had been sent. */
const CAME_BACK = ["bounced", "complaint"];

/** The messages behind a step's number; none where no one question asks for exactly those. */
export function behindStep(step: Step, { tally, drops }: Pick<Report, "tally" | "drops">): Behind | undefined {
  const cameBack = drops.some(({ reason, people }) => CAME_BACK.includes(reason) && people > 0);
  switch (step) {
    case "planned":
      return {};
    case "sent":
      // What arrived or came back was sent, too, and is in another state by now.
      return tally.delivered === 0 && !cameBack ? { state: "accepted" } : undefined;
    case "delivered":
      return { state: "delivered" };
    case "opened":
    case "clicked":
      return { visit: step };
    case "converted":
      return undefined;
  }
}

export type Loss = { state: MessageState; reason?: string; people: number };

/** Why people are not among those it was sent to, the most frequent first. */
export function losses({ drops, tally }: Report): Loss[] {
  const open: Loss[] = (["unknown", "planned", "handing_over"] as const).map((state) => ({
    state,
    people: tally[state],
  }));
  return [...drops, ...open]
    .filter(({ people }) => people > 0)
    .sort((one, other) => other.people - one.people);
}

/** Whether what failed so may arrive when it is sent again. */
export const mayGoAnew = ({ state, reason }: Loss): boolean =>
  state === "failed" && (reason === "gave_up" || reason === "bad_content");

const signed = new Intl.NumberFormat("en", { signDisplay: "exceptZero", maximumFractionDigits: 1, minimumFractionDigits: 1 });

/** Beyond this many standard errors a difference is seldom chance: 1 time in 20. */
const SELDOM = 1.96;

/** Whether the two rates may differ by chance alone (two proportions, pooled). */
export function mayBeChance({ treated, control }: NonNullable<Report["control"]>): boolean {
  if (treated.rate === null || control.rate === null) return true;
  const pooled = (treated.converted + control.converted) / (treated.people + control.people);
  const error = Math.sqrt(pooled * (1 - pooled) * (1 / treated.people + 1 / control.people));
  return error === 0 || Math.abs(treated.rate - control.rate) < SELDOM * error;
}

/** By how many points the rate differs from that of the control group: "+1.3". None where there are
 * too few people to tell. */
export function pointsOf({ lift }: NonNullable<Report["control"]>): string | undefined {
  return lift === null ? undefined : signed.format(100 * lift).replace("-", "−");
}
