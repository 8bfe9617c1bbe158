import { catalogue } from "../ui/texts";

export const texts = catalogue({
  en: {
    title: "Pivot",
    question: "The question",
    event: "What is measured",
    rows: "Rows",
    columns: "Columns",
    rowsBy: "rows by",
    columnsBy: "columns by",
    side: (side: string, place: number) => (place === 1 ? side : `${side}, property ${place}`),
    swap: "Swap rows and columns",
    all: "All",
    other: "(other)",
    told: (row: string, column: string, value: string) => `${row}, ${column}: ${value}`,
    behindAll: "All of the table",
    described: (rows: string, columns: string, row: string, column: string, value: string) =>
      `${rows} rows by ${columns} columns. The largest cell, ${value}, is ${row}, ${column}.`,
    nothing: "Nothing like this happened in the period",
    nothingNext: "Take a longer period at the top, another event, or fewer conditions.",
  },
  hi: { title: "पिवट", all: "सभी" },
});
