import { queryOptions } from "@tanstack/react-query";

import { answered, client, type Schemas } from "./client";

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

/** Calls `see` with a picture a second, and `lost` when the stream breaks; ends it on return. */
export function watchLive(see: (live: Live) => void, lost: (lost: boolean) => void): () => void {
  const source = new EventSource("/api/v1/insights/live/stream");
  source.addEventListener("live", (event) => {
    lost(false);
    see(JSON.parse((event as MessageEvent<string>).data) as Live);
  });
  // The browser asks again by itself.
  source.addEventListener("error", () => lost(true));
  return () => source.close();
}
