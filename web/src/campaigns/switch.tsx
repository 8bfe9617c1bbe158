// What holds for all campaigns: the switch that stops everything, and from which size on a second
// person approves. Who may not turn it is told so when they try.
import { Button, Group, Menu, Modal, NumberInput, Stack, Text } from "@mantine/core";
import { IconDots, IconPlayerPlay, IconPlayerStop } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { changeEngagement, type Engagement, engagement } from "../api/engagement";
import { Failed, Loading } from "../ui/panel";
import { texts } from "./texts";

function useChange(onDone: () => void) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: changeEngagement,
    onSuccess: async (now) => {
      queries.setQueryData(["engagement"], now);
      onDone();
      await queries.invalidateQueries({ queryKey: ["campaigns"] });
    },
  });
}

const isOff = ({ stopped }: Engagement): boolean =>
  stopped?.all === true || (stopped?.channels ?? []).length > 0;

function Turn({ held, onDone }: { held: Engagement; onDone: () => void }) {
  const change = useChange(onDone);
  const off = isOff(held);
  return (
    <Stack gap={12}>
      <Text size="sm">{off ? texts.startDoes : texts.stopAllDoes}</Text>
      {change.error && <Failed error={change.error} />}
      <Group gap={8}>
        <Button
          color={off ? undefined : "red"}
          loading={change.isPending}
          onClick={() => change.mutate({ ...held, stopped: { all: !off, channels: [] } })}
        >
          {off ? texts.startAgain : texts.stopAll}
        </Button>
        <Button variant="default" onClick={onDone}>
          {texts.cancel}
        </Button>
      </Group>
    </Stack>
  );
}

function Rules({ held, onDone }: { held: Engagement; onDone: () => void }) {
  const [above, setAbove] = useState<number | string>(held.approval_above ?? "");
  const change = useChange(onDone);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        change.mutate({ ...held, approval_above: typeof above === "number" ? above : null });
      }}
    >
      <Stack gap={12}>
        <NumberInput
          data-autofocus
          label={texts.approvalAbove}
          description={texts.approvalHint}
          inputWrapperOrder={["label", "input", "description", "error"]}
          value={above}
          min={0}
          allowDecimal={false}
          thousandSeparator=","
          onChange={setAbove}
        />
        {change.error && <Failed error={change.error} />}
        <Group gap={8}>
          <Button type="submit" loading={change.isPending}>
            {texts.save}
          </Button>
          <Button variant="default" onClick={onDone}>
            {texts.cancel}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

export function Switch() {
  const { data } = useQuery(engagement);
  const [opened, setOpened] = useState<"turn" | "rules">();
  const close = () => setOpened(undefined);
  const off = data !== undefined && isOff(data);
  const Icon = off ? IconPlayerPlay : IconPlayerStop;
  return (
    <>
      <Button
        variant="default"
        disabled={!data}
        leftSection={<Icon size={16} stroke={1.7} aria-hidden />}
        onClick={() => setOpened("turn")}
      >
        {off ? texts.startAgain : texts.stopAll}
      </Button>
      <Menu position="bottom-end" withinPortal>
        <Menu.Target>
          <Button variant="default" px={10} aria-label={texts.rules} disabled={!data}>
            <IconDots size={16} aria-hidden />
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => setOpened("rules")}>{texts.rules}</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Modal
        opened={opened !== undefined}
        onClose={close}
        title={opened === "rules" ? texts.rules : off ? texts.startAgain : texts.stopAll}
        closeButtonProps={{ "aria-label": texts.cancel }}
      >
        {!data ? <Loading height={96} /> : opened === "rules" ? <Rules held={data} onDone={close} /> : opened && <Turn held={data} onDone={close} />}
      </Modal>
    </>
  );
}
