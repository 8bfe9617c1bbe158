//! A statement as it is read: one, and one that only reads.

use std::ops::ControlFlow;

use datafusion::sql::parser::{DFParserBuilder, Statement as Parsed};
use datafusion::sql::sqlparser::ast::{
    ArrayElemTypeDef, DataType, Expr, FunctionArg, FunctionArgExpr, ObjectName, ObjectNamePart,
    Query, Select, SelectItem, Statement as Plain, TableFactor, TableFunctionArgs, Value, VisitMut,
    VisitorMut,
};
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};

use crate::dialect::Counting;
use crate::error::{Error, Position};
use crate::functions::Function;
use crate::kinds::LISTS_MAX;

/// The longest statement, in bytes.
pub const STATEMENT_BYTES_MAX: usize = 64 << 10;

/// Questions within one statement.
const QUESTIONS_MAX: usize = 8;
/// Expressions within each other: a chain of operators is as deep as it is long, and planning takes
/// the square of it (4 s for 2,000).
const DEPTH_MAX: usize = 500;
/// Expressions in all, literals not counted.
const EXPRESSIONS_MAX: usize = 2_000;
/// Opening brackets: each can be a step into a value, or a list more in a type, that is read
/// without a step down.
const BRACKETS_MAX: usize = 500;
/// Bytes of one text: a column of it is thousands of times as large.
const TEXT_BYTES_MAX: usize = 4 << 10;
/// Columns of a CUBE: each doubles what is grouped by.
const CUBE_MAX: usize = 8;
/// SELECTs in all.
const SELECTS_MAX: usize = 200;
/// Tables in all. What is named by WITH counts as often as it is used, as it does in a plan: thirty
/// lines that use the one before twice are a thousand million tables.
const TABLES_MAX: usize = 200;

/// A question that a statement asks by a table function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// By which.
    pub function: Function,
    /// The question, in JSON.
    pub question: String,
    /// Where it stands.
    pub position: Position,
}

/// A statement that only reads.
pub(crate) struct Statement {
    pub(crate) parsed: Parsed,
    /// Whether it answers rows of its own, and not what it would do.
    pub(crate) is_query: bool,
    pub(crate) asked: Vec<Asked>,
    /// How many tables it reads.
    pub(crate) tables: usize,
    /// Whether it asks for all columns of one.
    pub(crate) all_columns: bool,
}

const READS_ONLY: &str =
    "SQL only reads here: SELECT, WITH, VALUES, EXPLAIN, DESCRIBE, SHOW TABLES or SHOW COLUMNS";

impl Statement {
    pub(crate) fn read(sql: &str) -> Result<Statement, Error> {
        if sql.len() > STATEMENT_BYTES_MAX {
            return Err(Error::bad(format!("a statement has at most {STATEMENT_BYTES_MAX} bytes")));
        }
        let read = Counting::read(|dialect| {
            // What the parser cannot read either is its to say.
            let tokens = Tokenizer::new(dialect, sql).tokenize().unwrap_or_default();
            let brackets = tokens.iter().filter(|token| **token == Token::LBracket).count();
            if brackets > BRACKETS_MAX {
                let message = format!("at most {BRACKETS_MAX} brackets");
                return Err(Error::bad(message).within());
            }
            DFParserBuilder::new(sql).with_dialect(dialect).build()?.parse_statements()
        });
        let read =
            read.map_err(|_| Error::bad("a statement with less nested within each other"))?;
        let mut statements = read.map_err(|error| Error::of(&error, &|_| false, 0))?;
        let (Some(mut parsed), true) = (statements.pop_front(), statements.is_empty()) else {
            return Err(Error::bad("one statement"));
        };
        let plain = match &mut parsed {
            Parsed::Explain(explain) => match explain.statement.as_mut() {
                Parsed::Statement(plain) if matches!(**plain, Plain::Query(_)) => plain,
                _ => return Err(Error::bad(READS_ONLY)),
            },
            Parsed::Statement(plain) => plain,
            _ => return Err(Error::bad(READS_ONLY)),
        };
        match plain.as_ref() {
            Plain::Query(_) | Plain::ShowTables { .. } | Plain::ShowColumns { .. } => {}
            Plain::ExplainTable { .. } => {}
            _ => return Err(Error::bad(READS_ONLY)),
        }
        let is_query = matches!(plain.as_ref(), Plain::Query(_));
        let mut look = Look::default();
        if let ControlFlow::Break(error) = plain.visit(&mut look) {
            return Err(error);
        }
        let is_query = is_query && matches!(parsed, Parsed::Statement(_));
        let Look { asked, tables, all_columns, .. } = look;
        Ok(Statement { parsed, is_query, asked, tables, all_columns })
    }
}

/// Measures a statement, finds its table functions and writes their names small.
#[derive(Default)]
struct Look {
    depth: usize,
    expressions: usize,
    selects: usize,
    /// The queries that are open, the innermost last.
    open: Vec<Open>,
    /// Of those that are closed.
    tables: usize,
    all_columns: bool,
    asked: Vec<Asked>,
}

/// A query while it is looked at: what it names by WITH stands before all else.
struct Open {
    names: Vec<String>,
    /// How many tables the first of these names stand for.
    tables_of: Vec<usize>,
    /// How many it reads itself; one, where none.
    tables: usize,
}

impl VisitorMut for Look {
    type Break = Error;

    fn pre_visit_expr(&mut self, expression: &mut Expr) -> ControlFlow<Error> {
        let steps = steps_of(expression);
        self.depth += steps;
        self.expressions += if matches!(expression, Expr::Value(_)) { 0 } else { steps };
        if self.depth > DEPTH_MAX {
            return refuse(format!(
                "at most {DEPTH_MAX} operators in one expression; x IN (a, b, …) is one"
            ));
        }
        if self.expressions > EXPRESSIONS_MAX {
            return refuse(format!("at most {EXPRESSIONS_MAX} expressions"));
        }
        match expression {
            Expr::Cube(columns) if columns.len() > CUBE_MAX => {
                refuse(format!("at most {CUBE_MAX} columns in a CUBE"))
            }
            Expr::Tuple(_) | Expr::Struct { .. } | Expr::Dictionary(_) | Expr::Map(_) => {
                refuse("a value that is several: a column for each".to_owned())
            }
            Expr::Value(value) if bytes_of(&value.value) > TEXT_BYTES_MAX => {
                refuse(format!("at most {TEXT_BYTES_MAX} bytes in one text"))
            }
            Expr::Cast { data_type, .. } => fits(data_type),
            Expr::TypedString(typed) => fits(&typed.data_type),
            Expr::Convert { data_type: Some(data_type), .. } => fits(data_type),
            _ => ControlFlow::Continue(()),
        }
    }

    fn post_visit_expr(&mut self, expression: &mut Expr) -> ControlFlow<Error> {
        self.depth -= steps_of(expression);
        ControlFlow::Continue(())
    }

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Error> {
        let named = query.with.iter().flat_map(|with| &with.cte_tables);
        let names = named.map(|table| table.alias.name.value.clone()).collect();
        self.open.push(Open { names, tables_of: Vec::new(), tables: 1 });
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &mut Query) -> ControlFlow<Error> {
        let tables = self.open.pop().map_or(0, |query| query.tables);
        self.tables = self.tables.max(tables);
        if let Some(around) = self.open.last_mut() {
            match around.tables_of.len() < around.names.len() {
                true => around.tables_of.push(tables),
                false => around.tables = around.tables.saturating_add(tables),
            }
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_relation(&mut self, relation: &mut ObjectName) -> ControlFlow<Error> {
        let name = match relation.0.as_slice() {
            [ObjectNamePart::Identifier(name)] => Some(&name.value),
            _ => None,
        };
        let known = |query: &Open| {
            let place = query.names.iter().position(|known| Some(known) == name)?;
            query.tables_of.get(place).copied()
        };
        let tables = self.open.iter().rev().find_map(known).unwrap_or(1);
        let Some(query) = self.open.last_mut() else { return ControlFlow::Continue(()) };
        query.tables = query.tables.saturating_add(tables);
        match query.tables > TABLES_MAX {
            true => refuse(format!(
                "at most {TABLES_MAX} tables; what WITH names counts as often as it is used"
            )),
            false => ControlFlow::Continue(()),
        }
    }

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<Error> {
        self.selects += 1;
        self.all_columns |= select.projection.iter().any(|item| {
            matches!(item, SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..))
        });
        match self.selects > SELECTS_MAX {
            true => refuse(format!("at most {SELECTS_MAX} SELECTs")),
            false => ControlFlow::Continue(()),
        }
    }

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<Error> {
        let (name, args) = match factor {
            TableFactor::Table { name, args: Some(TableFunctionArgs { args, .. }), .. } => {
                (name, args)
            }
            TableFactor::Function { name, args, .. } => (name, args),
            _ => return ControlFlow::Continue(()),
        };
        let Some(function) = small(name).and_then(|name| Function::named(&name)) else {
            return ControlFlow::Continue(());
        };
        let text = match args.as_mut_slice() {
            [FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Value(value)))] => {
                let start = value.span.start;
                let position = Position { line: start.line, column: start.column };
                // The planner sees its place among the questions alone.
                let place = Value::SingleQuotedString(self.asked.len().to_string());
                std::mem::replace(&mut value.value, place)
                    .into_string()
                    .map(|text| (text, position))
            }
            _ => None,
        };
        let name = function.name();
        let Some((question, position)) = text else {
            let message = format!(
                "{name} takes one text: the question in JSON, as /api/v1/insights/{name} takes it"
            );
            return refuse(message);
        };
        self.asked.push(Asked { function, question, position });
        match self.asked.len() > QUESTIONS_MAX {
            true => refuse(format!("a statement asks at most {QUESTIONS_MAX} questions")),
            false => ControlFlow::Continue(()),
        }
    }
}

/// How many expressions within each other it becomes: a step into a value is one.
fn steps_of(expression: &Expr) -> usize {
    match expression {
        Expr::CompoundFieldAccess { access_chain, .. } => 1 + access_chain.len(),
        _ => 1,
    }
}

/// Lets through a type of few lists within each other, and without sizes: a list of so many has
/// them all before there is one value.
fn fits(mut kind: &DataType) -> ControlFlow<Error> {
    for _ in 0..=LISTS_MAX {
        kind = match kind {
            DataType::Array(ArrayElemTypeDef::SquareBracket(item, None)) => item,
            DataType::Array(ArrayElemTypeDef::AngleBracket(item)) => item,
            DataType::Array(_) => {
                return refuse("a list without a size: INT[], not INT[3]".to_owned());
            }
            _ => return ControlFlow::Continue(()),
        };
    }
    refuse(format!("at most {LISTS_MAX} lists within each other"))
}

fn refuse(message: String) -> ControlFlow<Error> {
    ControlFlow::Break(Error::bad(message))
}

fn bytes_of(value: &Value) -> usize {
    value.clone().into_string().map_or(0, |text| text.len())
}

fn small(name: &mut ObjectName) -> Option<String> {
    let [ObjectNamePart::Identifier(name)] = name.0.as_mut_slice() else { return None };
    if name.quote_style.is_none() {
        name.value = name.value.to_lowercase();
    }
    Some(name.value.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(sql: &str) -> String {
        match Statement::read(sql) {
            Ok(_) => panic!("{sql} was read"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn statements_that_change_or_reach_out_are_refused() {
        for sql in [
            "CREATE TABLE t AS SELECT 1",
            "CREATE VIEW v AS SELECT 1",
            "CREATE EXTERNAL TABLE t STORED AS CSV LOCATION '/etc/passwd'",
            "CREATE FUNCTION f() RETURNS INT RETURN 1",
            "DROP TABLE events",
            "INSERT INTO events VALUES (1)",
            "UPDATE events SET name = 'x'",
            "DELETE FROM events",
            "TRUNCATE TABLE events",
            "COPY events TO '/tmp/x.csv'",
            "COPY (SELECT 1) TO '/tmp/x.parquet'",
            "EXPLAIN COPY events TO '/tmp/x.csv'",
            "EXPLAIN INSERT INTO events VALUES (1)",
            "EXPLAIN EXPLAIN SELECT 1",
            "SET datafusion.execution.batch_size = 1",
            "RESET datafusion.execution.batch_size",
            "SHOW ALL",
            "PREPARE p AS SELECT 1",
            "EXECUTE p",
            "BEGIN",
            "USE other",
        ] {
            assert_eq!(refused(sql), READS_ONLY, "{sql}");
        }
    }

    #[test]
    fn a_statement_stands_alone_and_its_faults_have_a_place() {
        assert_eq!(refused(""), "one statement");
        assert_eq!(refused("SELECT 1; SELECT 2"), "one statement");
        assert!(Statement::read("SELECT 1;").is_ok());
        assert!(
            refused(&format!("SELECT '{}'", "x".repeat(STATEMENT_BYTES_MAX))).contains("bytes")
        );
        let Err(Error::Bad { position, message }) = Statement::read("SELECT 1\nFROM events WHER x")
        else {
            panic!("it was read")
        };
        assert_eq!(position, Some(Position { line: 2, column: 18 }), "{message}");
    }

    #[test]
    fn questions_are_found_wherever_a_table_may_stand() {
        let sql = r#"WITH f AS (SELECT * FROM Funnel('{"a":1}'))
            SELECT * FROM f JOIN funnel($${"b":'x'}$$) g ON true
            WHERE EXISTS (SELECT 1 FROM FUNNEL('{}'))"#;
        let asked = Statement::read(sql).map(|read| read.asked).unwrap_or_default();
        let mut questions: Vec<&str> = asked.iter().map(|one| one.question.as_str()).collect();
        questions.sort_unstable();
        assert_eq!(questions, [r#"{"a":1}"#, r#"{"b":'x'}"#, "{}"]);
        assert_eq!(asked.iter().map(|one| one.position.line).min(), Some(1));
        assert!(refused("SELECT * FROM funnel('a' || 'b')").starts_with("funnel takes one text"));
        assert!(refused("SELECT * FROM funnel()").starts_with("funnel takes one text"));
        let many = ["SELECT * FROM funnel('{}')"; QUESTIONS_MAX + 1].join(" UNION ALL ");
        assert!(refused(&many).contains("at most"));
    }
}
