// Tiles on a plane: how many are where, the stronger filled the larger their share is. On a narrow
// page they stand below each other.
import "./tiles.css";

import { useComputedColorScheme } from "@mantine/core";
import type { CSSProperties } from "react";

import { rove } from "../ui/rove";
import type { Scheme } from "./colours";
import { tinted } from "./heat";
import { font, type Frame, frame, WIDTH } from "./picture";

export type Tile = {
  name: string;
  /** What is meant by the name. */
  hint: string;
  /** From 0 to 1. */
  share: number;
  /** What stands on it. */
  lines: string[];
  /** What stands at the pointer. */
  told: string;
  /** From which line of a grid to which. */
  place: { left: number; right: number; top: number; bottom: number };
};
/** The names of the two ways of the plane. */
type Ways = { across: string; up: string };

const fillOf = (tiles: Tile[], scheme: Scheme) => {
  const most = Math.max(...tiles.map(({ share }) => share)) || 1;
  return (share: number) => tinted(scheme, share / most);
};

export function Tiles({ tiles, ways, label, described, onChoose }: TilesProps) {
  const scheme = useComputedColorScheme("light");
  const fill = fillOf(tiles, scheme);
  return (
    <div className="tiles" role="group" aria-label={label} aria-description={described} onKeyDown={rove}>
      <p className="tiles-way quiet" aria-hidden>
        <span>{ways.up}</span>
        <span>{ways.across}</span>
      </p>
      <ul>
        {tiles.map(({ name, hint, share, lines, told, place }, index) => {
          const area = `${place.top} / ${place.left} / ${place.bottom} / ${place.right}`;
          const style = { "--area": area, background: fill(share) } as CSSProperties;
          return (
            <li key={name} style={style}>
              <button
                type="button"
                data-part
                tabIndex={index === 0 ? 0 : -1}
                aria-haspopup="dialog"
                title={told}
                onClick={() => onChoose(index)}
              >
                <strong>{name}</strong> <span>{hint}</span>{" "}
                {lines.map((line) => (
                  <span key={line} className="tile-line">
                    {line}{" "}
                  </span>
                ))}
              </button>
            </li>
          );
        })}
      </ul>
    </div>
  );
}
type TilesProps = {
  tiles: Tile[];
  ways: Ways;
  label: string;
  described: string;
  onChoose: (index: number) => void;
};

const ROW = 96;
const GAP = 4;

/** The same as a picture to pass on. */
export function tilesPicture(tiles: Tile[], ways: Ways, words: Frame, scheme: Scheme): HTMLCanvasElement {
  const fill = fillOf(tiles, scheme);
  const lines = Math.max(...tiles.map(({ place }) => place.bottom)) - 1;
  const width = WIDTH / (Math.max(...tiles.map(({ place }) => place.right)) - 1);
  return frame(words, scheme, lines * ROW + 28, (pen, shades) => {
    for (const { name, share, lines: told, place } of tiles) {
      const [left, top] = [(place.left - 1) * width, (place.top - 1) * ROW];
      const room = (place.right - place.left) * width - GAP;
      pen.fillStyle = fill(share);
      pen.fillRect(left, top, room, (place.bottom - place.top) * ROW - GAP);
      pen.fillStyle = shades.ink;
      pen.font = font(14, 600);
      pen.fillText(name, left + 12, top + 24, room - 24);
      pen.font = font(12);
      told.forEach((line, index) => pen.fillText(line, left + 12, top + 44 + 18 * index, room - 24));
    }
    pen.fillStyle = shades.quiet;
    pen.fillText(ways.up, 0, lines * ROW + 20);
    pen.textAlign = "right";
    pen.fillText(ways.across, WIDTH, lines * ROW + 20);
    pen.textAlign = "left";
  });
}
