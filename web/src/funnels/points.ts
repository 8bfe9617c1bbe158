// A funnel over time: of those who started in each interval, how many came how far.
import type { FunnelAnswer } from "../api/insights";
import type { LinesData } from "../charts/line-option";
import { intervalName } from "../filters/interval-name";
import type { SegmentNames } from "../filters/words";
import { segmentName, stepName } from "./shape";
import type { FunnelCell } from "./state";
import { texts } from "./texts";

type Points = NonNullable<FunnelAnswer["points"]>;
export type Point = Points[number];
/** The intervals of some people: of everyone, or of a segment. */
export type Course = { name: string; points: Points; of: Pick<FunnelCell, "segment"> };

/** From which step to which, from 1: the whole way, or to a step from the one before. */
export const endsOf = (steps: number, way: number | undefined): [number, number] =>
  way !== undefined && way <= steps ? [way - 1, way] : [1, steps];

/** What part of those at the one step came to the other; none where nobody was there. */
export function conversionOf({ counts }: Point, way: number | undefined): number | null {
  const [from, to] = endsOf(counts.length, way);
  const [of, came] = [counts[from - 1] ?? 0, counts[to - 1] ?? 0];
  return of > 0 ? came / of : null;
}

/** Everyone's, then each segment's; of intervals that have not begun nothing can be known. */
export function coursesOf(answer: FunnelAnswer, names: SegmentNames): Course[] {
  const now = Date.parse(answer.meta.as_of);
  const begun = (points: Points = []) => points.filter(({ at }) => Date.parse(at) <= now);
  return [
    { name: texts.everyone, points: begun(answer.points), of: {} },
    ...(answer.segments ?? []).map((one) => ({
      name: segmentName(one.name, names),
      points: begun(one.points),
      of: { segment: one.name },
    })),
  ];
}

/** A line for each segment that is compared, else one for everyone, beside what it was. */
export function linesOf(answer: FunnelAnswer, way: number | undefined, names: SegmentNames): LinesData {
  const [everyone, ...segments] = coursesOf(answer, names);
  const points = everyone?.points ?? [];
  const drawn = everyone && segments.length === 0 ? [everyone] : segments;
  const then = segments.length === 0 ? answer.previous?.points : undefined;
  return {
    at: points.map(({ at }) => intervalName(at, answer.question.interval ?? "day")),
    lines: drawn.map((course) => ({
      name: course.name,
      values: course.points.map((point) => conversionOf(point, way)),
    })),
    ...(then ? { before: then.slice(0, points.length).map((point) => conversionOf(point, way)) } : {}),
    incomplete: points.map(({ incomplete }) => incomplete ?? false),
    additive: false,
    shares: true,
  };
}

/** The rows of the file: the start's intervals of each course, the counts by step, the whole way. */
export function pointRows(answer: FunnelAnswer, names: SegmentNames): (string | number)[][] {
  const { question } = answer;
  const steps = question.steps.map((_, index) => stepName(question, index));
  const head = [texts.group, texts.start, ...steps, texts.converted(1, steps.length), "incomplete"];
  const rows = coursesOf(answer, names).flatMap(({ name, points }) =>
    points.map((point) => [
      name,
      point.at,
      ...point.counts,
      conversionOf(point, undefined) ?? "",
      point.incomplete ? "true" : "",
    ]),
  );
  return [[], head, ...rows];
}
