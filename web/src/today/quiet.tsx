// Nothing came in the last hour: what to do next, for a publisher that is new and for one that is not.
import { Button, Group, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { gate, policy } from "../api/gate";
import { eventNames } from "../api/names";
import { full } from "../ui/numbers";
import { Note } from "../ui/note";
import { Loading, Nothing, Panel } from "../ui/panel";
import { texts } from "./texts";

const QUIET_ASKS_MS = 5_000;

/** Records that came and were all refused: the usual surprise of a site without a consent banner. */
function Refused() {
  const { data } = useQuery(gate);
  const refused = Object.values(data?.refused ?? {}).reduce((all, count) => all + count, 0);
  if (refused === 0) return null;
  return (
    <Note kind="mind" role="status">
      {texts.cameAndRefused(full(refused))} <Link to="/gate">{texts.seeWhy}</Link>
    </Note>
  );
}

function StepOf({ title, words, children }: { title: string; words: string; children: ReactNode }) {
  return (
    <li>
      <Text fw={600}>{title}</Text>
      <Text size="sm" className="quiet" maw="70ch">
        {words}
      </Text>
      <Group gap={8} mt={8}>
        {children}
      </Group>
    </li>
  );
}

function Settings({ tab, words }: { tab: "tokens" | "policy"; words: string }) {
  return (
    <Button
      variant="default"
      renderRoot={(props) => <Link to="/settings" search={{ tab }} {...props} />}
    >
      {words}
    </Button>
  );
}

function FirstSteps() {
  const preset = useQuery(policy).data?.preset;
  return (
    <Stack gap={16}>
      <Refused />
      <Panel title={texts.welcome}>
        <ol className="first-steps">
          <StepOf title={texts.sendFirst} words={texts.sendFirstHow}>
            <Button renderRoot={(props) => <Link to="/settings" {...props} />}>
              {texts.snippets}
            </Button>
            <Settings tab="tokens" words={texts.makeToken} />
          </StepOf>
          <StepOf
            title={texts.askFirst}
            words={texts.ask[preset ?? "strict"] ?? texts.ask.strict}
          >
            <Settings tab="policy" words={texts.seePolicy} />
          </StepOf>
          <StepOf title={texts.lookFirst} words={texts.lookFirstHow}>
            <Button component={Link} to="/gate" variant="default">
              {texts.openGate}
            </Button>
          </StepOf>
        </ol>
        <Text size="sm" className="quiet" role="status" mt={16}>
          {texts.waits}
        </Text>
      </Panel>
    </Stack>
  );
}

export function Quiet() {
  const names = useQuery({ ...eventNames, refetchInterval: QUIET_ASKS_MS });
  if (names.isPending) return <Loading height={320} />;
  if (names.data?.names.length === 0) return <FirstSteps />;
  return (
    <Stack gap={16}>
      <Refused />
      <Panel>
        <Nothing
          title={texts.nothing}
          next={
            <Stack align="center" gap={12}>
              {texts.nothingNext}
              <Button component={Link} to="/trends" variant="default">
                {texts.openTrends}
              </Button>
            </Stack>
          }
        />
      </Panel>
    </Stack>
  );
}
