// One campaign: where it stands, how far its run is, what came of it, and what it is.
import "./campaigns.css";

import { Group, Stack, Text, Title } from "@mantine/core";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { Link, useParams, useSearch } from "@tanstack/react-router";

import { account } from "../api/account";
import { campaign, type Run, type Saved } from "../api/campaigns";
import { CampaignBadge } from "../deliveries/badge";
import { Stopped } from "../deliveries/stopped";
import { Note } from "../ui/note";
import { full, moment } from "../ui/numbers";
import { Answered, Panel } from "../ui/panel";
import { Acts } from "./acts";
import { None } from "./none";
import { Progress } from "./progress";
import { Report } from "./report";
import { Summary } from "./summary";
import { texts } from "./texts";

const HEIGHT = 560;

/** Why nothing goes out, or what goes out next. */
function Standing({ saved, zone }: { saved: Saved; zone: string }) {
  const { state, next_at: next, published, runs } = saved;
  const by = published?.by ?? "";
  return (
    <>
      {state === "draft" && <Note kind="info" title={texts.draftTitle}>{texts.draftNext}</Note>}
      {state === "waiting_for_approval" && (
        <Note kind="mind" title={texts.waitsTitle}>
          {texts.waitsNext(by)}
        </Note>
      )}
      {state === "missed" && <Note kind="bad" title={texts.missedTitle}>{texts.missedNext}</Note>}
      {next && runs.length === 0 && (
        <Note kind="info" title={texts.notFired}>
          {texts.notFiredNext(moment(next, zone))}
        </Note>
      )}
      {next && runs.length > 0 && <Text size="sm">{texts.nextAt(moment(next, zone))}</Text>}
      {published && published.version !== saved.version && (
        <Note kind="mind">{texts.newerDraft(published.version)}</Note>
      )}
    </>
  );
}

function Runs({ id, runs, shown, zone }: { id: string; runs: Run[]; shown: string; zone: string }) {
  return (
    <Panel title={texts.runs}>
      <div className="wide" tabIndex={0} role="region" aria-label={texts.runs}>
        <table className="numbers tight">
          <thead>
            <tr>
              <th>{texts.due}</th>
              <th>{texts.state}</th>
              <th className="number">{texts.people}</th>
              <th className="number">{texts.progress}</th>
            </tr>
          </thead>
          <tbody>
            {runs.map(({ run, due, state, people, tally }) => (
              <tr key={run} aria-current={run === shown ? "true" : undefined}>
                <th scope="row" className="sticky">
                  <Link to="/campaigns/$id" params={{ id }} search={{ run }}>
                    {moment(due, zone)}
                  </Link>
                </th>
                <td>
                  <CampaignBadge state={state} />
                </td>
                <td className="number">{full(people)}</td>
                <td className="number">{full(tally.accepted + tally.delivered)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}

function One({ saved, wanted, zone }: { saved: Saved; wanted: string | undefined; zone: string }) {
  const { runs, published } = saved;
  const run = runs.find((one) => one.run === wanted) ?? runs[0];
  return (
    <Stack gap={16}>
      <Standing saved={saved} zone={zone} />
      {run && (
        <>
          <Progress campaign={saved.id} run={run} zone={zone} />
          {run.as_of && <Report key={run.run} campaign={saved.id} run={run} />}
        </>
      )}
      {run && runs.length > 1 && <Runs id={saved.id} runs={runs} shown={run.run} zone={zone} />}
      <Panel title={texts.published}>
        {published && (
          <Text size="sm" className="quiet">
            {texts.publishedBy(published.version, published.by, moment(published.at, zone))}
            {published.approved_by && `, ${texts.approvedBy(published.approved_by)}`}
          </Text>
        )}
        <Summary draft={saved.draft} zone={zone} />
      </Panel>
    </Stack>
  );
}

export function OneCampaign() {
  const { data } = useSuspenseQuery(account);
  const { id } = useParams({ from: "/inside/campaigns/$id" });
  const { run } = useSearch({ from: "/inside/campaigns/$id" });
  const found = useQuery(campaign(id));
  return (
    <Stack gap={16} component="main">
      <Stopped />
      <Group justify="space-between" align="end" gap={12}>
        <div>
          <Text size="sm">
            <Link to="/campaigns">{texts.title}</Link>
          </Text>
          <Title order={1} className="campaign-name">
            {found.data?.name ?? texts.campaign}
          </Title>
          {found.data && (
            <Text size="sm" component="div" role="status">
              <CampaignBadge state={found.data.state} />
            </Text>
          )}
        </div>
        {found.data && <Acts saved={found.data} />}
      </Group>
      <None query={found}>
        <Answered query={{ ...found, isFetching: false }} height={HEIGHT}>
          {(saved) => <One saved={saved} wanted={run} zone={data.timezone} />}
        </Answered>
      </None>
    </Stack>
  );
}
