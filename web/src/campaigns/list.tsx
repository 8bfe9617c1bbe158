// All campaigns: where each stands, for how many people, and how far its latest run is.
import "./campaigns.css";

import { Button, Group, Stack, Text, TextInput, Title } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type CSSProperties, useState } from "react";

import { account } from "../api/account";
import { campaigns, type Listed } from "../api/campaigns";
import { CampaignBadge } from "../deliveries/badge";
import { Stopped } from "../deliveries/stopped";
import { full, moment, share } from "../ui/numbers";
import { Answered, Nothing, Panel } from "../ui/panel";
import { doneOf } from "./progress";
import { Switch } from "./switch";
import { texts } from "./texts";

/** As many as are looked through at a glance. */
const FIND_FROM = 9;

function Make({ words }: { words: string }) {
  return (
    <Button
      leftSection={<IconPlus size={16} aria-hidden />}
      renderRoot={(props) => <Link to="/campaigns/new" {...props} />}
    >
      {words}
    </Button>
  );
}

function Row({ of, zone }: { of: Listed; zone: string }) {
  const { id, name, state, channel, provider, people, tally, next_at: next } = of;
  const done = tally && people ? doneOf(tally) / people : undefined;
  return (
    <tr>
      <td className="lead">
        <Link to="/campaigns/$id" params={{ id }}>
          {name}
        </Link>
      </td>
      <td>
        <CampaignBadge state={state} />
      </td>
      <td data-label={texts.by}>
        {texts.channels[channel as "email" | "webhook"] ?? channel}, {provider}
      </td>
      <td className="number" data-label={texts.people}>
        {people === null ? "–" : full(people)}
      </td>
      <td className="number" data-label={texts.progress}>
        {tally ? full(tally.accepted + tally.delivered) : "–"}
        {state === "running" && done !== undefined && (
          <span className="progress small" role="img" aria-label={`${texts.live}: ${share(done)}`}>
            <span style={{ "--part": `${100 * done}%` } as CSSProperties} />
          </span>
        )}
      </td>
      <td className="when" data-label={next ? texts.next : texts.changed}>
        {next ? `${texts.next} ${moment(next, zone)}` : moment(of.changed_at, zone)}
      </td>
    </tr>
  );
}

function Rows({ all, zone }: { all: Listed[]; zone: string }) {
  const [text, setText] = useState("");
  const wanted = text.trim().toLowerCase();
  const found = all
    .filter(({ name }) => name.toLowerCase().includes(wanted))
    .sort((one, other) => Date.parse(other.changed_at) - Date.parse(one.changed_at));
  return (
    <>
      {all.length >= FIND_FROM && (
        <TextInput
          aria-label={texts.find}
          placeholder={texts.find}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          mb={12}
          maw={320}
        />
      )}
      {found.length === 0 ? (
        <Nothing title={texts.noneFound} />
      ) : (
        <div className="wide" tabIndex={0} role="region" aria-label={texts.title}>
          <table className="numbers stacked">
            <thead>
              <tr>
                <th>{texts.name}</th>
                <th>{texts.state}</th>
                <th>{texts.by}</th>
                <th className="number">{texts.people}</th>
                <th className="number">{texts.progress}</th>
                <th>{texts.changed}</th>
              </tr>
            </thead>
            <tbody>
              {found.map((one) => (
                <Row key={one.id} of={one} zone={zone} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  );
}

export function Campaigns() {
  const { data: publisher } = useSuspenseQuery(account);
  const asked = useQuery(campaigns);
  const some = (asked.data?.campaigns.length ?? 0) > 0;
  return (
    <Stack gap={16} component="main">
      <Stopped here />
      <Group justify="space-between" align="end" gap={12}>
        <div className="grows">
          <Title order={1}>{texts.title}</Title>
          <Text size="sm" className="quiet" mt={4} maw="70ch">
            {texts.does}
          </Text>
        </div>
        <Group gap={8}>
          <Switch />
          {some && <Make words={texts.new} />}
        </Group>
      </Group>
      <Panel>
        <Answered query={{ ...asked, isFetching: false }} height={240}>
          {({ campaigns: all }) =>
            all.length > 0 ? (
              <Rows all={all} zone={publisher.timezone} />
            ) : (
              <Nothing
                title={texts.none}
                next={
                  <Stack align="center" gap={12}>
                    {texts.noneNext}
                    <Make words={texts.make} />
                  </Stack>
                }
              />
            )
          }
        </Answered>
      </Panel>
    </Stack>
  );
}
