// SQL as a question: the chart where one says the same as the rows, and the rows.
import { sql, type SqlAnswer } from "../api/sql";
import type { Kind, ShownProps } from "../question/kind";
import { Answer } from "./answer";
import { readSql, type SqlSearch } from "./state";
import { texts } from "./texts";

export type SqlQuestion = { sql: string };

const Shown = ({ answer }: ShownProps<SqlAnswer, SqlSearch>) => <Answer key={answer.statement} answer={answer} />;

export const kind: Kind<SqlQuestion, SqlAnswer, SqlSearch> = {
  insight: "sql",
  title: texts.title,
  to: "/sql",
  height: 320,
  dated: false,
  read: readSql,
  questionOf: ({ sql: statement = "" }) => ({ sql: statement }),
  searchOf: ({ sql: statement }) => readSql({ sql: statement }),
  ask: ({ sql: statement }) => sql(statement),
  Shown,
};
