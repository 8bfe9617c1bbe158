// SQL: a statement, what there is to ask about, and the answer.
import "../content/content.css";
import "./sql.css";

import { Button, Group, Stack, Text, Title } from "@mantine/core";
import { IconPlayerPlay, IconPlayerStop } from "@tabler/icons-react";
import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { type KeyboardEvent, useRef, useState } from "react";

import { Refusal } from "../api/client";
import { sql } from "../api/sql";
import { Code } from "../content/code";
import { Answered, Nothing, Panel } from "../ui/panel";
import { useKept } from "../ui/use-kept";
import { Answer } from "./answer";
import { Schema } from "./schema";
import { ADDRESS_MAX } from "./state";
import { texts } from "./texts";

/** Where what is written is kept. */
const DRAFT = "candor sql";

/** The statement that is asked: of the address, or one too long for it; undefined asks none. */
function useAsked() {
  const { sql: address } = useSearch({ from: "/inside/sql" });
  const navigate = useNavigate({ from: "/sql" });
  const [long, setLong] = useState<{ beside: string | undefined; statement: string }>();
  const ask = (statement: string) => {
    const short = statement.length <= ADDRESS_MAX;
    setLong(short ? undefined : { beside: address, statement });
    if (short) void navigate({ search: (old) => ({ ...old, sql: statement }), resetScroll: false });
  };
  // Going back leaves the long one behind.
  return { address, asked: long && long.beside === address ? long.statement : address, ask };
}

function Examples({ onChoose }: { onChoose: (statement: string) => void }) {
  return (
    <Nothing
      title={texts.notYet}
      next={
        <>
          {texts.notYetNext}
          <Group mt={12} gap={8} justify="center">
            {texts.examples.map((example) => (
              <Button key={example.name} size="xs" variant="default" onClick={() => onChoose(example.sql)}>
                {example.name}
              </Button>
            ))}
          </Group>
        </>
      }
    />
  );
}

export function Sql() {
  const { address, asked, ask } = useAsked();
  // What no address holds is here again when the page is loaded again.
  const { draft, setDraft } = useKept(DRAFT, { of: address, text: address ?? "" });
  // Whoever goes back sees the statement before.
  if (draft.of !== address) setDraft({ of: address, text: address ?? "" });
  const [stopped, setStopped] = useState<string>();
  const insert = useRef<(text: string) => void>(undefined);
  const queries = useQueryClient();
  const wanted = sql(asked ?? "");
  const query = useQuery({
    ...wanted,
    enabled: asked !== undefined && stopped !== asked,
    placeholderData: keepPreviousData,
  });
  const run = (statement: string) => {
    if (!statement.trim()) return;
    setStopped(undefined);
    if (statement === asked) void queries.invalidateQueries({ queryKey: wanted.queryKey });
    else ask(statement);
  };
  const stop = () => {
    setStopped(asked);
    void queries.cancelQueries({ queryKey: wanted.queryKey });
  };
  const place = query.error instanceof Refusal && draft.text === asked ? query.error.position : undefined;
  const put = (text: string) =>
    insert.current ? insert.current(text) : setDraft((old) => ({ ...old, text: `${old.text}${text}` }));
  const onKey = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    event.stopPropagation();
    run(draft.text);
  };
  return (
    <Stack gap={16}>
      <Title order={1}>{texts.title}</Title>
      <div className="sql-top">
        <Panel>
          <div className="sql-statement" onKeyDownCapture={onKey}>
            <Code
              value={draft.text}
              language="sql"
              label={texts.statement}
              wrong={place}
              onChange={(text) => setDraft((old) => ({ ...old, text }))}
              onFocus={(put) => (insert.current = put)}
            />
          </div>
          <Group mt={12} gap={12}>
            <Button onClick={() => run(draft.text)} leftSection={<IconPlayerPlay size={16} aria-hidden />}>
              {texts.run}
            </Button>
            {query.isFetching ? (
              <Button variant="default" onClick={stop} leftSection={<IconPlayerStop size={16} aria-hidden />}>
                {texts.stop}
              </Button>
            ) : (
              <Text size="xs" className="quiet">
                {texts.runHint}
              </Text>
            )}
          </Group>
        </Panel>
        <Panel title={texts.there}>
          <Schema onInsert={put} />
        </Panel>
      </div>
      <Panel title={texts.answer}>
        {asked === undefined ? (
          <Examples onChoose={run} />
        ) : stopped === asked ? (
          <Nothing title={texts.stopped} next={texts.stoppedNext} />
        ) : (
          <>
            {place && <Text size="sm" mb={8}>{texts.place(place.line, place.column)}</Text>}
            <Answered query={query} height={320}>
              {(answer) => <Answer key={answer.statement} answer={answer} />}
            </Answered>
          </>
        )}
      </Panel>
    </Stack>
  );
}
