import { describe, expect, it } from "vitest";

import { csv, fileName } from "./download";

describe("files", () => {
  it("quotes what needs it and runs nothing in a spreadsheet", () => {
    expect(csv([["a,b", 1], ["=1+1", 'say "x"']])).toBe('"a,b",1\r\n\'=1+1,"say ""x"""\r\n');
  });
  it("is named by the question, in any script", () => {
    expect(fileName("Count unique people who did Charged, per day")).toBe(
      "count-unique-people-who-did-charged-per-day",
    );
    expect(fileName("गिनें Charged")).toBe("गिनें-charged");
    expect(fileName("../..")).toBe("candor");
    expect(fileName("x".repeat(500)).length).toBe(100);
  });
});
