// The settings of a webhook: where it goes, and the secrets that sign it.
import { ActionIcon, Button, Checkbox, Group, NumberInput, Stack, Text, TextInput } from "@mantine/core";
import { IconPlus, IconX } from "@tabler/icons-react";

import type { WebhookServer } from "../../api/channels";
import { Copy } from "../../ui/copy";
import { newSecret, withSecret } from "./shape";
import { texts } from "./texts";

type Props = { settings: WebhookServer; onChange: (settings: WebhookServer) => void };

function Secrets({ settings, onChange }: Props) {
  const secrets = settings.secrets ?? [];
  return (
    <fieldset className="plain">
      <legend>{texts.secrets}</legend>
      <Stack gap={8}>
        {secrets.map((secret, index) => (
          <Group key={index} gap={8}>
            {typeof secret === "string" ? (
              <>
                <code className="address">{secret}</code>
                <Copy text={secret} />
              </>
            ) : (
              <Text size="sm">{texts.secretSet}</Text>
            )}
            <ActionIcon
              variant="subtle"
              color="gray"
              aria-label={texts.secretRemove(index + 1)}
              onClick={() => onChange({ ...settings, secrets: secrets.filter((_, other) => other !== index) })}
            >
              <IconX size={16} aria-hidden />
            </ActionIcon>
          </Group>
        ))}
        {secrets.some((secret) => typeof secret === "string") && (
          <Text size="xs" className="quiet">
            {texts.secretOnce}
          </Text>
        )}
        <Group>
          <Button
            size="xs"
            variant="default"
            leftSection={<IconPlus size={14} aria-hidden />}
            onClick={() => onChange({ ...settings, secrets: withSecret(secrets, newSecret()) })}
          >
            {texts.secretAdd}
          </Button>
        </Group>
      </Stack>
    </fieldset>
  );
}

export function Webhook({ settings, onChange }: Props) {
  const put = (more: Partial<WebhookServer>) => onChange({ ...settings, ...more });
  return (
    <Stack gap={16}>
      <TextInput
        type="url"
        label={texts.url}
        placeholder="https://hooks.example.net/candor"
        value={settings.url}
        required
        withAsterisk={false}
        spellCheck={false}
        onChange={(event) => put({ url: event.currentTarget.value })}
      />
      <Secrets settings={settings} onChange={onChange} />
      <NumberInput
        label={texts.perSecond}
        value={settings.per_second ?? ""}
        placeholder={texts.noLimit}
        min={1}
        max={100_000}
        allowDecimal={false}
        maw={280}
        onChange={(next) => put({ per_second: typeof next === "number" ? next : undefined })}
      />
      <Checkbox
        label={texts.allowHttp}
        checked={settings.allow_http}
        onChange={(event) => put({ allow_http: event.currentTarget.checked })}
      />
      <Checkbox
        label={texts.allowPrivate}
        checked={settings.allow_private}
        onChange={(event) => put({ allow_private: event.currentTarget.checked })}
      />
    </Stack>
  );
}
