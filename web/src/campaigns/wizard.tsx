// A draft in steps: who, what, when, what for, and a last look. Its state is the draft, which this tab
// keeps until it is saved, and the step in the address.
import "./campaigns.css";

import { Button, Group, Stack, Text, TextInput, Title } from "@mantine/core";
import { IconCircleCheck, IconCircleDashed } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";

import { account } from "../api/account";
import { type Campaign, campaign, changeCampaign, makeCampaign, type Saved } from "../api/campaigns";
import { providers } from "../api/channels";
import { Stopped } from "../deliveries/stopped";
import { Count } from "../rules/count";
import { readRule } from "../rules/read";
import { asked, isComplete } from "../rules/rule";
import { Answered, Failed } from "../ui/panel";
import { forget, useKept } from "../ui/use-kept";
import { Forecast } from "./forecast";
import { Goal } from "./goal";
import { None } from "./none";
import { Review, ToPublish } from "./review";
import { knowsWho, lacks, startOf, tidy } from "./shape";
import { type Step, STEPS, type WizardSearch } from "./state";
import { texts } from "./texts";
import { What } from "./what";
import { When } from "./when";
import { Who } from "./who";

const HEIGHT = 640;
const placeOf = (id: string | undefined) => `candor campaign ${id ?? "new"}`;

function Steps({ draft, now }: { draft: Campaign; now: Step }) {
  return (
    <nav aria-label={texts.campaign}>
      <ol className="wizard-steps">
        {STEPS.map((step, index) => {
          const open = lacks(draft, step) !== undefined;
          const Icon = open ? IconCircleDashed : IconCircleCheck;
          return (
            <li key={step}>
              <Link
                to="."
                search={(old: object) => ({ ...old, step })}
                aria-current={step === now ? "step" : undefined}
              >
                {step !== "review" && (
                  <Icon size={16} stroke={1.7} aria-label={open ? texts.incomplete : texts.complete} />
                )}
                {texts.stepAt(index + 1, texts.steps[step])}
              </Link>
            </li>
          );
        })}
      </ol>
    </nav>
  );
}

function useSave(saved: Saved | undefined, onSaved: (now: Saved) => void) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (draft: Campaign) => (saved ? changeCampaign(saved.id, draft) : makeCampaign(draft)),
    onSuccess: (now) => {
      queries.setQueryData(["campaign", now.id], now);
      void queries.invalidateQueries({ queryKey: ["campaigns"] });
      onSaved(now);
    },
  });
}

/** Who answers to the rule as it stands, while it is being built. */
function People({ draft, zone }: { draft: Campaign; zone: string }) {
  const { audience } = draft;
  const rule = "segment" in audience ? undefined : readRule(audience);
  const definition = rule ? asked(rule) : knowsWho(draft) ? audience : undefined;
  return <Count definition={definition} unfinished={rule !== undefined && !isComplete(rule)} zone={zone} />;
}

function Foot({ step, draft, saved, changed, found, save, onGo, onDiscard }: FootProps) {
  const at = STEPS.indexOf(step);
  const [before, next] = [STEPS[at - 1], STEPS[at + 1]];
  const blocked = lacks(draft, "who");
  const open = lacks(draft, step);
  const go = (to: Step | undefined) => {
    if (!changed && saved) {
      if (to) onGo(to, undefined);
      return;
    }
    save.mutate(draft, { onSuccess: (now) => onGo(to ?? step, now) });
  };
  return (
    <div>
      {save.error && <Failed error={save.error} />}
      <Group gap={8} mt={save.error ? 12 : 0}>
        {before && (
          <Button variant="default" onClick={() => onGo(before, undefined)}>
            {texts.back}
          </Button>
        )}
        {!next && <ToPublish draft={draft} saved={saved} changed={changed} />}
        {next && (
          <Button loading={save.isPending} disabled={blocked !== undefined} onClick={() => go(next)}>
            {texts.goOn}
          </Button>
        )}
        {changed && (saved || !next) && (
          <Button variant="default" loading={save.isPending} disabled={blocked !== undefined} onClick={() => go(undefined)}>
            {texts.saveDraft}
          </Button>
        )}
        {changed && saved && (
          <Button variant="subtle" onClick={onDiscard}>
            {texts.discard}
          </Button>
        )}
        <Text size="xs" className="quiet" role="status">
          {blocked ?? open ?? (found && changed ? texts.kept : changed ? texts.notSaved : save.isSuccess && texts.savedDraft)}
        </Text>
      </Group>
    </div>
  );
}
type FootProps = {
  step: Step;
  draft: Campaign;
  saved: Saved | undefined;
  changed: boolean;
  found: boolean;
  save: ReturnType<typeof useSave>;
  /** Goes to a step, of what has just been saved where it was. */
  onGo: (step: Step, now: Saved | undefined) => void;
  onDiscard: () => void;
};

function Wizard({ saved, start, search, zone }: WizardProps) {
  const navigate = useNavigate();
  const step = search.step ?? "who";
  const kept = saved ? tidy(saved.draft) : start;
  const { draft, setDraft, changed, found } = useKept(placeOf(saved?.id), kept);
  const save = useSave(saved, (now) => setDraft(tidy(now.draft)));
  const put = (more: Partial<Campaign>) => {
    setDraft((old) => ({ ...old, ...more }));
    if (save.error || save.isSuccess) save.reset();
  };
  const look = (more: WizardSearch) =>
    void navigate({ to: ".", search: (old: object) => ({ ...old, ...more }), replace: true });
  const go = (to: Step, now: Saved | undefined) => {
    if (now && !saved) {
      forget(placeOf(undefined));
      void navigate({ to: "/campaigns/$id/edit", params: { id: now.id }, search: { ...search, step: to }, replace: true });
    } else if (to !== step) void navigate({ to: ".", search: (old: object) => ({ ...old, step: to }) });
  };
  const person = (id: string | undefined) => look({ person: id });
  return (
    <Stack gap={16}>
      <TextInput
        label={texts.name}
        placeholder={texts.nameHint}
        value={draft.name}
        maxLength={100}
        maw={480}
        onChange={(event) => put({ name: event.currentTarget.value })}
      />
      <Steps draft={draft} now={step} />
      {step === "who" && (
        <div className="wizard">
          <Who draft={draft} onChange={put} />
          <Stack gap={16} className="wizard-aside">
            <People draft={draft} zone={zone} />
            <Forecast saved={saved} changed={changed} />
          </Stack>
        </div>
      )}
      {step === "what" && <What draft={draft} search={search} onChange={put} onSearch={look} />}
      {(step === "when" || step === "goal") && (
        <div className="wizard">
          {step === "when" ? <When draft={draft} zone={zone} onChange={put} /> : <Goal draft={draft} onChange={put} />}
          <div className="wizard-aside">
            <Forecast saved={saved} changed={changed} />
          </div>
        </div>
      )}
      {step === "review" && (
        <Review draft={draft} saved={saved} changed={changed} zone={zone} person={search.person} onPerson={person} />
      )}
      <Foot
        step={step}
        draft={draft}
        saved={saved}
        changed={changed || !saved}
        found={found}
        save={save}
        onGo={go}
        onDiscard={() => setDraft(kept)}
      />
    </Stack>
  );
}
type WizardProps = { saved: Saved | undefined; start: Campaign; search: WizardSearch; zone: string };

export function NewCampaign() {
  const { data } = useSuspenseQuery(account);
  const search = useSearch({ from: "/inside/campaigns/new" });
  const known = useQuery(providers);
  return (
    <Stack gap={16} component="main">
      <Stopped />
      <div>
        <Text size="sm">
          <Link to="/campaigns">{texts.title}</Link>
        </Text>
        <Title order={1}>{texts.new}</Title>
      </div>
      <Answered query={{ ...known, isFetching: false }} height={HEIGHT}>
        {({ channels }) => (
          <Wizard saved={undefined} start={startOf(channels)} search={search} zone={data.timezone} />
        )}
      </Answered>
    </Stack>
  );
}

export function EditCampaign() {
  const { data } = useSuspenseQuery(account);
  const { id } = useParams({ from: "/inside/campaigns/$id/edit" });
  const search = useSearch({ from: "/inside/campaigns/$id/edit" });
  const found = useQuery({ ...campaign(id), refetchInterval: false });
  return (
    <Stack gap={16} component="main">
      <Stopped />
      <div>
        <Text size="sm">
          <Link to="/campaigns">{texts.title}</Link>
          {" › "}
          <Link to="/campaigns/$id" params={{ id }}>
            {found.data?.name ?? texts.campaign}
          </Link>
        </Text>
        <Title order={1}>{texts.edit}</Title>
      </div>
      <None query={found}>
        <Answered query={{ ...found, isFetching: false }} height={HEIGHT}>
          {(saved) => (
            <Wizard key={saved.id} saved={saved} start={saved.draft} search={search} zone={data.timezone} />
          )}
        </Answered>
      </None>
    </Stack>
  );
}
