import { type QueryKey, queryOptions, type UseQueryOptions } from "@tanstack/react-query";

import { answered, client, type Schemas, unreachable } from "./client";

export type Live = Schemas["Live"];
/** About several events, though there be one. */
export type TrendQuestion = Omit<Schemas["TrendQuestion"], "events"> & {
  events: { event: string; measure: string; where?: Condition[] }[];
};
export type FunnelQuestion = Schemas["FunnelQuestion"];
export type RetentionQuestion = Schemas["RetentionQuestion"];
export type StickinessQuestion = Schemas["StickinessQuestion"];
export type PathsQuestion = Schemas["PathsQuestion"];
export type BoardQuestion = Schemas["BoardQuestion"];
export type RfmQuestion = Schemas["RfmQuestion"];
export type PivotQuestion = Schemas["PivotQuestion"];
export type Condition = Schemas["Condition"];
export type Meta = Schemas["Meta"];

/** An answer knows its question: it may stay on screen while the next one is asked. */
type Known<A, Q> = A & { question: Q };
export type TrendAnswer = Known<Schemas["TrendAnswer"], TrendQuestion>;
export type FunnelAnswer = Known<Schemas["FunnelAnswer"], FunnelQuestion>;
export type RetentionAnswer = Known<Schemas["RetentionAnswer"], RetentionQuestion>;
export type StickinessAnswer = Known<Schemas["StickinessAnswer"], StickinessQuestion>;
export type PathsAnswer = Known<Schemas["PathsAnswer"], PathsQuestion>;
export type BoardAnswer = Known<Schemas["BoardAnswer"], BoardQuestion>;
export type RfmAnswer = Known<Schemas["RfmAnswer"], RfmQuestion>;
export type PivotAnswer = Known<Schemas["PivotAnswer"], PivotQuestion>;

/** How a question is asked. */
export type Asking<A> = UseQueryOptions<A, Error, A, QueryKey> & { queryKey: QueryKey };

/** A question asked again while one runs cancels the first. */
const asking = <Q, A>(
  kind: string,
  question: Q,
  ask: (signal: AbortSignal) => Promise<A>,
): Asking<Known<A, Q>> =>
  queryOptions({
    queryKey: [kind, question] as QueryKey,
    queryFn: async ({ signal }): Promise<Known<A, Q>> => ({ ...(await ask(signal)), question }),
    staleTime: 30_000,
  });

export const trend = (question: TrendQuestion) =>
  asking("trend", question, (signal) =>
    answered(client.POST("/api/v1/insights/trend", { body: question, signal })),
  );

export const funnel = (question: FunnelQuestion) =>
  asking("funnel", question, (signal) =>
    answered(client.POST("/api/v1/insights/funnel", { body: question, signal })),
  );

export const retention = (question: RetentionQuestion) =>
  asking("retention", question, (signal) =>
    answered(client.POST("/api/v1/insights/retention", { body: question, signal })),
  );

export const stickiness = (question: StickinessQuestion) =>
  asking("stickiness", question, (signal) =>
    answered(client.POST("/api/v1/insights/stickiness", { body: question, signal })),
  );

export const paths = (question: PathsQuestion) =>
  asking("paths", question, (signal) =>
    answered(client.POST("/api/v1/insights/paths", { body: question, signal })),
  );

export const board = (question: BoardQuestion) =>
  asking("board", question, (signal) =>
    answered(client.POST("/api/v1/insights/board", { body: question, signal })),
  );

export const rfm = (question: RfmQuestion) =>
  asking("rfm", question, (signal) =>
    answered(client.POST("/api/v1/insights/rfm", { body: question, signal })),
  );

export const pivot = (question: PivotQuestion) =>
  asking("pivot", question, (signal) =>
    answered(client.POST("/api/v1/insights/pivot", { body: question, signal })),
  );

/** A part of an answer, as the kind of its question knows it. */
export type Cell = Schemas["Cell"];
type Kinds = {
  trend: TrendQuestion;
  funnel: FunnelQuestion;
  retention: RetentionQuestion;
  stickiness: StickinessQuestion;
  paths: PathsQuestion;
  rfm: RfmQuestion;
  pivot: PivotQuestion;
};
/** A number of an answer that people are behind. */
export type Behind = {
  [K in keyof Kinds]: { kind: K; question: Kinds[K]; cell: Cell };
}[keyof Kinds];

/** The description leaves open what a question of each kind is; it is checked here. */
const sent = ({ kind, question, cell }: Behind) => ({
  params: { path: { kind } },
  body: { question: question as object as Record<string, never>, cell },
});

/** Who they are, page by page. Each look is written into the audit. */
export const peopleBehind = (of: Behind, cursor: string | null, limit: number, signal?: AbortSignal) => {
  const { params, body } = sent(of);
  const all = { ...body, limit, cursor };
  return answered(client.POST("/api/v1/insights/{kind}/people", { params, body: all, signal }));
};

/** Keeps them as a list, a segment of its own. */
export const keepBehind = (of: Behind, name: string) => {
  const { params, body } = sent(of);
  return answered(client.POST("/api/v1/insights/{kind}/segment", { params, body: { ...body, name } }));
};

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
