// The kinds of people that are told apart by how recently, often and for how much they did something.
import type { Schemas } from "../api/client";

export type RfmName = Schemas["RfmName"];

/** The best first. */
export const RFM_NAMES: RfmName[] = [
  "Champions",
  "Loyal",
  "Potential loyalist",
  "New customers",
  "Promising",
  "Need attention",
  "About to sleep",
  "At risk",
  "Can't lose them",
  "Hibernating",
];

/** What they are scored by where nothing is said. */
export const DEFAULT_PAID = "Charged";
export const DEFAULT_AMOUNT = "Amount";
