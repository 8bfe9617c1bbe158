//! Why records were not taken in.

use crate::server::NeverOpens;

/// Why records were not taken in.
#[derive(Debug)]
pub enum Refusal {
    /// Too much at once, or a full index: later.
    Overloaded,
    /// The log cannot keep more: full, or poisoned.
    Full,
    /// The server ends before anything could be taken in.
    Ends,
    /// The ids name nobody.
    Nobody,
    /// Our own failure.
    Internal,
}

impl From<NeverOpens> for Refusal {
    fn from(_: NeverOpens) -> Refusal {
        Refusal::Ends
    }
}

impl From<candor_ingest::Error> for Refusal {
    fn from(error: candor_ingest::Error) -> Refusal {
        match error {
            candor_ingest::Error::Overloaded => Refusal::Overloaded,
            candor_ingest::Error::Nobody => Refusal::Nobody,
            other => {
                tracing::error!(%other, "a request was not sealed");
                Refusal::Internal
            }
        }
    }
}

impl From<candor_log::Error> for Refusal {
    fn from(error: candor_log::Error) -> Refusal {
        tracing::warn!(%error, "the log refused");
        Refusal::Full
    }
}
