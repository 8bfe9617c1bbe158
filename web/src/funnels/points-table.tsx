// A funnel over time in numbers: a column for each interval of the start, each count a way to its people.
import type { FunnelAnswer } from "../api/insights";
import { intervalName } from "../filters/interval-name";
import type { SegmentNames } from "../filters/words";
import { share } from "../ui/numbers";
import { rove } from "../ui/rove";
import { useColumns } from "../ui/use-columns";
import { Count } from "./count";
import { conversionOf, type Course, coursesOf, endsOf } from "./points";
import { stepName } from "./shape";
import type { FunnelCell } from "./state";
import { texts } from "./texts";

function Rows({ course, answer, way, many, first, onChoose }: RowsProps) {
  const { name, points, of } = course;
  const { question } = answer;
  const [from, to] = endsOf(question.steps.length, way);
  // The tab key stops at the first number of all that leads somewhere.
  const stop = first ? points.findIndex(({ counts }) => counts[0]) : -1;
  return (
    <tbody>
      {many && (
        <tr>
          <th scope="rowgroup" colSpan={points.length + 1} className="rowgroup">
            <span>{name}</span>
          </th>
        </tr>
      )}
      {question.steps.map((_, index) => (
        <tr key={index}>
          <th scope="row" className="sticky" title={stepName(question, index)}>
            {stepName(question, index)}
          </th>
          {points.map(({ at, counts }, place) => (
            <td key={at} className="number">
              <Count
                count={counts[index] ?? 0}
                first={index === 0 && place === stop}
                cell={{ ...of, step: index + 1, at }}
                onChoose={onChoose}
              />
            </td>
          ))}
        </tr>
      ))}
      <tr>
        <th scope="row" className="sticky">
          <strong>{texts.converted(from, to)}</strong>
        </th>
        {points.map((point) => {
          const part = conversionOf(point, way);
          return (
            <td key={point.at} className="number">
              <strong>{part === null ? "–" : share(part)}</strong>
            </td>
          );
        })}
      </tr>
    </tbody>
  );
}
type RowsProps = {
  course: Course;
  answer: FunnelAnswer;
  way: number | undefined;
  /** Whether there are others than everyone. */
  many: boolean;
  first: boolean;
  onChoose: (cell: FunnelCell) => void;
};

export function PointsTable({ answer, names, way, onChoose }: PointsTableProps) {
  const whole = coursesOf(answer, names);
  const { shown, more } = useColumns(whole[0]?.points.length ?? 0);
  const courses = whole.map((course) => ({ ...course, points: course.points.slice(0, shown) }));
  const points = courses[0]?.points ?? [];
  return (
    <>
      <div className="wide" tabIndex={0} role="region" aria-label={texts.overTimeTable} onKeyDown={rove}>
        <table className="numbers tight">
          <thead>
            <tr>
              <th className="sticky">{texts.start}</th>
              {points.map(({ at, incomplete }) => (
                <th key={at} className="number" title={incomplete ? texts.incomplete : undefined}>
                  {intervalName(at, answer.question.interval ?? "day")}
                  {incomplete && "*"}
                </th>
              ))}
            </tr>
          </thead>
          {courses.map((course, place) => (
            <Rows
              key={place}
              course={course}
              answer={answer}
              way={way}
              many={courses.length > 1}
              first={place === 0}
              onChoose={onChoose}
            />
          ))}
        </table>
      </div>
      {more}
    </>
  );
}
type PointsTableProps = {
  answer: FunnelAnswer;
  names: SegmentNames;
  way: number | undefined;
  onChoose: (cell: FunnelCell) => void;
};
