// What went out by an outbox, and stayed: each message as it would have gone out.
import { Button, Drawer, SegmentedControl, Stack, Text } from "@mantine/core";
import { IconRefresh } from "@tabler/icons-react";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";

import { account } from "../../api/account";
import { type Kept, outbox, outboxMessage, providers } from "../../api/channels";
import { Refusal } from "../../api/client";
import { Framed } from "../../content/preview";
import { moment } from "../../ui/numbers";
import { Answered, Nothing, Panel } from "../../ui/panel";
import { texts } from "./texts";

const HEIGHT = 560;
const WIDTH = 640;

type Look = "html" | "text" | "headers";

/** The mail without the picture that tells of an opening: it is looked at here, not by its reader. */
function unopened(html: string): string {
  const mail = new DOMParser().parseFromString(html, "text/html");
  for (const picture of mail.images) {
    if (picture.src.startsWith(`${window.location.origin}/o/`)) picture.removeAttribute("src");
  }
  return `${mail.doctype ? "<!doctype html>" : ""}${mail.documentElement.outerHTML}`;
}

function Parts({ of, look }: { of: Awaited<ReturnType<NonNullable<ReturnType<typeof outboxMessage>["queryFn"]>>>; look: Look }) {
  if (of.body !== undefined) {
    return (
      <pre className="code plain" tabIndex={0} aria-label={texts.body}>
        {of.body}
      </pre>
    );
  }
  if (look === "html") return <Framed html={unopened(of.html ?? "")} title={texts.message} width={WIDTH} height={HEIGHT} fill />;
  if (look === "text") {
    return (
      <pre className="code plain" tabIndex={0} aria-label={texts.text}>
        {of.text}
      </pre>
    );
  }
  return (
    <dl className="facts headers">
      {(of.headers ?? []).map(({ name, value }, index) => (
        <div key={index}>
          <dt>{name}</dt>
          <dd>
            <code>{value}</code>
          </dd>
        </div>
      ))}
    </dl>
  );
}

function One({ id }: { id: string }) {
  const [look, setLook] = useState<Look>("html");
  const asked = useQuery(outboxMessage(id));
  const none = asked.error instanceof Refusal && asked.error.status === 404;
  if (none) return <Nothing title={texts.gone} next={texts.goneNext} />;
  return (
    <Answered query={{ ...asked, isFetching: false }} height={HEIGHT}>
      {(of) => (
        <Stack gap={12}>
          <div>
            <Text size="sm" className="quiet">
              {of.to}
            </Text>
            <Text fw={600}>{of.subject}</Text>
          </div>
          {of.body === undefined && (
            <SegmentedControl
              size="xs"
              aria-label={texts.look}
              value={look}
              data={(["html", "text", "headers"] as const).map((value) => ({ value, label: texts[value] }))}
              onChange={(next) => setLook(next as Look)}
            />
          )}
          <Parts of={of} look={look} />
        </Stack>
      )}
    </Answered>
  );
}

function Rows({ all, zone, shown }: { all: Kept[]; zone: string; shown: string | undefined }) {
  return (
    <div className="wide" tabIndex={0} role="region" aria-label={texts.outbox}>
      <table className="numbers stacked">
        <thead>
          <tr>
            <th>{texts.subject}</th>
            <th>{texts.to}</th>
            <th>{texts.by}</th>
            <th>{texts.when}</th>
          </tr>
        </thead>
        <tbody>
          {all.map(({ id, at, channel, provider, to, subject }) => (
            <tr key={id} aria-current={id === shown ? "true" : undefined}>
              <td className="lead">
                <Link to="/settings" search={{ tab: "outbox", message: id }}>
                  {subject ?? texts.message}
                </Link>
              </td>
              <td className="address">{to ?? "–"}</td>
              <td data-label={texts.by}>
                {channel}/{provider}
              </td>
              <td className="when" data-label={texts.when}>
                {moment(at, zone)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function None() {
  const known = useQuery(providers).data?.channels;
  const some = known?.some(({ settings }) => settings.kind === "outbox") ?? true;
  return (
    <Nothing
      title={some ? texts.outboxNone : texts.outboxNoProvider}
      next={
        <Stack gap={12} align="center">
          {some ? texts.outboxNoneNext : texts.outboxNoProviderNext}
          <Button
            variant="default"
            renderRoot={(props) => <Link to="/settings" search={{ tab: "channels" }} {...props} />}
          >
            {texts.toChannels}
          </Button>
        </Stack>
      }
    />
  );
}

export function Outbox({ message, onClose }: { message: string | undefined; onClose: () => void }) {
  const { data: publisher } = useSuspenseQuery(account);
  const asked = useQuery(outbox);
  return (
    <Panel
      title={texts.outbox}
      aside={
        <Button
          size="xs"
          variant="default"
          loading={asked.isFetching && !asked.isPending}
          leftSection={<IconRefresh size={14} aria-hidden />}
          onClick={() => void asked.refetch()}
        >
          {texts.refresh}
        </Button>
      }
    >
      <Text size="sm" className="quiet" mb={12} maw="70ch">
        {texts.outboxDoes}
      </Text>
      <Answered query={{ ...asked, isFetching: false }} height={240}>
        {({ messages }) =>
          messages.length === 0 ? <None /> : <Rows all={messages} zone={publisher.timezone} shown={message} />
        }
      </Answered>
      <Drawer
        opened={message !== undefined}
        onClose={onClose}
        position="right"
        size="xl"
        title={texts.message}
        closeButtonProps={{ "aria-label": texts.close }}
      >
        {message && <One key={message} id={message} />}
      </Drawer>
    </Panel>
  );
}
