// API tokens: made with some scopes, shown once, taken back.
import { Button, Checkbox, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { useState } from "react";

import { account } from "../api/account";
import { Refusal } from "../api/client";
import { makeToken, takeBack, type Token, tokens, type TokenScope } from "../api/tokens";
import { Copy } from "../ui/copy";
import { Note } from "../ui/note";
import { moment } from "../ui/numbers";
import { Answered, Failed, Nothing, Panel } from "../ui/panel";
import { texts } from "./texts";

const SCOPES: { value: TokenScope; means: string }[] = [
  { value: "ingest", means: "send events and profiles" },
  { value: "read", means: "ask questions, without seeing who somebody is" },
  { value: "people", means: "see single people in clear; every look is written down" },
  { value: "engage", means: "write to people" },
  { value: "consent", means: "record what people allow" },
  { value: "admin", means: "change the policy, classes and tokens" },
];

function Make() {
  const [name, setName] = useState("");
  const [scopes, setScopes] = useState<TokenScope[]>(["ingest"]);
  const queries = useQueryClient();
  const made = useMutation({
    mutationFn: () => makeToken(name, scopes),
    onSuccess: async () => {
      setName("");
      await queries.invalidateQueries({ queryKey: ["tokens"] });
    },
  });
  return (
    <Panel title={texts.makeToken}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          made.mutate();
        }}
      >
        <Stack gap={12}>
          <TextInput
            label={texts.tokenName}
            placeholder={texts.tokenNameHint}
            value={name}
            required
            withAsterisk={false}
            maxLength={100}
            maw={360}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <Checkbox.Group
            label={texts.scopes}
            value={scopes}
            onChange={(chosen) => setScopes(chosen as TokenScope[])}
          >
            <Stack gap={8} mt={8}>
              {SCOPES.map(({ value, means }) => (
                <Checkbox key={value} value={value} label={`${value}: ${means}`} />
              ))}
            </Stack>
          </Checkbox.Group>
          {made.error && <Failed error={made.error} />}
          <Group>
            <Button type="submit" loading={made.isPending} disabled={scopes.length === 0}>
              {texts.makeToken}
            </Button>
          </Group>
          {made.data && (
            <Note kind="good" title={texts.shownOnce} role="status">
              <Group gap={12}>
                <code>{made.data.token}</code>
                <Copy text={made.data.token} />
              </Group>
            </Note>
          )}
        </Stack>
      </form>
    </Panel>
  );
}

function TakeBack({ token, close }: { token: Token; close: () => void }) {
  const queries = useQueryClient();
  const gone = useMutation({
    mutationFn: () => takeBack(token.id),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ["tokens"] });
      close();
    },
  });
  return (
    <Stack gap={12}>
      <Text size="sm">{texts.takeBackWill(token.name)}</Text>
      {gone.error && <Failed error={gone.error} />}
      <Group gap={8}>
        <Button color="red" loading={gone.isPending} onClick={() => gone.mutate()}>
          {texts.takeBack}
        </Button>
        <Button variant="default" onClick={close}>
          {texts.cancel}
        </Button>
      </Group>
    </Stack>
  );
}

function List({ all, onTakeBack }: { all: Token[]; onTakeBack: (token: Token) => void }) {
  const { data } = useSuspenseQuery(account);
  if (all.length === 0) return <Nothing title={texts.noTokens} />;
  return (
    <div className="wide" tabIndex={0} role="region" aria-label={texts.tokens}>
      <table className="numbers tight">
        <thead>
          <tr>
            <th>{texts.tokenName}</th>
            <th>{texts.scopes}</th>
            <th className="roomy">{texts.made}</th>
            <th aria-label={texts.takeBack} />
          </tr>
        </thead>
        <tbody>
          {all.map((token) => (
            <tr key={token.id}>
              <td>{token.name}</td>
              <td className="scopes">{token.scopes.join(", ")}</td>
              <td className="roomy">{moment(token.created_at, data.timezone)}</td>
              <td className="number">
                <Button size="xs" variant="default" onClick={() => onTakeBack(token)}>
                  {texts.takeBack}
                </Button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export function Tokens() {
  const asked = useQuery(tokens);
  const [leaving, setLeaving] = useState<Token>();
  const refused = asked.error instanceof Refusal && asked.error.forbidden;
  return (
    <Stack gap={16}>
      <Panel title={texts.tokens}>
        <Answered query={asked} height={160}>
          {({ tokens: all }) => <List all={all} onTakeBack={setLeaving} />}
        </Answered>
      </Panel>
      {!refused && <Make />}
      <Modal
        opened={leaving !== undefined}
        onClose={() => setLeaving(undefined)}
        title={texts.takeBack}
        closeButtonProps={{ "aria-label": texts.cancel }}
      >
        {leaving && <TakeBack token={leaving} close={() => setLeaving(undefined)} />}
      </Modal>
    </Stack>
  );
}
