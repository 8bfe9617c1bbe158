// A heat map: a table whose cells are filled the stronger the larger their share is.
import "./heat.css";

import { useComputedColorScheme } from "@mantine/core";
import type { CSSProperties } from "react";

import { share, short } from "../ui/numbers";
import { rove } from "../ui/rove";
import { type HeatData, type HeatRow, shadesOf } from "./heat";
import { texts } from "./texts";

/** What a cell shows: a way to its people, where it is one. */
function Part({ shown, words, style, className, first, onChoose }: PartProps) {
  if (!onChoose) {
    return (
      <span style={style} title={words}>
        {shown}
      </span>
    );
  }
  return (
    <button
      type="button"
      data-part
      className={className}
      tabIndex={first ? 0 : -1}
      style={style}
      title={words}
      aria-label={`${shown}: ${words}`}
      aria-haspopup="dialog"
      onClick={onChoose}
    >
      {shown}
    </button>
  );
}
type PartProps = {
  shown: string;
  words: string;
  style?: CSSProperties;
  className?: string;
  /** Whether the tab key stops here. */
  first: boolean;
  onChoose: (() => void) | undefined;
};

function Row({ row, first, fill, open, onChoose }: RowProps) {
  const choosing = (column: number | undefined) =>
    row.whole && !open ? undefined : () => onChoose(column);
  const size = row.sizeShown ?? short(row.size);
  return (
    <tr data-whole={row.whole}>
      <th scope="row" className="sticky" title={row.name}>
        {row.name}
      </th>
      <td className="number">
        {open && row.size !== 0 ? (
          <Part shown={size} words={row.name} className="as-link" first={false} onChoose={choosing(undefined)} />
        ) : (
          size
        )}
      </td>
      {row.cells.map((cell, column) => {
        if (!cell) return <td key={column} />;
        return (
          <td key={column} className="heat-cell" data-incomplete={cell.incomplete}>
            <Part
              shown={cell.shown ?? share(cell.share)}
              words={cell.incomplete ? `${cell.told}, ${texts.notOverYet}` : cell.told}
              style={{ background: row.whole && open ? undefined : fill(cell.share) }}
              first={first === column}
              onChoose={choosing(column)}
            />
          </td>
        );
      })}
    </tr>
  );
}
type RowProps = {
  row: HeatRow;
  /** The column whose cell the tab key stops at, if it is in this row. */
  first: number | undefined;
  fill: (share: number) => string;
  open: boolean;
  onChoose: (column: number | undefined) => void;
};

/**
 * `onChoose` is told the row and the column of the cell whose people are asked for; no column for
 * all of a row, where that is a choice.
 */
export function HeatMap({ data, label, described, onChoose }: HeatMapProps) {
  const scheme = useComputedColorScheme("light");
  const fill = shadesOf(data, scheme);
  const first = data.rows.findIndex((row) => !row.whole && row.cells.some(Boolean));
  const incomplete = data.rows.some((row) => row.cells.some((cell) => cell?.incomplete));
  return (
    <>
      <div className="wide" tabIndex={0} role="region" aria-label={label} aria-description={described} onKeyDown={rove}>
        <table className="heat">
          <thead>
            <tr>
              <th scope="col" className="sticky">
                {data.head}
              </th>
              <th scope="col" className="number">
                {data.sizes}
              </th>
              {data.columns.map((name) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {data.rows.map((row, place) => (
              <Row
                key={`${place} ${row.name}`}
                row={row}
                first={place === first ? row.cells.findIndex(Boolean) : undefined}
                fill={fill}
                open={data.open ?? false}
                onChoose={(column) => onChoose(place, column)}
              />
            ))}
          </tbody>
        </table>
      </div>
      {incomplete && (
        <p className="heat-key quiet">
          <span aria-hidden /> {texts.incompleteKey}
        </p>
      )}
    </>
  );
}
type HeatMapProps = {
  data: HeatData;
  label: string;
  /** What it shows in words, where the question does not say it. */
  described?: string;
  onChoose: (row: number, column: number | undefined) => void;
};
