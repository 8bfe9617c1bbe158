// Somebody found by an id, or nobody in particular.
import { Button, Group, Popover, Stack, Text, TextInput } from "@mantine/core";
import { IconUser } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { findPeople, person, type Person } from "../api/people";
import { calledOf, ID_MAX, isPersonId, kindOf } from "../filters/who";
import { Failed } from "../ui/panel";
import { texts } from "./texts";

/** What somebody is called, once that is known and may be seen. */
export function useCalled(id: string | undefined): string {
  const { data } = useQuery({ ...person(id ?? ""), enabled: id !== undefined });
  return (data && calledOf(data)) ?? texts.somebody;
}

function Found({ people, wanted, onChoose }: FoundProps) {
  if (people.length === 0) {
    return (
      <Text size="sm" role="status">
        {texts.nobody(wanted)}
      </Text>
    );
  }
  return (
    <Group gap={8}>
      {people.map((one) => (
        <Button key={one.id} size="xs" variant="default" onClick={() => onChoose(one.id)}>
          {calledOf(one) ?? one.id.slice(0, 12)}
        </Button>
      ))}
    </Group>
  );
}
type FoundProps = { people: Person[]; wanted: string; onChoose: (id: string) => void };

export function Find({ onChoose }: { onChoose: (id: string) => void }) {
  const [text, setText] = useState("");
  const [wanted, setWanted] = useState("");
  const id = isPersonId(wanted) ? "" : wanted;
  const { data, error, isFetching } = useQuery(findPeople(kindOf(wanted), id));
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        event.stopPropagation();
        const now = text.trim();
        if (isPersonId(now)) onChoose(now);
        else setWanted(now);
      }}
    >
      <Stack gap={8}>
        <Group align="end" gap={8} wrap="nowrap">
          <TextInput
            data-autofocus
            size="xs"
            flex={1}
            label={texts.personBox}
            value={text}
            autoComplete="off"
            spellCheck={false}
            maxLength={ID_MAX}
            onChange={(event) => setText(event.currentTarget.value)}
          />
          <Button size="xs" type="submit" loading={isFetching} disabled={text.trim() === ""}>
            {texts.look}
          </Button>
        </Group>
        {error && <Failed error={error} />}
        {data && <Found people={data.people} wanted={wanted} onChoose={onChoose} />}
        <Text size="xs" className="quiet">
          {texts.lookAudited}
        </Text>
      </Stack>
    </form>
  );
}

export function PersonPicker({ id, size = "xs", words, onChange }: PersonPickerProps) {
  const [opened, setOpened] = useState(false);
  const called = useCalled(id);
  const choose = (next: string | undefined) => {
    setOpened(false);
    onChange(next);
  };
  return (
    <Popover opened={opened} onChange={setOpened} width={320} trapFocus position="bottom-start" shadow="md">
      <Popover.Target>
        <Button
          size={size}
          variant="default"
          leftSection={<IconUser size={14} aria-hidden />}
          onClick={() => setOpened(!opened)}
        >
          {words(id ? called : undefined)}
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label={texts.choosePerson}>
        <Find onChoose={choose} />
        {id && (
          <Button size="xs" variant="subtle" mt={8} onClick={() => choose(undefined)}>
            {texts.nobodyInParticular}
          </Button>
        )}
      </Popover.Dropdown>
    </Popover>
  );
}
type PersonPickerProps = {
  id: string | undefined;
  size?: "xs" | "sm";
  /** What stands on the button, for somebody or for nobody in particular. */
  words: (called: string | undefined) => string;
  onChange: (id: string | undefined) => void;
};
