// Who is in a saved segment, page by page. Shown when it is asked for: each look is audited.
import { Button, Group, Text } from "@mantine/core";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";

import { type Row, segmentPeople } from "../api/segments";
import { AnswerMeta } from "../ui/answer-foot";
import { Held } from "../ui/held";
import { full, masked, moment, named } from "../ui/numbers";
import { Answered, Nothing, Panel } from "../ui/panel";
import { texts } from "./texts";

const PAGE = 25;
const HEIGHT = 640;

/** What a row is called: the name, else the identity, else the start of the id. */
function nameOf({ id, name, identity }: Row): string {
  const told = [name, identity].find((one) => one !== null && !masked(one));
  return told === undefined ? id.slice(0, 12) : named(told);
}

function Table({ rows, zone }: { rows: Row[]; zone: string }) {
  return (
    <div className="wide" tabIndex={0} role="region" aria-label={texts.who}>
      <table className="numbers tight">
        <thead>
          <tr>
            <th>{texts.person}</th>
            <th>{texts.email}</th>
            <th>{texts.phone}</th>
            <th className="number">{texts.events}</th>
            <th>{texts.lastSeen}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.id}>
              <th scope="row" className="sticky">
                <Link to="/people/$id" params={{ id: row.id }}>
                  {nameOf(row)}
                </Link>
              </th>
              <td>
                <Held value={row.email} />
              </td>
              <td>
                <Held value={row.phone} />
              </td>
              <td className="number">{full(row.events)}</td>
              <td>{row.last_seen ? moment(row.last_seen, zone) : "–"}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Pages({ id, zone }: { id: string; zone: string }) {
  // Where each page so far begins, the last one being shown.
  const [cursors, setCursors] = useState<(string | null)[]>([null]);
  const cursor = cursors.at(-1) ?? null;
  const asked = useQuery({
    queryKey: ["segment people", id, cursor],
    queryFn: ({ signal }) => segmentPeople(id, cursor, PAGE, signal),
    placeholderData: keepPreviousData,
  });
  return (
    <Answered query={asked} height={HEIGHT}>
      {({ people, cursor: next, meta }) => {
        if (people.length === 0 && cursors.length === 1) {
          return <Nothing title={texts.nobody} next={texts.nobodyNext} />;
        }
        const hides = people.some((row) => [row.identity, row.name, row.email, row.phone].some(masked));
        return (
          <>
            {hides && (
              <Text size="xs" className="quiet" mb={8}>
                {texts.maskedNote}
              </Text>
            )}
            <Table rows={people} zone={zone} />
            <Group justify="space-between" mt={12} gap={8}>
              <AnswerMeta meta={meta} zone={zone} />
              <Group gap={8}>
                <Button
                  size="xs"
                  variant="default"
                  disabled={cursors.length === 1}
                  onClick={() => setCursors(cursors.slice(0, -1))}
                >
                  {texts.previous}
                </Button>
                <Text size="sm">{texts.pageOf(cursors.length)}</Text>
                <Button
                  size="xs"
                  variant="default"
                  disabled={next === null || asked.isPlaceholderData}
                  onClick={() => setCursors([...cursors, next])}
                >
                  {texts.next}
                </Button>
              </Group>
            </Group>
          </>
        );
      }}
    </Answered>
  );
}

export function People({ id, shown, changed, zone, onShow }: PeopleProps) {
  return (
    <Panel
      title={texts.who}
      aside={
        id && (
          <Button size="xs" variant="default" aria-expanded={shown} onClick={() => onShow(!shown)}>
            {shown ? texts.hide : texts.show}
          </Button>
        )
      }
    >
      <Text size="sm" className="quiet" mb={shown ? 12 : 0}>
        {!id ? texts.afterSaving : changed ? texts.savedOnly : texts.showDoes}
      </Text>
      {id && shown && <Pages key={id} id={id} zone={zone} />}
    </Panel>
  );
}
type PeopleProps = {
  /** The saved segment, where there is one. */
  id: string | undefined;
  shown: boolean;
  changed: boolean;
  zone: string;
  onShow: (shown: boolean) => void;
};
