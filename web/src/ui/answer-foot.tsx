// Under a picture: how long it took, what was read, as of when; and what can be done with it.
import { Button, CopyButton, Group, Text } from "@mantine/core";
import {
  IconCheck,
  IconLayoutGridAdd,
  IconLink,
  IconPhoto,
  IconTable,
  IconUsersGroup,
} from "@tabler/icons-react";
import { useState } from "react";

import { clock, duration, short } from "./numbers";
import { words } from "./words";

type Meta = { elapsed_ms: number; events_scanned: number; as_of: string };

function Action({ icon: Icon, text, hint, onClick, busy, disabled }: ActionProps) {
  return (
    <Button
      size="xs"
      variant="default"
      title={hint}
      loading={busy}
      disabled={disabled}
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
  disabled?: boolean;
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

export function AnswerFoot(props: AnswerFootProps) {
  const { meta, zone, linked, noLink, onCsv, onPng, onPeople, onBoard } = props;
  const [painting, setPainting] = useState(false);
  const paint = (picture: () => Promise<void>) => {
    setPainting(true);
    void picture().finally(() => setPainting(false));
  };
  return (
    <Group justify="space-between" gap={8} my={12}>
      <AnswerMeta meta={meta} zone={zone} />
      <Group gap={8}>
        {onBoard && <Action icon={IconLayoutGridAdd} text={words.board} hint={words.boardHint} onClick={onBoard} />}
        {linked && (
          <CopyButton value={typeof location === "undefined" ? "" : location.href}>
            {({ copied, copy }) => (
              <Action
                icon={copied ? IconCheck : IconLink}
                text={copied ? words.copied : words.copyLink}
                hint={noLink}
                disabled={noLink !== undefined}
                onClick={copy}
              />
            )}
          </CopyButton>
        )}
        {onPeople && (
          <Action
            icon={IconUsersGroup}
            text={words.people}
            hint={words.peopleHint}
            onClick={onPeople}
          />
        )}
        <Action icon={IconTable} text={words.csv} hint={words.csvHint} onClick={onCsv} />
        {onPng && (
          <Action
            icon={IconPhoto}
            text={words.png}
            hint={words.pngHint}
            busy={painting}
            onClick={() => paint(onPng)}
          />
        )}
      </Group>
    </Group>
  );
}
type AnswerFootProps = {
  meta: Meta;
  zone: string;
  /** Whether the address is that of the page. */
  linked: boolean;
  /** Why it cannot be passed on, where it cannot. */
  noLink?: string;
  onCsv: () => void;
  /** Saves the picture, where there is one. */
  onPng?: () => Promise<void>;
  /** Goes to the people behind the answer, where there are such. */
  onPeople?: () => void;
  /** Keeps the question, where it is not kept already. */
  onBoard?: () => void;
};
