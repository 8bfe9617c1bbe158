// One message: why it was for this person, which gates it passed, and what became of it.
import { Button, Group, Stack, Text } from "@mantine/core";
import { IconCircleCheck, IconCircleDashed, IconPlayerStop } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { providers } from "../api/channels";
import type { Message } from "../api/messages";
import { MessageBadge } from "../deliveries/badge";
import { Reason } from "../deliveries/reason";
import { channelInWords, gateInWords, GATES, reasonInWords, stateMeans } from "../deliveries/words";
import { purposeInWords } from "../filters/purposes";
import { useSegmentNames } from "../filters/segment-picker";
import { ruleInWords } from "../rules/words";
import { moment } from "../ui/numbers";
import { texts } from "./texts";

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section>
      <h3 className="detail-title">{title}</h3>
      {children}
    </section>
  );
}

function Why({ of, zone }: { of: Message; zone: string }) {
  const names = useSegmentNames();
  const { why, state } = of;
  return (
    <Part title={state === "dropped" || state === "failed" ? texts.whyNot : texts.why}>
      {why ? (
        <>
          <Text size="sm" className="quiet">
            {texts.asOf(moment(why.as_of, zone))}
          </Text>
          <Text size="sm">{inWords(why.audience, names)}</Text>
        </>
      ) : (
        <Text size="sm">{texts.whyGone}</Text>
      )}
    </Part>
  );
}

/** A saved segment by its name, where it is the whole rule. */
function inWords(audience: unknown, names: ReadonlyMap<string, string>): string {
  const segment = typeof audience === "object" && audience !== null && "segment" in audience ? audience.segment : undefined;
  return (typeof segment === "string" ? names.get(segment) : undefined) ?? ruleInWords(audience, names);
}

function Gates({ of }: { of: Message }) {
  const { passed, dropped_by: by } = of.gates;
  if (passed.length === 0 && !by) {
    return (
      <Part title={texts.gates}>
        <Text size="sm" className="quiet">
          {texts.notAsked}
        </Text>
      </Part>
    );
  }
  // What the server asks and is not known here stands at the end.
  const all = [...GATES, ...passed.filter((gate) => !GATES.includes(gate))];
  return (
    <Part title={texts.gates}>
      <ol className="gates">
        {all.map((gate) => {
          const how = gate === by ? "held" : passed.includes(gate) ? "passed" : "neverAsked";
          const Icon = { held: IconPlayerStop, passed: IconCircleCheck, neverAsked: IconCircleDashed }[how];
          return (
            <li key={gate} data-how={how}>
              <Icon size={16} stroke={1.7} aria-label={texts[how]} />
              <span>{gateInWords(gate)}</span>
              {how === "held" && (
                <strong>
                  {texts.held}: {reasonInWords(of.reason ?? "")}
                </strong>
              )}
            </li>
          );
        })}
      </ol>
    </Part>
  );
}

function History({ of, zone }: { of: Message; zone: string }) {
  const { purpose } = of;
  const rows: [string, ReactNode][] = [
    [texts.due, moment(of.due, zone)],
    ...(of.sent_at ? ([[texts.sent, moment(of.sent_at, zone)]] as [string, ReactNode][]) : []),
    [texts.lastChange, moment(of.at, zone)],
    [texts.attempts, of.attempts],
    ...(of.code
      ? ([[of.reason === "missing_data" ? texts.missing : texts.code, <code key="code">{of.code}</code>]] as [string, ReactNode][])
      : []),
    ...(of.channel ? ([[texts.provider, `${channelInWords(of.channel)}, ${of.provider ?? ""}`]] as [string, ReactNode][]) : []),
    ...(purpose ? ([[texts.purpose, purposeInWords(purpose) ?? purpose]] as [string, ReactNode][]) : []),
    [texts.id, <code key="id">{of.id}</code>],
  ];
  return (
    <Part title={texts.history}>
      <Text size="sm" component="div">
        <MessageBadge state={of.state} />
        {of.reason && (
          <>
            : <Reason of={of.reason} />
          </>
        )}
      </Text>
      <Text size="sm" className="quiet" mb={8}>
        {stateMeans(of.state)}
      </Text>
      <dl className="detail-facts">
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </Part>
  );
}

export function Detail({ of, zone }: { of: Message; zone: string }) {
  const known = useQuery(providers).data?.channels ?? [];
  const provider = known.find((one) => one.channel === of.channel && one.provider === of.provider);
  const kept = provider?.settings.kind === "outbox" && (of.state === "accepted" || of.state === "delivered");
  return (
    <Stack gap={16}>
      {of.campaign && (
        <Text size="sm">
          <Link to="/campaigns/$id" params={{ id: of.campaign }} search={{ run: of.run }}>
            {texts.version(of.campaign_name ?? "", of.version ?? 0)}
          </Link>
        </Text>
      )}
      <History of={of} zone={zone} />
      <Why of={of} zone={zone} />
      <Gates of={of} />
      <Group gap={8}>
        <Button
          size="xs"
          variant="default"
          renderRoot={(props) => <Link to="/people/$id" params={{ id: of.person }} {...props} />}
        >
          {texts.openPerson}
        </Button>
        {kept && (
          <Button
            size="xs"
            variant="default"
            renderRoot={(props) => <Link to="/settings" search={{ tab: "outbox", message: of.id }} {...props} />}
          >
            {texts.openOutbox}
          </Button>
        )}
      </Group>
    </Stack>
  );
}
