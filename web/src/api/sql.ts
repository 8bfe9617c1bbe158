import { queryOptions } from "@tanstack/react-query";

import { answered, client, type Schemas } from "./client";

export type SqlAnswer = Schemas["SqlAnswer"] & { statement: string };
export type SqlSchema = Schemas["SqlSchema"];
export type SqlTable = SqlSchema["tables"][number];
export type SqlColumn = SqlTable["columns"][number];
export type SqlType = Schemas["SqlType"];

/** Rows that a page can hold. */
const ROWS_MAX = 10_000;

/** Asks a statement; it ends at the server, too, when it is given up. */
export const sql = (statement: string) =>
  queryOptions({
    queryKey: ["sql", statement],
    queryFn: async ({ signal }): Promise<SqlAnswer> => {
      const asked = client.POST("/api/v1/sql", { body: { sql: statement, limit: ROWS_MAX }, signal });
      // Arrow comes only to who asks for it.
      return { ...((await answered(asked)) as Schemas["SqlAnswer"]), statement };
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
