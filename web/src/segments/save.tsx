// The name of a segment and the button that saves it, with what else can be done beside.
import { Button, Group, Text, TextInput } from "@mantine/core";
import { IconCheck, IconCopy, IconSnowflake, IconTrash } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";

import { changeSegment, type Definition, makeSegment, type Segment } from "../api/segments";
import { useFollowed } from "../filters/use-followed";
import { Failed } from "../ui/panel";
import type { Act } from "./acts";
import { texts } from "./texts";

/** Saves under a new id, or what has one. */
function useSave(saved: Segment | undefined, onSaved: (segment: Segment) => void) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ name, rule }: { name: string; rule: Definition | undefined }) => {
      if (saved) return changeSegment(saved.id, name, rule);
      if (!rule) throw new Error("a new segment has a rule");
      return makeSegment(name, rule);
    },
    onSuccess: (segment) => {
      queries.setQueryData(["segment", segment.id], segment);
      for (const of of ["segments", "segment count", "segment people"]) {
        void queries.invalidateQueries({ queryKey: [of] });
      }
      onSaved(segment);
    },
  });
}

function Others({ isList, changed, complete, onAct }: OthersProps) {
  const button = (act: Act, Icon: typeof IconTrash, disabled: boolean, hint?: string) => (
    <Button
      variant="default"
      disabled={disabled}
      title={hint}
      leftSection={<Icon size={16} stroke={1.7} aria-hidden />}
      onClick={() => onAct(act)}
    >
      {texts[act]}
    </Button>
  );
  return (
    <Group gap={8}>
      {!isList && button("saveAs", IconCopy, !complete)}
      {!isList && button("freeze", IconSnowflake, changed, changed ? texts.freezeFirst : undefined)}
      {button("delete", IconTrash, false)}
    </Group>
  );
}
type OthersProps = { isList: boolean; changed: boolean; complete: boolean; onAct: (act: Act) => void };

export function Save({ saved, rule, changed, onSaved, onDiscard, onAct }: SaveProps) {
  const [name, setName] = useFollowed(saved?.name ?? "");
  const save = useSave(saved, onSaved);
  const isList = saved?.list != null;
  const complete = isList || rule !== undefined;
  const renamed = name.trim() !== (saved?.name ?? "");
  const word = saved ? texts.saveChanges : texts.save;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        // Another name alone leaves the rule as it is, whatever this page knows of it.
        const kept = saved && !changed ? (saved.definition as object as Definition) : rule;
        save.mutate({ name: name.trim(), rule: isList ? undefined : kept });
      }}
    >
      <Group align="end" gap={8}>
        <TextInput
          label={texts.name}
          placeholder={texts.nameHint}
          value={name}
          required
          withAsterisk={false}
          maxLength={100}
          className="segment-name"
          onChange={(event) => {
            setName(event.currentTarget.value);
            save.reset();
          }}
        />
        <Button type="submit" loading={save.isPending} disabled={!complete || !(changed || renamed)}>
          {word}
        </Button>
        {saved && <Others isList={isList} changed={changed} complete={complete} onAct={onAct} />}
      </Group>
      {!complete && (
        <Text size="xs" className="quiet" mt={8}>
          {texts.completeFirst}
        </Text>
      )}
      {saved && changed && (
        <Group gap={8} mt={8}>
          <Text size="xs" className="quiet">
            {texts.notSaved}
          </Text>
          <Button size="compact-xs" variant="default" onClick={onDiscard}>
            {texts.discard}
          </Button>
        </Group>
      )}
      {save.isSuccess && !changed && !renamed && (
        <Text size="sm" className="done" role="status" mt={8}>
          <IconCheck size={16} aria-hidden /> {texts.saved}
        </Text>
      )}
      {save.error && (
        <div style={{ marginTop: 12 }}>
          <Failed error={save.error} />
        </div>
      )}
    </form>
  );
}
type SaveProps = {
  saved: Segment | undefined;
  /** The rule as it stands, where it is complete. */
  rule: Definition | undefined;
  changed: boolean;
  onSaved: (segment: Segment) => void;
  onDiscard: () => void;
  onAct: (act: Act) => void;
};
