// Columns from left to right, zero-based, each a way to what it counts where there is one.
import "./columns.css";

import type { CSSProperties } from "react";

import { full, short } from "../ui/numbers";
import { rove } from "../ui/rove";
import type { Scheme, Shades } from "./colours";
import { tintsOf } from "./line-option";
import { type Pen, WIDTH } from "./picture";

export type Column = { name: string; value: number; told: string };

/** As many names as stand beside each other; every so manieth is shown. */
const NAMES_MOST = 31;
/** Longer names take the room of two. */
const LONG = 5;
const stepOf = (columns: Column[]): number => {
  const long = columns.length > 8 && columns.some(({ name }) => name.length > LONG);
  return Math.max(long ? 2 : 1, Math.ceil(columns.length / NAMES_MOST));
};
const mostOf = (columns: Column[]): number => Math.max(1, ...columns.map(({ value }) => value));

export function Columns({ columns, label, described, onChoose }: ColumnsProps) {
  const most = mostOf(columns);
  const step = stepOf(columns);
  return (
    <div
      className="wide"
      tabIndex={0}
      role="region"
      aria-label={label}
      aria-description={described}
      onKeyDown={rove}
    >
      <ol className="columns">
        {columns.map(({ name, value, told }, place) => {
          const column = {
            className: "column",
            title: told,
            "aria-label": told,
            style: { "--part": value / most } as CSSProperties,
            children: (
              <>
                {columns.length <= NAMES_MOST && <span>{short(value)}</span>}
                <i aria-hidden />
              </>
            ),
          };
          return (
            <li key={name}>
              {onChoose ? (
                <button
                  type="button"
                  data-part
                  tabIndex={place === 0 ? 0 : -1}
                  aria-haspopup="dialog"
                  onClick={() => onChoose(place)}
                  {...column}
                />
              ) : (
                <div role="img" {...column} />
              )}
              <span aria-hidden>{place % step === 0 ? name : ""}</span>
            </li>
          );
        })}
      </ol>
    </div>
  );
}
type ColumnsProps = {
  columns: Column[];
  label: string;
  described: string;
  onChoose?: (place: number) => void;
};

/** The same on a canvas. */
export function columnsPainted(columns: Column[], name: string, scheme: Scheme, height: number) {
  const tint = tintsOf([{ name, values: [] }], scheme)[0] ?? "";
  const most = mostOf(columns);
  const step = stepOf(columns);
  const width = Math.min(96, WIDTH / columns.length);
  return (pen: Pen, shades: Shades) => {
    pen.textAlign = "center";
    columns.forEach((column, place) => {
      const high = ((height - 48) * column.value) / most;
      const left = place * width;
      pen.fillStyle = tint;
      pen.fillRect(left + 2, height - 24 - high, width - 4, high);
      pen.fillStyle = shades.ink;
      if (place % step !== 0) return;
      pen.fillText(full(column.value), left + width / 2, height - 30 - high, width * step);
      pen.fillStyle = shades.quiet;
      pen.fillText(column.name, left + width / 2, height - 6, width * step);
    });
    pen.textAlign = "left";
  };
}
