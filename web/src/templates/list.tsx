// Saved templates: what they are for, in which languages, and when they were changed.
import { Button, Group, Menu, Stack, Text, TextInput, Title } from "@mantine/core";
import { IconChevronDown, IconMail, IconPlus, IconWebhook } from "@tabler/icons-react";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";

import { account } from "../api/account";
import { templates, type TemplateSummary } from "../api/templates";
import { languageName } from "../content/shape";
import { Stopped } from "../deliveries/stopped";
import { moment } from "../ui/numbers";
import { Answered, Nothing, Panel } from "../ui/panel";
import { texts } from "./texts";

/** As many as are looked through at a glance. */
const FIND_FROM = 9;

function Make() {
  const navigate = useNavigate();
  return (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target>
        <Button
          leftSection={<IconPlus size={16} aria-hidden />}
          rightSection={<IconChevronDown size={14} aria-hidden />}
        >
          {texts.new}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item
          leftSection={<IconMail size={16} aria-hidden />}
          onClick={() => void navigate({ to: "/templates/new" })}
        >
          {texts.newMail}
        </Menu.Item>
        <Menu.Item
          leftSection={<IconWebhook size={16} aria-hidden />}
          onClick={() => void navigate({ to: "/templates/new", search: { channel: "webhook" } })}
        >
          {texts.newWebhook}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function Rows({ all, zone }: { all: TemplateSummary[]; zone: string }) {
  const [text, setText] = useState("");
  const wanted = text.trim().toLowerCase();
  const found = all.filter(({ name }) => name.toLowerCase().includes(wanted));
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
                <th>{texts.channel}</th>
                <th>{texts.languages}</th>
                <th className="number">{texts.version}</th>
                <th>{texts.changed}</th>
              </tr>
            </thead>
            <tbody>
              {found.map((one) => (
                <tr key={one.id}>
                  <td className="lead">
                    <Link to="/templates/$id" params={{ id: one.id }}>
                      {one.name}
                    </Link>
                  </td>
                  <td>{texts.channels[one.channel]}</td>
                  <td data-label={texts.languages}>
                    {one.languages.map((tag) => languageName(tag)).join(", ") || "–"}
                  </td>
                  <td className="number" data-label={texts.version}>
                    {one.version}
                  </td>
                  <td className="when" data-label={texts.changed}>
                    {moment(one.changed_at, zone)}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  );
}

export function Templates() {
  const { data: publisher } = useSuspenseQuery(account);
  const asked = useQuery(templates);
  const some = (asked.data?.templates.length ?? 0) > 0;
  return (
    <Stack gap={16} component="main">
      <Stopped />
      <Group justify="space-between" align="end" gap={12}>
        <div className="grows">
          <Title order={1}>{texts.title}</Title>
          <Text size="sm" className="quiet" mt={4} maw="70ch">
            {texts.does}
          </Text>
        </div>
        {some && <Make />}
      </Group>
      <Panel>
        <Answered query={{ ...asked, isFetching: false }} height={240}>
          {({ templates: all }) =>
            all.length > 0 ? (
              <Rows all={all} zone={publisher.timezone} />
            ) : (
              <Nothing
                title={texts.none}
                next={
                  <Stack align="center" gap={12}>
                    {texts.noneNext}
                    <Make />
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
