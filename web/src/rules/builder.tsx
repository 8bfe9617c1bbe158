// A rule as a sentence: "People who match all of these: did Charged at least 3 times …". Groups lie
// within groups; what is moved or added keeps the keyboard.
import "./rules.css";

import { ActionIcon, Button, Menu, Text } from "@mantine/core";
import {
  IconAlertTriangle,
  IconArrowDown,
  IconArrowUp,
  IconPlus,
  IconX,
} from "@tabler/icons-react";
import { useEffect, useRef } from "react";

import { Choice } from "../filters/pickers";
import { Leaf } from "./parts";
import { DEPTH_MAX, type Group, group, isComplete, type Kind, type Part, PARTS_MAX, sizeOf } from "./rule";
import { texts } from "./texts";

const DID: Part = { kind: "did", not: false, is: { event: "*", where: [], first: false } };

/** What each kind begins as. */
const BEGINS: Record<Exclude<Kind, "kept">, Part> = {
  did: DID,
  person: { kind: "person", not: false, is: { property: "", op: "eq" } },
  segment: { kind: "segment", not: false, is: "" },
  inactive: { kind: "inactive", not: false, is: "14d" },
  consented: { kind: "consented", not: false, is: "" },
  sum: { kind: "sum", not: false, is: { event: "*", property: "", op: "gt", where: [] } },
  interest: { kind: "interest", not: false, is: { event: "*", property: "", where: [] } },
  rfm: { kind: "rfm", not: false, is: { name: "Champions" } },
  in_region: { kind: "in_region", not: false, is: { km: 10 } },
  sample: { kind: "sample", not: false, is: { percent: 10 } },
  group: group("any", [DID]),
};
const KINDS = Object.keys(BEGINS) as (keyof typeof BEGINS)[];

type Steer = {
  /** The segment that the rule is of. */
  without: string | undefined;
  /** Whether there is room for more. */
  room: boolean;
  /** Where the keyboard goes once the change has come. */
  focus: (selector: string) => void;
};

const HOW = [
  { value: "all", label: texts.groups.all, of: "all", not: false },
  { value: "any", label: texts.groups.any, of: "any", not: false },
  { value: "none", label: texts.groups.none, of: "any", not: true },
  { value: "notAll", label: texts.groups.notAll, of: "all", not: true },
] as const;

function How({ part, onChange }: { part: Group; onChange: (part: Part) => void }) {
  const said = HOW.find(({ of, not }) => of === part.is.of && not === part.not) ?? HOW[0];
  return (
    <Choice
      value={said.value}
      label={texts.groupHow}
      options={[...HOW]}
      onChange={(chosen) => {
        const how = HOW.find(({ value }) => value === chosen) ?? HOW[0];
        onChange({ kind: "group", not: how.not, is: { of: how.of, parts: part.is.parts } });
      }}
    />
  );
}

function Add({ words, deep, onAdd }: { words: string; deep: boolean; onAdd: (part: Part) => void }) {
  return (
    <Menu position="bottom-start" withinPortal returnFocus={false}>
      <Menu.Target>
        <Button size="xs" variant="default" className="add-rule" leftSection={<IconPlus size={14} aria-hidden />}>
          {words}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {KINDS.filter((kind) => !deep || kind !== "group").map((kind) => (
          <Menu.Item key={kind} onClick={() => onAdd(BEGINS[kind])}>
            {texts.kinds[kind]}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

function Tools({ place, first, last, onMove, onRemove }: ToolsProps) {
  const tool = (name: string, label: string, Icon: typeof IconX, disabled: boolean, act: () => void) => (
    <ActionIcon
      variant="subtle"
      color="gray"
      data-tool={name}
      aria-label={label}
      disabled={disabled}
      onClick={act}
    >
      <Icon size={16} aria-hidden />
    </ActionIcon>
  );
  return (
    <span className="rule-tools">
      {!(first && last) && (
        <>
          {tool("up", texts.up(place), IconArrowUp, first, () => onMove(-1))}
          {tool("down", texts.down(place), IconArrowDown, last, () => onMove(1))}
        </>
      )}
      {tool("remove", texts.remove(place), IconX, false, onRemove)}
    </span>
  );
}
type ToolsProps = {
  place: string;
  first: boolean;
  last: boolean;
  onMove: (by: -1 | 1) => void;
  onRemove: () => void;
};

const at = (place: string, tool: string) => `[data-place="${place}"] > .rule-tools [data-tool="${tool}"]`;
const control = (place: string) => `[data-place="${place}"] :is(select, input)`;

function Parts({ part, place, steer, onChange }: PartsProps) {
  const { of, parts } = part.is;
  const set = (next: Part[]) => onChange({ ...part, is: { of, parts: next } });
  const placeOf = (index: number) => (place ? `${place}.${index + 1}` : `${index + 1}`);
  const move = (index: number, by: -1 | 1) => {
    const next = [...parts];
    const [moved] = next.splice(index, 1);
    if (!moved) return;
    next.splice(index + by, 0, moved);
    const edge = index + by === 0 || index + by === parts.length - 1;
    const tool = edge ? (by < 0 ? "down" : "up") : by < 0 ? "up" : "down";
    steer.focus(at(placeOf(index + by), tool));
    set(next);
  };
  const remove = (index: number) => {
    const beside = placeOf(Math.max(0, Math.min(index, parts.length - 2)));
    steer.focus(parts.length > 1 ? at(beside, "remove") : `[data-adds="${place}"] button`);
    set(parts.filter((_, other) => other !== index));
  };
  const deep = place.split(".").length + 2 > DEPTH_MAX;
  return (
    <>
      <ol className="rules">
        {parts.map((one, index) => (
          <li
            key={`${index} ${one.kind}`}
            data-place={placeOf(index)}
            className="rule"
            aria-label={texts.ruleAt(placeOf(index))}
          >
            <span className="rule-word quiet">{index === 0 ? texts.they : of === "all" ? texts.and : texts.or}</span>
            {one.kind === "group" ? (
              <div className="rule-group">
                <div className="sentence">
                  <span>{texts.match}</span>
                  <How part={one} onChange={(next) => set(parts.with(index, next))} />
                  <span>{texts.ofThese}</span>
                </div>
                <Parts
                  part={one}
                  place={placeOf(index)}
                  steer={steer}
                  onChange={(next) => set(parts.with(index, next))}
                />
              </div>
            ) : (
              <div className="sentence">
                <Leaf
                  part={one}
                  without={steer.without}
                  onChange={(next) => set(parts.with(index, next))}
                />
                {!isComplete(one) && (
                  <Text size="xs" component="span" className="unfinished">
                    <IconAlertTriangle size={14} aria-hidden /> {texts.unfinished}
                  </Text>
                )}
              </div>
            )}
            <Tools
              place={placeOf(index)}
              first={index === 0}
              last={index === parts.length - 1}
              onMove={(by) => move(index, by)}
              onRemove={() => remove(index)}
            />
          </li>
        ))}
      </ol>
      {steer.room && (
        <div data-adds={place}>
          <Add
            words={place ? texts.addTo : texts.add}
            deep={deep}
            onAdd={(added) => {
              steer.focus(control(placeOf(parts.length)));
              set([...parts, added]);
            }}
          />
        </div>
      )}
    </>
  );
}
type PartsProps = { part: Group; place: string; steer: Steer; onChange: (part: Group) => void };

export function Builder({ rule, without, onChange }: BuilderProps) {
  const box = useRef<HTMLDivElement>(null);
  const wanted = useRef<string>(undefined);
  useEffect(() => {
    if (!wanted.current) return;
    box.current?.querySelector<HTMLElement>(wanted.current)?.focus();
    wanted.current = undefined;
  }, [rule]);
  const steer: Steer = {
    without,
    room: sizeOf(rule) < PARTS_MAX,
    focus: (selector) => (wanted.current = selector),
  };
  return (
    <div ref={box} role="group" aria-label={texts.question} className="builder">
      <div className="sentence">
        <span>{texts.peopleWhoMatch}</span>
        <How part={rule} onChange={(next) => onChange(next as Group)} />
        <span>{texts.ofThese}</span>
      </div>
      <Parts part={rule} place="" steer={steer} onChange={onChange} />
    </div>
  );
}
type BuilderProps = { rule: Group; without: string | undefined; onChange: (rule: Group) => void };
