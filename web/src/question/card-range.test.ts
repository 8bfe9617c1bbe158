import { expect, it } from "vitest";

import { cardRangeOf, periodOfCard } from "./card-range";

it("says the day after the last where a page says the last", () => {
  const period = { from: "2026-10-30", until: "2026-11-01" };
  expect(cardRangeOf(period)).toEqual({ from: "2026-10-30", to: "2026-11-02" });
  expect(periodOfCard(cardRangeOf(period))).toEqual(period);
  expect(periodOfCard(cardRangeOf({ last: 7 }))).toEqual({ last: 7 });
});
