// The policy, the classes of properties, and what the gate did.
import { queryOptions } from "@tanstack/react-query";

import { answered, client, type Schemas } from "./client";

export type GateAnswer = Schemas["Gate"];
export type Policy = Schemas["Policy"];

/** Asked again by itself: what waits for a class grows while one looks. */
export const gate = queryOptions({
  queryKey: ["gate"],
  queryFn: ({ signal }) => answered(client.GET("/api/v1/gate", { signal })),
  refetchInterval: 5_000,
});

export const policy = queryOptions({
  queryKey: ["policy"],
  queryFn: ({ signal }) => answered(client.GET("/api/v1/policy", { signal })),
});

export const policyVersions = queryOptions({
  queryKey: ["policy", "versions"],
  queryFn: ({ signal }) => answered(client.GET("/api/v1/policy/versions", { signal })),
});

export const classProperty = (name: string, chosen: Schemas["DataClass"]) =>
  answered(
    client.PUT("/api/v1/properties/{name}", {
      params: { path: { name } },
      body: { class: chosen },
    }),
  );

export const changePolicy = (next: Policy) => answered(client.PUT("/api/v1/policy", { body: next }));
