// The state of Settings in the URL: which tab is open, and which message of the outbox.

export const TABS = ["sdk", "tokens", "channels", "outbox", "suppressions", "policy", "about"] as const;
export type Tab = (typeof TABS)[number];

export type SettingsSearch = { tab?: Tab; message?: string };

export function readSettings(search: Record<string, unknown>): SettingsSearch {
  const tab = TABS.find((one) => one === search.tab);
  const { message } = search;
  return {
    ...(tab ? { tab } : {}),
    ...(tab === "outbox" && typeof message === "string" && /^[0-9a-f]{32}$/.test(message) ? { message } : {}),
  };
}
