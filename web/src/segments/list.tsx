// Saved segments: what they are in words, how many people are in each now, and when they were changed.
import "./segments.css";

import { Button, Group, Stack, Text, TextInput, Title } from "@mantine/core";
import { useIntersection } from "@mantine/hooks";
import { IconPlus, IconUpload } from "@tabler/icons-react";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";

import { account } from "../api/account";
import { type Segment, segmentCount, segments } from "../api/segments";
import { ruleInWords } from "../rules/words";
import { day, full, moment } from "../ui/numbers";
import { Answered, Nothing, Panel } from "../ui/panel";
import { texts } from "./texts";
import { Upload } from "./upload";

/** As many as are looked through at a glance. */
const FIND_FROM = 9;

/** Counted once its row is seen: there may be a thousand. */
function PeopleNow({ id }: { id: string }) {
  const { ref, entry } = useIntersection();
  const { data, error } = useQuery({
    ...segmentCount({ segment: id }),
    enabled: entry?.isIntersecting ?? false,
  });
  const shown = data ? full(data.people) : error ? "–" : "…";
  return (
    <span ref={ref} title={error ? error.message : undefined}>
      {shown}
    </span>
  );
}

function Rule({ of, names, zone }: { of: Segment; names: Map<string, string>; zone: string }) {
  const { list, definition } = of;
  if (!list) return <>{ruleInWords(definition, names)}</>;
  const when = day(list.as_of, zone);
  const from = list.of && names.get(list.of);
  return (
    <span className="quiet">
      {list.of ? texts.frozen(when) : texts.uploaded(when)}
      {from && texts.frozenOf(from)}
    </span>
  );
}

function Rows({ all, zone }: { all: Segment[]; zone: string }) {
  const [text, setText] = useState("");
  const names = new Map(all.map(({ id, name }) => [id, name]));
  const wanted = text.trim().toLowerCase();
  const found = all.filter(({ name }) => name.toLowerCase().includes(wanted));
  return (
    <>
      {all.length >= FIND_FROM && (
        <TextInput
          aria-label={texts.find}
          placeholder={texts.find}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          mb={12}
          maw={320}
        />
      )}
      {found.length === 0 ? (
        <Nothing title={texts.noneFound} />
      ) : (
        <div className="wide" tabIndex={0} role="region" aria-label={texts.title}>
          <table className="numbers stacked">
            <thead>
              <tr>
                <th>{texts.name}</th>
                <th>{texts.rule}</th>
                <th className="number">{texts.peopleNow}</th>
                <th>{texts.changed}</th>
              </tr>
            </thead>
            <tbody>
              {found.map((one) => (
                <tr key={one.id}>
                  <td className="lead">
                    <Link to="/segments/$id" params={{ id: one.id }}>
                      {one.name}
                    </Link>
                  </td>
                  <td className="rule-cell">
                    <Rule of={one} names={names} zone={zone} />
                  </td>
                  <td className="number" data-label={texts.peopleNow}>
                    <PeopleNow id={one.id} />
                  </td>
                  <td className="when" data-label={texts.changed}>
                    {moment(one.changed_at, zone)}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  );
}

function Make({ words }: { words: string }) {
  return (
    <Button
      leftSection={<IconPlus size={16} aria-hidden />}
      renderRoot={(props) => <Link to="/segments/new" {...props} />}
    >
      {words}
    </Button>
  );
}

export function Segments() {
  const { data: publisher } = useSuspenseQuery(account);
  const asked = useQuery(segments);
  const [uploads, setUploads] = useState(false);
  const upload = (
    <Button
      variant="default"
      leftSection={<IconUpload size={16} aria-hidden />}
      onClick={() => setUploads(true)}
    >
      {texts.upload}
    </Button>
  );
  const some = (asked.data?.segments.length ?? 0) > 0;
  return (
    <Stack gap={16} component="main">
      <Group justify="space-between" align="end" gap={12}>
        <div>
          <Title order={1}>{texts.title}</Title>
          <Text size="sm" className="quiet" mt={4} maw="70ch">
            {texts.does}
          </Text>
        </div>
        {some && (
          <Group gap={8}>
            {upload}
            <Make words={texts.new} />
          </Group>
        )}
      </Group>
      <Panel>
        <Answered query={{ ...asked, isFetching: false }} height={240}>
          {({ segments: all }) =>
            all.length > 0 ? (
              <Rows all={all} zone={publisher.timezone} />
            ) : (
              <Nothing
                title={texts.none}
                next={
                  <Stack align="center" gap={12}>
                    {texts.noneNext}
                    <Group gap={8} justify="center">
                      <Make words={texts.make} />
                      {upload}
                    </Group>
                  </Stack>
                }
              />
            )
          }
        </Answered>
      </Panel>
      <Upload opened={uploads} onClose={() => setUploads(false)} />
    </Stack>
  );
}
