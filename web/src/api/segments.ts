// Segments: saved rules over people, and lists of people that stay as they are.
import { queryOptions } from "@tanstack/react-query";

import { answered, client, type Schemas } from "./client";

export type Definition = Schemas["Definition"];
export type Segment = Schemas["Segment"];
export type SegmentCount = Schemas["SegmentCount"];
export type Row = Awaited<ReturnType<typeof segmentPeople>>["people"][number];

/** Saved segments, by name. */
export const segments = queryOptions({
  queryKey: ["segments"],
  queryFn: ({ signal }) => answered(client.GET("/api/v1/segments", { signal })),
  staleTime: 10_000,
});

const one = (id: string) => ({ params: { path: { id } } });

export const segment = (id: string) =>
  queryOptions({
    queryKey: ["segment", id],
    queryFn: ({ signal }) => answered(client.GET("/api/v1/segments/{id}", { ...one(id), signal })),
  });

/** Counted anew when it is looked at again after a while: people come and go. */
const FRESH_MS = 15_000;

/** How many people answer to a rule, and who can be reached. Another rule cancels the first. */
export const segmentCount = (definition: Definition) =>
  queryOptions({
    queryKey: ["segment count", definition],
    queryFn: ({ signal }) =>
      answered(client.POST("/api/v1/segments/count", { body: { definition }, signal })),
    staleTime: FRESH_MS,
  });

export const segmentPeople = (id: string, cursor: string | null, limit: number, signal?: AbortSignal) =>
  answered(
    client.GET("/api/v1/segments/{id}/people", {
      params: { path: { id }, query: { limit, ...(cursor ? { cursor } : {}) } },
      signal,
    }),
  );

export const makeSegment = (name: string, definition: Definition) =>
  answered(client.POST("/api/v1/segments", { body: { name, definition } }));

/** Another name or rule; of a list, another name. */
export const changeSegment = (id: string, name: string, definition: Definition | undefined) =>
  answered(
    client.PUT("/api/v1/segments/{id}", {
      ...one(id),
      body: { name, ...(definition ? { definition } : {}) },
    }),
  );

export const removeSegment = (id: string) =>
  answered(client.DELETE("/api/v1/segments/{id}", one(id)));

/** Keeps who is in it now as a list of its own. */
export const freezeSegment = (id: string, name: string) =>
  answered(client.POST("/api/v1/segments/{id}/freeze", { ...one(id), body: { name } }));

/** Keeps the people whose identities stand in a column of a CSV file as a list. */
export const uploadSegment = (name: string, column: string, file: File) =>
  answered(
    client.POST("/api/v1/segments/upload", {
      params: { query: { name, column } },
      headers: { "content-type": "text/csv" },
      body: "",
      bodySerializer: () => file,
    }),
  );

/** The lines of an uploaded file that were nobody, as CSV; null where there are none. */
export const segmentRejects = (id: string) =>
  queryOptions({
    queryKey: ["segment rejects", id],
    queryFn: async ({ signal }) => {
      const asked = client.GET("/api/v1/segments/{id}/rejects", {
        ...one(id),
        signal,
        parseAs: "text",
      });
      const { response } = await asked;
      return response.status === 404 ? null : answered(asked);
    },
    staleTime: Infinity,
  });
