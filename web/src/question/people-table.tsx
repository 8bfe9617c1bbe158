// A page of people with what tells who they are, as far as the caller may see it.
import { Group, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import type { Meta } from "../api/insights";
import type { Person } from "../api/people";
import { calledOf } from "../filters/who";
import { AnswerMeta } from "../ui/answer-foot";
import { Held } from "../ui/held";
import { full, masked, moment } from "../ui/numbers";
import { Nothing } from "../ui/panel";
import { texts } from "./texts";

const hides = ({ identity, email, phone }: Person) => [identity, email, phone].some(masked);
const countOf = ({ events }: Person) => events.reduce((all, { count }) => all + count, 0);
const lastOf = ({ events }: Person) => events.map(({ last }) => last).sort().at(-1);

function Row({ person, zone }: { person: Person; zone: string }) {
  const last = lastOf(person);
  return (
    <tr>
      <th scope="row" className="sticky">
        <Link to="/people/$id" params={{ id: person.id }}>
          {calledOf(person) ?? person.id.slice(0, 12)}
        </Link>
      </th>
      <td>
        <Held value={person.email} />
      </td>
      <td>
        <Held value={person.phone} />
      </td>
      <td className="number">{full(countOf(person))}</td>
      <td>{last ? moment(last, zone) : "–"}</td>
    </tr>
  );
}

export function PeopleTable({ people, meta, zone, children }: PeopleTableProps) {
  if (people.length === 0) return <Nothing title={texts.nobody} next={texts.nobodyNext} />;
  return (
    <>
      <Text size="xs" className="quiet" mb={8}>
        {texts.audited} {people.some(hides) && texts.hidden}
      </Text>
      <div className="wide" tabIndex={0} role="region" aria-label={texts.list}>
        <table className="numbers tight">
          <thead>
            <tr>
              <th className="sticky">{texts.person}</th>
              <th>{texts.email}</th>
              <th>{texts.phone}</th>
              <th className="number">{texts.events}</th>
              <th>{texts.lastSeen}</th>
            </tr>
          </thead>
          <tbody>
            {people.map((person) => (
              <Row key={person.id} person={person} zone={zone} />
            ))}
          </tbody>
        </table>
      </div>
      <Group justify="space-between" mt={12} gap={8}>
        <AnswerMeta meta={meta} zone={zone} />
        <Group gap={8}>{children}</Group>
      </Group>
    </>
  );
}
type PeopleTableProps = {
  people: Person[];
  meta: Meta;
  zone: string;
  /** Goes from page to page. */
  children: ReactNode;
};
