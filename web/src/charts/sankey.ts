// Where the parts of a Sankey diagram lie, and which of them make a way. Widths are as counts.

import { colours, type Scheme } from "./colours";

export type SankeyNode = { column: number; name: string; count: number };
/** From a node of a column to one of the next, by their places in the list. */
export type SankeyLink = { from: number; to: number; count: number };
export type SankeyData = {
  nodes: SankeyNode[];
  links: SankeyLink[];
  /** What columns are called, from left to right. */
  columns: string[];
};

/** The colours of nodes: an event has the same in each column. */
export function tintsOfNodes({ nodes }: SankeyData, scheme: Scheme): string[] {
  const names = [...new Set(nodes.map(({ name }) => name))];
  const tints = colours(names, scheme);
  return nodes.map(({ name }) => tints[names.indexOf(name)] ?? "");
}

type Box = { left: number; top: number; height: number };
export type SankeyLayout = { width: number; height: number; nodes: Box[]; links: string[] };

export const NODE_WIDTH = 12;
const HEAD = 28;
/** The words of a node, in two lines, and what is between two nodes. */
const WORDS = 34;
const GAP = 10;
/** The height of all that begins, where there is room for it. */
const FLOW = 300;

/** The curve of a link from its source's right side to its target's left side. */
function ribbon(x: number, y: number, toX: number, toY: number, thick: number): string {
  const middle = (x + toX) / 2;
  const upper = `M${x},${y}C${middle},${y} ${middle},${toY} ${toX},${toY}`;
  return `${upper}v${thick}C${middle},${toY + thick} ${middle},${y + thick} ${x},${y + thick}Z`;
}

const places = <T>(all: T[], which: (one: T) => boolean): number[] =>
  all.flatMap((one, place) => (which(one) ? [place] : []));

/** `aside` is the room for words at the right of the last column. */
export function layoutOf(data: SankeyData, width: number, aside: number): SankeyLayout {
  const { nodes, links, columns } = data;
  const sums = columns.map((_, column) =>
    nodes.reduce((all, node) => all + (node.column === column ? node.count : 0), 0),
  );
  const scale = FLOW / Math.max(1, ...sums);
  const step = (width - NODE_WIDTH - aside) / Math.max(1, columns.length - 1);
  const tops = columns.map(() => HEAD);
  const boxes = nodes.map(({ column, count }): Box => {
    const height = Math.max(2, count * scale);
    const top = tops[column] ?? HEAD;
    tops[column] = top + Math.max(height, WORDS) + GAP;
    return { left: column * step, top, height };
  });
  // At each side of a node its links lie in the order of their other ends, so that few cross.
  const shift = (ends: (link: SankeyLink) => number, others: (link: SankeyLink) => number) => {
    const starts = links.map(() => 0);
    nodes.forEach((_, node) => {
      const mine = places(links, (link) => ends(link) === node);
      mine.sort((one, other) => others(links[one] as SankeyLink) - others(links[other] as SankeyLink));
      let at = boxes[node]?.top ?? 0;
      for (const place of mine) {
        starts[place] = at;
        at += (links[place]?.count ?? 0) * scale;
      }
    });
    return starts;
  };
  const leaves = shift(({ from }) => from, ({ to }) => to);
  const arrives = shift(({ to }) => to, ({ from }) => from);
  return {
    width,
    height: Math.max(...tops),
    nodes: boxes,
    links: links.map(({ from, to, count }, place) =>
      ribbon(
        (boxes[from]?.left ?? 0) + NODE_WIDTH,
        leaves[place] ?? 0,
        boxes[to]?.left ?? 0,
        arrives[place] ?? 0,
        Math.max(1, count * scale),
      ),
    ),
  };
}

/** A node or a link, by its place in its list. */
export type SankeyPart = { node: number } | { link: number };

/** The nodes that are part of a way, or what it was traced from. */
export function passed({ links }: SankeyData, part: SankeyPart, way: Set<number>): Set<number> {
  const ends = [...way].flatMap((place) => [links[place]?.from ?? -1, links[place]?.to ?? -1]);
  return new Set("node" in part ? [...ends, part.node] : ends);
}

/** The links that lead to a part and on from it, through all columns. */
export function traced({ links }: SankeyData, part: SankeyPart): Set<number> {
  const way = new Set<number>();
  const follow = (node: number, ahead: boolean) => {
    for (const place of places(links, (link) => (ahead ? link.from : link.to) === node)) {
      const link = links[place];
      if (!link || way.has(place)) continue;
      way.add(place);
      follow(ahead ? link.to : link.from, ahead);
    }
  };
  if ("node" in part) {
    follow(part.node, true);
    follow(part.node, false);
    return way;
  }
  const link = links[part.link];
  if (!link) return way;
  way.add(part.link);
  follow(link.to, true);
  follow(link.from, false);
  return way;
}
