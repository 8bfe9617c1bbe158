// Single people: found by an id, what is known of them, what they did and what they said.
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";

import { answered, client, type Schemas } from "./client";

export type Person = Schemas["Person"];
export type Receipt = Schemas["Receipt"];
export type Done = Schemas["Timeline"]["events"][number];

/** The ids by which a person is found. */
export type IdKind = "identity" | "email" | "phone" | "guid";

/** Each look is written into the audit: an answer is kept while the page is open. */
const LOOKED_MS = 60_000;

export const findPeople = (kind: IdKind, id: string) =>
  queryOptions({
    queryKey: ["people", kind, id],
    queryFn: ({ signal }) =>
      answered(client.GET("/api/v1/people", { params: { query: { [kind]: id } }, signal })),
    staleTime: LOOKED_MS,
    enabled: id !== "",
  });

export const person = (id: string) =>
  queryOptions({
    queryKey: ["person", id],
    queryFn: ({ signal }) =>
      answered(client.GET("/api/v1/people/{id}", { params: { path: { id } }, signal })),
    staleTime: LOOKED_MS,
  });

/** Events of one page of a timeline. */
const PAGE = 50;

export const timeline = (id: string) =>
  infiniteQueryOptions({
    queryKey: ["timeline", id],
    queryFn: ({ pageParam, signal }) =>
      answered(
        client.GET("/api/v1/people/{id}/timeline", {
          params: { path: { id }, query: { limit: PAGE, ...(pageParam ? { before: pageParam } : {}) } },
          signal,
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.before,
    staleTime: LOOKED_MS,
  });

/** All that a person said, oldest first. */
export const consents = (whose: { identity: string } | { guid: string } | undefined) =>
  queryOptions({
    queryKey: ["consents", whose],
    queryFn: ({ signal }) =>
      answered(client.GET("/api/v1/consents", { params: { query: whose }, signal })),
    staleTime: LOOKED_MS,
    enabled: whose !== undefined,
  });

/** Merges into a person and of a person, the latest first. */
export const merges = (id: string) =>
  queryOptions({
    queryKey: ["merges", id],
    queryFn: ({ signal }) =>
      answered(client.GET("/api/v1/people/{id}/merges", { params: { path: { id } }, signal })),
  });

/** Says that another is the same person. */
export const merge = (id: string, loser: string) =>
  answered(
    client.POST("/api/v1/people/{id}/merges", { params: { path: { id } }, body: { loser } }),
  );

/** Takes a merge back: events return to whose they were. */
export const split = (id: string, loser: string) =>
  answered(
    client.DELETE("/api/v1/people/{id}/merges/{loser}", { params: { path: { id, loser } } }),
  );
