// "comparing people in Gold and in Silver": saved segments whose numbers stand beside each other.
import { useQuery } from "@tanstack/react-query";

import { segments } from "../api/segments";
import { Chips } from "./chips";
import { readSegmentId } from "./segment-picker";
import { texts } from "./texts";

/** The server's limit. */
const COMPARED_MAX = 5;

export function CompareSegments({ value = [], onChange }: CompareProps) {
  const { data } = useQuery(segments);
  const known = (data?.segments ?? []).map(({ id, name }) => ({ value: id, label: name }));
  const gone = value
    .filter((id) => known.every((one) => one.value !== id))
    .map((id) => ({ value: id, label: texts.segmentGone }));
  return (
    <Chips
      lead={texts.comparing}
      label={texts.compareSegment}
      none={texts.noSegments}
      more={texts.another}
      without={texts.notCompared}
      value={value}
      choices={[...known, ...gone]}
      most={COMPARED_MAX}
      onChange={onChange}
    />
  );
}
type CompareProps = {
  value: string[] | undefined;
  onChange: (ids: string[] | undefined) => void;
};

/** The ids of segments in a URL, each once. */
export const readSegmentIds = (given: unknown): string[] =>
  Array.isArray(given)
    ? [...new Set(given.flatMap((one) => readSegmentId(one) ?? []))].slice(0, COMPARED_MAX)
    : [];

/** As a question has them: an answer calls each by its id, which stays the same. */
export const comparedOf = (ids: string[] | undefined) =>
  ids ? { segments: ids.map((id) => ({ name: id, people: { segment: id } })) } : {};
