// One template: where it is written, how it looks for somebody, and the versions so far.
import { Button, Group, Modal, Stack, Text, TextInput, Title } from "@mantine/core";
import { IconCheck, IconTrash } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useState } from "react";

import { account } from "../api/account";
import { Refusal } from "../api/client";
import {
  changeTemplate,
  type Content,
  makeTemplate,
  removeTemplate,
  template,
  type Template,
} from "../api/templates";
import { Preview } from "../content/preview";
import { mistakeOf, startOf } from "../content/shape";
import { usePreview } from "../content/use-preview";
import { Write } from "../content/write";
import { Stopped } from "../deliveries/stopped";
import { Note } from "../ui/note";
import { moment } from "../ui/numbers";
import { Answered, Failed, Nothing, Panel } from "../ui/panel";
import { forget, useKept } from "../ui/use-kept";
import type { TemplateSearch } from "./state";
import { texts } from "./texts";
import { Versions } from "./versions";

const HEIGHT = 640;
/** Templates are looked at for what mails are for; a campaign may say something else. */
const PURPOSE = "marketing:email";
const placeOf = (id: string | undefined) => `candor template ${id ?? "new"}`;

type Draft = { name: string; content: Content };

function useSave(saved: Template | undefined, onSaved: (now: Template) => void) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ name, content, over }: Draft & { over?: boolean }) =>
      saved
        ? changeTemplate(saved.id, name, content, over ? undefined : saved.version)
        : makeTemplate(name, content),
    onSuccess: (now) => {
      queries.setQueryData(["template", now.id], now);
      void queries.invalidateQueries({ queryKey: ["templates"] });
      void queries.invalidateQueries({ queryKey: ["template", now.id, "versions"] });
      onSaved(now);
    },
  });
}

function Conflict({ onLoad, onOver }: { onLoad: () => void; onOver: () => void }) {
  return (
    <Note kind="mind" title={texts.conflict} role="alert">
      {texts.conflictDoes}
      <Group gap={8} mt={8}>
        <Button size="xs" variant="default" onClick={onLoad}>
          {texts.loadTheirs}
        </Button>
        <Button size="xs" variant="default" onClick={onOver}>
          {texts.layOver}
        </Button>
      </Group>
    </Note>
  );
}

function Delete({ saved, opened, onClose }: { saved: Template; opened: boolean; onClose: () => void }) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const gone = useMutation({
    mutationFn: () => removeTemplate(saved.id),
    onSuccess: async () => {
      forget(placeOf(saved.id));
      await navigate({ to: "/templates" });
      await queries.invalidateQueries({ queryKey: ["templates"] });
    },
  });
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={texts.delete}
      closeButtonProps={{ "aria-label": texts.cancel }}
    >
      <Stack gap={12}>
        <Text size="sm">{texts.deleteDoes(saved.name)}</Text>
        {gone.error && <Failed error={gone.error} />}
        <Group gap={8}>
          <Button color="red" loading={gone.isPending} onClick={() => gone.mutate()}>
            {texts.delete}
          </Button>
          <Button variant="default" onClick={onClose}>
            {texts.cancel}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

function Name({ saved, draft, changed, found, save, onName, onDiscard, onDelete }: NameProps) {
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate({ ...draft, name: draft.name.trim() });
      }}
    >
      <Group align="end" gap={8}>
        <TextInput
          label={texts.name}
          placeholder={texts.nameHint}
          value={draft.name}
          required
          withAsterisk={false}
          maxLength={100}
          flex="1 1 240px"
          maw={400}
          onChange={(event) => onName(event.currentTarget.value)}
        />
        <Button type="submit" loading={save.isPending} disabled={saved && !changed}>
          {saved ? texts.save : texts.saveFirst}
        </Button>
        {saved && (
          <Button
            variant="default"
            leftSection={<IconTrash size={16} stroke={1.7} aria-hidden />}
            onClick={onDelete}
          >
            {texts.delete}
          </Button>
        )}
      </Group>
      {changed && (saved || found) && (
        <Group gap={8} mt={8}>
          <Text size="xs" className="quiet">
            {found && !save.isSuccess ? texts.kept : texts.notSaved}
          </Text>
          <Button size="compact-xs" variant="default" onClick={onDiscard}>
            {texts.discard}
          </Button>
        </Group>
      )}
      {saved && save.isSuccess && !changed && (
        <Text size="sm" className="done" role="status" mt={8}>
          <IconCheck size={16} aria-hidden /> {texts.saved(saved.version)}
        </Text>
      )}
    </form>
  );
}
type NameProps = {
  saved: Template | undefined;
  draft: Draft;
  changed: boolean;
  /** It came back when the page was loaded again. */
  found: boolean;
  save: ReturnType<typeof useSave>;
  onName: (name: string) => void;
  onDiscard: () => void;
  onDelete: () => void;
};

/** Once it has an id, its page is at another address. */
function useGoOn(saved: Template | undefined) {
  const navigate = useNavigate();
  return (now: Template) => {
    if (saved) return;
    forget(placeOf(undefined));
    void navigate({
      to: "/templates/$id",
      params: { id: now.id },
      search: (old) => ({ ...old, channel: undefined }),
      replace: true,
    });
  };
}

function One({ saved, search, zone, onChange }: OneProps) {
  const queries = useQueryClient();
  const [leaving, setLeaving] = useState(false);
  const [start] = useState<Draft>(() => ({ name: "", content: startOf(search.channel ?? "email") }));
  const kept = saved ? { name: saved.name, content: saved.content } : start;
  const { draft, setDraft, changed, found } = useKept(placeOf(saved?.id), kept);
  const goOn = useGoOn(saved);
  const save = useSave(saved, (now) => {
    setDraft({ name: now.name, content: now.content });
    goOn(now);
  });
  const { content } = draft;
  const language = "email" in content ? (search.language ?? content.email.default_language) : undefined;
  const preview = usePreview({
    content,
    ...(search.person ? { person: search.person } : {}),
    ...(language ? { language } : { purpose: PURPOSE }),
  });
  const conflict = save.error instanceof Refusal && save.error.code === "changed_meanwhile";
  const loadTheirs = async () => {
    save.reset();
    const theirs = saved && (await queries.fetchQuery({ ...template(saved.id), staleTime: 0 }));
    if (theirs) setDraft({ name: theirs.name, content: theirs.content });
  };
  const put = (next: Draft) => {
    setDraft(next);
    if (save.error && !conflict) save.reset();
  };
  return (
    <Stack gap={16}>
      <Panel>
        <Name
          saved={saved}
          draft={draft}
          changed={changed}
          found={found}
          save={save}
          onName={(name) => put({ ...draft, name })}
          onDiscard={() => setDraft(kept)}
          onDelete={() => setLeaving(true)}
        />
      </Panel>
      {conflict && <Conflict onLoad={() => void loadTheirs()} onOver={() => save.mutate({ ...draft, over: true })} />}
      {save.error && !conflict && <Failed error={save.error} />}
      <div className="written">
        <Panel>
          <Write
            content={content}
            language={language}
            mistake={mistakeOf(save.error) ?? mistakeOf(preview.error)}
            purpose={PURPOSE}
            onChange={(next) => put({ ...draft, content: next })}
            onLanguage={(next) => onChange({ language: next })}
          />
        </Panel>
        <Preview query={preview} mail={language !== undefined} person={search.person} onPerson={(person) => onChange({ person })} />
      </div>
      {saved && (
        <>
          <Versions of={saved} zone={zone} onBring={(was) => setDraft({ name: was.name, content: was.content })} />
          <Delete saved={saved} opened={leaving} onClose={() => setLeaving(false)} />
        </>
      )}
    </Stack>
  );
}
type OneProps = {
  saved: Template | undefined;
  search: TemplateSearch;
  zone: string;
  onChange: (more: TemplateSearch) => void;
};

export function NewTemplate() {
  const { data } = useSuspenseQuery(account);
  const search = useSearch({ from: "/inside/templates/new" });
  const navigate = useNavigate({ from: "/templates/new" });
  return (
    <Stack gap={16} component="main">
      <Stopped />
      <div>
        <Text size="sm">
          <Link to="/templates">{texts.title}</Link>
        </Text>
        <Title order={1}>{search.channel === "webhook" ? texts.newWebhook : texts.newMail}</Title>
      </div>
      <One
        key={search.channel ?? "email"}
        saved={undefined}
        search={search}
        zone={data.timezone}
        onChange={(more) => void navigate({ search: (old) => ({ ...old, ...more }), replace: true })}
      />
    </Stack>
  );
}

export function OneTemplate() {
  const { data } = useSuspenseQuery(account);
  const { id } = useParams({ from: "/inside/templates/$id" });
  const search = useSearch({ from: "/inside/templates/$id" });
  const navigate = useNavigate({ from: "/templates/$id" });
  const found = useQuery(template(id));
  const none = found.error instanceof Refusal && found.error.status === 404;
  return (
    <Stack gap={16} component="main">
      <Stopped />
      <div>
        <Text size="sm">
          <Link to="/templates">{texts.title}</Link>
        </Text>
        <Title order={1}>{found.data?.name ?? texts.template}</Title>
        {found.data && (
          <Text size="sm" className="quiet">
            {texts.versionOf(found.data.version, moment(found.data.changed_at, data.timezone))}
          </Text>
        )}
      </div>
      {none ? (
        <Panel>
          <Nothing
            title={texts.gone}
            next={
              <Stack gap={12} align="center">
                {texts.goneNext}
                <Button component={Link} to="/templates" variant="default">
                  {texts.toList}
                </Button>
              </Stack>
            }
          />
        </Panel>
      ) : (
        <Answered query={{ ...found, isFetching: false }} height={HEIGHT}>
          {(saved) => (
            <One
              key={saved.id}
              saved={saved}
              search={search}
              zone={data.timezone}
              onChange={(more) => void navigate({ search: (old) => ({ ...old, ...more }), replace: true })}
            />
          )}
        </Answered>
      )}
    </Stack>
  );
}
