// An answer about paths as a Sankey diagram and rows.
import type { PathsAnswer, PathsQuestion } from "../api/insights";
import type { SankeyData, SankeyPart } from "../charts/sankey";
import {
  conditionsInWords,
  datesInWords,
  eventInWords,
  peopleInWords,
  type SegmentNames,
} from "../filters/words";
import { full, share } from "../ui/numbers";
import type { PathsCell } from "./state";
import { texts } from "./texts";

/** A question that was kept says what it has not as null. */
const isEnd = ({ end }: PathsQuestion): boolean => (end ?? undefined) !== undefined;

/** The event that all paths begin or end with. */
function anchorOf({ start, end }: PathsQuestion) {
  const anchor = end ?? start;
  return typeof anchor === "string" ? { event: anchor } : anchor;
}

/** Steps count away from the anchor; columns from left to right. */
const columnOf = (step: number, steps: number, end: boolean): number => (end ? steps - step : step);

const columnName = (step: number, end: boolean): string =>
  step === 0 ? texts.anchor(end) : texts.column(step, end);

export function sankeyOf({ nodes, links, question }: PathsAnswer): SankeyData {
  const end = isEnd(question);
  // Where no path goes as far as was asked for, there are no columns for it.
  const last = Math.max(0, ...nodes.map(({ step }) => step));
  const place = (step: number, event: string) =>
    nodes.findIndex((node) => node.step === step && node.event === event);
  const steps = Array.from({ length: last + 1 }, (_, column) => columnOf(column, last, end));
  return {
    columns: steps.map((step) => columnName(step, end)),
    nodes: nodes.map(({ step, event, count }) => ({
      column: columnOf(step, last, end),
      name: event,
      count,
    })),
    // A link's step is that of its event nearer to the anchor.
    links: links.map(({ step, from, to, count }) => ({
      from: place(end ? step + 1 : step, from),
      to: place(end ? step : step + 1, to),
      count,
    })),
  };
}

/** The people of a node or a link, as the server knows it. */
export function cellOf({ nodes, links }: PathsAnswer, part: SankeyPart): PathsCell | undefined {
  if ("node" in part) {
    const node = nodes[part.node];
    return node && { step: node.step, event: node.event };
  }
  const link = links[part.link];
  return link && { step: link.step, from: link.from, to: link.to };
}

export function cellInWords(cell: PathsCell, question: PathsQuestion): string {
  if ("events" in cell) return texts.behindSequence(wayInWords(cell.events));
  if ("event" in cell) {
    return texts.behindNode(cell.event, columnName(cell.step, isEnd(question)).toLowerCase());
  }
  return texts.behindLink(cell.from, cell.to);
}

export const wayInWords = (events: string[]): string => events.join(" → ");

/** All paths: those that come through the anchor. */
export const totalOf = ({ nodes }: PathsAnswer): number =>
  nodes.reduce((all, { step, count }) => all + (step === 0 ? count : 0), 0);

export function answerInWords(answer: PathsAnswer): string {
  const end = isEnd(answer.question);
  const next = answer.nodes.find(({ step }) => step === 1);
  const total = totalOf(answer);
  if (!next || total === 0) return "";
  const event = eventInWords(anchorOf(answer.question)?.event ?? "");
  return texts.described(full(total), event, next.event, share(next.count / total), end);
}

/** The rows of the file. */
export function tableRows(answer: PathsAnswer): (string | number)[][] {
  const total = totalOf(answer);
  const rows = answer.sequences.map(({ events, count }) => [wayInWords(events), count, count / total]);
  return [[texts.path, texts.paths, texts.share], ...rows];
}

export function questionInWords(question: PathsQuestion, names: SegmentNames): string {
  const anchor = anchorOf(question);
  const end = isEnd(question);
  const what = [
    texts.lead,
    end ? texts.end : texts.start,
    eventInWords(anchor?.event ?? ""),
    conditionsInWords(anchor?.where),
  ];
  const parts = [
    what.filter(Boolean).join(" "),
    texts.stepsOf(question.steps, end),
    `${texts.within} ${texts.withinOf[question.within] ?? question.within}`,
    question.collapse_repeats ? texts.once : "",
    question.hide ? `${texts.hiding} ${question.hide.join(", ")}` : "",
    peopleInWords(question.people, names),
    datesInWords(question),
  ];
  return parts.filter(Boolean).join(", ");
}
