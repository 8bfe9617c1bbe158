// The last step: all of it in words and numbers, a test send, and publishing.
import { Button, Group, Stack, Text } from "@mantine/core";
import { IconSend } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useState } from "react";

import type { Campaign, Saved } from "../api/campaigns";
import { Note } from "../ui/note";
import { full } from "../ui/numbers";
import { Failed, Panel } from "../ui/panel";
import { lossesOf, useForecast } from "./forecast";
import { Publish } from "./publish";
import { lacks } from "./shape";
import { STEPS } from "./state";
import { Summary } from "./summary";
import { texts } from "./texts";
import { TryIt } from "./try";

export function Review({ draft, saved, changed, zone, person, onPerson }: ReviewProps) {
  const [opened, setOpened] = useState(false);
  const { query, enabled } = useForecast(saved);
  const { data: of, error } = query;
  const incomplete = STEPS.some((step) => lacks(draft, step));
  const ready = saved !== undefined && !changed && !incomplete && of !== undefined;
  return (
    <Stack gap={16}>
      <Panel title={texts.summary}>
        <Stack gap={12}>
          {enabled && of && (
            <Note kind={of.reachable > 0 ? "info" : "mind"} title={texts.forecastOf(full(of.people), full(of.reachable))}>
              {lossesOf(of)
                .map(({ why, people }) => texts.droppedOf(full(people), why))
                .join(", ")}
            </Note>
          )}
          {enabled && error && <Failed error={error} again={() => void query.refetch()} />}
          <Summary
            draft={draft}
            zone={zone}
            change={(step) => (
              <Link to="." search={(old: object) => ({ ...old, step })} aria-label={texts.changeOf(texts.steps[step])}>
                {texts.change}
              </Link>
            )}
          />
        </Stack>
      </Panel>
      {saved && !incomplete && <TryIt saved={saved} person={person} onPerson={onPerson} />}
      <Group gap={12}>
        <Button
          leftSection={<IconSend size={16} aria-hidden />}
          disabled={!ready}
          onClick={() => setOpened(true)}
        >
          {texts.publish}
        </Button>
        {changed && (
          <Text size="sm" className="quiet">
            {texts.notSaved}
          </Text>
        )}
      </Group>
      {saved && <Publish saved={saved} of={of} opened={opened} onClose={() => setOpened(false)} />}
    </Stack>
  );
}
type ReviewProps = {
  draft: Campaign;
  saved: Saved | undefined;
  changed: boolean;
  zone: string;
  person: string | undefined;
  onPerson: (id: string | undefined) => void;
};
