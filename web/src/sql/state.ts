// The state of SQL in the URL: the statement that is asked, so that going back goes to the one before.

export type SqlSearch = { sql?: string };

/** As long as an address can well be; what is longer is asked all the same. */
export const ADDRESS_MAX = 4_000;
/** The longest statement that the server takes. */
const STATEMENT_MAX = 65_536;

export function readSql({ sql }: Record<string, unknown>): SqlSearch {
  return typeof sql === "string" && sql.trim() && sql.length <= STATEMENT_MAX ? { sql } : {};
}

/** A name as it stands in a statement. */
export const written = (name: string): string =>
  /^[A-Za-z_]\w*$/.test(name) && !RESERVED.has(name.toLowerCase()) ? name : `"${name.replaceAll('"', '""')}"`;

/** Words that cannot stand as a column without quotes. */
const RESERVED = new Set(
  "all and any array as asc between by case cast cross current_date current_time current_timestamp desc distinct else end except exists false fetch for from full group having in inner intersect interval into is join left like limit natural not null offset on or order outer over partition right row rows select set table then to true union unnest using values when where window with".split(
    " ",
  ),
);
