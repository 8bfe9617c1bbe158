// Today: what happens right now. It moves by itself, gently, and a button holds it.
import "./today.css";

import { Button, Group, SimpleGrid, Stack, Text, Title } from "@mantine/core";
import { IconPlayerPause, IconPlayerPlay } from "@tabler/icons-react";
import { useSuspenseQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";

import { account } from "../api/account";
import { type Live, watchLive } from "../api/insights";
import { Bars, RankedBars } from "../charts/bars";
import { FigureCard } from "../ui/figure-card";
import { clock, full, short } from "../ui/numbers";
import { Note } from "../ui/note";
import { Failed, Loading, Panel } from "../ui/panel";
import { countryName } from "./country";
import { Feed } from "./feed";
import { Quiet } from "./quiet";
import { texts } from "./texts";

/** A picture a second while not paused. */
function useLive(paused: boolean) {
  const [live, see] = useState<Live>();
  const [lost, setLost] = useState<unknown>();
  useEffect(() => (paused ? undefined : watchLive(see, setLost)), [paused]);
  return { live, lost: paused ? undefined : lost };
}

function Ranked({ title, rows, none }: RankedProps) {
  const drawn = rows.map(({ name, count }) => ({ name, value: count, shown: short(count) }));
  return (
    <Panel title={title}>
      {rows.length === 0 ? (
        <Text size="sm" className="quiet">
          {none}
        </Text>
      ) : (
        <RankedBars rows={drawn} label={title} />
      )}
    </Panel>
  );
}
type RankedProps = { title: string; rows: Live["top_events"]; none: string };

function Picture({ live, zone }: { live: Live; zone: string }) {
  const minutes = live.events_per_minute;
  if (minutes.every((count) => count === 0)) return <Quiet />;
  const most = Math.max(...minutes);
  const lastFull = minutes.at(-2) ?? 0;
  const ago = (index: number) => texts.ago(minutes.length - 1 - index);
  return (
    <>
      <SimpleGrid cols={{ base: 1, xs: 3 }} spacing={16}>
        <FigureCard name={texts.now} hint={texts.nowHint} value={live.active_5m} />
        <FigureCard name={texts.half} hint={texts.halfHint} value={live.active_30m} />
        <FigureCard name={texts.minute} hint={texts.minuteHint} value={lastFull} />
      </SimpleGrid>
      <Panel
        title={texts.lastHour}
        aside={
          <Text size="xs" className="quiet">
            {texts.most(full(most))}
          </Text>
        }
      >
        <Bars
          values={minutes}
          label={texts.lastHour}
          described={texts.inWords(full(most), ago(minutes.indexOf(most)), full(lastFull))}
          title={(value, index) => `${full(value)} · ${ago(index)}`}
        />
        <Group justify="space-between" mt={4}>
          <Text size="xs" className="quiet">
            {ago(0)}
          </Text>
          <Text size="xs" className="quiet">
            {clock(live.meta.as_of, zone)}, {zone}
          </Text>
        </Group>
      </Panel>
      <SimpleGrid cols={{ base: 1, sm: 2 }} spacing={16}>
        <Ranked title={texts.top} rows={live.top_events} none={texts.noTop} />
        <Ranked
          title={texts.countries}
          rows={live.countries.map((one) => ({ ...one, name: countryName(one.name) }))}
          none={texts.noCountries}
        />
      </SimpleGrid>
      <Feed recent={live.recent} zone={zone} />
    </>
  );
}

export function Today() {
  const { data } = useSuspenseQuery(account);
  const [paused, setPaused] = useState(false);
  const { live, lost } = useLive(paused);
  const Icon = paused ? IconPlayerPlay : IconPlayerPause;
  return (
    <Stack gap={16}>
      <Group justify="space-between">
        <Title order={1}>{texts.title}</Title>
        <Button
          variant="default"
          size="xs"
          leftSection={<Icon size={16} />}
          aria-pressed={paused}
          onClick={() => setPaused(!paused)}
        >
          {paused ? texts.resume : texts.pause}
        </Button>
      </Group>
      {paused && (
        <Note kind="info" role="status">
          {texts.paused}
        </Note>
      )}
      {lost !== undefined && live && (
        <Note kind="bad" role="status">
          {texts.lost}
        </Note>
      )}
      {lost !== undefined && !live && (
        <>
          <Failed error={lost} />
          <Text size="xs" className="quiet">
            {texts.again}
          </Text>
        </>
      )}
      {live && <Picture live={live} zone={data.timezone} />}
      {lost === undefined && !live && <Loading height={720} />}
    </Stack>
  );
}
