// What holds for all campaigns: what is switched off, and from which size on a second person approves.
import { queryOptions } from "@tanstack/react-query";

import { answered, client, type Schemas } from "./client";

export type Engagement = Schemas["Engagement"];

export const engagement = queryOptions({
  queryKey: ["engagement"],
  queryFn: ({ signal }) => answered(client.GET("/api/v1/engagement", { signal })),
  staleTime: 5_000,
  refetchInterval: 15_000,
});

export const changeEngagement = (next: Engagement) =>
  answered(client.PUT("/api/v1/engagement", { body: next }));
