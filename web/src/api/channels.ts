// The ways that messages go out by, and the messages that stay in the house.
import { queryOptions } from "@tanstack/react-query";

import { answered, client, type Schemas } from "./client";

export type Provider = Schemas["Provider"];
export type ProviderSettings = Schemas["ProviderSettings"];
export type MailServer = Schemas["MailServer"];
export type WebhookServer = Schemas["WebhookServer"];
export type TriedOut = Schemas["TriedOut"];
export type Channel = Provider["channel"];
export type Tried = Awaited<ReturnType<typeof tryProvider>>;
export type Kept = Schemas["OutboxMessage"];

export const CHANNELS: Channel[] = ["email", "webhook"];

/** The providers of all channels, without their secrets. */
export const providers = queryOptions({
  queryKey: ["channels"],
  queryFn: ({ signal }) => answered(client.GET("/api/v1/channels", { signal })),
});

const one = (channel: Channel, provider: string) => ({ params: { path: { channel, provider } } });

export const saveProvider = (channel: Channel, provider: string, settings: ProviderSettings) =>
  answered(
    client.PUT("/api/v1/channels/{channel}/{provider}", { ...one(channel, provider), body: settings }),
  );

export const removeProvider = (channel: Channel, provider: string) =>
  answered(client.DELETE("/api/v1/channels/{channel}/{provider}", one(channel, provider)));

/** One message at once, and what the provider says. */
export const tryProvider = (channel: Channel, provider: string, to: string | undefined) =>
  answered(
    client.POST("/api/v1/channels/{channel}/{provider}/test", {
      ...one(channel, provider),
      body: to === undefined ? {} : { to },
    }),
  );

/** As many as are listed. */
const LISTED = 100;

/** Each look is written into the audit: it is asked again when somebody says so. */
export const outbox = queryOptions({
  queryKey: ["outbox"],
  queryFn: ({ signal }) =>
    answered(client.GET("/api/v1/outbox", { params: { query: { limit: LISTED } }, signal })),
  staleTime: 60_000,
});

export const outboxMessage = (id: string) =>
  queryOptions({
    queryKey: ["outbox", id],
    queryFn: ({ signal }) =>
      answered(client.GET("/api/v1/outbox/{id}", { params: { path: { id } }, signal })),
    staleTime: Infinity,
  });
