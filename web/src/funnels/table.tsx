// The numbers of the picture.
import { Link } from "@tanstack/react-router";

import type { FunnelAnswer } from "../api/insights";
import { duration, full, named, share } from "../ui/numbers";
import { peopleOf } from "./state";
import { texts } from "./texts";

type Steps = FunnelAnswer["steps"];

function parts(answer: FunnelAnswer): { name: string; steps: Steps }[] {
  const groups = answer.groups.map(({ key, steps }) => ({
    name: key.map(named).join(" · "),
    steps,
  }));
  return [{ name: texts.everyone, steps: answer.steps }, ...groups];
}

/** The rows of the file. */
export function tableRows(answer: FunnelAnswer): (string | number)[][] {
  const head = [texts.group, texts.stepNumber, texts.event, texts.people];
  const more = ["from_start", "from_previous", "median_ms", "p90_ms"];
  const rows = parts(answer).flatMap(({ name, steps }) =>
    steps.map((step, index) => [
      name,
      index + 1,
      step.event,
      step.count,
      step.from_start,
      step.from_previous,
      step.median_ms ?? "",
      step.p90_ms ?? "",
    ]),
  );
  return [[...head, ...more], ...rows];
}

/** Of the first step there is none. */
const time = (ms: number | null, index: number) =>
  ms === null || index === 0 ? "–" : duration(ms);

/** The same step of the same group in the period before. */
function earlier(before: FunnelAnswer, name: string, index: number): string {
  const step = parts(before).find((part) => part.name === name)?.steps[index];
  return step ? full(step.count) : "–";
}

export function Table({ answer, before }: TableProps) {
  const many = answer.groups.length > 0;
  return (
    <div className="wide" tabIndex={0} role="region" aria-label={texts.table}>
      <table className="numbers tight">
        <thead>
          <tr>
            {many && <th>{texts.group}</th>}
            <th>{texts.event}</th>
            <th className="number">{texts.people}</th>
            {before && <th className="number">{texts.before}</th>}
            <th className="number">{texts.fromStart}</th>
            <th className="number">{texts.fromPrevious}</th>
            <th className="number">{texts.median}</th>
            <th className="number">{texts.p90}</th>
            <th>{texts.segment}</th>
          </tr>
        </thead>
        <tbody>
          {parts(answer).flatMap(({ name, steps }, part) =>
            steps.map((step, index) => (
              <tr key={`${part} ${index}`}>
                {many && <td>{index === 0 ? name : ""}</td>}
                <td>
                  {index + 1}. {step.event}
                </td>
                <td className="number">{full(step.count)}</td>
                {before && <td className="number">{earlier(before, name, index)}</td>}
                <td className="number">{share(step.from_start)}</td>
                <td className="number">{share(step.from_previous)}</td>
                <td className="number">{time(step.median_ms, index)}</td>
                <td className="number">{time(step.p90_ms, index)}</td>
                <td>
                  {part === 0 && (
                    <Link to="/segments/new" search={{ rule: peopleOf(answer.question, index + 1) }}>
                      {texts.didSteps(index + 1)}
                    </Link>
                  )}
                </td>
              </tr>
            )),
          )}
        </tbody>
      </table>
    </div>
  );
}
type TableProps = { answer: FunnelAnswer; before: FunnelAnswer | undefined };
