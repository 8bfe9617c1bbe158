import { queryOptions } from "@tanstack/react-query";

import { answered, client, type Schemas, unreachable } from "./client";

export type Live = Schemas["Live"];
export type TrendQuestion = Schemas["TrendQuestion"];
export type FunnelQuestion = Schemas["FunnelQuestion"];
export type Condition = Schemas["Condition"];
export type Meta = Schemas["Meta"];

/** An answer knows its question: it may stay on screen while the next one is asked. */
export type TrendAnswer = Schemas["TrendAnswer"] & { question: TrendQuestion };
export type FunnelAnswer = Schemas["FunnelAnswer"] & { question: FunnelQuestion };

/** A question asked again while one runs cancels the first. */
export const trend = (question: TrendQuestion) =>
  queryOptions({
    queryKey: ["trend", question],
    queryFn: async ({ signal }): Promise<TrendAnswer> => ({
      ...(await answered(client.POST("/api/v1/insights/trend", { body: question, signal }))),
      question,
    }),
    staleTime: 30_000,
  });

export const funnel = (question: FunnelQuestion) =>
  queryOptions({
    queryKey: ["funnel", question],
    queryFn: async ({ signal }): Promise<FunnelAnswer> => ({
      ...(await answered(client.POST("/api/v1/insights/funnel", { body: question, signal }))),
      question,
    }),
    staleTime: 30_000,
  });

/** Until a stream that was refused is asked for again. */
const AGAIN_MS = 5_000;

/**
 * Calls `see` with a picture a second, and `lost` with what went wrong, or undefined when it is well
 * again; ends it on return.
 */
export function watchLive(see: (live: Live) => void, lost: (why: unknown) => void): () => void {
  let source: EventSource;
  let timer: number | undefined;
  const ended = new AbortController();
  const open = () => {
    source = new EventSource("/api/v1/insights/live/stream");
    source.addEventListener("live", (event) => {
      lost(undefined);
      see(JSON.parse((event as MessageEvent<string>).data) as Live);
    });
    source.addEventListener("error", () => {
      if (source.readyState !== EventSource.CLOSED) return lost(unreachable());
      // The browser asks again where a stream broke, not where it was refused, and keeps the reason.
      timer = window.setTimeout(open, AGAIN_MS);
      const { signal } = ended;
      answered(client.GET("/api/v1/insights/live", { signal })).catch((why: unknown) => {
        if (!signal.aborted) lost(why);
      });
    });
  };
  open();
  return () => {
    ended.abort();
    window.clearTimeout(timer);
    source.close();
  };
}
