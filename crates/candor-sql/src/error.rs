//! Why SQL has no answer.

use datafusion::common::{DataFusionError, SchemaError};
use datafusion::sql::sqlparser::parser::ParserError;

/// Where in the SQL, both counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The line.
    pub line: u64,
    /// The character in it.
    pub column: u64,
}

/// What is wrong with a statement, or what stopped it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The statement cannot be answered as it stands.
    #[error("{message}")]
    Bad {
        /// What to change; may hold words of the statement and values that its asker may see.
        message: String,
        /// Where, when the parser knows it.
        position: Option<Position>,
    },
    /// A column that the asker may not see.
    #[error("the column {column} is masked")]
    Masked {
        /// Its name.
        column: String,
        /// Where, when the parser knows it.
        position: Option<Position>,
    },
    /// A question within the statement makes no sense.
    #[error("{function}: {source}")]
    Question {
        /// The table function that asks it.
        function: &'static str,
        /// What is wrong with it.
        source: candor_query::Error,
    },
    /// The statement needs more memory than a question may take.
    #[error("the statement needs more than {bytes_max} bytes")]
    TooLarge {
        /// What it may take.
        bytes_max: usize,
    },
    /// Answers that nobody has taken yet fill the memory; the same statement may be asked later.
    #[error("answers that are not taken yet fill the memory")]
    Full,
    /// The asker left, or the time limit passed.
    #[error("the statement was cancelled")]
    Cancelled,
    /// Our own failure; of which kind, and nothing of the statement.
    #[error("the statement failed: {0}")]
    Failed(&'static str),
}

/// Characters of a message: some name every column there is.
const MESSAGE_MAX: usize = 500;

impl Error {
    pub(crate) fn bad(message: impl Into<String>) -> Error {
        Error::Bad { message: message.into(), position: None }
    }

    /// As the library carries it, until [`Error::of`] takes it out again.
    pub(crate) fn within(self) -> DataFusionError {
        DataFusionError::External(Box::new(self))
    }

    /// What the library says, as ours; `masked` tells which columns are hidden from the asker.
    pub(crate) fn of(
        error: &DataFusionError,
        masked: &dyn Fn(&str) -> bool,
        bytes_max: usize,
    ) -> Error {
        let start = error.diagnostic().and_then(|found| found.span).map(|span| span.start);
        let position = start.map(|at| Position { line: at.line, column: at.column });
        let root = error.find_root();
        if let DataFusionError::External(source) = root
            && let Some(ours) = source.downcast_ref::<Error>()
        {
            return ours.clone();
        }
        match root {
            DataFusionError::SchemaError(found, _) => match found.as_ref() {
                SchemaError::FieldNotFound { field, .. } if masked(&field.name) => {
                    Error::Masked { column: field.name.clone(), position }
                }
                other => Error::Bad { message: in_short(&other.to_string()), position },
            },
            DataFusionError::SQL(found, _) if **found == ParserError::RecursionLimitExceeded => {
                Error::bad("a statement with less nested within each other")
            }
            DataFusionError::SQL(found, _) => {
                let message = in_short(&found.to_string());
                let position = position.or_else(|| position_in(&message));
                Error::Bad { message, position }
            }
            DataFusionError::Plan(message)
            | DataFusionError::NotImplemented(message)
            | DataFusionError::Execution(message) => {
                Error::Bad { message: in_short(message), position }
            }
            DataFusionError::ArrowError(found, _) => {
                Error::Bad { message: in_short(&found.to_string()), position }
            }
            // What a function says of its arguments; a thing that cannot be reached is an Internal.
            DataFusionError::External(found) => {
                Error::Bad { message: in_short(&found.to_string()), position }
            }
            DataFusionError::ResourcesExhausted(_) => Error::TooLarge { bytes_max },
            DataFusionError::Internal(_) => Error::Failed("a fault of the planner"),
            DataFusionError::ExecutionJoin(_) => Error::Failed("a part of it ended early"),
            _ => Error::Failed("what it needs is not there"),
        }
    }
}

/// The first line, or the last where the first only announces it, without the library's own prefix,
/// and not without end.
fn in_short(message: &str) -> String {
    let line = message.lines().next().unwrap_or_default();
    let line = if line.ends_with(':') { message.lines().last().unwrap_or(line) } else { line };
    let line = line.strip_prefix("sql parser error: ").unwrap_or(line);
    line.chars().take(MESSAGE_MAX).collect()
}

/// The parser says in words where it stopped.
fn position_in(message: &str) -> Option<Position> {
    let number = |label: &str| {
        let (_, rest) = message.rsplit_once(label)?;
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        rest[..end].parse().ok()
    };
    Some(Position { line: number("Line: ")?, column: number("Column: ")? })
}
