import { describe, expect, it } from "vitest";

import { colours, GREY } from "./colours";

describe("series colours", () => {
  it("gives a name the same colour wherever it stands alone", () => {
    expect(colours(["Charged"], "light")).toEqual(colours(["Charged"], "light"));
    expect(colours(["Charged", "Viewed"], "dark")[0]).toBe(colours(["Charged"], "dark")[0]);
  });
  it("never gives two names one colour while colours are left", () => {
    const names = ["a", "b", "c", "d", "e", "f", "g", "h"];
    expect(new Set(colours(names, "light")).size).toBe(8);
  });
  it("is grey for the rest", () => {
    expect(colours(["(other)"], "dark")).toEqual([GREY.dark]);
    expect(colours([..."abcdefghi"], "light")[8]).toBe(GREY.light);
  });
});
