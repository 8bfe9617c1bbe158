// How many columns a wide table shows at first: thousands of cells take the browser seconds.
import { Button, Text } from "@mantine/core";
import { type ReactNode, useState } from "react";

import { full } from "./numbers";
import { words } from "./words";

const SHOWN = 100;

/** How many of so many columns are shown, and what shows all of them where these are not all. */
export function useColumns(count: number): { shown: number; more: ReactNode } {
  const [all, setAll] = useState(false);
  const shown = all ? count : Math.min(count, SHOWN);
  const more = shown < count && (
    <Text size="xs" className="quiet" mt={8} component="div">
      {words.columnsShown(full(shown), full(count))}{" "}
      <Button size="compact-xs" variant="subtle" onClick={() => setAll(true)}>
        {words.allColumns}
      </Button>
    </Text>
  );
  return { shown, more };
}
