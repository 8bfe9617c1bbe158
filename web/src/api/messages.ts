// The archive: what was sent to whom, why, or why not.
import { infiniteQueryOptions } from "@tanstack/react-query";

import { answered, client, type Schemas } from "./client";

export type Message = Schemas["Message"];
export type MessageState = Message["state"];
/** What people, not machines, did with a message; following a link opens. */
export type Visit = "opened" | "clicked";

/** Which messages. */
export type Wanted = {
  person?: string;
  campaign?: string;
  run?: string;
  state?: MessageState;
  reason?: string;
  visit?: Visit;
};

/** Messages of one page of an answer. */
const PAGE = 50;

/** Each look is written into the audit: it is asked anew when somebody asks. */
export const messages = (wanted: Wanted, limit = PAGE) =>
  infiniteQueryOptions({
    queryKey: ["messages", wanted, limit],
    queryFn: ({ pageParam, signal }) =>
      answered(
        client.GET("/api/v1/messages", {
          params: { query: { ...wanted, limit, ...(pageParam ? { cursor: pageParam } : {}) } },
          signal,
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.cursor,
    staleTime: 10_000,
  });
