// Annotations of the days of a question, as marks of its chart.
import { useQuery } from "@tanstack/react-query";

import { type Annotation, annotations } from "../api/annotations";
import { endOf, marksOf, type NoteMark } from "./marks";

export type Notes = {
  /** The days, `to` not included. */
  from: string;
  to: string;
  all: Annotation[];
  marks: NoteMark[];
  /** Why they are not known. */
  error: unknown;
};

/** `starts` are those of the intervals that are drawn. */
export function useNotes({ from, to }: { from: string; to: string }, starts: string[], interval = "day"): Notes {
  const { data, error } = useQuery(annotations(from, to));
  const all = data?.annotations ?? [];
  return { from, to, all, marks: marksOf(all, starts, endOf(starts, interval)), error };
}
