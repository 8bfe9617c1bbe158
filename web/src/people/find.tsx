// People: one box that finds a person by an id, and says which kind of id it takes it for.
import "./people.css";

import { Button, Group, SegmentedControl, Stack, Text, TextInput, Title } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { keepPreviousData, useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { Link, useLocation, useNavigate } from "@tanstack/react-router";
import { useState } from "react";

import { account } from "../api/account";
import { findPeople, type IdKind, type Person } from "../api/people";
import { calledOf, ID_MAX, isPersonId, kindOf, KINDS } from "../filters/who";
import { Held } from "../ui/held";
import { full, moment } from "../ui/numbers";
import { Answered, Nothing, Panel } from "../ui/panel";
import type { Find } from "./state";
import { texts } from "./texts";

const CHOICES = KINDS.map((value) => ({ value, label: texts.kinds[value] }));

function Box({ find, onFind }: { find: Find | undefined; onFind: (find: Find) => void }) {
  const [text, setText] = useState(find?.id ?? "");
  // What was chosen by hand stays until the box is emptied.
  const [chosen, setChosen] = useState<IdKind | undefined>(find?.kind);
  const kind = chosen ?? kindOf(text);
  const change = (next: string) => {
    setText(next);
    if (next.trim() === "") setChosen(undefined);
  };
  return (
    <form
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        if (text.trim() !== "") onFind({ kind, id: text.trim() });
      }}
    >
      <Stack gap={12}>
        <Group gap={8} align="end">
          <TextInput
            label={texts.box}
            placeholder={texts.boxHint}
            value={text}
            autoFocus
            autoComplete="off"
            spellCheck={false}
            maxLength={ID_MAX}
            leftSection={<IconSearch size={16} aria-hidden />}
            flex="1 1 200px"
            maw={480}
            onChange={(event) => change(event.currentTarget.value)}
          />
          <Button type="submit" disabled={text.trim() === ""}>
            {texts.find}
          </Button>
        </Group>
        <Group gap={12}>
          <Text size="sm" id="find-by">
            {texts.by}
          </Text>
          <SegmentedControl
            aria-labelledby="find-by"
            size="xs"
            data={CHOICES}
            value={kind}
            onChange={(value) => setChosen(KINDS.find((one) => one === value))}
          />
        </Group>
        <Text size="xs" className="quiet">
          {text.trim() !== "" && chosen === undefined
            ? texts.recognised(texts.kinds[kind])
            : texts.notKept}
        </Text>
      </Stack>
    </form>
  );
}

function Results({ people, zone }: { people: Person[]; zone: string }) {
  return (
    <div className="wide" tabIndex={0} role="region" aria-label={texts.results}>
      <table className="numbers tight">
        <thead>
          <tr>
            <th>{texts.results}</th>
            <th>{texts.identity}</th>
            <th>{texts.email}</th>
            <th>{texts.phone}</th>
            <th className="number">{texts.eventsAll}</th>
            <th>{texts.lastSeen}</th>
          </tr>
        </thead>
        <tbody>
          {people.map((person) => {
            const last = person.events.map((event) => event.last).sort().at(-1);
            return (
              <tr key={person.id}>
                <th scope="row" className="sticky">
                  <Link to="/people/$id" params={{ id: person.id }}>
                    {calledOf(person) ?? person.id.slice(0, 12)}
                  </Link>
                </th>
                <td>
                  <Held value={person.identity} />
                </td>
                <td>
                  <Held value={person.email} />
                </td>
                <td>
                  <Held value={person.phone} />
                </td>
                <td className="number">
                  {full(person.events.reduce((all, event) => all + event.count, 0))}
                </td>
                <td>{last ? moment(last, zone) : "–"}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function Nobody({ kind, onKind }: { kind: IdKind; onKind: (kind: IdKind) => void }) {
  return (
    <Nothing
      title={texts.nobody(texts.lowKinds[kind])}
      next={
        <Stack gap={12} align="center">
          {texts.nobodyNext}
          <Group gap={8} justify="center">
            {KINDS.filter((other) => other !== kind).map((other) => (
              <Button key={other} size="xs" variant="default" onClick={() => onKind(other)}>
                {texts.as(texts.lowKinds[other])}
              </Button>
            ))}
          </Group>
        </Stack>
      }
    />
  );
}

export function FindPeople() {
  const { data: publisher } = useSuspenseQuery(account);
  const find = useLocation({ select: ({ state }) => state.find });
  const navigate = useNavigate();
  const asked = useQuery({
    ...findPeople(find?.kind ?? "identity", find?.id ?? ""),
    placeholderData: keepPreviousData,
  });
  const look = (next: Find) => {
    if (isPersonId(next.id)) void navigate({ to: "/people/$id", params: { id: next.id } });
    else void navigate({ to: "/people", state: (old) => ({ ...old, find: next }) });
  };
  return (
    <Stack gap={16} component="main">
      <div>
        <Title order={1}>{texts.title}</Title>
        <Text size="sm" className="quiet" mt={4} maw="70ch">
          {texts.does}
        </Text>
      </div>
      <Panel>
        <Box key={`${find?.kind} ${find?.id}`} find={find} onFind={look} />
      </Panel>
      <Panel>
        {find ? (
          <Answered query={asked} height={96}>
            {({ people }) =>
              people.length > 0 ? (
                <Results people={people} zone={publisher.timezone} />
              ) : (
                <Nobody kind={find.kind} onKind={(kind) => look({ ...find, kind })} />
              )
            }
          </Answered>
        ) : (
          <Nothing
            title={texts.start}
            next={
              <Stack gap={12} align="center">
                {texts.startNext}
                <Button component={Link} to="/segments" variant="default">
                  {texts.openSegments}
                </Button>
              </Stack>
            }
          />
        )}
      </Panel>
    </Stack>
  );
}
