// An answer: the chart where one says the same, how long it took, and the rows.
import { Button, CopyButton, Group, Text } from "@mantine/core";
import { IconCheck, IconLink, IconTable } from "@tabler/icons-react";
import { useState } from "react";

import type { SqlAnswer } from "../api/sql";
import { RankedBars } from "../charts/bars";
import { Lines } from "../charts/lines";
import { AnswerMeta } from "../ui/answer-foot";
import { saveCsv } from "../ui/download";
import { full } from "../ui/numbers";
import { Nothing } from "../ui/panel";
import { words } from "../ui/words";
import { inShort, isNumber, pictureOf, tableRows, told } from "./shape";
import { ADDRESS_MAX } from "./state";
import { texts } from "./texts";

/** Rows that are shown at a time. */
const PAGE = 200;
/** Columns that are shown. */
const COLUMNS_MAX = 100;

function Chart({ answer }: { answer: SqlAnswer }) {
  const picture = pictureOf(answer);
  if (!picture) return null;
  const by = answer.columns[0]?.name ?? "";
  if (picture.kind === "bars") {
    return <RankedBars rows={picture.rows} label={texts.chart(picture.value, by)} />;
  }
  const of = picture.data.lines.map(({ name }) => name).join(", ");
  return <Lines data={picture.data} label={texts.chart(of, by)} />;
}

function Cell({ value, kind }: { value: unknown; kind: string | undefined }) {
  const text = inShort(told(value));
  return (
    <td className={kind} title={text}>
      {text}
    </td>
  );
}

function Rows({ answer }: { answer: SqlAnswer }) {
  const [shown, setShown] = useState(PAGE);
  const { rows } = answer;
  const columns = answer.columns.slice(0, COLUMNS_MAX);
  const classes = columns.map(({ type }) => (isNumber(type) ? "number" : undefined));
  return (
    <>
      <div className="wide" tabIndex={0} role="region" aria-label={texts.table}>
        <table className="numbers tight sql-rows">
          <thead>
            <tr>
              {columns.map(({ name, type }, place) => (
                <th key={place} className={classes[place]} title={type}>
                  {inShort(name)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, shown).map((row, at) => (
              <tr key={at}>
                {row.slice(0, COLUMNS_MAX).map((value, place) => (
                  <Cell key={place} value={value} kind={classes[place]} />
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <Group mt={8} gap={12}>
        <Text size="xs" className="quiet">
          {texts.rows(full(Math.min(shown, rows.length)), full(rows.length))}
        </Text>
        {columns.length < answer.columns.length && (
          <Text size="xs" className="quiet">
            {texts.columnsShown(full(columns.length), full(answer.columns.length))}
          </Text>
        )}
        {shown < rows.length && (
          <Button size="xs" variant="default" onClick={() => setShown(shown + PAGE)}>
            {texts.showMore}
          </Button>
        )}
      </Group>
    </>
  );
}

/** Copies the address, where the statement is in it. */
function CopyLink({ statement }: { statement: string }) {
  if (statement.length > ADDRESS_MAX) {
    return (
      <Button size="xs" variant="default" disabled title={texts.noLink} leftSection={<IconLink size={16} aria-hidden />}>
        {words.copyLink}
      </Button>
    );
  }
  return (
    <CopyButton value={location.href}>
      {({ copied, copy }) => (
        <Button
          size="xs"
          variant="default"
          onClick={copy}
          leftSection={copied ? <IconCheck size={16} aria-hidden /> : <IconLink size={16} aria-hidden />}
        >
          {copied ? words.copied : words.copyLink}
        </Button>
      )}
    </CopyButton>
  );
}

export function Answer({ answer, zone }: { answer: SqlAnswer; zone: string }) {
  if (answer.rows.length === 0) return <Nothing title={texts.nothing} next={texts.nothingNext} />;
  return (
    <>
      <Chart answer={answer} />
      <Group justify="space-between" gap={8} my={12}>
        <AnswerMeta meta={answer.meta} zone={zone} />
        <Group gap={8}>
          <CopyLink statement={answer.statement} />
          <Button
            size="xs"
            variant="default"
            title={words.csvHint}
            onClick={() => saveCsv(answer.statement, tableRows(answer))}
            leftSection={<IconTable size={16} aria-hidden />}
          >
            {words.csv}
          </Button>
        </Group>
      </Group>
      {answer.truncated && (
        <Text size="sm" mb={8}>
          {texts.truncated(full(answer.rows.length))}
        </Text>
      )}
      <Rows answer={answer} />
    </>
  );
}
