// The snippets that make SDKs send here, each with what else to mind.
import { Stack, Text } from "@mantine/core";
import { useSuspenseQuery } from "@tanstack/react-query";

import { account } from "../api/account";
import { Copy } from "../ui/copy";
import { Note } from "../ui/note";
import { Panel } from "../ui/panel";
import { SNIPPETS } from "./snippets";
import { texts } from "./texts";

export function Sdk() {
  const { data } = useSuspenseQuery(account);
  const { host, origin, protocol } = window.location;
  const place = { host, origin, accountId: data.account_id };
  return (
    <Stack gap={16}>
      <Text size="sm" maw="70ch">
        {texts.sdkHint}
      </Text>
      {protocol === "http:" && <Note kind="mind">{texts.plainHttp}</Note>}
      {SNIPPETS.map(({ id, code }) => (
        <Panel key={id} title={texts[id]} aside={<Copy text={code(place)} />}>
          <pre className="code" tabIndex={0} aria-label={texts[id]}>
            {code(place)}
          </pre>
          <Text size="sm" className="quiet" mt={12} maw="70ch">
            {texts.mind[id]}
          </Text>
        </Panel>
      ))}
    </Stack>
  );
}
