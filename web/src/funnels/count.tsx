// A number of a funnel, a way to the people behind it; nobody leads nowhere.
import { Way } from "../question/way";
import { full } from "../ui/numbers";
import type { FunnelCell } from "./state";

export function Count({ count, first = false, cell, onChoose }: CountProps) {
  if (count === 0) return <>0</>;
  return <Way words={full(count)} first={first} onChoose={() => onChoose(cell)} />;
}
type CountProps = {
  count: number;
  /** Whether the tab key stops here. */
  first?: boolean;
  cell: FunnelCell;
  onChoose: (cell: FunnelCell) => void;
};
