// What is shown when a page cannot be: it broke, or there is none.
import { Anchor, Center } from "@mantine/core";
import type { ErrorComponentProps } from "@tanstack/react-router";
import { Link } from "@tanstack/react-router";

import { Failed, Nothing } from "../ui/panel";

export function Broken({ error, reset }: ErrorComponentProps) {
  return (
    <Center p={24} mih="60vh">
      <Failed error={error} again={reset} />
    </Center>
  );
}

export function Missing() {
  return (
    <Nothing
      title="There is no page at this address"
      next={
        <Anchor component={Link} to="/">
          Go to Today
        </Anchor>
      }
    />
  );
}
