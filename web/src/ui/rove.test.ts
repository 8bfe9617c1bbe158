import { describe, expect, it } from "vitest";

import { nearest } from "./rove";

const grid: [number, number][] = [0, 1, 2].flatMap((row) =>
  [0, 1, 2].map((column): [number, number] => [column * 50, row * 20]),
);

describe("the arrow keys", () => {
  it("go to the neighbour in their direction", () => {
    expect(nearest([50, 20], grid, [1, 0])).toBe(5);
    expect(nearest([50, 20], grid, [-1, 0])).toBe(3);
    expect(nearest([50, 20], grid, [0, -1])).toBe(1);
    expect(nearest([50, 20], grid, [0, 1])).toBe(7);
  });
  it("stay where nothing is further on", () => {
    expect(nearest([100, 40], grid, [1, 0])).toBe(-1);
  });
});
