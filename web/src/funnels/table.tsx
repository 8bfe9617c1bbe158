// The numbers of the picture, each a way to the people behind it.
import { Link } from "@tanstack/react-router";

import type { FunnelAnswer } from "../api/insights";
import type { SegmentNames } from "../filters/words";
import { duration, full, share } from "../ui/numbers";
import { rove } from "../ui/rove";
import { Count } from "./count";
import { lostAt, type Part, partsOf, stepName } from "./shape";
import { type FunnelCell, peopleOf } from "./state";
import { texts } from "./texts";

/** Of the first step there is none. */
const time = (ms: number | null, index: number) =>
  ms === null || index === 0 ? "–" : duration(ms);

function Row({ part, index, answer, many, compared, before, first, onChoose }: RowProps) {
  const { name, steps, of } = part;
  const step = steps[index];
  if (!step) return null;
  const place = index + 1;
  const everyone = Object.keys(of).length === 0;
  return (
    <tr>
      {many && index === 0 && (
        <th scope="row" rowSpan={steps.length} className="cut" title={name}>
          {name}
        </th>
      )}
      <th scope="row" className="sticky" title={stepName(answer.question, index)}>
        {stepName(answer.question, index)}
      </th>
      <td className="number">
        <Count count={step.count} first={first} cell={{ ...of, step: place }} onChoose={onChoose} />
      </td>
      <td className="number">
        {index === 0 ? (
          "–"
        ) : (
          <Count
            count={lostAt(steps, index)}
            cell={{ ...of, step: place, lost: true }}
            onChoose={onChoose}
          />
        )}
      </td>
      {compared && <td className="number">{before ? full(before.steps[index]?.count ?? 0) : "–"}</td>}
      <td className="number">{share(step.from_start)}</td>
      <td className="number">{share(step.from_previous)}</td>
      <td className="number">{time(step.median_ms, index)}</td>
      <td className="number">{time(step.p90_ms, index)}</td>
      <td>
        {everyone && (
          <Link to="/segments/new" search={{ rule: peopleOf(answer.question, place) }}>
            {texts.didSteps(place)}
          </Link>
        )}
      </td>
    </tr>
  );
}
type RowProps = {
  part: Part;
  index: number;
  answer: FunnelAnswer;
  /** Whether there are others than everyone. */
  many: boolean;
  compared: boolean;
  /** The same part in the period before, if it is there. */
  before: Part | undefined;
  first: boolean;
  onChoose: (cell: FunnelCell) => void;
};

export function Table({ answer, names, onChoose }: TableProps) {
  const parts = partsOf(answer, names);
  const earlier = answer.previous && partsOf(answer.previous, names);
  const many = parts.length > 1;
  return (
    <div className="wide" tabIndex={0} role="region" aria-label={texts.table} onKeyDown={rove}>
      <table className="numbers tight">
        <thead>
          <tr>
            {many && <th>{texts.group}</th>}
            <th className="sticky">{texts.event}</th>
            <th className="number">{texts.units[answer.question.count]}</th>
            <th className="number">{texts.lost}</th>
            {earlier && <th className="number">{texts.before}</th>}
            <th className="number">{texts.fromStart}</th>
            <th className="number">{texts.fromPrevious}</th>
            <th className="number">{texts.median}</th>
            <th className="number">{texts.p90}</th>
            <th>{texts.segment}</th>
          </tr>
        </thead>
        <tbody>
          {parts.flatMap((part, place) =>
            part.steps.map((_, index) => (
              <Row
                key={`${place} ${index}`}
                part={part}
                index={index}
                answer={answer}
                many={many}
                compared={earlier !== undefined}
                before={earlier?.find(({ name }) => name === part.name)}
                first={place + index === 0}
                onChoose={onChoose}
              />
            )),
          )}
        </tbody>
      </table>
    </div>
  );
}
type TableProps = {
  answer: FunnelAnswer;
  names: SegmentNames;
  onChoose: (cell: FunnelCell) => void;
};
