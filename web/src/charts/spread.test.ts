import { describe, expect, it } from "vitest";

import { spread } from "./spread";

describe("labels beside lines", () => {
  it("leaves alone what stands apart", () => {
    expect(spread([200, 20, 100], 16, 0, 300)).toEqual([200, 20, 100]);
  });
  it("moves apart what would stand on each other, in their order", () => {
    expect(spread([100, 98, 99], 16, 0, 300)).toEqual([130, 98, 114]);
  });
  it("stays inside where there is room", () => {
    expect(spread([300, 299, 298], 16, 0, 300)).toEqual([300, 284, 268]);
  });
});
