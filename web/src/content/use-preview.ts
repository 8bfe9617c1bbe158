import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { type Asked, askPreview, type Preview } from "../api/templates";
import { madeUp } from "./shape";

/** What is changed again within this is not asked. */
const WAITS_MS = 350;
/** Fields that are made up for nobody in particular. */
const MADE_UP_MAX = 40;

/** For nobody in particular, a name in marks stands for each value that is missing. */
async function asked(question: Asked, signal: AbortSignal): Promise<Preview> {
  let values: Parameters<typeof madeUp>[0] | undefined = question.person ? undefined : {};
  let answer = await askPreview(question, values, signal);
  for (let n = 0; n < MADE_UP_MAX; n++) {
    const path = answer.missing[0];
    values = values && path !== undefined ? madeUp(values, path) : undefined;
    if (!values) break;
    answer = await askPreview(question, values, signal);
  }
  return answer;
}

/** A template that is not chosen yet is not asked for. */
const saysWhat = ({ content, template }: Asked): boolean => content !== undefined || Boolean(template);

/**
 * How content looks, asked a moment after the last change; a later question cancels the one before.
 * `last` is the last good answer: it stays while a later text has a mistake.
 */
export function usePreview(question: Asked, enabled = true) {
  const [settled] = useDebouncedValue(JSON.stringify(question), WAITS_MS);
  const query = useQuery({
    queryKey: ["preview", settled],
    queryFn: ({ signal }) => asked(JSON.parse(settled) as Asked, signal),
    enabled: enabled && saysWhat(JSON.parse(settled) as Asked),
    placeholderData: keepPreviousData,
    staleTime: 30_000,
    gcTime: 60_000,
  });
  const [last, setLast] = useState(query.data);
  if (query.data !== undefined && query.data !== last) setLast(query.data);
  return { ...query, last: query.data ?? last };
}
