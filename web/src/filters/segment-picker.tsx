// "for people in Gold": whose events count.
import { NativeSelect } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";

import { type Definition, segments } from "../api/segments";
import { texts } from "./texts";

/** A saved segment; undefined is everyone, where that is a choice. */
export function SegmentPicker({ value, label, everyone, without, onChange }: SegmentPickerProps) {
  const { data, isPending } = useQuery(segments);
  const known = (data?.segments ?? []).filter(({ id }) => id !== without);
  const lost = value && !isPending && known.every(({ id }) => id !== value);
  return (
    <NativeSelect
      aria-label={label}
      value={value ?? ""}
      maw={320}
      data={[
        ...(everyone || !value ? [{ value: "", label: everyone ?? texts.segment }] : []),
        ...known.map(({ id, name }) => ({ value: id, label: name })),
        ...(value && isPending ? [{ value, label: "…" }] : []),
        ...(lost ? [{ value, label: texts.segmentGone }] : []),
      ]}
      onChange={(event) => onChange(event.currentTarget.value || undefined)}
    />
  );
}
type SegmentPickerProps = {
  value: string | undefined;
  label: string;
  /** The words for no segment, where that is a choice. */
  everyone?: string;
  /** A segment that is no choice: one is not within itself. */
  without?: string;
  onChange: (id: string | undefined) => void;
};

/** "for everyone", or "for people in Gold": a part of a question's sentence. */
export function ForPeople({ value, onChange }: ForPeopleProps) {
  return (
    <span className="part">
      <span>{value ? `${texts.forPeople} ${texts.peopleIn}` : texts.forPeople}</span>
      <SegmentPicker
        value={value}
        label={texts.whosePeople}
        everyone={texts.everyone}
        onChange={onChange}
      />
    </span>
  );
}
type ForPeopleProps = { value: string | undefined; onChange: (id: string | undefined) => void };

/** An id in a URL. */
export const readSegmentId = (given: unknown): string | undefined =>
  typeof given === "string" && given !== "" && given.length <= 64 ? given : undefined;

/** The id of the saved segment whose people a question is about; undefined where it is no such. */
export const segmentIdOf = (people: Definition | null | undefined): string | undefined =>
  people && "segment" in people ? people.segment : undefined;

/** The names of saved segments by their ids. */
export function useSegmentNames(): Map<string, string> {
  const { data } = useQuery(segments);
  return new Map((data?.segments ?? []).map(({ id, name }) => [id, name]));
}
