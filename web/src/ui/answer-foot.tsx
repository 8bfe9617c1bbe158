// Under a picture: how long it took, what was read, as of when; and what can be done with it.
import { Button, CopyButton, Group, Text } from "@mantine/core";
import { IconCheck, IconLink, IconPhoto, IconTable, IconUsersGroup } from "@tabler/icons-react";
import { useState } from "react";

import { clock, duration, short } from "./numbers";
import { words } from "./words";

type Meta = { elapsed_ms: number; events_scanned: number; as_of: string };

function Action({ icon: Icon, text, hint, onClick, busy }: ActionProps) {
  return (
    <Button
      size="xs"
      variant="default"
      title={hint}
      loading={busy}
      onClick={onClick}
      leftSection={<Icon size={16} stroke={1.7} aria-hidden />}
    >
      {text}
    </Button>
  );
}
type ActionProps = {
  icon: typeof IconLink;
  text: string;
  hint?: string;
  busy?: boolean;
  onClick: () => void;
};

/** How long an answer took, of how much, and as of when. */
export function AnswerMeta({ meta, zone }: { meta: Meta; zone: string }) {
  const read = words.events(short(meta.events_scanned));
  return (
    <Text size="xs" className="quiet">
      {duration(meta.elapsed_ms)}, {read}, {words.asOf(clock(meta.as_of, zone))}
    </Text>
  );
}

export function AnswerFoot({ meta, zone, onCsv, onPng, onPeople }: AnswerFootProps) {
  const [painting, setPainting] = useState(false);
  const paint = () => {
    setPainting(true);
    void onPng().finally(() => setPainting(false));
  };
  return (
    <Group justify="space-between" gap={8} my={12}>
      <AnswerMeta meta={meta} zone={zone} />
      <Group gap={8}>
        <CopyButton value={typeof location === "undefined" ? "" : location.href}>
          {({ copied, copy }) => (
            <Action
              icon={copied ? IconCheck : IconLink}
              text={copied ? words.copied : words.copyLink}
              onClick={copy}
            />
          )}
        </CopyButton>
        {onPeople && (
          <Action
            icon={IconUsersGroup}
            text={words.people}
            hint={words.peopleHint}
            onClick={onPeople}
          />
        )}
        <Action icon={IconTable} text={words.csv} hint={words.csvHint} onClick={onCsv} />
        <Action
          icon={IconPhoto}
          text={words.png}
          hint={words.pngHint}
          busy={painting}
          onClick={paint}
        />
      </Group>
    </Group>
  );
}
type AnswerFootProps = {
  meta: Meta;
  zone: string;
  onCsv: () => void;
  onPng: () => Promise<void>;
  /** Goes to the people behind the answer, where there are such. */
  onPeople?: () => void;
};
