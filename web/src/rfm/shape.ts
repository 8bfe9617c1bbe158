// An answer about recency, frequency and money as tiles, moves and rows.
import type { RfmAnswer, RfmQuestion } from "../api/insights";
import type { HeatData } from "../charts/heat";
import type { Tile } from "../charts/tiles";
import { RFM_NAMES, type RfmName } from "../filters/kinds";
import {
  conditionsInWords,
  datesInWords,
  eventInWords,
  peopleInWords,
  type SegmentNames,
} from "../filters/words";
import { difference, full, share, short } from "../ui/numbers";
import { type Kind, NONE, type RfmCell, type Score, SCORES } from "./state";
import { texts } from "./texts";

/** Where a kind lies: columns by recency, rows from the greatest worth down, from 1 and not to the end. */
const PLACES: Record<RfmName, Tile["place"]> = {
  Champions: { left: 5, right: 6, top: 1, bottom: 3 },
  Loyal: { left: 3, right: 5, top: 1, bottom: 3 },
  "Potential loyalist": { left: 4, right: 6, top: 3, bottom: 5 },
  "New customers": { left: 5, right: 6, top: 5, bottom: 6 },
  Promising: { left: 4, right: 5, top: 5, bottom: 6 },
  "Need attention": { left: 3, right: 4, top: 3, bottom: 4 },
  "About to sleep": { left: 3, right: 4, top: 4, bottom: 6 },
  "At risk": { left: 1, right: 3, top: 2, bottom: 4 },
  "Can't lose them": { left: 1, right: 3, top: 1, bottom: 2 },
  Hibernating: { left: 1, right: 3, top: 4, bottom: 6 },
};

export type Named = RfmAnswer["named"][number] & {
  share: number;
  revenueShare: number;
  /** How many there were in the period before, where that is compared. */
  before?: number;
};

const part = (of: number, all: number): number => (all === 0 ? 0 : of / all);

/** The ten kinds, the best first. */
export function namedOf({ named, people, revenue, moves }: RfmAnswer): Named[] {
  return RFM_NAMES.flatMap((name) => {
    const found = named.find(({ segment }) => segment === name);
    const were = moves?.filter(({ from }) => from === name);
    const before = were && { before: were.reduce((all, move) => all + move.people, 0) };
    return found
      ? {
          ...found,
          share: part(found.people, people),
          revenueShare: part(found.revenue, revenue),
          ...before,
        }
      : [];
  });
}

export const tilesOf = (answer: RfmAnswer): Tile[] =>
  namedOf(answer).map(({ segment, people, revenue, share: of, before }) => ({
    name: segment,
    hint: texts.hints[segment],
    share: of,
    told: texts.told(segment, full(people), share(of), full(revenue)),
    lines: [
      `${texts.people(full(people), people === 1)}, ${share(of)}`,
      texts.paidTold(short(Math.round(revenue))),
      ...(before === undefined ? [] : [texts.before(full(before), difference(people, before))]),
    ],
    place: PLACES[segment],
  }));

export const kindName = (kind: Kind): string => (kind === NONE ? texts.none : kind);

/** The kinds of a side of the moves. */
const SIDES: Kind[] = [...RFM_NAMES, NONE];

/** Moves as a heat map of what became of each kind, and the kinds of its rows and columns. */
export function movesOf(moves: NonNullable<RfmAnswer["moves"]>): { data: HeatData; rows: Kind[] } {
  const of = (from: Kind, to: Kind) =>
    moves.find((move) => move.from === from && move.to === to)?.people ?? 0;
  const sizes = SIDES.map((from) => SIDES.reduce((all, to) => all + of(from, to), 0));
  const rows = SIDES.flatMap((from, place) => {
    const size = sizes[place] ?? 0;
    if (size === 0) return [];
    const cells = SIDES.map((to) => {
      const people = of(from, to);
      if (people === 0) return undefined;
      const told = texts.moved(full(people), kindName(from), kindName(to));
      return { share: people / size, told, incomplete: false };
    });
    return [{ from, row: { name: kindName(from), size, cells } }];
  });
  const data = {
    head: texts.was,
    sizes: texts.count,
    columns: SIDES.map(kindName),
    rows: rows.map(({ row }) => row),
    most: 1,
  };
  return { data, rows: rows.map(({ from }) => from) };
}

/** The kind in a column of the moves. */
export const columnKind = (column: number): Kind => SIDES[column] ?? NONE;

/** What a bin of a score means: "3 – 7". */
export function spanOf({ scores }: RfmAnswer, score: Score, bin: number): string | undefined {
  const found = scores[score].find((one) => one.bin === bin);
  return found && texts.span(full(found.least), full(found.most));
}

export const binsOf = ({ question }: RfmAnswer): number[] =>
  Array.from({ length: question.bins }, (_, place) => question.bins - place);

/** The scores that people have: money, where there is any. */
export const scoresOf = ({ scores }: RfmAnswer): Score[] =>
  SCORES.filter((score) => scores[score].length > 0);

export function inWords(answer: RfmAnswer): string {
  const all = namedOf(answer);
  const most = all.reduce((one, other) => (other.people > one.people ? other : one), all[0] as Named);
  return texts.described(full(answer.people), most.segment, share(most.share));
}

/** What a number counts, in words. */
export function cellInWords(cell: RfmCell): string {
  if ("segment" in cell) return texts.behindKind(cell.segment);
  if ("from" in cell) return texts.behindMove(kindName(cell.from), kindName(cell.to));
  const score = SCORES.find((one) => one in cell) ?? "r";
  return texts.behindBin(texts.scoreNames[score], (cell as Record<Score, number>)[score]);
}

/** The rows of the file: the kinds, the cells of scores, then the moves. */
export function tableRows(answer: RfmAnswer): (string | number)[][] {
  const then = answer.moves ? [texts.then] : [];
  return [
    [texts.kind, texts.count, texts.share, texts.revenue, texts.revenueShare, ...then],
    ...namedOf(answer).map(({ segment, people, share: of, revenue, revenueShare, before }) => [
      segment,
      people,
      of,
      revenue,
      revenueShare,
      ...(before === undefined ? [] : [before]),
    ]),
    [],
    [...SCORES, texts.kind, texts.count, texts.revenue],
    ...answer.cells.map(({ r, f, m, segment, people, revenue }) => [r, f, m ?? "", segment, people, revenue]),
    ...(answer.moves
      ? [
          [],
          [texts.from, texts.to, texts.count],
          ...answer.moves.map(({ from, to, people }) => [from, to, people]),
        ]
      : []),
  ];
}

export function questionInWords(question: RfmQuestion, names: SegmentNames): string {
  const { event, where, amount, bins, people } = question;
  const what = [texts.lead, eventInWords(event), conditionsInWords(where), texts.worth, amount, texts.cameTo];
  const parts = [
    `${what.filter(Boolean).join(" ")} ${texts.inBins(bins)}`,
    peopleInWords(people, names),
    datesInWords(question),
  ];
  return parts.filter(Boolean).join(", ");
}
