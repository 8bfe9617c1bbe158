// Fields that a message may show: found by name, inserted where the cursor was; those that it may
// not show say why.
import { Button, Popover, Text, TextInput } from "@mantine/core";
import { IconBraces } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { type Field, fields } from "../api/templates";
import { Failed, Loading } from "../ui/panel";
import { written } from "./shape";
import { texts } from "./texts";

/** Puts text where the cursor was last. */
export type Insert = (text: string) => void;

const OF_MESSAGE = [
  { code: "{{ campaign.name }}", name: "campaign.name", means: texts.campaignName },
  { code: "{{ unsubscribe_url }}", name: "unsubscribe_url", means: texts.unsubscribe },
  { code: "{{ preferences_url }}", name: "preferences_url", means: texts.preferences },
];

const SHOWN_MAX = 100;

/** What stands beside a field: what it is, or why it may not be shown. */
function whyOf(field: Field, purpose: string): string {
  if (field.allowed) return field.class ?? "";
  if (field.personalised) return texts.personalised;
  return field.class === null ? texts.unclassed : texts.notAllowed(field.class, purpose);
}

type Row = { code: string; name: string; means: string; off?: boolean };

function Rows({ title, rows, onChoose }: { title: string; rows: Row[]; onChoose: Insert }) {
  if (rows.length === 0) return null;
  return (
    <>
      <Text size="xs" className="quiet" mt={8}>
        {title}
      </Text>
      <ul className="field-rows">
        {rows.map(({ code, name, means, off }) => (
          <li key={name}>
            <button type="button" disabled={off} onClick={() => onChoose(code)}>
              <code>{name}</code> <span className="quiet">{means}</span>
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}

function List({ purpose, onChoose }: ListProps) {
  const [text, setText] = useState("");
  const { data, error, refetch } = useQuery(fields(purpose));
  const wanted = text.trim().toLowerCase();
  const has = ({ name }: { name: string }) => name.toLowerCase().includes(wanted);
  // What may be used first, and of that what most people have.
  const order = (field: Field) => (field.allowed ? 2 : field.personalised ? 1 : 0);
  const found = (data ?? [])
    .filter(has)
    .sort((one, other) => order(other) - order(one) || other.seen - one.seen)
    .slice(0, SHOWN_MAX);
  const own = OF_MESSAGE.filter(has);
  return (
    <>
      <TextInput
        data-autofocus
        size="xs"
        aria-label={texts.find}
        placeholder={texts.find}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      <div className="fields">
        {error ? <Failed error={error} again={() => void refetch()} /> : !data && <Loading height={160} />}
        <Rows
          title={texts.ofPerson}
          rows={found.map((field) => ({
            code: written(field.name),
            name: field.name,
            means: whyOf(field, purpose),
            off: !field.allowed && !field.personalised,
          }))}
          onChoose={onChoose}
        />
        <Rows title={texts.ofMessage} rows={own} onChoose={onChoose} />
        {data && found.length === 0 && own.length === 0 && (
          <Text size="sm" className="quiet" mt={8}>
            {texts.noField}
          </Text>
        )}
      </div>
      <Text size="xs" className="quiet" mt={8}>
        {texts.insertHint}
      </Text>
    </>
  );
}
type ListProps = { purpose: string; onChoose: Insert };

export function InsertField({ purpose, onInsert }: InsertFieldProps) {
  const [opened, setOpened] = useState(false);
  return (
    <Popover
      opened={opened}
      onChange={setOpened}
      width={340}
      position="bottom-end"
      trapFocus
      returnFocus={false}
      shadow="md"
    >
      <Popover.Target>
        <Button
          size="xs"
          variant="default"
          leftSection={<IconBraces size={14} aria-hidden />}
          onClick={() => setOpened(!opened)}
        >
          {texts.insert}
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label={texts.insert}>
        <List
          purpose={purpose}
          onChoose={(code) => {
            setOpened(false);
            // Once the focus is free: it goes to where the text was put.
            setTimeout(() => onInsert(code), 0);
          }}
        />
      </Popover.Dropdown>
    </Popover>
  );
}
type InsertFieldProps = { purpose: string; onInsert: Insert };
