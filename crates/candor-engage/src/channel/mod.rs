//! Ways to a person, and what a provider says to one hand-over.
//!
//! A channel first composes, which is work without waiting, and then hands over, which is waiting
//! without work; neither decides whether the message may go. Read `email`, then `webhook`; `outbox`
//! is where messages stay that are only tried out.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub mod email;
pub mod outbox;
mod public_address;
pub mod webhook;

/// A medium by which people are reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// To a person's address.
    Email,
    /// To a server of the publisher's choice.
    Webhook,
}

impl Channel {
    /// All of them.
    pub const ALL: [Channel; 2] = [Channel::Email, Channel::Webhook];

    /// As it stands in addresses and documents.
    pub fn word(self) -> &'static str {
        match self {
            Channel::Email => "email",
            Channel::Webhook => "webhook",
        }
    }

    /// The channel of a word.
    pub fn from_word(word: &str) -> Option<Channel> {
        Channel::ALL.into_iter().find(|channel| channel.word() == word)
    }
}

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
    /// It may work later; the provider has not got it.
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

impl Answer {
    /// Its kind, as it is shown.
    pub fn word(&self) -> &'static str {
        match self {
            Answer::Accepted { .. } => "accepted",
            Answer::NoSuchAddress { .. } => "no_such_address",
            Answer::BadContent { .. } => "bad_content",
            Answer::BadCredentials { .. } => "bad_credentials",
            Answer::TooFast { .. } => "too_fast",
            Answer::Later { .. } => "later",
            Answer::Unknown { .. } => "unknown",
        }
    }

    /// What the provider said where it did not take the message.
    pub fn code(&self) -> Option<&str> {
        match self {
            Answer::Accepted { .. } => None,
            Answer::NoSuchAddress { code, .. }
            | Answer::BadContent { code }
            | Answer::BadCredentials { code }
            | Answer::TooFast { code, .. }
            | Answer::Later { code }
            | Answer::Unknown { code } => Some(code),
        }
    }

    pub(crate) fn later(code: impl Into<String>) -> Answer {
        Answer::Later { code: code.into() }
    }

    pub(crate) fn unknown(code: impl Into<String>) -> Answer {
        Answer::Unknown { code: code.into() }
    }

    pub(crate) fn bad_content(code: impl Into<String>) -> Answer {
        Answer::BadContent { code: code.into() }
    }

    pub(crate) fn bad_credentials(code: impl Into<String>) -> Answer {
        Answer::BadCredentials { code: code.into() }
    }
}

/// The 128 bits that name one message on every channel; written as 32 hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MessageId(pub u128);

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// The text is not 32 hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a message id is 32 hex digits")]
pub struct NotAMessageId;

impl FromStr for MessageId {
    type Err = NotAMessageId;

    fn from_str(text: &str) -> Result<Self, NotAMessageId> {
        // Checked by hand: the number parser takes a sign.
        if text.len() != 32 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(NotAMessageId);
        }
        u128::from_str_radix(text, 16).map(MessageId).map_err(|_| NotAMessageId)
    }
}

/// A channel cannot be set up like this.
#[derive(Debug, thiserror::Error)]
#[error("{setting}: {reason}")]
pub struct BadSetting {
    /// Which setting, as the field of the settings' document is called.
    pub setting: &'static str,
    /// What is wrong with it; never the secret itself.
    pub reason: String,
}

impl BadSetting {
    pub(crate) fn new(setting: &'static str, reason: impl Into<String>) -> BadSetting {
        BadSetting { setting, reason: reason.into() }
    }
}

/// A password or key that is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret<T>(pub T);

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}
