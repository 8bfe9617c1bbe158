// The numbers of the picture, in people.
import type { RetentionAnswer } from "../api/insights";
import { Way } from "../question/way";
import { full } from "../ui/numbers";
import { rove } from "../ui/rove";
import { cohortName, columnsOf, groupOf } from "./shape";
import { texts } from "./texts";

export function Table({ answer, group, onChoose }: TableProps) {
  const cohorts = groupOf(answer, group).cohorts.filter(({ size }) => size > 0);
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
                <strong>
                  <Way
                    words={full(size)}
                    first={row === 0}
                    onChoose={() => onChoose(start, undefined)}
                  />
                </strong>
              </td>
              {values.map((value, place) => (
                <td key={place} className="number">
                  {value ? (
                    <Way words={full(value)} onChoose={() => onChoose(start, place)} />
                  ) : (
                    (value ?? "")
                  )}
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
