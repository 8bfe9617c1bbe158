// Instead of a campaign that is not there.
import { Button, Stack } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { Refusal } from "../api/client";
import { Nothing, Panel } from "../ui/panel";
import { texts } from "./texts";

export function None({ query, children }: { query: { error: unknown }; children: ReactNode }) {
  const none = query.error instanceof Refusal && query.error.status === 404;
  if (!none) return <>{children}</>;
  return (
    <Panel>
      <Nothing
        title={texts.gone}
        next={
          <Stack gap={12} align="center">
            {texts.goneNext}
            <Button component={Link} to="/campaigns" variant="default">
              {texts.toList}
            </Button>
          </Stack>
        }
      />
    </Panel>
  );
}
