// Which messages of the archive are listed.
import { Button, Group, NativeSelect } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";

import { campaigns } from "../api/campaigns";
import type { MessageState, Visit } from "../api/messages";
import { PersonPicker } from "../content/person";
import { reasonInWords, REASONS, stateInWords, STATES } from "../deliveries/words";
import { type MessagesSearch, VISITS } from "./state";
import { texts } from "./texts";

/** Nothing is asked for in particular. */
const NONE = {
  person: undefined,
  campaign: undefined,
  run: undefined,
  state: undefined,
  reason: undefined,
  visit: undefined,
} satisfies Record<Exclude<keyof MessagesSearch, "message">, undefined>;

export const isFiltered = (search: MessagesSearch): boolean =>
  (Object.keys(NONE) as (keyof typeof NONE)[]).some((one) => search[one] !== undefined);

export function Filters({ search, onChange }: FiltersProps) {
  const { data } = useQuery(campaigns);
  const known = (data?.campaigns ?? []).map(({ id, name }) => ({ value: id, label: name }));
  const { campaign, run, state, reason, visit } = search;
  if (campaign && known.every(({ value }) => value !== campaign)) {
    known.push({ value: campaign, label: data ? texts.gone : "…" });
  }
  return (
    <Group gap={8} role="group" aria-label={texts.filters}>
      <NativeSelect
        size="xs"
        aria-label={texts.campaign}
        value={campaign ?? ""}
        data={[{ value: "", label: texts.anyCampaign }, ...known]}
        maw={240}
        onChange={(event) => onChange({ campaign: event.currentTarget.value || undefined, run: undefined })}
      />
      {run && (
        <Button
          size="xs"
          variant="default"
          rightSection={<IconX size={14} aria-hidden />}
          onClick={() => onChange({ run: undefined })}
        >
          {texts.oneRun}
        </Button>
      )}
      <NativeSelect
        size="xs"
        aria-label={texts.state}
        value={state ?? ""}
        data={[
          { value: "", label: texts.anyState },
          ...STATES.map((value) => ({ value, label: stateInWords(value) })),
        ]}
        onChange={(event) => onChange({ state: (event.currentTarget.value || undefined) as MessageState | undefined })}
      />
      <NativeSelect
        size="xs"
        aria-label={texts.reason}
        value={reason ?? ""}
        data={[
          { value: "", label: texts.anyReason },
          ...[...new Set([...REASONS, ...(reason ? [reason] : [])])].map((value) => ({
            value,
            label: reasonInWords(value),
          })),
        ]}
        onChange={(event) => onChange({ reason: event.currentTarget.value || undefined })}
      />
      <NativeSelect
        size="xs"
        aria-label={texts.visit}
        value={visit ?? ""}
        data={[
          { value: "", label: texts.anyVisit },
          ...VISITS.map((value) => ({ value, label: texts.visits[value] })),
        ]}
        onChange={(event) => onChange({ visit: (event.currentTarget.value || undefined) as Visit | undefined })}
      />
      <PersonPicker id={search.person} words={texts.person} onChange={(person) => onChange({ person })} />
      {isFiltered(search) && (
        <Button
          size="xs"
          variant="subtle"
          onClick={() => onChange(NONE)}
        >
          {texts.clear}
        </Button>
      )}
    </Group>
  );
}
type FiltersProps = { search: MessagesSearch; onChange: (more: MessagesSearch) => void };
