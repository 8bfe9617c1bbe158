// A number with its name and what it means.
import { Text } from "@mantine/core";

import { Counter } from "./counter";
import { Panel } from "./panel";

export function FigureCard({ name, hint, value }: { name: string; hint: string; value: number }) {
  return (
    <Panel>
      <Text size="sm">{name}</Text>
      <Counter value={value} />
      <Text size="xs" className="quiet">
        {hint}
      </Text>
    </Panel>
  );
}
