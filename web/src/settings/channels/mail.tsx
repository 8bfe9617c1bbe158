// The settings of a mail server, with the keys that sign.
import { Button, Group, NativeSelect, NumberInput, PasswordInput, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { IconPlus, IconX } from "@tabler/icons-react";

import type { MailServer } from "../../api/channels";
import { texts } from "./texts";

type Props = { settings: MailServer; onChange: (settings: MailServer) => void };

const kept = (secret: unknown): boolean => typeof secret === "object";
const typed = (secret: unknown): string => (typeof secret === "string" ? secret : "");
const HINT_BELOW = ["label", "input", "description", "error"] as ("label" | "input" | "description" | "error")[];

function Server({ settings, onChange }: Props) {
  const { host, port, tls, username, password } = settings;
  const put = (more: Partial<MailServer>) => onChange({ ...settings, ...more });
  return (
    <div className="fields-row">
      <TextInput
        label={texts.host}
        placeholder="smtp.example.net"
        value={host}
        required
        withAsterisk={false}
        spellCheck={false}
        onChange={(event) => put({ host: event.currentTarget.value })}
      />
      <NumberInput
        label={texts.port}
        value={port}
        min={1}
        max={65_535}
        allowDecimal={false}
        onChange={(next) => typeof next === "number" && put({ port: next })}
      />
      <NativeSelect
        label={texts.tls}
        value={tls}
        data={(["starttls", "implicit", "none"] as const).map((value) => ({ value, label: texts.tlsOf[value] }))}
        onChange={(event) => put({ tls: event.currentTarget.value as MailServer["tls"] })}
      />
      <TextInput
        label={texts.username}
        value={username ?? ""}
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => put({ username: event.currentTarget.value })}
      />
      <PasswordInput
        label={texts.password}
        value={typed(password)}
        description={kept(password) ? texts.kept : undefined}
        inputWrapperOrder={HINT_BELOW}
        autoComplete="new-password"
        onChange={(event) => put({ password: event.currentTarget.value || (kept(password) ? password : undefined) })}
      />
    </div>
  );
}

function Senders({ settings, onChange }: Props) {
  const { from, reply_to: replies, bounce_domain: bounces } = settings;
  const put = (more: Partial<MailServer>) => onChange({ ...settings, ...more });
  return (
    <div className="fields-row">
      <TextInput
        label={`${texts.from}: ${texts.fromName}`}
        value={from.name ?? ""}
        maxLength={100}
        onChange={(event) => put({ from: { ...from, name: event.currentTarget.value } })}
      />
      <TextInput
        type="email"
        label={`${texts.from}: ${texts.fromAddress}`}
        description={texts.fromHint}
        inputWrapperOrder={HINT_BELOW}
        value={from.address}
        required
        withAsterisk={false}
        onChange={(event) => put({ from: { ...from, address: event.currentTarget.value } })}
      />
      <TextInput
        type="email"
        label={texts.replyTo}
        description={texts.replyToHint}
        inputWrapperOrder={HINT_BELOW}
        value={replies?.address ?? ""}
        onChange={(event) => put({ reply_to: { ...replies, address: event.currentTarget.value } })}
      />
      <TextInput
        label={texts.bounceDomain}
        description={texts.bounceHint}
        inputWrapperOrder={HINT_BELOW}
        value={bounces}
        required
        withAsterisk={false}
        spellCheck={false}
        onChange={(event) => put({ bounce_domain: event.currentTarget.value })}
      />
    </div>
  );
}

/** The server takes so many. */
const KEYS_MAX = 4;

function Dkim({ settings, onChange }: Props) {
  const keys = settings.dkim ?? [];
  type Key = (typeof keys)[number];
  const set = (next: Key[]) => onChange({ ...settings, dkim: next.length > 0 ? next : undefined });
  const put = (at: number, more: Partial<Key>) => set(keys.map((key, index) => (index === at ? { ...key, ...more } : key)));
  return (
    <fieldset className="plain">
      <legend>{texts.dkim}</legend>
      <Stack gap={12}>
        {keys.map((key, index) => (
          <div key={index} className="dkim">
            <div className="fields-row">
              <TextInput
                label={texts.dkimDomain}
                value={key.domain}
                required
                withAsterisk={false}
                onChange={(event) => put(index, { domain: event.currentTarget.value })}
              />
              <TextInput
                label={texts.dkimSelector}
                value={key.selector}
                required
                withAsterisk={false}
                onChange={(event) => put(index, { selector: event.currentTarget.value })}
              />
            </div>
            <Textarea
              label={texts.dkimKey}
              description={kept(key.private_key) ? texts.kept : undefined}
              inputWrapperOrder={HINT_BELOW}
              placeholder="-----BEGIN PRIVATE KEY-----"
              autosize
              minRows={2}
              maxRows={6}
              spellCheck={false}
              value={typed(key.private_key)}
              onChange={(event) =>
                put(index, { private_key: event.currentTarget.value || (kept(key.private_key) ? key.private_key : undefined) })
              }
            />
            <Button
              size="compact-xs"
              variant="subtle"
              color="gray"
              leftSection={<IconX size={14} aria-hidden />}
              onClick={() => set(keys.filter((_, other) => other !== index))}
            >
              {texts.dkimRemove(index + 1)}
            </Button>
          </div>
        ))}
        {keys.length < KEYS_MAX && (
          <Group>
            <Button
              size="xs"
              variant="default"
              leftSection={<IconPlus size={14} aria-hidden />}
              onClick={() => set([...keys, { domain: settings.from.address.split("@")[1] ?? "", selector: "candor1" }])}
            >
              {texts.dkimAdd}
            </Button>
          </Group>
        )}
      </Stack>
    </fieldset>
  );
}

function More({ settings, onChange }: Props) {
  const put = (more: Partial<MailServer>) => onChange({ ...settings, ...more });
  type Count = "connections" | "messages_per_session" | "per_second" | "answer_seconds";
  const count = (label: string, field: Count, most: number, least = 1, unset = texts.noLimit) => (
    <NumberInput
      label={label}
      value={settings[field] ?? ""}
      placeholder={unset}
      min={least}
      max={most}
      allowDecimal={false}
      onChange={(next) => put({ [field]: typeof next === "number" ? next : undefined })}
    />
  );
  return (
    <details>
      <summary>{texts.more}</summary>
      <Stack gap={12} mt={12}>
        <div className="fields-row">
          <TextInput
            label={texts.helloName}
            value={settings.hello_name ?? ""}
            onChange={(event) => put({ hello_name: event.currentTarget.value })}
          />
          <TextInput
            label={texts.listId}
            value={settings.list_id ?? ""}
            onChange={(event) => put({ list_id: event.currentTarget.value })}
          />
          {count(texts.connections, "connections", 100)}
          {count(texts.perSession, "messages_per_session", 1_000_000)}
          {count(texts.perSecond, "per_second", 100_000)}
          {count(texts.answerSeconds, "answer_seconds", 600, 5, "600")}
          <NativeSelect
            label={texts.unknown}
            value={settings.unknown}
            data={(["leave", "retry"] as const).map((value) => ({ value, label: texts.unknownOf[value] }))}
            onChange={(event) => put({ unknown: event.currentTarget.value as MailServer["unknown"] })}
          />
        </div>
        <Textarea
          label={texts.authorities}
          autosize
          minRows={2}
          maxRows={6}
          spellCheck={false}
          value={settings.authorities ?? ""}
          onChange={(event) => put({ authorities: event.currentTarget.value })}
        />
      </Stack>
    </details>
  );
}

export function Mail(props: Props) {
  return (
    <Stack gap={16}>
      <Server {...props} />
      <Senders {...props} />
      <Dkim {...props} />
      <More {...props} />
      {props.settings.bounce_domain && (
        <Text size="xs" className="quiet">
          {texts.spf(props.settings.bounce_domain)}
        </Text>
      )}
    </Stack>
  );
}
