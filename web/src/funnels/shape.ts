// A funnel's answer as bars, columns and rows.
import type { FunnelAnswer, FunnelQuestion } from "../api/insights";
import type { Column } from "../charts/columns";
import type { FunnelData } from "../charts/funnel-bars";
import { intervalName } from "../filters/interval-name";
import type { SegmentNames } from "../filters/words";
import { duration, full, named } from "../ui/numbers";
import type { FunnelCell } from "./state";
import { texts } from "./texts";

type Steps = FunnelAnswer["steps"];
type Times = NonNullable<FunnelAnswer["times"]>;
/** Whose numbers: everyone's, those of a group, of a segment, or of a group of one. */
export type Part = { name: string; steps: Steps; times: Times; of: Omit<FunnelCell, "step" | "lost"> };

/** What a step is called: in any order it is no event, but how many of them were taken. */
export function stepName({ steps, order }: FunnelQuestion, index: number): string {
  if (order === "any") return texts.anyOf(index + 1, steps.length);
  return `${index + 1}. ${steps[index]?.event ?? ""}`;
}

export const groupName = (key: unknown[]): string => key.map(named).join(" · ");
export const segmentName = (id: string, names: SegmentNames): string => names.get(id) ?? texts.gone;

/** The numbers of one range. */
type Numbers = Pick<FunnelAnswer, "steps" | "times" | "groups" | "segments">;

/** Everyone, then the groups, then each segment and its groups. */
export function partsOf(answer: Numbers, names: SegmentNames): Part[] {
  const groupsOf = (groups: FunnelAnswer["groups"], of: Part["of"], before = "") =>
    groups.map(({ key, steps, times = [] }) => ({
      name: before + groupName(key),
      steps,
      times,
      of: { ...of, key },
    }));
  const { steps, times = [], groups, segments = [] } = answer;
  return [
    { name: texts.everyone, steps, times, of: {} },
    ...groupsOf(groups, {}),
    ...segments.flatMap((one) => {
      const name = segmentName(one.name, names);
      const of = { segment: one.name };
      const all = { name, steps: one.steps, times: one.times ?? [], of };
      return [all, ...groupsOf(one.groups, of, `${name} · `)];
    }),
  ];
}

/** The bars: a funnel for each segment that is compared, else for each group, else one. */
export function barsOf(answer: FunnelAnswer, names: SegmentNames): FunnelData {
  const { question, groups, segments = [], previous } = answer;
  const called = (steps: Steps) =>
    steps.map((step, index) => ({ ...step, name: stepName(question, index) }));
  const drawn =
    segments.length > 0
      ? segments.map(({ name, steps }) => ({ name: segmentName(name, names), steps }))
      : groups.map(({ key, steps }) => ({ name: groupName(key), steps }));
  const before = drawn.length === 0 ? previous?.steps : undefined;
  return {
    steps: called(answer.steps),
    groups: drawn.map(({ name, steps }) => ({ name, steps: called(steps) })),
    before: before && called(before),
    unit: question.count,
  };
}

/** How many are lost before a step. */
export const lostAt = (steps: Steps, index: number): number =>
  (steps[index - 1]?.count ?? 0) - (steps[index]?.count ?? 0);

/** How long it takes: from the first step to the last, or, with a step, from the one before to it. */
export const timesOf = ({ times, steps }: Part, step: number | undefined): Times =>
  step === undefined ? times : (steps[step - 1]?.times ?? []);

export const columnsOf = (times: Times, { count }: FunnelQuestion): Column[] =>
  times.map(({ from_ms: from, to_ms: to, count: value }) => ({
    name: from === 0 ? "0" : duration(from),
    value,
    told: texts.took(texts.some(full(value), count), from === 0 ? "0" : duration(from), duration(to)),
  }));

export function timesInWords(times: Times, { count }: FunnelQuestion): string {
  const most = times.reduce((one, other) => (other.count > one.count ? other : one), {
    from_ms: 0,
    to_ms: 0,
    count: 0,
  });
  const from = most.from_ms === 0 ? "0" : duration(most.from_ms);
  return texts.mostTook(texts.some(full(most.count), count), from, duration(most.to_ms));
}

/** What a number counts, in words. */
export function cellInWords(cell: FunnelCell, question: FunnelQuestion, names: SegmentNames): string {
  const { step, lost, key, at, segment } = cell;
  const before = stepName(question, step - 2);
  const name = stepName(question, step - 1);
  return [
    lost ? texts.behindLost(before, name) : texts.behindStep(name),
    ...(segment ? [segmentName(segment, names)] : []),
    ...(key ? [groupName(key)] : []),
    ...(at ? [texts.startedAt(intervalName(at, question.interval ?? "day"))] : []),
  ].join(", ");
}

/** The rows of the file: the steps of each part, then how long the whole way took. */
export function tableRows(answer: FunnelAnswer, names: SegmentNames): (string | number)[][] {
  const parts = partsOf(answer, names);
  const earlier = answer.previous && partsOf(answer.previous, names);
  const then = earlier ? [texts.before] : [];
  const head = [texts.group, texts.stepNumber, texts.event, texts.units[answer.question.count], ...then];
  const more = ["from_start", "from_previous", "median_ms", "p90_ms"];
  const rows = parts.flatMap(({ name, steps }) =>
    steps.map((step, index) => [
      name,
      index + 1,
      answer.question.order === "any" ? stepName(answer.question, index) : step.event,
      step.count,
      ...(earlier ? [earlier.find((part) => part.name === name)?.steps[index]?.count ?? ""] : []),
      step.from_start,
      step.from_previous,
      step.median_ms ?? "",
      step.p90_ms ?? "",
    ]),
  );
  const times = parts.flatMap((part) =>
    part.times.map(({ from_ms: from, to_ms: to, count }) => [part.name, from, to, count]),
  );
  const unit = texts.units[answer.question.count];
  return [[...head, ...more], ...rows, [], [texts.times, "from_ms", "to_ms", unit], ...times];
}
