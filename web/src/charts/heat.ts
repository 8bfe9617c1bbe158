// What a heat map shows: rows of cells whose values are shares, the stronger the larger.
import { type Scheme, SHADES, tintOfHeat } from "./colours";

export type HeatCell = {
  /** From 0 to 1. */
  share: number;
  /** What stands in the cell; the share where nothing is said. */
  shown?: string;
  /** What the share is of, in words: stands at the pointer and is read out. */
  told: string;
  /** Whether the time that it counts is not over. */
  incomplete: boolean;
};
export type HeatRow = {
  name: string;
  /** How many there are in all. */
  size: number;
  /** As it stands beside the name; short where nothing is said. */
  sizeShown?: string;
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
  /** The share that is filled most; found among the cells where nothing is said. */
  most?: number;
  /** Whether what sums up leads to people, too. */
  open?: boolean;
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
  const most = data.most ?? (greatest(data) || 1);
  return (share) => tinted(scheme, share / most);
}

/** The card's own colour at 0, half of the tint at 1. */
export function tinted(scheme: Scheme, part: number): string {
  const [card, tint] = [parts(SHADES[scheme].card), parts(tintOfHeat(scheme))];
  const mixed = card.map((from, index) => {
    const more = ((tint[index] ?? 0) - from) * TINT_MOST * Math.min(1, Math.max(0, part));
    return Math.round(from + more);
  });
  return `rgb(${mixed.join(", ")})`;
}
