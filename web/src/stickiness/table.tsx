// The numbers of the picture, day by day, the newest first.
import type { StickinessAnswer } from "../api/insights";
import { intervalName } from "../filters/interval-name";
import { Way } from "../question/way";
import { full, share } from "../ui/numbers";
import { rove } from "../ui/rove";
import { daysOf } from "./shape";
import { REACHES, type StickinessCell } from "./state";
import { texts } from "./texts";

export function Table({ answer, onChoose }: TableProps) {
  const days = daysOf(answer).reverse();
  return (
    <div className="wide" tabIndex={0} role="region" aria-label={texts.table} onKeyDown={rove}>
      <table className="numbers tight">
        <thead>
          <tr>
            <th className="sticky">{texts.day}</th>
            {REACHES.map((of) => (
              <th key={of} className="number">
                {texts[of]}
              </th>
            ))}
            <th className="number">{texts.dauMau}</th>
          </tr>
        </thead>
        <tbody>
          {days.map((day, row) => (
            <tr key={day.at}>
              <th scope="row" className="sticky">
                {intervalName(day.at, "day")}
                {!day.over && <span className="quiet">, {texts.notOver}</span>}
              </th>
              {REACHES.map((of, column) => (
                <td key={of} className="number">
                  <Way
                    words={full(day[of])}
                    first={row + column === 0}
                    onChoose={() => onChoose({ at: day.at, of })}
                  />
                </td>
              ))}
              <td className="number">{share(day.dau_mau)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
type TableProps = { answer: StickinessAnswer; onChoose: (cell: StickinessCell) => void };
