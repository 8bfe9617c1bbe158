// What there is to ask about: events, properties and their values.
import { queryOptions } from "@tanstack/react-query";

import { answered, client, type Schemas } from "./client";

export type Property = Schemas["Property"];
export type DataClass = Schemas["DataClass"];
export type Scope = "event" | "person";

/** The names of events, the most frequent first. */
export const eventNames = queryOptions({
  queryKey: ["event names"],
  queryFn: ({ signal }) => answered(client.GET("/api/v1/events/names", { signal })),
  staleTime: 60_000,
});

/** Every property that is classed or kept. */
export const properties = queryOptions({
  queryKey: ["properties"],
  queryFn: ({ signal }) => answered(client.GET("/api/v1/properties", { signal })),
  staleTime: 60_000,
});

/** The values of a property, the most frequent first. */
export const values = (name: string, scope: Scope) =>
  queryOptions({
    queryKey: ["values", name, scope],
    queryFn: ({ signal }) =>
      answered(
        client.GET("/api/v1/properties/{name}/values", {
          params: { path: { name }, query: { scope } },
          signal,
        }),
      ),
    staleTime: 60_000,
    enabled: name !== "",
  });
