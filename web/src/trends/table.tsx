// The numbers of the picture.
import type { TrendAnswer, TrendQuestion } from "../api/insights";
import { full, share } from "../ui/numbers";
import { changeOf, intervalName, nameOf } from "./shape";
import { texts } from "./texts";

const same = (one: unknown[], other: unknown[]) => JSON.stringify(one) === JSON.stringify(other);

/** The rows of the file: a row per group, a column per interval. */
export function tableRows(answer: TrendAnswer, question: TrendQuestion, alone: string) {
  const at = (answer.series[0]?.points ?? []).map((point) => point.at);
  const head = [question.breakdown ? texts.group : texts.event, texts.total, ...at];
  const rows = answer.series.map(({ key, total, points }) => [
    nameOf(key, alone),
    total,
    ...points.map((point) => point.value),
  ]);
  return [head, ...rows];
}

export function Table({ answer, before, question, alone }: TableProps) {
  const at = answer.series[0]?.points ?? [];
  return (
    <div className="wide" tabIndex={0} role="region" aria-label={texts.table}>
      <table className="numbers">
        <thead>
          <tr>
            <th className="sticky">{question.breakdown ? texts.group : texts.event}</th>
            <th className="number">{texts.total}</th>
            {before && <th className="number">{texts.before}</th>}
            {at.map((point) => (
              <th key={point.at} className="number">
                {intervalName(point.at, question.interval)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {answer.series.map(({ key, total, points }) => {
            const then = before?.series.find((one) => same(one.key, key))?.total;
            const change = changeOf(total, then);
            return (
              <tr key={JSON.stringify(key)}>
                <th scope="row" className="sticky">
                  {nameOf(key, alone)}
                </th>
                <td className="number">
                  <strong>{full(total)}</strong>
                </td>
                {before && (
                  <td className="number">
                    {then === undefined ? "–" : full(then)}
                    {change !== undefined && ` (${change >= 0 ? "+" : ""}${share(change)})`}
                  </td>
                )}
                {points.map((point) => (
                  <td key={point.at} className="number">
                    {full(point.value)}
                  </td>
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
type TableProps = {
  answer: TrendAnswer;
  before: TrendAnswer | undefined;
  question: TrendQuestion;
  alone: string;
};
