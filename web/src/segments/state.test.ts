import { describe, expect, it } from "vitest";

import { reasonsOf } from "./rejects";
import { readSegment } from "./state";
import { columnsOf } from "./upload";

describe("the address of a segment's page", () => {
  it("holds the rule while it is not saved", () => {
    const rule = { all: [{ did: { event: "Charged", times: { at_least: 3 } } }] };
    expect(readSegment({ rule, people: true })).toEqual({ rule, people: true });
  });
  it("leaves out what is no rule", () => {
    expect(readSegment({ rule: "drop" })).toEqual({});
  });
});

describe("files of people", () => {
  it("have columns in their first line", () => {
    expect(columnsOf('\uFEFFidentity,"full, name","say ""x"""\r\na,b,c')).toEqual([
      "identity",
      "full, name",
      'say "x"',
    ]);
    expect(columnsOf("")).toEqual([]);
  });
  it("tell why lines were nobody, the most frequent first", () => {
    const file = "line,reason\n3,no identity\n4,nobody, at all\n5,no identity\n";
    expect(reasonsOf(file)).toEqual([
      { reason: "no identity", lines: 2 },
      { reason: "nobody, at all", lines: 1 },
    ]);
  });
});
