// A Sankey diagram: what goes on to what, column by column. A part that is pointed at or focused
// shows the ways through it.
import "./sankey.css";

import { useComputedColorScheme } from "@mantine/core";
import { useElementSize } from "@mantine/hooks";
import { type KeyboardEvent, useState } from "react";

import { full, share } from "../ui/numbers";
import { rove } from "../ui/rove";
import {
  layoutOf,
  NODE_WIDTH,
  passed,
  type SankeyData,
  type SankeyPart,
  tintsOfNodes,
  traced,
} from "./sankey";
import { texts } from "./texts";

/** Less than this scrolls sideways: words need their room. */
const COLUMN_LEAST = 168;
const WORDS = 150;

const least = ({ columns }: SankeyData) => (columns.length - 1) * COLUMN_LEAST + WORDS;

/** What a part is, for whoever points at it or listens. */
export function partInWords({ nodes, links }: SankeyData, part: SankeyPart): string {
  const all = nodes.reduce((most, { count }) => Math.max(most, count), 1);
  const told = (count: number) => `${full(count)}, ${share(count / all)}`;
  if ("node" in part) {
    const node = nodes[part.node];
    // As it stands beside the node, and more: who speaks to the page says what they see.
    if (!node) return "";
    const whole = clipped(node.name) === node.name ? "" : `, ${node.name}`;
    return `${clipped(node.name)} ${told(node.count)}${whole}`;
  }
  const link = links[part.link];
  const [from, to] = [nodes[link?.from ?? -1], nodes[link?.to ?? -1]];
  return link && from && to ? texts.fromTo(from.name, to.name, told(link.count)) : "";
}

/** What makes a part one that can be pointed at, focused and chosen. */
function acts(part: SankeyPart, { data, first, show, onChoose }: Acts) {
  return {
    role: "button",
    "data-part": true,
    "aria-haspopup": "dialog" as const,
    "aria-label": partInWords(data, part),
    tabIndex: first ? 0 : -1,
    onClick: () => onChoose(part),
    onKeyDown: (event: KeyboardEvent) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      onChoose(part);
    },
    onMouseEnter: () => show(part),
    onMouseLeave: () => show(undefined),
    onFocus: () => show(part),
    onBlur: () => show(undefined),
  };
}
type Acts = {
  data: SankeyData;
  /** Whether the tab key stops here. */
  first: boolean;
  show: (part: SankeyPart | undefined) => void;
  onChoose: (part: SankeyPart) => void;
};

/** The name and the count of a node beside it. */
function Words({ name, count, left, top }: { name: string; count: number; left: number; top: number }) {
  return (
    <>
      <text x={left} y={top + 13}>
        {clipped(name)}
      </text>{" "}
      <text x={left} y={top + 29} className="sankey-count">
        {full(count)}
      </text>
    </>
  );
}

export function SankeyDiagram({ data, label, described, onChoose }: SankeyProps) {
  const scheme = useComputedColorScheme("light");
  const { ref, width } = useElementSize();
  const [shown, show] = useState<SankeyPart>();
  const layout = layoutOf(data, Math.max(width, least(data)), WORDS);
  const tints = tintsOfNodes(data, scheme);
  const way = shown && traced(data, shown);
  const nodesOnWay = way && passed(data, shown, way);
  const known = { data, show, onChoose };
  const firstOf = (column: number) => data.nodes.findIndex((node) => node.column === column);
  return (
    <div ref={ref} className="wide sankey" onKeyDown={rove}>
      <svg
        width={layout.width}
        height={layout.height}
        role="group"
        aria-label={label}
        aria-description={described}
      >
        {data.columns.map((name, column) => (
          <text key={name} x={layout.nodes[firstOf(column)]?.left} y={14} className="sankey-head">
            {name}
          </text>
        ))}
        {layout.links.map((path, place) => (
          <path
            key={place}
            d={path}
            fill={tints[data.links[place]?.from ?? 0]}
            className="sankey-link"
            data-on={way?.has(place)}
            data-off={way && !way.has(place)}
            {...acts({ link: place }, { ...known, first: false })}
          >
            <title>{partInWords(data, { link: place })}</title>
          </path>
        ))}
        {data.nodes.map(({ name, count }, place) => {
          const { left, top, height } = layout.nodes[place] ?? { left: 0, top: 0, height: 0 };
          return (
            <g
              key={place}
              className="sankey-node"
              data-off={nodesOnWay && !nodesOnWay.has(place)}
              {...acts({ node: place }, { ...known, first: place === 0 })}
            >
              <title>{partInWords(data, { node: place })}</title>
              <rect x={left} y={top} width={NODE_WIDTH} height={height} rx={2} fill={tints[place]} />
              <Words name={name} count={count} left={left + NODE_WIDTH + 6} top={top} />
            </g>
          );
        })}
      </svg>
    </div>
  );
}
type SankeyProps = {
  data: SankeyData;
  label: string;
  described: string;
  onChoose: (part: SankeyPart) => void;
};

/** As much of a name as stands beside a node; the whole is told when it is pointed at. */
const NAME_MOST = 20;
export const clipped = (name: string): string =>
  [...name].length > NAME_MOST ? `${[...name].slice(0, NAME_MOST - 1).join("")}…` : name;
