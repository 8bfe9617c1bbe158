// Step two: by what it goes out, what it is for, who writes, and what is written.
import { Checkbox, Input, NativeSelect, SegmentedControl, Stack, Text, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import type { Campaign } from "../api/campaigns";
import { type Channel, CHANNELS, providers } from "../api/channels";
import { policy } from "../api/gate";
import { template, templates } from "../api/templates";
import { Preview } from "../content/preview";
import { mistakeOf, startOf } from "../content/shape";
import { usePreview } from "../content/use-preview";
import { Write } from "../content/write";
import { purposeInWords } from "../filters/purposes";
import { Panel } from "../ui/panel";
import { ownContent, purposeOf } from "./shape";
import type { WizardSearch } from "./state";
import { texts } from "./texts";
import type { StepProps } from "./who";

function Way({ draft, onChange }: StepProps) {
  const all = useQuery(providers).data?.channels ?? [];
  const known = all.filter(({ channel }) => channel === draft.channel);
  const chosen = known.find(({ provider }) => provider === draft.provider);
  const names = known.map(({ provider }) => provider);
  if (draft.provider && !names.includes(draft.provider)) names.push(draft.provider);
  const turn = (channel: Channel) => {
    if (channel === draft.channel) return;
    const first = all.find((one) => one.channel === channel);
    // Content, sender and what is followed are a channel's own.
    onChange({
      channel,
      provider: first?.provider ?? "",
      purpose: undefined,
      content: { template: "" },
      from: undefined,
      track: undefined,
    });
  };
  return (
    <div className="fields-row">
      <div>
        <Input.Label component="div" id="campaign-channel">
          {texts.channel}
        </Input.Label>
        <SegmentedControl
          aria-labelledby="campaign-channel"
          display="flex"
          w="fit-content"
          value={draft.channel}
          data={CHANNELS.map((value) => ({ value, label: texts.channels[value] }))}
          onChange={(next) => turn(next as Channel)}
        />
      </div>
      <NativeSelect
        label={texts.provider}
        value={draft.provider}
        data={[
          ...(draft.provider ? [] : [{ value: "", label: texts.choose }]),
          ...names.map((name) => ({ value: name, label: name })),
        ]}
        description={
          known.length === 0 ? (
            <>
              {texts.noProvider}{" "}
              <Link to="/settings" search={{ tab: "channels" }}>
                {texts.setUp}
              </Link>
            </>
          ) : (
            chosen?.settings.kind === "outbox" && texts.staysHere
          )
        }
        inputWrapperOrder={["label", "input", "description", "error"]}
        onChange={(event) => onChange({ provider: event.currentTarget.value })}
      />
      <Purpose draft={draft} onChange={onChange} />
    </div>
  );
}

function Purpose({ draft, onChange }: StepProps) {
  const known = Object.keys(useQuery(policy).data?.purposes ?? {});
  const now = purposeOf(draft);
  const all = now && !known.includes(now) ? [now, ...known] : known;
  return (
    <NativeSelect
      label={texts.purpose}
      description={texts.purposeHint}
      inputWrapperOrder={["label", "input", "description", "error"]}
      value={now ?? ""}
      data={[
        ...(now ? [] : [{ value: "", label: texts.choose }]),
        ...all.map((value) => ({ value, label: purposeInWords(value) ? `${purposeInWords(value)} (${value})` : value })),
      ]}
      onChange={(event) => onChange({ purpose: event.currentTarget.value || undefined })}
    />
  );
}

function Sender({ draft, onChange }: StepProps) {
  const { from } = draft;
  const all = useQuery(providers).data?.channels ?? [];
  const chosen = all.find(({ channel, provider }) => channel === "email" && provider === draft.provider);
  const settings = chosen?.settings;
  const usual = settings && "from" in settings ? settings.from : undefined;
  const usualWords = usual ? ` (${[usual.name, usual.address].filter(Boolean).join(", ")})` : "";
  return (
    <div className="fields-row">
      <NativeSelect
        label={texts.sender}
        value={from ? "own" : "provider"}
        data={[
          { value: "provider", label: `${texts.senderOfProvider}${usualWords}` },
          { value: "own", label: texts.senderOwn },
        ]}
        onChange={(event) =>
          onChange({ from: event.currentTarget.value === "own" ? { address: usual?.address ?? "" } : undefined })
        }
      />
      {from && (
        <>
          <TextInput
            label={texts.senderName}
            value={from.name ?? ""}
            maxLength={100}
            onChange={(event) => onChange({ from: { ...from, name: event.currentTarget.value || undefined } })}
          />
          <TextInput
            type="email"
            label={texts.senderAddress}
            value={from.address}
            maxLength={254}
            onChange={(event) => onChange({ from: { ...from, address: event.currentTarget.value } })}
          />
        </>
      )}
    </div>
  );
}

const UTM = [
  ["source", texts.utmSource],
  ["medium", texts.utmMedium],
  ["campaign", texts.utmCampaign],
] as const;

function Followed({ draft, onChange }: StepProps) {
  const { links = true, opens = true, utm } = draft.track ?? {};
  const put = (more: Partial<NonNullable<Campaign["track"]>>) =>
    onChange({ track: { links, opens, ...(utm ? { utm } : {}), ...more } });
  return (
    <details>
      <summary>{texts.followed}</summary>
      <Stack gap={12} mt={12}>
        <Checkbox
          label={texts.trackLinks}
          checked={links}
          onChange={(event) => put({ links: event.currentTarget.checked })}
        />
        <Checkbox
          label={texts.trackOpens}
          checked={opens}
          onChange={(event) => put({ opens: event.currentTarget.checked })}
        />
        <fieldset className="plain">
          <legend>{texts.utm}</legend>
          <div className="fields-row">
            {UTM.map(([name, label]) => (
              <TextInput
                key={name}
                label={label}
                value={utm?.[name] ?? ""}
                maxLength={200}
                onChange={(event) => {
                  const next = { ...utm, [name]: event.currentTarget.value || undefined };
                  put({ utm: Object.values(next).some(Boolean) ? next : undefined });
                }}
              />
            ))}
          </div>
        </fieldset>
      </Stack>
    </details>
  );
}

function FromTemplate({ id, channel, onChange }: FromTemplateProps) {
  const { data } = useQuery(templates);
  const known = (data?.templates ?? []).filter((one) => one.channel === channel);
  return (
    <Stack gap={4}>
      <NativeSelect
        label={texts.template}
        value={id}
        data={[
          ...(id ? [] : [{ value: "", label: texts.choose }]),
          ...known.map((one) => ({ value: one.id, label: one.name })),
          ...(id && data && known.every((one) => one.id !== id) ? [{ value: id, label: texts.templateGone }] : []),
        ]}
        maw={400}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
      <Text size="xs" className="quiet">
        {data && known.length === 0 ? texts.noTemplates : texts.copied}{" "}
        {id && (
          <Link to="/templates/$id" params={{ id }}>
            {texts.openTemplate}
          </Link>
        )}
      </Text>
    </Stack>
  );
}
type FromTemplateProps = { id: string; channel: Channel; onChange: (id: string) => void };

function Written({ draft, search, onChange, onSearch }: WhatProps) {
  const { channel, content } = draft;
  const own = ownContent(draft);
  const id = "template" in content ? content.template : "";
  const saved = useQuery({ ...template(id), enabled: id !== "" });
  const shown = own ?? saved.data?.content;
  const purpose = purposeOf(draft) ?? "";
  const language = shown && "email" in shown ? (search.language ?? shown.email.default_language) : undefined;
  const known = language && shown && "email" in shown && shown.email.languages[language];
  const preview = usePreview(
    {
      ...(own ? { content: own } : { template: id }),
      ...(search.person ? { person: search.person } : {}),
      ...(known ? { language } : {}),
      ...(purpose ? { purpose } : {}),
    },
    own !== undefined || id !== "",
  );
  const write = () => onChange({ content: saved.data?.content ?? startOf(channel) });
  return (
    <div className="written">
      <Panel
        title={texts.content}
        aside={
          <SegmentedControl
            size="xs"
            aria-label={texts.content}
            value={own ? "own" : "template"}
            data={[
              { value: "template", label: texts.byTemplate },
              { value: "own", label: texts.byOwn },
            ]}
            onChange={(how) => (how === "own" ? write() : onChange({ content: { template: "" } }))}
          />
        }
      >
        {own ? (
          <Write
            content={own}
            language={language}
            mistake={mistakeOf(preview.error)}
            purpose={purpose}
            onChange={(next) => onChange({ content: next })}
            onLanguage={(next) => onSearch({ language: next })}
          />
        ) : (
          <FromTemplate id={id} channel={channel} onChange={(next) => onChange({ content: { template: next } })} />
        )}
      </Panel>
      {(own || id !== "") && (
        <Preview query={preview} mail={channel === "email"} person={search.person} onPerson={(person) => onSearch({ person })} />
      )}
    </div>
  );
}

export function What(props: WhatProps) {
  const { draft, onChange } = props;
  return (
    <Stack gap={16}>
      <Panel>
        <Stack gap={16}>
          <Way draft={draft} onChange={onChange} />
          {draft.channel === "email" && (
            <>
              <Sender draft={draft} onChange={onChange} />
              <Followed draft={draft} onChange={onChange} />
            </>
          )}
        </Stack>
      </Panel>
      <Written {...props} />
    </Stack>
  );
}
type WhatProps = StepProps & { search: WizardSearch; onSearch: (more: WizardSearch) => void };
