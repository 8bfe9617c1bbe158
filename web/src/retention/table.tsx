// The numbers of the picture, in people.
import type { RetentionAnswer } from "../api/insights";
import { full } from "../ui/numbers";
import { rove } from "../ui/rove";
import { cohortName, columnsOf, groupOf } from "./shape";
import { texts } from "./texts";

export function Table({ answer, group, onChoose }: TableProps) {
  const cohorts = groupOf(answer, group).cohorts.filter(({ size }) => size > 0);
  const link = (text: string, first: boolean, cohort: string, period?: number) => (
    <button
      type="button"
      className="as-link"
      data-part
      tabIndex={first ? 0 : -1}
      aria-haspopup="dialog"
      onClick={() => onChoose(cohort, period)}
    >
      {text}
    </button>
  );
  return (
    <div className="wide" tabIndex={0} role="region" aria-label={texts.table} onKeyDown={rove}>
      <table className="numbers tight">
        <thead>
          <tr>
            <th className="sticky">{texts.cohort}</th>
            <th className="number">{texts.size}</th>
            {columnsOf(answer.question).map((name) => (
              <th key={name} className="number">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {cohorts.map(({ start, size, values }, row) => (
            <tr key={start}>
              <th scope="row" className="sticky">
                {cohortName(start, answer.question)}
              </th>
              <td className="number">
                <strong>{link(full(size), row === 0, start)}</strong>
              </td>
              {values.map((value, place) => (
                <td key={place} className="number">
                  {value === null ? "" : value === 0 ? "0" : link(full(value), false, start, place)}
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
  answer: RetentionAnswer;
  /** The key of the group whose cohorts are shown; everyone where it is not there. */
  group: unknown[] | undefined;
  /** A cohort, and which of its values; none for all of it. */
  onChoose: (cohort: string, period: number | undefined) => void;
};
