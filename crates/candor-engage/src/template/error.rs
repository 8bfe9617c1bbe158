//! Why a template is refused, and why one message is not made.

/// A template that cannot be compiled, and where its author has to look.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub struct TemplateError {
    /// The line, from 1.
    pub line: u32,
    /// The character in the line, from 1.
    pub column: u32,
    /// What to change.
    pub message: String,
}

/// Why a message is not made for one person. It is a reason to drop, never to try again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RenderError {
    /// A value the template needs is not there: its path, like `user.plan`.
    #[error("missing data: {0}")]
    Missing(String),
    /// The template itself said `abort`, with its reason.
    #[error("aborted: {0}")]
    Aborted(String),
    /// The template did more than it may.
    #[error("more than {instructions} instructions")]
    OutOfFuel {
        /// How many it may.
        instructions: u32,
    },
    /// The message, or a text made on the way to it, is too long.
    #[error("more than {bytes_max} bytes")]
    TooLong {
        /// How long it may be.
        bytes_max: usize,
    },
    /// A value that does not fit where the template puts it.
    #[error("line {line}: {message}")]
    Unfit {
        /// The line of the template, from 1; 0 when it is not known.
        line: u32,
        /// What does not fit, without the value.
        message: String,
    },
}

impl RenderError {
    pub(crate) fn unfit(line: u32, message: impl Into<String>) -> RenderError {
        RenderError::Unfit { line, message: message.into() }
    }
}
