// A provider is set up or changed: a mail server, a webhook, or an outbox. Secrets are written only.
import { Button, Group, NativeSelect, Stack, Text, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { type Channel, CHANNELS, type Provider, type ProviderSettings, saveProvider } from "../../api/channels";
import { Failed } from "../../ui/panel";
import { Mail } from "./mail";
import { type Kind, KINDS, sent, startOf } from "./shape";
import { texts } from "./texts";
import { Webhook } from "./webhook";

function Sender({ from, onChange }: SenderProps) {
  return (
    <div className="fields-row">
      <TextInput
        label={`${texts.from}: ${texts.fromName}`}
        value={from?.name ?? ""}
        maxLength={100}
        onChange={(event) => onChange({ address: from?.address ?? "", name: event.currentTarget.value })}
      />
      <TextInput
        type="email"
        label={`${texts.from}: ${texts.fromAddress}`}
        value={from?.address ?? ""}
        maxLength={254}
        onChange={(event) => onChange({ ...from, address: event.currentTarget.value })}
      />
    </div>
  );
}
type From = { name?: string; address: string };
type SenderProps = { from: From | undefined; onChange: (from: From) => void };

function Way({ channel, kind, name, onChannel, onKind, onName }: WayProps) {
  return (
    <div className="fields-row">
      <NativeSelect
        label={texts.channel}
        value={channel}
        data={CHANNELS.map((value) => ({ value, label: texts.channels[value] }))}
        onChange={(event) => onChannel(event.currentTarget.value as Channel)}
      />
      <NativeSelect
        label={texts.kind}
        value={kind}
        data={KINDS[channel].map((value) => ({ value, label: texts.kinds[value] }))}
        onChange={(event) => onKind(event.currentTarget.value as Kind)}
      />
      <TextInput
        label={texts.name}
        placeholder={texts.nameHint}
        value={name}
        required
        withAsterisk={false}
        maxLength={32}
        pattern="[a-z0-9_\-]{1,32}"
        title={texts.nameHint}
        onChange={(event) => onName(event.currentTarget.value)}
      />
    </div>
  );
}
type WayProps = {
  channel: Channel;
  kind: Kind;
  name: string;
  onChannel: (channel: Channel) => void;
  onKind: (kind: Kind) => void;
  onName: (name: string) => void;
};

export function Form({ saved, onDone }: { saved: Provider | undefined; onDone: () => void }) {
  const queries = useQueryClient();
  const [channel, setChannel] = useState<Channel>(saved?.channel ?? "email");
  const [name, setName] = useState(saved?.provider ?? "");
  const [settings, setSettings] = useState<ProviderSettings>(saved?.settings ?? startOf("smtp"));
  const done = useMutation({
    mutationFn: () => saveProvider(channel, name, sent(settings)),
    onSuccess: async () => {
      onDone();
      await queries.invalidateQueries({ queryKey: ["channels"] });
    },
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        done.mutate();
      }}
    >
      <Stack gap={16}>
        {!saved && (
          <Way
            channel={channel}
            kind={settings.kind}
            name={name}
            onChannel={(next) => {
              setChannel(next);
              setSettings(startOf(KINDS[next][0] ?? "outbox"));
            }}
            onKind={(kind) => setSettings(startOf(kind))}
            onName={setName}
          />
        )}
        {settings.kind === "smtp" && <Mail settings={settings} onChange={setSettings} />}
        {settings.kind === "webhook" && <Webhook settings={settings} onChange={setSettings} />}
        {settings.kind === "outbox" && channel === "email" && (
          <Sender from={settings.from} onChange={(from) => setSettings({ ...settings, from })} />
        )}
        {done.error && <Failed error={done.error} />}
        <Group gap={8}>
          <Button type="submit" loading={done.isPending}>
            {texts.save}
          </Button>
          <Button variant="default" onClick={onDone}>
            {texts.cancel}
          </Button>
          <Text size="xs" className="quiet">
            {texts.saveDoes}
          </Text>
        </Group>
      </Stack>
    </form>
  );
}
