//! Why a question has no answer.

/// What is wrong with a question, or what stopped it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The question does not make sense; `pointer` (RFC 6901) says where.
    #[error("{pointer}: {message}")]
    Bad {
        /// Where in the body.
        pointer: String,
        /// What to change.
        message: String,
    },
    /// The asker left, or the time limit passed.
    #[error("the question was cancelled")]
    Cancelled,
}

impl Error {
    pub(crate) fn bad(pointer: impl Into<String>, message: impl Into<String>) -> Error {
        Error::Bad { pointer: pointer.into(), message: message.into() }
    }
}
