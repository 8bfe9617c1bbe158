// Step three: when it goes out, on whose clock, and with what regard for people.
import { Chip, Group, NativeSelect, NumberInput, Radio, Stack, Switch, Text, TextInput } from "@mantine/core";

import type { Campaign, Schedule } from "../api/campaigns";
import { LengthPart } from "../rules/lengths";
import { Panel } from "../ui/panel";
import { type Weekday, WEEKDAYS } from "./shape";
import { texts } from "./texts";
import type { StepProps } from "./who";

type Recurring = Extract<Schedule, { recurring: unknown }>["recurring"];
type Clock = NonNullable<Recurring["clock"]>;

/** "2026-12-01" in a zone, some days from now. */
const dayFrom = (days: number, zone: string) =>
  new Intl.DateTimeFormat("en-CA", { timeZone: zone }).format(Date.now() + days * 86_400_000);

const kindOf = (schedule: Schedule) =>
  schedule === "now" ? "now" : "once" in schedule ? "once" : "recurring";

/** What a kind of schedule begins as: tomorrow at nine. */
function startOf(kind: string, zone: string): Schedule {
  const from = dayFrom(1, zone);
  if (kind === "once") return { once: { at: `${from}T09:00`, clock: "publisher" } };
  if (kind === "recurring") return { recurring: { at: "09:00", every: "day", from, clock: "publisher" } };
  return "now";
}

function Whose({ clock, zone, onChange }: { clock: Clock; zone: string; onChange: (clock: Clock) => void }) {
  return (
    <NativeSelect
      label={texts.clock}
      description={texts.clockHint}
      inputWrapperOrder={["label", "input", "description", "error"]}
      value={clock}
      data={[
        { value: "publisher", label: texts.clockPublisher(zone) },
        { value: "person", label: texts.clockPerson },
        { value: "person_or_next_day", label: texts.clockNextDay },
      ]}
      onChange={(event) => onChange(event.currentTarget.value as Clock)}
    />
  );
}

function Every({ every, onChange }: { every: Recurring["every"]; onChange: (every: Recurring["every"]) => void }) {
  const kind = every === "day" ? "day" : "week" in every ? "week" : "month";
  return (
    <Stack gap={8}>
      <NativeSelect
        label={texts.every}
        value={kind}
        maw={280}
        data={[
          { value: "day", label: texts.day },
          { value: "week", label: texts.week },
          { value: "month", label: texts.month },
        ]}
        onChange={(event) => {
          const next = event.currentTarget.value;
          onChange(next === "week" ? { week: ["mon"] } : next === "month" ? { month: 1 } : "day");
        }}
      />
      {typeof every === "object" && "week" in every && (
        <Chip.Group multiple value={every.week} onChange={(week) => onChange({ week: week as Weekday[] })}>
          <Group gap={4} role="group" aria-label={texts.week}>
            {WEEKDAYS.map((day) => (
              <Chip key={day} value={day} size="xs">
                {texts.weekdays[day]}
              </Chip>
            ))}
          </Group>
        </Chip.Group>
      )}
      {typeof every === "object" && "month" in every && (
        <NumberInput
          label={texts.dayOfMonth}
          description={texts.lastWhereShorter}
          inputWrapperOrder={["label", "input", "description", "error"]}
          value={every.month}
          min={1}
          max={31}
          clampBehavior="strict"
          maw={280}
          onChange={(month) => typeof month === "number" && onChange({ month })}
        />
      )}
    </Stack>
  );
}

function Again({ of, zone, onChange }: { of: Recurring; zone: string; onChange: (of: Recurring) => void }) {
  const put = (more: Partial<Recurring>) => onChange({ ...of, ...more });
  return (
    <Stack gap={12}>
      <Every every={of.every} onChange={(every) => put({ every })} />
      <div className="fields-row">
        <TextInput
          type="time"
          label={texts.at}
          value={of.at}
          onChange={(event) => put({ at: event.currentTarget.value })}
        />
        <TextInput
          type="date"
          label={texts.from}
          value={of.from}
          onChange={(event) => put({ from: event.currentTarget.value })}
        />
        <TextInput
          type="date"
          label={texts.until}
          description={texts.untilHint}
          inputWrapperOrder={["label", "input", "description", "error"]}
          value={of.until ?? ""}
          onChange={(event) => put({ until: event.currentTarget.value || undefined })}
        />
      </div>
      <Whose clock={of.clock ?? "publisher"} zone={zone} onChange={(clock) => put({ clock })} />
    </Stack>
  );
}

function Time({ draft, zone, onChange }: WhenProps) {
  const schedule = draft.schedule ?? "now";
  const kind = kindOf(schedule);
  const put = (next: Schedule) => onChange({ schedule: next });
  return (
    <Panel title={texts.when}>
      <Stack gap={16}>
        <Radio.Group
          aria-label={texts.when}
          value={kind}
          onChange={(next) => next !== kind && put(startOf(next, zone))}
        >
          <Group gap={24}>
            <Radio value="now" label={texts.now} />
            <Radio value="once" label={texts.once} />
            <Radio value="recurring" label={texts.recurring} />
          </Group>
        </Radio.Group>
        {schedule !== "now" && "once" in schedule && (
          <Stack gap={12}>
            <TextInput
              type="datetime-local"
              label={texts.atDay}
              value={schedule.once.at}
              maw={280}
              onChange={(event) => put({ once: { ...schedule.once, at: event.currentTarget.value } })}
            />
            <Whose
              clock={schedule.once.clock ?? "publisher"}
              zone={zone}
              onChange={(clock) => put({ once: { ...schedule.once, clock } })}
            />
          </Stack>
        )}
        {schedule !== "now" && "recurring" in schedule && (
          <Again of={schedule.recurring} zone={zone} onChange={(recurring) => put({ recurring })} />
        )}
      </Stack>
    </Panel>
  );
}

function Limit({ name, does, on, onTurn, children }: LimitProps) {
  return (
    <div className="limit">
      <Switch label={name} description={does} checked={on} onChange={(event) => onTurn(event.currentTarget.checked)} />
      {on && <div className="sentence">{children}</div>}
    </div>
  );
}
type LimitProps = {
  name: string;
  does: string;
  on: boolean;
  onTurn: (on: boolean) => void;
  children: React.ReactNode;
};

type Quiet = NonNullable<Campaign["quiet_hours"]>;

function QuietHours({ draft, onChange }: StepProps) {
  const { quiet_hours: quiet } = draft;
  const put = (more: Partial<Quiet>) => quiet && onChange({ quiet_hours: { ...quiet, ...more } });
  return (
    <Limit
      name={texts.quiet}
      does={texts.quietDoes}
      on={quiet !== undefined}
      onTurn={(on) => onChange({ quiet_hours: on ? { from: "22:00", to: "08:00", then: "delay" } : undefined })}
    >
      <TextInput
        type="time"
        aria-label={texts.from}
        value={quiet?.from ?? ""}
        onChange={(event) => event.currentTarget.value && put({ from: event.currentTarget.value })}
      />
      <span>{texts.to}</span>
      <TextInput
        type="time"
        aria-label={texts.until}
        value={quiet?.to ?? ""}
        onChange={(event) => event.currentTarget.value && put({ to: event.currentTarget.value })}
      />
      <span>{texts.then}</span>
      <NativeSelect
        aria-label={texts.then}
        value={quiet?.then ?? "delay"}
        data={(["delay", "drop", "keep_newest"] as const).map((value) => ({ value, label: texts.thens[value] }))}
        onChange={(event) => put({ then: event.currentTarget.value as Quiet["then"] })}
      />
    </Limit>
  );
}

/** A count that is told once it is one. */
function Count({ value, label, most, onChange }: { value: number; label: string; most: number; onChange: (n: number) => void }) {
  return (
    <NumberInput
      aria-label={label}
      value={value}
      min={1}
      max={most}
      clampBehavior="strict"
      allowDecimal={false}
      w="12ch"
      onChange={(next) => typeof next === "number" && next >= 1 && onChange(next)}
    />
  );
}

function Cap({ draft, onChange }: StepProps) {
  const { frequency_cap: cap } = draft;
  const within = cap?.within ?? "7d";
  const put = (more: Partial<NonNullable<typeof cap>>) => cap && onChange({ frequency_cap: { ...cap, ...more } });
  return (
    <Limit
      name={texts.cap}
      does={texts.capDoes}
      on={cap !== undefined}
      onTurn={(on) => onChange({ frequency_cap: on ? { messages: 3, within: "7d" } : undefined })}
    >
      <span>{texts.atMost}</span>
      <Count value={cap?.messages ?? 1} label={texts.atMost} most={1_000} onChange={(messages) => put({ messages })} />
      <span>{texts.messagesIn}</span>
      <NativeSelect
        aria-label={texts.messagesIn}
        value={within === "day" ? "day" : "length"}
        data={[
          { value: "day", label: texts.calendarDay },
          { value: "length", label: texts.aLength },
        ]}
        onChange={(event) => put({ within: event.currentTarget.value === "day" ? "day" : "7d" })}
      />
      {within !== "day" && <LengthPart value={within} onChange={(next) => put({ within: next })} />}
    </Limit>
  );
}

function Speed({ draft, onChange }: StepProps) {
  const { per_minute: speed } = draft;
  return (
    <Limit
      name={texts.speed}
      does={texts.speedDoes}
      on={speed !== undefined}
      onTurn={(on) => onChange({ per_minute: on ? 600 : undefined })}
    >
      <span>{texts.atMost}</span>
      <Count value={speed ?? 1} label={texts.speed} most={10_000_000} onChange={(next) => onChange({ per_minute: next })} />
      <span>{texts.aMinute}</span>
    </Limit>
  );
}

export function When(props: WhenProps) {
  const { draft, onChange } = props;
  return (
    <Stack gap={16}>
      <Time {...props} />
      <Panel title={texts.limits}>
        <Stack gap={16}>
          <QuietHours draft={draft} onChange={onChange} />
          <Cap draft={draft} onChange={onChange} />
          <Speed draft={draft} onChange={onChange} />
        </Stack>
      </Panel>
      <Panel title={texts.deadlines}>
        <Stack gap={12}>
          <div className="sentence">
            <Text size="sm">{texts.sendWithin}</Text>
            <LengthPart value={draft.send_within ?? "24h"} onChange={(send_within) => onChange({ send_within })} />
          </div>
          {draft.schedule !== undefined && draft.schedule !== "now" && (
            <div className="sentence">
              <Text size="sm">{texts.catchUp}</Text>
              <LengthPart value={draft.catch_up ?? "1h"} onChange={(catch_up) => onChange({ catch_up })} />
            </div>
          )}
        </Stack>
      </Panel>
    </Stack>
  );
}
type WhenProps = StepProps & { zone: string };
