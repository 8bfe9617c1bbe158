// Which interval of a chart an annotation falls into.
import type { Annotation } from "../api/annotations";
import type { Mark } from "../charts/marks";

/** A mark, and the ids of the notes that it stands for. */
export type NoteMark = Mark & { ids: string[] };

/** The notes of each interval that has any; those before the first and after the last have no place. */
export function marksOf(all: Annotation[], starts: string[], end: number): NoteMark[] {
  const begins = starts.map((at) => Date.parse(at));
  const marks: NoteMark[] = [];
  for (const { id, at, text } of all) {
    const moment = Date.parse(at);
    const place = begins.findLastIndex((begin) => begin <= moment);
    if (place < 0 || moment >= end) continue;
    const last = marks.at(-1);
    if (last?.place === place) {
      last.told.push(text);
      last.ids.push(id);
    } else {
      marks.push({ place, told: [text], ids: [id] });
    }
  }
  return marks;
}

const HOUR = 3_600_000;
const LENGTHS: Record<string, number> = {
  minute: HOUR / 60,
  hour: HOUR,
  // The longest that there are: a day with the hour that comes twice, a month of 31 days.
  day: 25 * HOUR,
  week: 7 * 24 * HOUR + HOUR,
  month: 31 * 24 * HOUR + HOUR,
};

/** When the last interval is over, at the latest. */
export const endOf = (starts: string[], interval: string): number =>
  Date.parse(starts.at(-1) ?? "") + (LENGTHS[interval] ?? 0);
