// The days of a card or board: as the API says them, and as a page does.
import type { BoardRange } from "../api/boards";
import { dayBefore, type Period, periodOf, rangeOf } from "../filters/period";

/** The API's end is the day after the last. */
export function cardRangeOf(period: Period): BoardRange {
  if ("last" in period) return period;
  const { from, to } = rangeOf(period, "UTC", 0);
  return { from, to };
}

export const periodOfCard = (range: BoardRange): Period =>
  "last" in range ? range : periodOf({ from: range.from, until: dayBefore(range.to) });
