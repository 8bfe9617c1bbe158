// A provider's settings as its form holds them.
import type { Channel, MailServer, Provider, ProviderSettings, WebhookServer } from "../../api/channels";
import { texts } from "./texts";

export type Kind = ProviderSettings["kind"];

export const KINDS: Record<Channel, Kind[]> = { email: ["smtp", "outbox"], webhook: ["webhook", "outbox"] };

/** What the settings of a kind begin as. */
export function startOf(kind: Kind): ProviderSettings {
  switch (kind) {
    case "smtp":
      return { kind, host: "", port: 587, tls: "starttls", from: { address: "" }, bounce_domain: "", connections: 4, unknown: "leave" };
    case "webhook":
      return { kind, url: "", allow_http: false, allow_private: false };
    case "outbox":
      return { kind };
  }
}

const said = <T>(given: T | "" | undefined): T | undefined => (given === "" ? undefined : (given as T | undefined));
const sender = (given: MailServer["reply_to"]): MailServer["reply_to"] =>
  given?.address ? { ...(given.name ? { name: given.name } : {}), address: given.address } : undefined;

/** As the server takes it: what is empty is left out, and secrets that are left out stay as they were. */
export function sent(settings: ProviderSettings): ProviderSettings {
  switch (settings.kind) {
    case "smtp":
      return sentMail(settings);
    case "webhook":
      return { ...settings, per_second: said(settings.per_second) };
    case "outbox": {
      const from = sender(settings.from);
      return { kind: "outbox", ...(from ? { from } : {}) };
    }
  }
}

function sentMail(settings: MailServer): MailServer {
  return {
    ...settings,
    username: said(settings.username),
    password: said(settings.password),
    authorities: said(settings.authorities),
    hello_name: said(settings.hello_name),
    list_id: said(settings.list_id),
    per_second: said(settings.per_second),
    messages_per_session: said(settings.messages_per_session),
    answer_seconds: said(settings.answer_seconds),
    from: sender(settings.from) ?? { address: "" },
    reply_to: sender(settings.reply_to),
    dkim: settings.dkim?.map((key) => ({ ...key, private_key: said(key.private_key) })),
  };
}

/** "email/main": as a campaign and the API name it. */
export const nameOf = ({ channel, provider }: Pick<Provider, "channel" | "provider">): string => `${channel}/${provider}`;

/** Where its messages go. */
export function placeOf({ settings }: Provider): string {
  switch (settings.kind) {
    case "smtp":
      return `${settings.host}:${settings.port}`;
    case "webhook":
      return settings.url;
    case "outbox":
      return texts.staysHere;
  }
}

/** What to mind about a provider, in words; nothing where all is well. */
export function mindsOf({ settings }: Provider): string[] {
  if (settings.kind === "smtp") {
    return [
      ...((settings.dkim ?? []).length === 0 ? [texts.noDkim] : []),
      ...(settings.tls === "none" ? [texts.plainText] : []),
    ];
  }
  if (settings.kind === "webhook") {
    return [
      ...((settings.secrets ?? []).length === 0 ? [texts.unsigned] : []),
      ...(settings.url.startsWith("http:") ? [texts.plainText] : []),
    ];
  }
  return [];
}

/** How it stands since something went by it: what the person who runs it must know, worst first. */
export function troublesOf({ health }: Provider, when: (at: string) => string): string[] {
  if (!health) return [];
  if (health.off) return [texts.switchedOff];
  const said = health.last_error ?? "";
  return [
    ...(health.refuses_us ? [texts.refusesUs(said)] : []),
    ...(health.failing_since ? [texts.failingSince(when(health.failing_since), said)] : []),
    ...(health.held_until ? [texts.heldUntil(when(health.held_until))] : []),
    ...(health.per_second ? [texts.slowed(health.per_second)] : []),
  ];
}

/** A secret of Standard Webhooks: `whsec_` and base64 of 32 random bytes. */
export function newSecret(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  return `whsec_${btoa(String.fromCharCode(...bytes))}`;
}

/** The secrets of a webhook with one more in front, the newest first; at most two. */
export const withSecret = (secrets: WebhookServer["secrets"], added: string): WebhookServer["secrets"] =>
  [added, ...(secrets ?? [])].slice(0, 2);
