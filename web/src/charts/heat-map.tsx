// A heat map: a table whose cells are filled the stronger the larger their share is.
import "./heat.css";

import { useComputedColorScheme } from "@mantine/core";

import { share, short } from "../ui/numbers";
import { rove } from "../ui/rove";
import { type HeatData, type HeatRow, shadesOf } from "./heat";
import { texts } from "./texts";

function Row({ row, place, first, fill, onChoose }: RowProps) {
  return (
    <tr data-whole={row.whole}>
      <th scope="row" className="sticky" title={row.name}>
        {row.name}
      </th>
      <td className="number">{short(row.size)}</td>
      {row.cells.map((cell, column) => {
        if (!cell) return <td key={column} />;
        const words = cell.incomplete ? `${cell.told}, ${texts.notOverYet}` : cell.told;
        const style = { background: fill(cell.share) };
        const shown = share(cell.share);
        return (
          <td key={column} className="heat-cell" data-incomplete={cell.incomplete}>
            {row.whole ? (
              <span style={style} title={words}>
                {shown}
              </span>
            ) : (
              <button
                type="button"
                data-part
                tabIndex={first && column === 0 ? 0 : -1}
                style={style}
                title={words}
                aria-label={`${shown}: ${words}`}
                aria-haspopup="dialog"
                onClick={() => onChoose(place, column)}
              >
                {shown}
              </button>
            )}
          </td>
        );
      })}
    </tr>
  );
}
type RowProps = {
  row: HeatRow;
  place: number;
  /** Whether the tab key stops here. */
  first: boolean;
  fill: (share: number) => string;
  onChoose: (row: number, column: number) => void;
};

/** `onChoose` is told the row and the column of the cell whose people are asked for. */
export function HeatMap({ data, label, onChoose }: HeatMapProps) {
  const scheme = useComputedColorScheme("light");
  const fill = shadesOf(data, scheme);
  const first = data.rows.findIndex((row) => !row.whole && row.cells[0]);
  const incomplete = data.rows.some((row) => row.cells.some((cell) => cell?.incomplete));
  return (
    <>
      <div className="wide" tabIndex={0} role="region" aria-label={label} onKeyDown={rove}>
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
                place={place}
                first={place === first}
                fill={fill}
                onChoose={onChoose}
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
  onChoose: (row: number, column: number) => void;
};
