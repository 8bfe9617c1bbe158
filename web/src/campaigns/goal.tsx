// Step four: what people are to do, and a group that gets nothing, to compare with.
import { NumberInput, Stack, Switch } from "@mantine/core";

import { Conditions } from "../filters/conditions";
import { EventPicker } from "../filters/pickers";
import { LengthPart } from "../rules/lengths";
import { Panel } from "../ui/panel";
import { texts } from "./texts";
import type { StepProps } from "./who";

export function Goal({ draft, onChange }: StepProps) {
  const { goal, control_percent: control } = draft;
  const put = (more: Partial<NonNullable<typeof goal>>) => goal && onChange({ goal: { ...goal, ...more } });
  return (
    <Stack gap={16}>
      <Panel title={texts.goal}>
        <div className="limit">
          <Switch
            label={texts.hasGoal}
            description={texts.goalDoes}
            checked={goal !== undefined}
            onChange={(event) =>
              onChange({ goal: event.currentTarget.checked ? { event: "", window: "7d" } : undefined })
            }
          />
          {goal && (
            <div className="sentence">
              <EventPicker value={goal.event} label={texts.event} onChange={(event) => put({ event })} />
              <Conditions
                value={goal.where ?? []}
                onChange={(where) => put({ where: where.length > 0 ? where : undefined })}
              />
              <span>{texts.inTime}</span>
              <LengthPart value={goal.window ?? "7d"} onChange={(window) => put({ window })} />
              <span>{texts.afterMessage}</span>
            </div>
          )}
        </div>
      </Panel>
      <Panel title={texts.control}>
        <div className="limit">
          <Switch
            label={texts.hasControl}
            description={texts.controlDoes}
            checked={control !== undefined}
            onChange={(event) => onChange({ control_percent: event.currentTarget.checked ? 10 : undefined })}
          />
          {control !== undefined && (
            <div className="sentence">
              <NumberInput
                aria-label={texts.control}
                value={control}
                min={0.1}
                max={50}
                clampBehavior="strict"
                w="12ch"
                onChange={(next) => typeof next === "number" && next > 0 && onChange({ control_percent: next })}
              />
              <span>{texts.percent}</span>
            </div>
          )}
        </div>
      </Panel>
    </Stack>
  );
}
