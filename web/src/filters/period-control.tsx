// The period in words; a press opens the choices.
import { Button, Group, Popover, Stack, Switch, TextInput, UnstyledButton } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconCalendar } from "@tabler/icons-react";
import { useState } from "react";

import { dateIn, periodInWords, periodOf, type PeriodSearch, PRESETS, rangeOf } from "./period";
import { texts } from "./texts";

type Search = PeriodSearch & { compare?: boolean };

function Dates({ search, zone, onChange }: PeriodProps) {
  const [now] = useState(() => Date.now());
  const range = rangeOf(periodOf(search), zone, now);
  const [from, setFrom] = useState(search.from ?? range.from);
  const [until, setUntil] = useState(search.until ?? dateIn(zone, now));
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        onChange({ last: undefined, from, until });
      }}
    >
      <Group align="end" gap={8}>
        <TextInput
          type="date"
          label={texts.from}
          value={from}
          max={until}
          required
          withAsterisk={false}
          onChange={(event) => setFrom(event.currentTarget.value)}
        />
        <TextInput
          type="date"
          label={texts.until}
          value={until}
          min={from}
          required
          withAsterisk={false}
          onChange={(event) => setUntil(event.currentTarget.value)}
        />
        <Button type="submit" variant="default">
          {texts.apply}
        </Button>
      </Group>
    </form>
  );
}

type PeriodProps = { search: Search; zone: string; onChange: (next: Search) => void };

type ControlProps = PeriodProps & {
  /** Whether the period before may stand beside it. */
  comparable: boolean;
};

export function PeriodControl({ search, zone, comparable, onChange }: ControlProps) {
  const [opened, { toggle, close }] = useDisclosure(false);
  const period = periodOf(search);
  const words = periodInWords(period);
  const compared = comparable && search.compare;
  const told = [words, zone, ...(compared ? [texts.compared] : [])].join(", ");
  const choose = (next: Search) => {
    onChange(next);
    close();
  };
  return (
    <Popover opened={opened} onChange={close} position="bottom-end" trapFocus withinPortal>
      <Popover.Target>
        <UnstyledButton
          className="search-button"
          onClick={toggle}
          aria-expanded={opened}
          aria-label={`${texts.period}: ${told}`}
        >
          <IconCalendar size={16} aria-hidden />
          <span>
            {words}
            <span className="zone">, {zone}</span>
            {compared && <span className="zone">, {texts.compared}</span>}
          </span>
        </UnstyledButton>
      </Popover.Target>
      <Popover.Dropdown maw="calc(100vw - 16px)">
        <Stack gap={12}>
          <Group gap={8}>
            {PRESETS.map((last) => (
              <Button
                key={last}
                size="xs"
                variant={"last" in period && period.last === last ? "filled" : "default"}
                onClick={() => choose({ last, from: undefined, until: undefined })}
              >
                {periodInWords({ last })}
              </Button>
            ))}
          </Group>
          <Dates key={words} search={search} zone={zone} onChange={choose} />
          {comparable && (
            <Switch
              label={texts.compare}
              checked={search.compare ?? false}
              onChange={(event) =>
                onChange({ compare: event.currentTarget.checked ? true : undefined })
              }
            />
          )}
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}
