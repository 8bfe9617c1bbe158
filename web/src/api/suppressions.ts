// Addresses that are never written to.
import { infiniteQueryOptions } from "@tanstack/react-query";

import { answered, client, type Schemas } from "./client";

export type Suppression = Schemas["Suppression"];

/** Addresses of one page of an answer. */
const PAGE = 50;

/** Each look is written into the audit: it is asked anew when somebody asks. */
export const suppressions = infiniteQueryOptions({
  queryKey: ["suppressions"],
  queryFn: ({ pageParam, signal }) =>
    answered(
      client.GET("/api/v1/suppressions", {
        params: { query: { limit: PAGE, ...(pageParam ? { cursor: pageParam } : {}) } },
        signal,
      }),
    ),
  initialPageParam: null as string | null,
  getNextPageParam: (last) => last.cursor,
  staleTime: 10_000,
});

export const suppress = (address: string) =>
  answered(client.POST("/api/v1/suppressions", { body: { channel: "email", address } }));

/** It may be written to again. */
export const takeOff = (id: string) =>
  answered(client.DELETE("/api/v1/suppressions/{id}", { params: { path: { id } } }));
