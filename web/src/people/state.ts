// What is looked for. It stands in the browser's own history and not in the address: back and reload
// work, and nobody's id is in a link that is passed on or written down on the way.
import type { IdKind } from "../api/people";

export type Find = { kind: IdKind; id: string };

declare module "@tanstack/react-router" {
  interface HistoryState {
    find?: Find;
  }
}
