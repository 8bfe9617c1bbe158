// The numbers of the picture, each a way to the people behind it.
import type { TrendAnswer } from "../api/insights";
import { intervalName } from "../filters/interval-name";
import type { SegmentNames } from "../filters/words";
import { Way } from "../question/way";
import { difference } from "../ui/numbers";
import { rove } from "../ui/rove";
import { useColumns } from "../ui/use-columns";
import { cellOf, headOf, nameOf, type Series, valueInWords } from "./shape";
import type { TrendCell } from "./state";
import { texts } from "./texts";

/** A number that is none, or nothing, leads to nobody. */
function Number({ value, first = false, cell, onChoose }: NumberProps) {
  const words = valueInWords(value);
  if (!value) return <>{words}</>;
  return <Way words={words} first={first} onChoose={() => onChoose(cell)} />;
}
type NumberProps = {
  value: number | null | undefined;
  first?: boolean;
  cell: TrendCell;
  onChoose: (cell: TrendCell) => void;
};

function Row({ one, answer, name, first, onChoose }: RowProps) {
  const { question } = answer;
  const then = one.previous?.total;
  const change = difference(one.total ?? 0, then ?? undefined);
  return (
    <tr>
      <th scope="row" className="sticky" title={name}>
        {name}
      </th>
      <td className="number">
        <strong>
          <Number value={one.total} first={first} cell={cellOf(one, question, undefined)} onChoose={onChoose} />
        </strong>
      </td>
      {answer.previous && (
        <td className="number">
          <Number value={then} cell={cellOf(one, question, undefined, true)} onChoose={onChoose} />
          {change && <span className="quiet"> ({change})</span>}
        </td>
      )}
      {one.points.map(({ at, value }) => (
        <td key={at} className="number">
          <Number value={value} cell={cellOf(one, question, at)} onChoose={onChoose} />
        </td>
      ))}
    </tr>
  );
}
type RowProps = {
  one: Series;
  answer: TrendAnswer;
  name: string;
  /** Whether the tab key stops here. */
  first: boolean;
  onChoose: (cell: TrendCell) => void;
};

export function Table({ answer: whole, names, onChoose }: TableProps) {
  const { shown, more } = useColumns(whole.series[0]?.points.length ?? 0);
  const series = whole.series.map((one) => ({ ...one, points: one.points.slice(0, shown) }));
  const answer = { ...whole, series };
  const points = series[0]?.points ?? [];
  const first = answer.series.findIndex(({ total }) => total);
  return (
    <>
      <div className="wide" tabIndex={0} role="region" aria-label={texts.table} onKeyDown={rove}>
        <table className="numbers tight">
          <thead>
            <tr>
              <th className="sticky">{headOf(answer)}</th>
              <th className="number">{texts.total}</th>
              {answer.previous && <th className="number">{texts.before}</th>}
              {points.map(({ at, incomplete }) => (
                <th key={at} className="number" title={incomplete ? texts.incomplete : undefined}>
                  {intervalName(at, answer.question.interval)}
                  {incomplete && "*"}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {answer.series.map((one, place) => (
              <Row
                key={place}
                one={one}
                answer={answer}
                name={nameOf(one, answer.question, names)}
                first={place === first}
                onChoose={onChoose}
              />
            ))}
          </tbody>
        </table>
      </div>
      {more}
    </>
  );
}
type TableProps = {
  answer: TrendAnswer;
  names: SegmentNames;
  onChoose: (cell: TrendCell) => void;
};
