// What a heat map shows: rows of cells whose values are shares, the stronger the larger.
import { type Scheme, SHADES, tintOfHeat } from "./colours";

export type HeatCell = {
  /** From 0 to 1. */
  share: number;
  /** What the share is of, in words: stands at the pointer and is read out. */
  told: string;
  /** Whether the time that it counts is not over. */
  incomplete: boolean;
};
export type HeatRow = {
  name: string;
  /** How many there are in all. */
  size: number;
  /** One for each column; none where nothing can be known yet. */
  cells: (HeatCell | undefined)[];
  /** Whether it sums up others: it stands apart. */
  whole?: boolean;
};
export type HeatData = {
  /** What rows are, and what their sizes count. */
  head: string;
  sizes: string;
  columns: string[];
  rows: HeatRow[];
};

/** More of the tint than this would leave words on it too faint. */
const TINT_MOST = 0.5;

/** The greatest final share but for those of the first column, which is all or nearly. */
function greatest({ rows }: HeatData): number {
  const cells = rows.flatMap((row) => row.cells.slice(1));
  return Math.max(0, ...cells.map((cell) => (cell && !cell.incomplete ? cell.share : 0)));
}

const parts = (colour: string): number[] =>
  [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));

/** The colours of cells by their shares, from the card's own to half of the tint. */
export function shadesOf(data: HeatData, scheme: Scheme): (share: number) => string {
  const most = greatest(data) || 1;
  const [card, tint] = [parts(SHADES[scheme].card), parts(tintOfHeat(scheme))];
  return (share) => {
    const part = TINT_MOST * Math.min(1, share / most);
    const mixed = card.map((from, index) => Math.round(from + ((tint[index] ?? 0) - from) * part));
    return `rgb(${mixed.join(", ")})`;
  };
}
