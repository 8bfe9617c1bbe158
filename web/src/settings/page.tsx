// Settings: how apps send here, the policy and its versions, and the publisher.
import { Stack, Table, Tabs, Title } from "@mantine/core";
import { useSuspenseQuery } from "@tanstack/react-query";

import { account } from "../api/account";
import { Panel } from "../ui/panel";
import { PolicyPanel } from "./policy";
import { Sdk } from "./sdk";
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
      <Table layout="auto">
        <Table.Tbody>
          {rows.map(([name, value]) => (
            <Table.Tr key={name}>
              <Table.Th scope="row">{name}</Table.Th>
              <Table.Td>{value}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Panel>
  );
}

export function Settings() {
  return (
    <Stack gap={16} component="main">
      <Title order={1}>{texts.title}</Title>
      <Tabs defaultValue="sdk" keepMounted={false}>
        <Tabs.List mb={16}>
          <Tabs.Tab value="sdk">{texts.sdk}</Tabs.Tab>
          <Tabs.Tab value="tokens">{texts.tokens}</Tabs.Tab>
          <Tabs.Tab value="policy">{texts.policy}</Tabs.Tab>
          <Tabs.Tab value="about">{texts.about}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="sdk">
          <Sdk />
        </Tabs.Panel>
        <Tabs.Panel value="tokens">
          <Tokens />
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
