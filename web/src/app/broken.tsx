// What is shown when a page cannot be: it broke, or there is none.
import { Anchor, Center } from "@mantine/core";
import type { ErrorComponentProps } from "@tanstack/react-router";
import { Link } from "@tanstack/react-router";

import { Failed, Nothing } from "../ui/panel";
import { texts } from "./texts";

export function Broken({ error, reset }: ErrorComponentProps) {
  return (
    <Center p={24} mih="60vh">
      <Failed error={error} again={reset} />
    </Center>
  );
}

export function Missing() {
  return (
    <main>
      <Nothing
        title={texts.missing}
        next={
          <Anchor component={Link} to="/">
            {texts.toToday}
          </Anchor>
        }
      />
    </main>
  );
}
