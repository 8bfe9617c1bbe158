// Publishing says in numbers what will happen; above a size their number is typed.
import { Button, Checkbox, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";

import { type Forecast, publishCampaign, type Saved } from "../api/campaigns";
import { Refusal } from "../api/client";
import { engagement } from "../api/engagement";
import { offInWords } from "../deliveries/stopped";
import { Note } from "../ui/note";
import { full } from "../ui/numbers";
import { Failed } from "../ui/panel";
import { Lacking, lossesOf } from "./forecast";
import { TYPED_ABOVE } from "./shape";
import { texts } from "./texts";

/** The number of people as it is shown, however it is typed. */
const digits = (text: string) => text.replace(/\D/g, "");

function What({ of, waits }: { of: Forecast; waits: string | undefined }) {
  const held = useQuery(engagement).data;
  const losses = lossesOf(of);
  return (
    <>
      <Text size="sm">
        <strong>{of.reachable === 0 ? texts.nobodyGets : texts.publishWill(full(of.people), full(of.reachable))}</strong>
      </Text>
      {losses.length > 0 && (
        <ul className="lacking">
          {losses.map(({ why, people }) => (
            <li key={why}>{texts.droppedOf(full(people), why)}</li>
          ))}
        </ul>
      )}
      <Lacking of={of} />
      {waits && <Note kind="lock">{waits}</Note>}
      {held && offInWords(held) && <Note kind="mind">{texts.stopped}</Note>}
      <Text size="sm" className="quiet">
        {texts.publishFixed}
      </Text>
    </>
  );
}

function Form({ saved, of, onClose }: { saved: Saved; of: Forecast; onClose: () => void }) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [typed, setTyped] = useState("");
  const [anyway, setAnyway] = useState(false);
  const above = useQuery(engagement).data?.approval_above;
  const waits = typeof above === "number" && of.people > above ? texts.publishWaits(full(above)) : undefined;
  const published = useMutation({
    mutationFn: () => publishCampaign(saved.id, anyway),
    onSuccess: async (now) => {
      queries.setQueryData(["campaign", saved.id], now);
      await navigate({ to: "/campaigns/$id", params: { id: saved.id } });
      await queries.invalidateQueries({ queryKey: ["campaigns"] });
    },
  });
  const lacking = published.error instanceof Refusal && published.error.code === "needs_confirmation";
  const wants = of.people > TYPED_ABOVE;
  const ready = (!wants || digits(typed) === String(of.people)) && (!lacking || anyway);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (ready) published.mutate();
      }}
    >
      <Stack gap={12}>
        <What of={of} waits={waits} />
        {wants && (
          <TextInput
            data-autofocus
            label={texts.typePeople(full(of.people))}
            value={typed}
            inputMode="numeric"
            autoComplete="off"
            onChange={(event) => setTyped(event.currentTarget.value)}
          />
        )}
        {published.error && <Failed error={published.error} />}
        {lacking && (
          <Checkbox
            label={texts.publishAllTheSame}
            checked={anyway}
            onChange={(event) => setAnyway(event.currentTarget.checked)}
          />
        )}
        <Group gap={8}>
          <Button type="submit" loading={published.isPending} disabled={!ready}>
            {(saved.draft.schedule ?? "now") === "now" ? texts.publishNow : texts.publishLater}
          </Button>
          <Button variant="default" onClick={onClose}>
            {texts.cancel}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

export function Publish({ saved, of, opened, onClose }: PublishProps) {
  return (
    <Modal
      opened={opened && of !== undefined}
      onClose={onClose}
      title={`${texts.publish}: ${saved.name}`}
      closeButtonProps={{ "aria-label": texts.cancel }}
    >
      {of && <Form saved={saved} of={of} onClose={onClose} />}
    </Modal>
  );
}
type PublishProps = { saved: Saved; of: Forecast | undefined; opened: boolean; onClose: () => void };
