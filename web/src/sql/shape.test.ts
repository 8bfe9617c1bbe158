import { expect, test } from "vitest";

import { readAnswer, type SqlAnswer } from "../api/sql";
import { csv } from "../ui/download";
import { inShort, pictureOf, tableRows, told } from "./shape";
import { readSql, written } from "./state";

const meta = { elapsed_ms: 1, events_scanned: 1, as_of: "2026-11-28T00:00:00Z" };
const answer = (columns: SqlAnswer["columns"], rows: unknown[][]): SqlAnswer =>
  ({ columns, rows, truncated: false, meta, statement: "" }) as SqlAnswer;

const day = { name: "day", type: "timestamp" } as const;
const n = { name: "n", type: "integer" } as const;
const name = { name: "name", type: "text" } as const;

test("numbers by time are lines, in order", () => {
  const rows = [
    ["2026-11-02T00:00:00Z", 5],
    ["2026-11-01T00:00:00Z", 3],
  ];
  const picture = pictureOf(answer([day, n], rows));
  expect(picture).toEqual({
    kind: "lines",
    data: {
      at: ["2026-11-01", "2026-11-02"],
      lines: [{ name: "n", values: [3, 5] }],
      incomplete: [false, false],
      additive: false,
    },
  });
});

test("one number by name is bars, and all else is a table", () => {
  const rows = [
    ["a", 2],
    ["b", 1],
  ];
  expect(pictureOf(answer([name, n], rows))).toMatchObject({ kind: "bars", value: "n" });
  expect(pictureOf(answer([name, n], [["a", 2]]))).toBeUndefined();
  expect(pictureOf(answer([name, name], rows))).toBeUndefined();
  expect(pictureOf(answer([name, n], [["a", -2], ...rows]))).toBeUndefined();
  expect(pictureOf(answer([name, n], [["a", null], ...rows]))).toBeUndefined();
  expect(pictureOf(answer([name, n], [["a", 3], ...rows]))).toBeUndefined();
  expect(pictureOf(answer([n], [[1], [2]]))).toBeUndefined();
});

test("a file has the names of the columns, numbers as numbers, and nothing for missing", () => {
  const rows = [["a", 2], [null, null], [["x", "y"], true]];
  expect(tableRows(answer([name, n], rows))).toEqual([
    ["name", "n"],
    ["a", 2],
    ["", ""],
    ['["x","y"]', "true"],
  ]);
});

test("names are quoted where they are no plain words", () => {
  expect(["Amount", "price.number", 'a"b', "order"].map(written)).toEqual([
    "Amount",
    '"price.number"',
    '"a""b"',
    '"order"',
  ]);
  expect(readSql({ sql: "  " })).toEqual({});
  expect(readSql({ sql: 1 })).toEqual({});
  expect(readSql({ sql: "SELECT 1" })).toEqual({ sql: "SELECT 1" });
});

test("whole numbers keep all their digits, wherever a number would round them", () => {
  const text = `{"columns":[${JSON.stringify(n)},${JSON.stringify(name)}],"rows":[[9007199254740993,
    "12345678901234567890"],[-9223372036854775808,"a \\" 9007199254740993, \\\\"],[9007199254740991,"x"]],
    "truncated":false,"meta":${JSON.stringify(meta)}}`;
  const read = { ...readAnswer(text), statement: "" };
  expect(read.rows).toEqual([
    [9007199254740993n, "12345678901234567890"],
    [-9223372036854775808n, 'a " 9007199254740993, \\'],
    [9007199254740991, "x"],
  ]);
  expect(read.rows.map((row) => told(row[0]))).toEqual(["9007199254740993", "-9223372036854775808", "9007199254740991"]);
  expect(csv(tableRows(read).slice(1, 3).map((row) => row.slice(0, 1)))).toBe(
    "9007199254740993\r\n-9223372036854775808\r\n",
  );
  const bars = pictureOf(answer([name, n], [["a", 9007199254740993n], ["b", 1]]));
  expect(bars).toMatchObject({ rows: [{ shown: "9007199254740993" }, { shown: "1" }] });
});

test("long cells are drawn in short and kept whole in a file", () => {
  const long = "x".repeat(2_000);
  expect(inShort(long).length).toBe(501);
  expect(inShort("x".repeat(500)).length).toBe(500);
  expect(tableRows(answer([name], [[long]]))[1]).toEqual([long]);
});
