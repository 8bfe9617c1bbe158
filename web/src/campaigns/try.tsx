// A test send: somebody's message as it would be, to an address of one's own.
import { Button, Group, Input, Stack, Text, TextInput } from "@mantine/core";
import { useMutation, useSuspenseQuery } from "@tanstack/react-query";
import { useState } from "react";

import { account } from "../api/account";
import { type Saved, tryCampaign } from "../api/campaigns";
import { PersonPicker } from "../content/person";
import { reasonInWords } from "../deliveries/words";
import { Note } from "../ui/note";
import { Failed, Panel } from "../ui/panel";
import { texts } from "./texts";

type Answer = Awaited<ReturnType<typeof tryCampaign>>;

function Said({ answer }: { answer: Answer }) {
  const { dropped, answer: said, code } = answer;
  if (dropped) {
    const why = reasonInWords(dropped.reason);
    return (
      <Note kind="mind" role="status">
        {texts.triedDropped(dropped.path ? `${why} (${dropped.path})` : why)}
      </Note>
    );
  }
  return (
    <Note kind={said === "accepted" ? "good" : "bad"} role="status">
      {texts.tried[said ?? ""] ?? said} {code && <code>{code}</code>}
    </Note>
  );
}

export function TryIt({ saved, person, onPerson }: TryItProps) {
  const { data: publisher } = useSuspenseQuery(account);
  const mail = saved.draft.channel === "email";
  // Who is logged in most likely wants it.
  const [to, setTo] = useState(publisher.caller.includes("@") ? publisher.caller : "");
  const sent = useMutation({
    mutationFn: (whose: string) => tryCampaign(saved.id, whose, mail ? to.trim() : undefined),
  });
  return (
    <Panel title={texts.tryIt}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (person) sent.mutate(person);
        }}
      >
        <Stack gap={12}>
          <Text size="sm" className="quiet" maw="70ch">
            {mail ? texts.tryDoes : texts.tryDoesHook}
          </Text>
          <Group align="end" gap={8}>
            <div>
              <Input.Label component="div" display="block">
                {texts.tryFor}
              </Input.Label>
              <PersonPicker
                id={person}
                size="sm"
                words={(called) => called ?? texts.tryChoose}
                onChange={onPerson}
              />
            </div>
            {mail && (
              <TextInput
                type="email"
                label={texts.tryTo}
                value={to}
                required
                withAsterisk={false}
                maxLength={254}
                flex="1 1 200px"
                maw={320}
                onChange={(event) => setTo(event.currentTarget.value)}
              />
            )}
            <Button type="submit" variant="default" loading={sent.isPending} disabled={!person}>
              {texts.send}
            </Button>
          </Group>
          {!person && (
            <Text size="xs" className="quiet">
              {texts.choosePerson}
            </Text>
          )}
          {sent.error && <Failed error={sent.error} />}
          {sent.data && <Said answer={sent.data} />}
        </Stack>
      </form>
    </Panel>
  );
}
type TryItProps = {
  saved: Saved;
  person: string | undefined;
  onPerson: (id: string | undefined) => void;
};
