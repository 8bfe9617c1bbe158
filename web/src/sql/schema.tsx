// The tables that there are: columns are found by name and inserted where the cursor was.
import { Text, TextInput, Title } from "@mantine/core";
import { IconLock } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { type SqlColumn, sqlSchema, type SqlTable } from "../api/sql";
import { Failed, Loading } from "../ui/panel";
import { written } from "./state";
import { texts } from "./texts";

const SHOWN_MAX = 60;

function Column({ column: { name, type, masked }, onInsert }: ColumnProps) {
  return (
    <li>
      <button
        type="button"
        disabled={masked}
        title={masked ? texts.masked : texts.insert(name)}
        onClick={() => onInsert(written(name))}
      >
        <code>{name}</code> <span className="quiet">{type}</span>
        {masked && <IconLock size={12} role="img" aria-label={texts.masked} />}
      </button>
    </li>
  );
}
type ColumnProps = { column: SqlColumn; onInsert: (text: string) => void };

function Table({ table, wanted, onInsert }: TableProps) {
  const found = table.columns.filter(({ name }) => name.toLowerCase().includes(wanted));
  return (
    <section aria-label={table.name}>
      <Title order={3} mt={12}>
        <code>{table.name}</code>
      </Title>
      <ul className="field-rows">
        {found.slice(0, SHOWN_MAX).map((column) => (
          <Column key={column.name} column={column} onInsert={onInsert} />
        ))}
      </ul>
      {(found.length === 0 || found.length > SHOWN_MAX) && (
        <Text size="xs" className="quiet">
          {found.length === 0 ? texts.noColumn : texts.more(found.length - SHOWN_MAX)}
        </Text>
      )}
    </section>
  );
}
type TableProps = { table: SqlTable; wanted: string; onInsert: (text: string) => void };

export function Schema({ onInsert }: { onInsert: (text: string) => void }) {
  const [text, setText] = useState("");
  const { data, error, refetch } = useQuery(sqlSchema);
  if (!data) return error ? <Failed error={error} again={() => void refetch()} /> : <Loading height={320} />;
  return (
    <>
      <TextInput
        size="xs"
        aria-label={texts.find}
        placeholder={texts.find}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      <div className="sql-tables" tabIndex={0} role="group" aria-label={texts.columns}>
        {data.tables.map((table) => (
          <Table key={table.name} table={table} wanted={text.trim().toLowerCase()} onInsert={onInsert} />
        ))}
        <Title order={3} mt={12}>
          {texts.asTables}
        </Title>
        {data.functions.map((name) => (
          <Text key={name} size="xs" className="quiet">
            {texts.means(name)}
          </Text>
        ))}
      </div>
    </>
  );
}
