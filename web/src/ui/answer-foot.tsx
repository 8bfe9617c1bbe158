// Under a picture: how long it took, what was read, as of when; and what can be done with it.
import { Button, CopyButton, Group, Text } from "@mantine/core";
import { IconCheck, IconDownload, IconLink } from "@tabler/icons-react";

import { clock, duration, short } from "./numbers";

type Meta = { elapsed_ms: number; events_scanned: number; as_of: string };

export function AnswerFoot({ meta, zone, onCsv }: AnswerFootProps) {
  const read = `${short(meta.events_scanned)} events`;
  return (
    <Group justify="space-between" gap={8} mt={12}>
      <Text size="xs" className="quiet">
        {duration(meta.elapsed_ms)}, {read}, as of {clock(meta.as_of, zone)}
      </Text>
      <Group gap={8}>
        <CopyButton value={typeof location === "undefined" ? "" : location.href}>
          {({ copied, copy }) => (
            <Button
              size="xs"
              variant="default"
              onClick={copy}
              leftSection={copied ? <IconCheck size={14} /> : <IconLink size={14} />}
            >
              {copied ? "Copied" : "Copy link"}
            </Button>
          )}
        </CopyButton>
        <Button
          size="xs"
          variant="default"
          onClick={onCsv}
          leftSection={<IconDownload size={14} />}
        >
          CSV
        </Button>
      </Group>
    </Group>
  );
}
type AnswerFootProps = { meta: Meta; zone: string; onCsv: () => void };
