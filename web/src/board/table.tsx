// The days of the period, the newest first.
import type { BoardAnswer } from "../api/insights";
import { intervalName } from "../filters/interval-name";
import { full, share } from "../ui/numbers";
import { daysOf } from "./shape";
import { DAILY } from "./state";
import { texts } from "./texts";

export function Table({ answer }: { answer: BoardAnswer }) {
  const days = daysOf(answer.current).reverse();
  return (
    <div className="wide" tabIndex={0} role="region" aria-label={texts.table}>
      <table className="numbers tight">
        <thead>
          <tr>
            <th className="sticky">{texts.day}</th>
            {DAILY.map((of) => (
              <th key={of} className="number">
                {texts.daily[of]}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {days.map((day) => (
            <tr key={day.at}>
              <th scope="row" className="sticky">
                {intervalName(day.at, "day")}
                {!day.over && <span className="quiet">, {texts.notOver}</span>}
              </th>
              {DAILY.map((of) => (
                <td key={of} className="number">
                  {of === "dau_mau" ? share(day[of] ?? 0) : full(day[of] ?? 0)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
