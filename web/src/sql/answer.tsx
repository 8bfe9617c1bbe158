// An answer: the chart where one says the same, how long it took, and the rows.
import { Button, Group, Text } from "@mantine/core";
import { useState } from "react";

import type { SqlAnswer } from "../api/sql";
import { RankedBars } from "../charts/bars";
import { Lines, linesPicture } from "../charts/lines";
import { Answer as Framed } from "../question/answer";
import { full } from "../ui/numbers";
import { Nothing } from "../ui/panel";
import { inShort, isNumber, type Picture, pictureOf, tableRows, told } from "./shape";
import { ADDRESS_MAX } from "./state";
import { texts } from "./texts";

/** Rows that are shown at a time. */
const PAGE = 200;
/** Columns that are shown. */
const COLUMNS_MAX = 100;

function Chart({ answer, picture }: { answer: SqlAnswer; picture: Picture }) {
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

export function Answer({ answer }: { answer: SqlAnswer }) {
  const { statement, meta, rows, truncated } = answer;
  if (rows.length === 0) return <Nothing title={texts.nothing} next={texts.nothingNext} />;
  const picture = pictureOf(answer);
  const lines = picture?.kind === "lines" ? picture.data : undefined;
  return (
    <Framed
      insight="sql"
      question={{ sql: statement }}
      title={texts.title}
      sentence={statement}
      meta={meta}
      picture={picture && <Chart answer={answer} picture={picture} />}
      paint={lines && ((words, scheme) => linesPicture(lines, words, scheme))}
      rows={() => tableRows(answer)}
      noLink={statement.length > ADDRESS_MAX ? texts.noLink : undefined}
    >
      {truncated && (
        <Text size="sm" mb={8}>
          {texts.truncated(full(rows.length))}
        </Text>
      )}
      <Rows answer={answer} />
    </Framed>
  );
}
