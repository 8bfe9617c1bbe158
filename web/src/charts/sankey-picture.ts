// A Sankey diagram as a picture to pass on.
import { full } from "../ui/numbers";
import type { Scheme } from "./colours";
import { font, type Frame, frame, WIDTH } from "./picture";
import { layoutOf, NODE_WIDTH, type SankeyData, tintsOfNodes } from "./sankey";
import { clipped } from "./sankey-diagram";

const WORDS = 160;
const FAINT = 0.35;

export function sankeyPicture(data: SankeyData, words: Frame, scheme: Scheme): HTMLCanvasElement {
  const { height, nodes, links } = layoutOf(data, WIDTH, WORDS);
  const tints = tintsOfNodes(data, scheme);
  return frame(words, scheme, height, (pen, shades) => {
    pen.globalAlpha = FAINT;
    links.forEach((path, place) => {
      pen.fillStyle = tints[data.links[place]?.from ?? 0] ?? "";
      pen.fill(new Path2D(path));
    });
    pen.globalAlpha = 1;
    const heads = new Set<number>();
    nodes.forEach(({ left, top, height: high }, place) => {
      const node = data.nodes[place];
      if (!node) return;
      pen.fillStyle = tints[place] ?? "";
      pen.fillRect(left, top, NODE_WIDTH, high);
      pen.fillStyle = shades.ink;
      pen.font = font(12, 600);
      pen.fillText(clipped(node.name), left + NODE_WIDTH + 6, top + 13);
      pen.font = font(12);
      pen.fillText(full(node.count), left + NODE_WIDTH + 6, top + 29);
      if (heads.has(node.column)) return;
      heads.add(node.column);
      pen.fillStyle = shades.quiet;
      pen.fillText(data.columns[node.column] ?? "", left, 14);
    });
  });
}
