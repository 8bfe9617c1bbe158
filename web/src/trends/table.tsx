// The numbers of the picture.
import type { TrendAnswer } from "../api/insights";
import { intervalName } from "../filters/interval-name";
import { breakdownNames } from "../filters/words";
import { difference, full } from "../ui/numbers";
import { nameOf } from "./shape";
import { texts } from "./texts";

const same = (one: unknown[], other: unknown[]) => JSON.stringify(one) === JSON.stringify(other);

/** What the rows are: values of a property, or the event. */
const headOf = ({ question }: TrendAnswer): string =>
  breakdownNames(question.breakdown).join(" · ") || texts.event;

/** The rows of the file: a row per group, a column per interval. */
export function tableRows(answer: TrendAnswer, alone: string) {
  const at = (answer.series[0]?.points ?? []).map((point) => point.at);
  const rows = answer.series.map(({ key, total, points }) => [
    nameOf(key, alone),
    total,
    ...points.map((point) => point.value),
  ]);
  return [[headOf(answer), texts.total, ...at], ...rows];
}

function Before({ now, then }: { now: number; then: number | undefined }) {
  const change = difference(now, then);
  return (
    <td className="number">
      {then === undefined ? "–" : full(then)}
      {change && <span className="quiet"> ({change})</span>}
    </td>
  );
}

export function Table({ answer, before, alone }: TableProps) {
  const at = answer.series[0]?.points ?? [];
  return (
    <div className="wide" tabIndex={0} role="region" aria-label={texts.table}>
      <table className="numbers tight">
        <thead>
          <tr>
            <th className="sticky">{headOf(answer)}</th>
            <th className="number">{texts.total}</th>
            {before && <th className="number">{texts.before}</th>}
            {at.map((point) => (
              <th key={point.at} className="number">
                {intervalName(point.at, answer.question.interval)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {answer.series.map(({ key, total, points }) => (
            <tr key={JSON.stringify(key)}>
              <th scope="row" className="sticky" title={nameOf(key, alone)}>
                {nameOf(key, alone)}
              </th>
              <td className="number">
                <strong>{full(total)}</strong>
              </td>
              {before && (
                <Before now={total} then={before.series.find((one) => same(one.key, key))?.total} />
              )}
              {points.map((point) => (
                <td key={point.at} className="number">
                  {full(point.value)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
type TableProps = {
  answer: TrendAnswer;
  before: TrendAnswer | undefined;
  alone: string;
};
