// The ways that messages go out by: where each leads, what to mind, what to publish in the DNS.
import { Button, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { IconAlertTriangle, IconCircleCheck, IconPlus } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";

import { account } from "../../api/account";
import { type Provider, providers, removeProvider, tryProvider } from "../../api/channels";
import { Copy } from "../../ui/copy";
import { Note } from "../../ui/note";
import { moment } from "../../ui/numbers";
import { Answered, Failed, Nothing, Panel } from "../../ui/panel";
import { Form } from "./form";
import { mindsOf, nameOf, placeOf, troublesOf } from "./shape";
import { texts } from "./texts";

type Act = { kind: "form" | "try" | "delete"; of: Provider | undefined };

function Health({ of, zone }: { of: Provider; zone: string }) {
  const minds = [...troublesOf(of, (at) => moment(at, zone)), ...mindsOf(of)];
  const Icon = minds.length > 0 ? IconAlertTriangle : IconCircleCheck;
  return (
    <span className="health" data-good={minds.length === 0}>
      <Icon size={16} stroke={1.7} aria-hidden /> {minds.join("; ") || texts.ready}
    </span>
  );
}

function Dns({ of }: { of: Provider }) {
  if (of.dns.length === 0) return null;
  return (
    <details>
      <summary>{texts.dns}</summary>
      <Text size="sm" className="quiet" my={8} maw="70ch">
        {texts.dnsDoes}
      </Text>
      <div className="wide" tabIndex={0} role="region" aria-label={texts.dns}>
        <table className="numbers">
          <thead>
            <tr>
              <th>{texts.record}</th>
              <th>{texts.type}</th>
              <th>{texts.value}</th>
              <th aria-label={texts.value} />
            </tr>
          </thead>
          <tbody>
            {of.dns.map(({ name, type, value }) => (
              <tr key={name}>
                <td className="address">
                  <code>{name}</code>
                </td>
                <td>{type}</td>
                <td className="address">
                  <code>{value}</code>
                </td>
                <td className="number">
                  <Copy text={value} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

function One({ of, zone, onAct }: { of: Provider; zone: string; onAct: (act: Act) => void }) {
  const name = nameOf(of);
  const act = (kind: Act["kind"], words: string, label: string) => (
    <Button size="xs" variant="default" aria-label={label} onClick={() => onAct({ kind, of })}>
      {words}
    </Button>
  );
  return (
    <li>
      <Group justify="space-between" align="start" gap={8}>
        <div className="provider-words">
          <Text fw={600}>{name}</Text>
          <Text size="sm">
            {texts.kinds[of.settings.kind]}
            {of.settings.kind !== "outbox" && (
              <>
                {" · "}
                <code>{placeOf(of)}</code>
              </>
            )}
          </Text>
          <Text size="sm" component="div">
            <Health of={of} zone={zone} />
          </Text>
          <Text size="xs" className="quiet">
            {texts.changedBy(moment(of.changed_at, zone), of.changed_by)}
          </Text>
        </div>
        <Group gap={8}>
          {act("try", texts.tryIt, texts.tryOf(name))}
          {act("form", texts.change, texts.changeOf(name))}
          {act("delete", texts.delete, texts.deleteOf(name))}
        </Group>
      </Group>
      <Dns of={of} />
    </li>
  );
}

function Try({ of }: { of: Provider }) {
  const { data: publisher } = useSuspenseQuery(account);
  const [to, setTo] = useState(publisher.caller.includes("@") ? publisher.caller : "");
  const queries = useQueryClient();
  const mail = of.channel === "email";
  const sent = useMutation({
    mutationFn: () => tryProvider(of.channel, of.provider, mail ? to.trim() : undefined),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["outbox"] }),
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        sent.mutate();
      }}
    >
      <Stack gap={12}>
        <Text size="sm">{texts.tryDoes}</Text>
        {mail && (
          <TextInput
            data-autofocus
            type="email"
            label={texts.tryTo}
            value={to}
            required
            withAsterisk={false}
            onChange={(event) => setTo(event.currentTarget.value)}
          />
        )}
        {sent.error && <Failed error={sent.error} />}
        {sent.data && (
          <Note kind={sent.data.answer === "accepted" ? "good" : "bad"} role="status">
            {texts.tried[sent.data.answer]} {sent.data.code && <code>{sent.data.code}</code>}{" "}
            {of.settings.kind === "outbox" && (
              <Link to="/settings" search={{ tab: "outbox", message: sent.data.id }}>
                {texts.seeIt}
              </Link>
            )}
          </Note>
        )}
        <Group>
          <Button type="submit" loading={sent.isPending}>
            {texts.send}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function Delete({ of, onDone }: { of: Provider; onDone: () => void }) {
  const queries = useQueryClient();
  const gone = useMutation({
    mutationFn: () => removeProvider(of.channel, of.provider),
    onSuccess: async () => {
      onDone();
      await queries.invalidateQueries({ queryKey: ["channels"] });
    },
  });
  return (
    <Stack gap={12}>
      <Text size="sm">{texts.deleteDoes(nameOf(of))}</Text>
      {gone.error && <Failed error={gone.error} />}
      <Group gap={8}>
        <Button color="red" loading={gone.isPending} onClick={() => gone.mutate()}>
          {texts.delete}
        </Button>
        <Button variant="default" onClick={onDone}>
          {texts.cancel}
        </Button>
      </Group>
    </Stack>
  );
}

function titleOf({ kind, of }: Act): string {
  if (!of) return texts.add;
  const name = nameOf(of);
  return kind === "form" ? texts.changeOf(name) : kind === "try" ? texts.tryOf(name) : texts.deleteOf(name);
}

function Dialog({ act, onClose }: { act: Act | undefined; onClose: () => void }) {
  return (
    <Modal
      opened={act !== undefined}
      onClose={onClose}
      size={act?.kind === "form" ? "xl" : "md"}
      title={act && titleOf(act)}
      closeButtonProps={{ "aria-label": texts.cancel }}
    >
      {act?.kind === "form" && <Form saved={act.of} onDone={onClose} />}
      {act?.kind === "try" && act.of && <Try of={act.of} />}
      {act?.kind === "delete" && act.of && <Delete of={act.of} onDone={onClose} />}
    </Modal>
  );
}

export function Channels() {
  const { data: publisher } = useSuspenseQuery(account);
  const asked = useQuery(providers);
  const [act, setAct] = useState<Act>();
  const add = (
    <Button
      leftSection={<IconPlus size={16} aria-hidden />}
      onClick={() => setAct({ kind: "form", of: undefined })}
    >
      {texts.add}
    </Button>
  );
  return (
    <Panel title={texts.providers} aside={(asked.data?.channels.length ?? 0) > 0 && add}>
      <Text size="sm" className="quiet" mb={12} maw="70ch">
        {texts.does}
      </Text>
      <Answered query={{ ...asked, isFetching: false }} height={240}>
        {({ channels }) =>
          channels.length === 0 ? (
            <Nothing
              title={texts.none}
              next={
                <Stack gap={12} align="center">
                  {texts.noneNext}
                  {add}
                </Stack>
              }
            />
          ) : (
            <ul className="providers">
              {channels.map((one) => (
                <One key={nameOf(one)} of={one} zone={publisher.timezone} onAct={setAct} />
              ))}
            </ul>
          )
        }
      </Answered>
      <Dialog act={act} onClose={() => setAct(undefined)} />
    </Panel>
  );
}
