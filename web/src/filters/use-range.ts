import { useEffect, useState } from "react";

import { periodOf, type PeriodSearch, type Range, rangeOf } from "./period";

const LOOK_MS = 60_000;

/** The period of a page as dates; it moves on when the publisher's day does. */
export function useRange(search: PeriodSearch, zone: string): Range {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), LOOK_MS);
    return () => clearInterval(timer);
  }, []);
  return rangeOf(periodOf(search), zone, now);
}
