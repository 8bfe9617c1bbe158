// One segment: its rule as a sentence of controls, how many answer to it, and who they are.
import "./segments.css";

import { Stack, Text, Title } from "@mantine/core";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useMemo, useState } from "react";

import { account } from "../api/account";
import { segment, type Segment } from "../api/segments";
import { useSegmentNames } from "../filters/segment-picker";
import { Builder } from "../rules/builder";
import { Count } from "../rules/count";
import { ANYBODY, readRule, sameRule } from "../rules/read";
import { asked, type Group, group, isComplete, written } from "../rules/rule";
import { full, moment } from "../ui/numbers";
import { Answered, Panel } from "../ui/panel";
import { type Act, Acts } from "./acts";
import { People } from "./people";
import { Rejects } from "./rejects";
import { Save } from "./save";
import type { SegmentSearch } from "./state";
import { texts } from "./texts";

/** The height of a page whose segment is not here yet. */
const HEIGHT = 560;
const NOTHING = group("all", []);

function About({ saved, zone }: { saved: Segment; zone: string }) {
  const names = useSegmentNames();
  const { list, changed_at: at, version } = saved;
  if (!list) {
    return <>{texts.versionOf(version, moment(at, zone))}</>;
  }
  const people = full(list.people);
  const when = moment(list.as_of, zone);
  if (!list.of) return <>{texts.listUploaded(people, when)}</>;
  return (
    <>
      {texts.listFrozen(people, when)} {texts.listOf}{" "}
      {names.has(list.of) ? (
        <Link to="/segments/$id" params={{ id: list.of }}>
          {names.get(list.of)}
        </Link>
      ) : (
        texts.gone
      )}
      .
    </>
  );
}

/** The rule as it stands: of the URL while it is not saved, else the saved one. */
function useRule(search: SegmentSearch, saved: Segment | undefined): Group {
  const told = JSON.stringify(search.rule ?? saved?.definition ?? (saved ? null : ANYBODY));
  return useMemo(() => readRule(JSON.parse(told)) ?? NOTHING, [told]);
}

function One({ saved, search, zone, onChange }: OneProps) {
  const navigate = useNavigate();
  const [act, setAct] = useState<Act>();
  const rule = useRule(search, saved);
  const isList = saved?.list != null;
  const complete = isComplete(rule);
  const changed = !isList && search.rule !== undefined && !sameRule(search.rule, saved?.definition);
  const opened = (id: string, replace: boolean) =>
    void navigate({ to: "/segments/$id", params: { id }, search: {}, replace });
  const definition = isList ? { segment: saved.id } : asked(rule);
  return (
    <Stack gap={16}>
      {saved && (
        <Text size="sm" className="quiet" maw="70ch">
          <About saved={saved} zone={zone} />
        </Text>
      )}
      {isList && !saved.list?.of && <Rejects id={saved.id} name={saved.name} />}
      <div className="segment" data-list={isList}>
        {!isList && (
          <div className="at-rule">
            <Panel>
              <Builder
                rule={rule}
                without={saved?.id}
                onChange={(next) => onChange({ rule: written(next) })}
              />
            </Panel>
          </div>
        )}
        <div className="at-count">
          <Count definition={definition} unfinished={!isList && !complete} zone={zone} />
        </div>
        <div className="at-save">
          <Panel>
            <Save
              saved={saved}
              rule={complete ? written(rule) : undefined}
              changed={saved ? changed : true}
              onSaved={({ id }) => opened(id, true)}
              onDiscard={() => onChange({ rule: undefined })}
              onAct={setAct}
            />
          </Panel>
        </div>
      </div>
      <People
        id={saved?.id}
        shown={search.people ?? false}
        changed={changed}
        zone={zone}
        onShow={(people) => onChange({ people: people || undefined })}
      />
      {saved && (
        <Acts
          act={act}
          saved={saved}
          rule={complete ? written(rule) : undefined}
          zone={zone}
          onClose={() => setAct(undefined)}
          onDone={(made) => (made ? opened(made.id, false) : void navigate({ to: "/segments" }))}
        />
      )}
    </Stack>
  );
}
type OneProps = {
  saved: Segment | undefined;
  search: SegmentSearch;
  zone: string;
  onChange: (more: SegmentSearch) => void;
};

export function NewSegment() {
  const { data } = useSuspenseQuery(account);
  const search = useSearch({ from: "/inside/segments/new" });
  const navigate = useNavigate({ from: "/segments/new" });
  return (
    <Stack gap={16} component="main">
      <Title order={1}>{texts.new}</Title>
      <One
        saved={undefined}
        search={search}
        zone={data.timezone}
        onChange={(more) => void navigate({ search: (old) => ({ ...old, ...more }) })}
      />
    </Stack>
  );
}

export function OneSegment() {
  const { data } = useSuspenseQuery(account);
  const { id } = useParams({ from: "/inside/segments/$id" });
  const search = useSearch({ from: "/inside/segments/$id" });
  const navigate = useNavigate({ from: "/segments/$id" });
  const found = useQuery(segment(id));
  return (
    <Stack gap={16} component="main">
      <div>
        <Text size="sm">
          <Link to="/segments">{texts.title}</Link>
        </Text>
        <Title order={1}>{found.data?.name ?? texts.segment}</Title>
      </div>
      <Answered query={{ ...found, isFetching: false }} height={HEIGHT}>
        {(saved) => (
          <One
            key={saved.id}
            saved={saved}
            search={search}
            zone={data.timezone}
            onChange={(more) => void navigate({ search: (old) => ({ ...old, ...more }) })}
          />
        )}
      </Answered>
    </Stack>
  );
}
