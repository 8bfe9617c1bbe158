import { Alert, Button, CopyButton, Stack, Text } from "@mantine/core";
import { useSuspenseQuery } from "@tanstack/react-query";

import { account } from "../api/account";
import { Panel } from "../ui/panel";
import { SNIPPETS } from "./snippets";
import { texts } from "./texts";

function Copy({ code }: { code: string }) {
  return (
    <CopyButton value={code}>
      {({ copied, copy }) => (
        <Button size="xs" variant="default" onClick={copy}>
          {copied ? texts.copied : texts.copy}
        </Button>
      )}
    </CopyButton>
  );
}

export function Sdk() {
  const { data } = useSuspenseQuery(account);
  const { host, origin, protocol } = window.location;
  const place = { host, origin, accountId: data.account_id };
  return (
    <Stack gap={16}>
      <Text size="sm" maw={720}>
        {texts.sdkHint} {texts.tokenHint}
      </Text>
      {protocol === "http:" && <Alert color="yellow">{texts.plainHttp}</Alert>}
      {SNIPPETS.map(({ id, code }) => (
        <Panel key={id} title={texts[id]} aside={<Copy code={code(place)} />}>
          <pre className="code" tabIndex={0} aria-label={texts[id]}>
            {code(place)}
          </pre>
        </Panel>
      ))}
    </Stack>
  );
}
