// Tables and pictures as files, made in the browser.

/** Rows as CSV (RFC 4180); a cell that a spreadsheet would run is written as text. */
export function csv(rows: (string | number | bigint)[][]): string {
  const cell = (value: string | number | bigint) => {
    const text = typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : `${value}`;
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return rows.map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
}

/** The longest name of a file, without its ending. */
const NAME_MAX = 100;

/** A sentence as the name of a file: letters and digits of any script, the rest as hyphens. */
export const fileName = (sentence: string): string =>
  [...sentence.toLowerCase().replace(/[^\p{L}\p{M}\p{N}]+/gu, "-")]
    .slice(0, NAME_MAX)
    .join("")
    .replace(/^-+|-+$/g, "") || "candor";

function save(name: string, content: Blob): void {
  const url = URL.createObjectURL(content);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}

/** Saves rows under a name made of the question. */
export const saveCsv = (sentence: string, rows: (string | number | bigint)[][]): void =>
  save(`${fileName(sentence)}.csv`, new Blob([csv(rows)], { type: "text/csv" }));

/** Saves a table that the server wrote. */
export const saveText = (name: string, text: string): void =>
  save(`${fileName(name)}.csv`, new Blob([text], { type: "text/csv" }));

/** Saves what is painted under a name made of the question. */
export async function savePng(sentence: string, painted: HTMLCanvasElement): Promise<void> {
  const blob = await new Promise<Blob | null>((done) => painted.toBlob(done, "image/png"));
  if (blob) save(`${fileName(sentence)}.png`, blob);
}
