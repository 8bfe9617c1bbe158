// Settings: how apps send here, what messages go out by, who is never
// written to, the policy and its versions, the publisher.
import "./settings.css";

import { Stack, Tabs, Title } from "@mantine/core";
import { useSuspenseQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";

import { account } from "../api/account";
import { Panel } from "../ui/panel";
import { Channels } from "./channels/list";
import { Outbox } from "./channels/outbox";
import { PolicyPanel } from "./policy";
import { Sdk } from "./sdk";
import { TABS } from "./state";
import { Suppressions } from "./suppressions";
import { texts } from "./texts";
import { Tokens } from "./tokens";

function About() {
  const { data } = useSuspenseQuery(account);
  const rows = [
    [texts.name, data.name],
    [texts.accountId, data.account_id],
    [texts.region, data.region],
    [texts.zone, data.timezone],
    [texts.keys, texts.keysLocal],
    [texts.loggedIn, data.caller],
  ];
  return (
    <Panel>
      <dl className="facts">
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </Panel>
  );
}

export function Settings() {
  const { tab, message } = useSearch({ from: "/inside/settings" });
  const navigate = useNavigate({ from: "/settings" });
  const open = (next: string | null) =>
    void navigate({ search: (old) => ({ ...old, tab: TABS.find((one) => one === next), message: undefined }) });
  return (
    <Stack gap={16}>
      <Title order={1}>{texts.title}</Title>
      <Tabs value={tab ?? "sdk"} onChange={open} keepMounted={false}>
        <Tabs.List mb={16}>
          {TABS.map((one) => (
            <Tabs.Tab key={one} value={one}>
              {texts[one]}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="sdk">
          <Sdk />
        </Tabs.Panel>
        <Tabs.Panel value="tokens">
          <Tokens />
        </Tabs.Panel>
        <Tabs.Panel value="channels">
          <Channels />
        </Tabs.Panel>
        <Tabs.Panel value="outbox">
          <Outbox message={message} onClose={() => open("outbox")} />
        </Tabs.Panel>
        <Tabs.Panel value="suppressions">
          <Suppressions />
        </Tabs.Panel>
        <Tabs.Panel value="policy">
          <PolicyPanel />
        </Tabs.Panel>
        <Tabs.Panel value="about">
          <About />
        </Tabs.Panel>
      </Tabs>
    </Stack>
  );
}
