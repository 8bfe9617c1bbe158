// The policy in words, its change as a document, and its versions.
import { Button, Group, Stack, Text, Textarea } from "@mantine/core";
import { useMutation, useQuery, useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { useState } from "react";

import { account } from "../api/account";
import { changePolicy, type Policy, policy, policyVersions } from "../api/gate";
import { moment } from "../ui/numbers";
import { Note } from "../ui/note";
import { Answered, Failed, Panel } from "../ui/panel";
import { texts } from "./texts";

function Rules({ policy: held }: { policy: Policy }) {
  return (
    <div className="wide" tabIndex={0} role="region" aria-label={texts.policy}>
      <table className="numbers">
        <thead>
          <tr>
            <th>{texts.purpose}</th>
            <th>{texts.basis}</th>
            <th>{texts.allows}</th>
          </tr>
        </thead>
        <tbody>
          {Object.entries(held.purposes).map(([purpose, rule]) => (
            <tr key={purpose}>
              <td>{purpose}</td>
              <td>{rule.basis === "consent" ? texts.consent : rule.basis.declared}</td>
              <td>{rule.classes.join(", ")}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function parsed(text: string): Policy | undefined {
  try {
    return JSON.parse(text) as Policy;
  } catch {
    return undefined;
  }
}

function Change({ held, done }: { held: Policy; done: () => void }) {
  const [text, setText] = useState(JSON.stringify(held, null, 2));
  const queries = useQueryClient();
  const next = parsed(text);
  const saved = useMutation({
    mutationFn: changePolicy,
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ["policy"] });
      done();
    },
  });
  return (
    <Stack gap={12} mt={16}>
      <Text size="sm" maw={720}>
        {texts.changeHint}
      </Text>
      <Textarea
        aria-label={texts.policy}
        autosize
        minRows={12}
        maxRows={30}
        spellCheck={false}
        value={text}
        error={next ? undefined : texts.notJson}
        onChange={(event) => setText(event.currentTarget.value)}
        styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)" } }}
      />
      {saved.error && <Failed error={saved.error} />}
      <Group gap={8}>
        <Button disabled={!next} loading={saved.isPending} onClick={() => next && saved.mutate(next)}>
          {texts.save}
        </Button>
        <Button variant="default" onClick={done}>
          {texts.cancel}
        </Button>
      </Group>
    </Stack>
  );
}

function Versions() {
  const { data } = useSuspenseQuery(account);
  const asked = useQuery(policyVersions);
  return (
    <Panel title={texts.versions}>
      <Answered query={asked} height={120}>
        {(versions) => (
          <div className="wide" tabIndex={0} role="region" aria-label={texts.versions}>
            <table className="numbers">
              <thead>
                <tr>
                  <th>{texts.version}</th>
                  <th>{texts.when}</th>
                  <th>{texts.who}</th>
                  <th>{texts.preset}</th>
                </tr>
              </thead>
              <tbody>
                {versions.map((one) => (
                  <tr key={one.version}>
                    <td>{one.version}</td>
                    <td>{moment(one.at, data.timezone)}</td>
                    <td>{one.actor}</td>
                    <td>{one.policy.preset}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </Answered>
    </Panel>
  );
}

export function PolicyPanel() {
  const asked = useQuery(policy);
  const [changing, setChanging] = useState(false);
  return (
    <Stack gap={16}>
      <Panel>
        <Answered query={asked} height={280}>
          {(held) => (
            <>
              {held.preset === "open" && <Note kind="mind">{texts.openPreset}</Note>}
              <Group justify="space-between" mb={12}>
                <Text>
                  {texts.preset}: <strong>{held.preset}</strong>
                </Text>
                {!changing && (
                  <Button size="xs" variant="default" onClick={() => setChanging(true)}>
                    {texts.change}
                  </Button>
                )}
              </Group>
              <Rules policy={held} />
              {changing && <Change held={held} done={() => setChanging(false)} />}
            </>
          )}
        </Answered>
      </Panel>
      <Versions />
    </Stack>
  );
}
