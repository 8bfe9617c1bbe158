import { describe, expect, it } from "vitest";

import { difference, duration, full, named, share, short, shortShare } from "./numbers";

describe("numbers as people read them", () => {
  it("writes whole numbers in full and large ones short", () => {
    expect(full(1_234_567)).toBe("1,234,567");
    expect(full(12.345)).toBe("12.35");
    expect(full(1_684.8)).toBe("1,684.80");
    expect(full(0.012345)).toBe("0.0123");
    expect(full(-0.5)).toBe("-0.5");
    expect(short(1_234_567)).toBe("1.23 M");
    expect(short(9_999)).toBe("9,999");
    expect(short(2.5)).toBe("2.5");
    expect(short(0.25)).toBe("0.25");
  });
  it("writes shares with one decimal and durations in words", () => {
    expect(share(0.45123)).toBe("45.1%");
    expect([0.4, 0.125].map(shortShare)).toEqual(["40%", "12.5%"]);
    expect(duration(187_200_000)).toBe("2 d 4 h");
    expect(duration(61_000)).toBe("1 min 1 s");
    expect(duration(45)).toBe("45 ms");
    expect(duration(86_400_000 * 12 + 3_600_000)).toBe("12 d");
  });
  it("writes a difference with its sign, and none against nothing", () => {
    expect(difference(110, 100)).toBe("+10.0%");
    expect(difference(90, 100)).toBe("−10.0%");
    expect(difference(90, 0)).toBeUndefined();
  });
  it("has a word for what is missing and for what is hidden", () => {
    expect(named({ masked: true })).toBe("(hidden)");
    expect(named(null)).toBe("(none)");
    expect(named(7)).toBe("7");
  });
});
