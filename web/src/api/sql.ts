import { type QueryKey, queryOptions } from "@tanstack/react-query";

import { answered, client, type Schemas } from "./client";
import type { Asking } from "./insights";

export type SqlAnswer = Schemas["SqlAnswer"] & { statement: string };
export type SqlSchema = Schemas["SqlSchema"];
export type SqlTable = SqlSchema["tables"][number];
export type SqlColumn = SqlTable["columns"][number];
export type SqlType = Schemas["SqlType"];

/** Rows that a page can hold. */
const ROWS_MAX = 10_000;

/** A text of JSON, or a number in it. */
const TEXT_OR_NUMBER = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** Reads an answer; whole numbers that a number here would round keep their digits. */
export function readAnswer(text: string): Schemas["SqlAnswer"] {
  if (!/\d{16}/.test(text)) return JSON.parse(text) as Schemas["SqlAnswer"];
  const exact = text.replace(TEXT_OR_NUMBER, (found) =>
    /^-?\d{16,}$/.test(found) && !Number.isSafeInteger(Number(found)) ? `"${found}"` : found,
  );
  const answer = JSON.parse(exact) as Schemas["SqlAnswer"];
  const whole = answer.columns.map(({ type }) => type === "integer" || type === "number");
  const cell = (value: unknown, place: number) =>
    whole[place] && typeof value === "string" && /^-?\d+$/.test(value) ? BigInt(value) : value;
  return { ...answer, rows: answer.rows.map((row) => row.map(cell)) };
}

/** Asks a statement; it ends at the server, too, when it is given up. */
export const sql = (statement: string): Asking<SqlAnswer> =>
  queryOptions({
    queryKey: ["sql", statement] as QueryKey,
    queryFn: async ({ signal }): Promise<SqlAnswer> => {
      const body = { sql: statement, limit: ROWS_MAX };
      const asked = client.POST("/api/v1/sql", { body, signal, parseAs: "text" });
      return { ...readAnswer(await answered(asked)), statement };
    },
    staleTime: Infinity,
    gcTime: 60_000,
  });

/** The tables that there are, and their columns. */
export const sqlSchema = queryOptions({
  queryKey: ["sql-schema"],
  queryFn: ({ signal }) => answered(client.GET("/api/v1/sql/schema", { signal })),
  staleTime: 60_000,
});
