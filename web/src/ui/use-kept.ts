import { useEffect, useState } from "react";

import { same } from "./same";

function kept<T>(place: string): T | undefined {
  try {
    const text = sessionStorage.getItem(place);
    return text === null ? undefined : (JSON.parse(text) as T);
  } catch {
    return undefined;
  }
}

/**
 * What is written and not saved yet. It is kept in this tab under `place`, so that loading the page
 * again loses nothing; `found` says that it came back so.
 */
export function useKept<T>(place: string, saved: T) {
  const [found] = useState(() => kept<T>(place));
  const [draft, setDraft] = useState(found ?? saved);
  const changed = !same(draft, saved);
  useEffect(() => {
    if (changed) sessionStorage.setItem(place, JSON.stringify(draft));
    else sessionStorage.removeItem(place);
  }, [place, draft, changed]);
  return { draft, setDraft, changed, found: found !== undefined && changed };
}

/** Once it is saved, or gone, nothing is left of it here. */
export const forget = (place: string): void => sessionStorage.removeItem(place);
