import { useEffect, useState } from "react";

import type { Content } from "../api/templates";

export type Draft = { name: string; content: Content };

const placeOf = (id: string) => `candor template ${id}`;

function kept(id: string): Draft | undefined {
  try {
    const text = sessionStorage.getItem(placeOf(id));
    return text === null ? undefined : (JSON.parse(text) as Draft);
  } catch {
    return undefined;
  }
}

/**
 * What is written and not saved yet. It is kept in this tab, so that loading the page again loses
 * nothing; `found` says that it came back so.
 */
export function useDraft(id: string, saved: Draft) {
  const [found] = useState(() => kept(id));
  const [draft, setDraft] = useState(found ?? saved);
  const changed = JSON.stringify(draft) !== JSON.stringify(saved);
  useEffect(() => {
    if (changed) sessionStorage.setItem(placeOf(id), JSON.stringify(draft));
    else sessionStorage.removeItem(placeOf(id));
  }, [id, draft, changed]);
  return { draft, setDraft, changed, found: found !== undefined && changed };
}

/** Once it is saved under another id, nothing is left of it here. */
export const forget = (id: string): void => sessionStorage.removeItem(placeOf(id));
