// A value that is held: as it is, or that it is there and not shown to this caller.
import { IconLock } from "@tabler/icons-react";

import { masked, named } from "./numbers";
import { words } from "./words";

export function Held({ value, none = "–" }: { value: unknown; none?: string }) {
  if (value === null || value === undefined || value === "") return <span className="quiet">{none}</span>;
  if (!masked(value)) return <>{named(value)}</>;
  return (
    <span className="held" title={words.hiddenWhy}>
      <IconLock size={14} aria-hidden /> {words.hiddenWord}
    </span>
  );
}
