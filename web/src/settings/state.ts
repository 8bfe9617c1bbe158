// The state of Settings in the URL: which tab is open.

export const TABS = ["sdk", "tokens", "policy", "about"] as const;
export type Tab = (typeof TABS)[number];

export function readSettings(search: Record<string, unknown>): { tab?: Tab } {
  const tab = TABS.find((one) => one === search.tab);
  return tab ? { tab } : {};
}
