// The most frequent paths in full.
import type { PathsAnswer } from "../api/insights";
import { full, share } from "../ui/numbers";
import { totalOf, wayInWords } from "./shape";
import type { PathsCell } from "./state";
import { texts } from "./texts";

export function Table({ answer, onChoose }: TableProps) {
  const total = totalOf(answer);
  return (
    <div className="wide" tabIndex={0} role="region" aria-label={texts.table}>
      <table className="numbers">
        <thead>
          <tr>
            <th>{texts.path}</th>
            <th className="number">{texts.paths}</th>
            <th className="number">{texts.share}</th>
          </tr>
        </thead>
        <tbody>
          {answer.sequences.map(({ events, count }) => (
            <tr key={JSON.stringify(events)}>
              <td>{wayInWords(events)}</td>
              <td className="number">
                <button
                  type="button"
                  className="as-link"
                  aria-haspopup="dialog"
                  aria-label={`${full(count)}: ${wayInWords(events)}`}
                  onClick={() => onChoose({ events })}
                >
                  {full(count)}
                </button>
              </td>
              <td className="number">{share(count / total)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
type TableProps = { answer: PathsAnswer; onChoose: (cell: PathsCell) => void };
