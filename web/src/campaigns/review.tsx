// The last step: all of it in words and numbers, a test send, and publishing.
import { Button, Stack } from "@mantine/core";
import { IconSend } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useState } from "react";

import type { Campaign, Saved } from "../api/campaigns";
import { Note } from "../ui/note";
import { full } from "../ui/numbers";
import { Failed, Panel } from "../ui/panel";
import { expectedInWords, lossesInWords, useForecast } from "./forecast";
import { Publish } from "./publish";
import { expectedOf, lacks } from "./shape";
import { STEPS } from "./state";
import { Summary } from "./summary";
import { texts } from "./texts";
import { TryIt } from "./try";

export function Review({ draft, saved, changed, zone, person, onPerson }: ReviewProps) {
  const { query, enabled } = useForecast(saved);
  const { data: of, error } = query;
  return (
    <Stack gap={16}>
      <Panel title={texts.summary}>
        <Stack gap={12}>
          {saved && isOut(saved) && !changed && <Note kind="info">{texts.isOut(saved.version)}</Note>}
          {enabled && of && (
            <Note
              kind={expectedOf(of) > 0 ? "info" : "mind"}
              title={texts.forecastOf(full(of.people), expectedInWords(of))}
            >
              {lossesInWords(of)
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
      {saved && !isIncomplete(draft) && <TryIt saved={saved} person={person} onPerson={onPerson} />}
    </Stack>
  );
}

const isIncomplete = (draft: Campaign): boolean => STEPS.some((step) => lacks(draft, step));

/** What is out as it stands is not sent a second time. */
const isOut = ({ published, version, state }: Saved): boolean =>
  published?.version === version && state !== "waiting_for_approval";

/** The way out: once all is said and saved. */
export function ToPublish({ draft, saved, changed }: ToPublishProps) {
  const [opened, setOpened] = useState(false);
  const { query } = useForecast(saved);
  const ready =
    saved !== undefined && !isOut(saved) && !changed && !isIncomplete(draft) && query.data !== undefined;
  return (
    <>
      <Button
        leftSection={<IconSend size={16} aria-hidden />}
        disabled={!ready}
        onClick={() => setOpened(true)}
      >
        {texts.publish}
      </Button>
      {saved && <Publish saved={saved} of={query.data} opened={opened} onClose={() => setOpened(false)} />}
    </>
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
type ToPublishProps = { draft: Campaign; saved: Saved | undefined; changed: boolean };
