// What is done with a campaign that is out: each act says in numbers what will happen.
import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { IconCheck, IconPencil, IconPlayerPause, IconPlayerPlay, IconPlayerStop, IconTrash } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";

import { actOn, removeCampaign, type Saved, type Verb } from "../api/campaigns";
import { full } from "../ui/numbers";
import { Failed } from "../ui/panel";
import { leftOf } from "./progress";
import { texts } from "./texts";

type Act = Verb | "delete";

const ICONS: Record<Act, typeof IconCheck> = {
  approve: IconCheck,
  pause: IconPlayerPause,
  resume: IconPlayerPlay,
  stop: IconPlayerStop,
  delete: IconTrash,
};

/** What may be done in a state. */
export function actsOf({ state, published }: Saved): Act[] {
  switch (state) {
    case "draft":
      return published ? [] : ["delete"];
    case "waiting_for_approval":
      return ["approve", "stop"];
    case "scheduled":
    case "running":
      return ["pause", "stop"];
    case "paused":
      return ["resume", "stop"];
    default:
      return [];
  }
}

function whatDoes(act: Act, saved: Saved): string {
  const left = full(saved.runs.reduce((all, run) => all + (run.state === "running" || run.state === "paused" ? leftOf(run.tally) : 0), 0));
  switch (act) {
    case "approve":
      return texts.approveDoes(saved.name);
    case "pause":
      return texts.pauseDoes(left);
    case "resume":
      return texts.resumeDoes(left);
    case "stop":
      return texts.stopDoes(left);
    case "delete":
      return texts.deleteDoes(saved.name);
  }
}

function Ask({ act, saved, onClose }: { act: Act; saved: Saved; onClose: () => void }) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const done = useMutation({
    mutationFn: async () => (act === "delete" ? void (await removeCampaign(saved.id)) : actOn(saved.id, act)),
    onSuccess: async (now) => {
      onClose();
      if (now) queries.setQueryData(["campaign", saved.id], now);
      else await navigate({ to: "/campaigns" });
      await queries.invalidateQueries({ queryKey: ["campaigns"] });
    },
  });
  const hard = act === "stop" || act === "delete";
  return (
    <Stack gap={12}>
      <Text size="sm">{whatDoes(act, saved)}</Text>
      {done.error && <Failed error={done.error} />}
      <Group gap={8}>
        <Button data-autofocus color={hard ? "red" : undefined} loading={done.isPending} onClick={() => done.mutate()}>
          {texts[act]}
        </Button>
        <Button variant="default" onClick={onClose}>
          {texts.cancel}
        </Button>
      </Group>
    </Stack>
  );
}

export function Acts({ saved }: { saved: Saved }) {
  const [act, setAct] = useState<Act>();
  const close = () => setAct(undefined);
  return (
    <Group gap={8}>
      {actsOf(saved).map((one) => {
        const Icon = ICONS[one];
        return (
          <Button
            key={one}
            variant={one === "approve" || one === "resume" ? "filled" : "default"}
            leftSection={<Icon size={16} stroke={1.7} aria-hidden />}
            onClick={() => setAct(one)}
          >
            {texts[one]}
          </Button>
        );
      })}
      <Button
        variant={saved.state === "draft" ? "filled" : "default"}
        leftSection={<IconPencil size={16} stroke={1.7} aria-hidden />}
        renderRoot={(props) => <Link to="/campaigns/$id/edit" params={{ id: saved.id }} {...props} />}
      >
        {texts.edit}
      </Button>
      <Modal
        opened={act !== undefined}
        onClose={close}
        title={act && texts[act]}
        closeButtonProps={{ "aria-label": texts.cancel }}
      >
        {act && <Ask act={act} saved={saved} onClose={close} />}
      </Modal>
    </Group>
  );
}
