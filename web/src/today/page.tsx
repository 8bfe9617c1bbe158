// Today: what happens right now. It moves by itself, gently, and a button holds it.
import { Alert, Button, Group, SimpleGrid, Stack, Text, Title } from "@mantine/core";
import { IconPlayerPause, IconPlayerPlay } from "@tabler/icons-react";
import { useSuspenseQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect, useState } from "react";

import { account } from "../api/account";
import { type Live, watchLive } from "../api/insights";
import { Bars, RankedBars } from "../charts/bars";
import { FigureCard } from "../ui/figure-card";
import { clock, full, short } from "../ui/numbers";
import { Loading, Nothing, Panel } from "../ui/panel";
import { countryName } from "./country";
import { Feed } from "./feed";
import { texts } from "./texts";

/** A picture a second while not paused. */
function useLive(paused: boolean) {
  const [live, see] = useState<Live>();
  const [lost, setLost] = useState(false);
  useEffect(() => (paused ? undefined : watchLive(see, setLost)), [paused]);
  return { live, lost };
}

function Countries({ live }: { live: Live }) {
  const rows = live.countries.map(({ name, count }) => ({
    name: countryName(name),
    value: count,
    shown: short(count),
  }));
  return (
    <Panel title={texts.countries}>
      {rows.length === 0 ? (
        <Nothing title={texts.noCountries} next={texts.noCountriesNext} />
      ) : (
        <RankedBars rows={rows} label={texts.countries} />
      )}
    </Panel>
  );
}

function Picture({ live, zone }: { live: Live; zone: string }) {
  const minutes = live.events_per_minute;
  const top = live.top_events.map(({ name, count }) => ({
    name,
    value: count,
    shown: short(count),
  }));
  if (minutes.every((count) => count === 0)) {
    return (
      <Panel>
        <Nothing
          title={texts.nothing}
          next={
            <Stack align="center" gap={12}>
              {texts.nothingNext}
              <Button component={Link} to="/settings" variant="default">
                {texts.snippets}
              </Button>
            </Stack>
          }
        />
      </Panel>
    );
  }
  const ago = (index: number) => texts.ago(minutes.length - 1 - index);
  return (
    <>
      <SimpleGrid cols={{ base: 1, xs: 3 }} spacing={16}>
        <FigureCard name={texts.now} hint={texts.nowHint} value={live.active_5m} />
        <FigureCard name={texts.half} hint={texts.halfHint} value={live.active_30m} />
        <FigureCard name={texts.minute} hint={texts.minuteHint} value={minutes.at(-2) ?? 0} />
      </SimpleGrid>
      <Panel title={texts.lastHour}>
        <Bars
          values={minutes}
          label={`${texts.lastHour}: ${minutes.join(", ")}`}
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
        <Panel title={texts.top}>
          <RankedBars rows={top} label={texts.top} />
        </Panel>
        <Countries live={live} />
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
    <Stack gap={16} component="main">
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
      <div aria-live="polite">
        {paused && <Alert color="gray">{texts.paused}</Alert>}
        {lost && !paused && <Alert color="red">{texts.lost}</Alert>}
      </div>
      {live ? <Picture live={live} zone={data.timezone} /> : <Loading height={560} />}
    </Stack>
  );
}
