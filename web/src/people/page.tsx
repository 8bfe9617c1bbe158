// One person: who they are, as far as one may see it, what is known of them, and what they did.
import "./people.css";

import { Button, Stack, Text, Title } from "@mantine/core";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";

import { account } from "../api/account";
import { Refusal } from "../api/client";
import { person, type Person } from "../api/people";
import { calledOf } from "../filters/who";
import { Held } from "../ui/held";
import { Note } from "../ui/note";
import { full, moment } from "../ui/numbers";
import { Answered, Nothing, Panel } from "../ui/panel";
import { Consents } from "./consents";
import { Merges } from "./merges";
import { Written } from "./messages";
import { Devices, Did, Traits } from "./panels";
import { hides } from "./shape";
import { texts } from "./texts";
import { Timeline } from "./timeline";

function Header({ of, zone }: { of: Person; zone: string }) {
  const firsts = of.events.map((event) => event.first).sort();
  const lasts = of.events.map((event) => event.last).sort();
  const [first, last] = [firsts[0], lasts.at(-1)];
  const facts: [string, React.ReactNode][] = [
    [texts.identity, <Held key="identity" value={of.identity} />],
    [texts.email, <Held key="email" value={of.email} />],
    [texts.phone, <Held key="phone" value={of.phone} />],
    [texts.eventsAll, full(of.events.reduce((all, event) => all + event.count, 0))],
    [texts.firstSeen, first ? moment(first, zone) : "–"],
    [texts.lastSeen, last ? moment(last, zone) : "–"],
  ];
  return (
    <Panel>
      <dl className="person-facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <Text size="xs" className="quiet" mt={12}>
        {texts.id} <code>{of.id}</code>. {texts.audited}
      </Text>
    </Panel>
  );
}

function One({ of, zone }: { of: Person; zone: string }) {
  return (
    <Stack gap={16}>
      {hides(of) && (
        <Note kind="lock" role="status">
          {texts.hidden}
        </Note>
      )}
      <Header of={of} zone={zone} />
      <div className="person">
        <Timeline id={of.id} zone={zone} />
        <Stack gap={16} miw={0}>
          <Consents person={of} zone={zone} />
          <Written id={of.id} zone={zone} />
          <Did events={of.events} zone={zone} />
          <Traits traits={of.traits} />
          <Devices guids={of.guids} />
          <Merges id={of.id} zone={zone} />
        </Stack>
      </div>
    </Stack>
  );
}

export function OnePerson() {
  const { data: publisher } = useSuspenseQuery(account);
  const { id } = useParams({ from: "/inside/people/$id" });
  const asked = useQuery(person(id));
  const none = asked.error instanceof Refusal && asked.error.status === 404;
  const called = asked.data && (calledOf(asked.data) ?? (hides(asked.data) ? texts.somebody : texts.unknown));
  return (
    <Stack gap={16} component="main">
      <div>
        <Text size="sm">
          <Link to="/people">{texts.title}</Link>
        </Text>
        <Title order={1} className="called">
          {called ?? texts.somebody}
        </Title>
      </div>
      {none ? (
        <Panel>
          <Nothing
            title={texts.none}
            next={
              <Stack gap={12} align="center">
                {texts.noneNext}
                <Button component={Link} to="/people" variant="default">
                  {texts.findAnother}
                </Button>
              </Stack>
            }
          />
        </Panel>
      ) : (
        <Answered query={{ ...asked, isFetching: false }} height={640}>
          {(of) => <One key={of.id} of={of} zone={publisher.timezone} />}
        </Answered>
      )}
    </Stack>
  );
}
