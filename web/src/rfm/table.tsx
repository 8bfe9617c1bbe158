// The numbers of the tiles, and what the bins mean.
import { Link } from "@tanstack/react-router";

import type { RfmAnswer } from "../api/insights";
import { Way } from "../question/way";
import { difference, full, share } from "../ui/numbers";
import { rove } from "../ui/rove";
import { binsOf, namedOf, scoresOf, spanOf } from "./shape";
import { kindRule, type RfmCell } from "./state";
import { texts } from "./texts";

type TableProps = { answer: RfmAnswer; onChoose: (cell: RfmCell) => void };

export function Table({ answer, onChoose }: TableProps) {
  const all = namedOf(answer);
  const first = all.findIndex(({ people }) => people > 0);
  return (
    <div className="wide" tabIndex={0} role="region" aria-label={texts.table} onKeyDown={rove}>
      <table className="numbers tight">
        <thead>
          <tr>
            <th className="sticky">{texts.kind}</th>
            <th className="number">{texts.count}</th>
            <th className="number">{texts.share}</th>
            {answer.moves && <th className="number">{texts.then}</th>}
            <th className="number">{texts.revenue}</th>
            <th className="number">{texts.revenueShare}</th>
            <th>{texts.segment}</th>
          </tr>
        </thead>
        <tbody>
          {all.map(({ segment, people, share: of, revenue, revenueShare, before }, row) => {
            const rule = kindRule(answer.question, segment);
            const change = before === undefined ? undefined : difference(people, before);
            return (
              <tr key={segment}>
                <th scope="row" className="sticky">
                  {segment}
                </th>
                <td className="number">
                  {people === 0 ? (
                    "0"
                  ) : (
                    <Way words={full(people)} first={row === first} onChoose={() => onChoose({ segment })} />
                  )}
                </td>
                <td className="number">{share(of)}</td>
                {answer.moves && (
                  <td className="number">
                    {full(before ?? 0)}
                    {change && <span className="quiet"> ({change})</span>}
                  </td>
                )}
                <td className="number">{full(revenue)}</td>
                <td className="number">{share(revenueShare)}</td>
                <td>
                  {rule && (
                    <Link to="/segments/new" search={{ rule }}>
                      {texts.asRule(segment)}
                    </Link>
                  )}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

/** From which value to which each bin of a score is, and how many people are in it. */
export function Scores({ answer, onChoose }: TableProps) {
  const scores = scoresOf(answer);
  return (
    <div className="wide" tabIndex={0} role="region" aria-label={texts.scores} onKeyDown={rove}>
      <table className="numbers tight">
        <thead>
          <tr>
            <th className="sticky">{texts.bin}</th>
            {scores.flatMap((score) => [
              <th key={score} className="number">
                {texts.scoreNames[score]}
              </th>,
              <th key={`${score} people`} className="number">
                {texts.ofBin}
              </th>,
            ])}
          </tr>
        </thead>
        <tbody>
          {binsOf(answer).map((bin, row) => (
            <tr key={bin}>
              <th scope="row" className="sticky">
                {bin}
              </th>
              {scores.flatMap((score, place) => {
                const people = answer.scores[score].find((one) => one.bin === bin)?.people ?? 0;
                const cell = { [score]: bin } as RfmCell;
                return [
                  <td key={score} className="number">
                    {spanOf(answer, score, bin) ?? "–"}
                  </td>,
                  <td key={`${score} people`} className="number">
                    {people === 0 ? (
                      "0"
                    ) : (
                      <Way
                        words={full(people)}
                        first={row + place === 0}
                        onChoose={() => onChoose(cell)}
                      />
                    )}
                  </td>,
                ];
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
