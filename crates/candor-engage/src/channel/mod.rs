//! Ways to a person, and what a provider says to one hand-over.

use std::time::Duration;

/// What became of one hand-over. The kind of error decides what is done next, never its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The provider has it.
    Accepted {
        /// What the provider calls it.
        provider_id: Option<String>,
    },
    /// The address will never take a message: fail, and retire the address where `retire`.
    NoSuchAddress {
        /// What the provider said, like `550 5.1.1`; nothing of the message or the address.
        code: String,
        /// Sure enough for the address to be left alone from now on.
        retire: bool,
    },
    /// The message itself is refused, wherever it goes.
    BadContent {
        /// What the provider said.
        code: String,
    },
    /// The provider does not know us: nothing goes until somebody changes the settings. Not counted
    /// as an attempt.
    BadCredentials {
        /// What the provider said.
        code: String,
    },
    /// Too fast, or too many on one connection. Not counted as an attempt.
    TooFast {
        /// What the provider said.
        code: String,
        /// When it wants to be asked again.
        retry_after: Option<Duration>,
    },
    /// It may work later; nothing of the message went out.
    Later {
        /// What the provider said, or what failed.
        code: String,
    },
    /// All of it went out and no answer came: nobody knows.
    Unknown {
        /// What failed.
        code: String,
    },
}
