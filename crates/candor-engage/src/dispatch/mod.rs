//! From a run to messages that were handed over: leases, gates, a bounded window, retries.
//!
//! [`work`] is one worker on one part of an audience. What it needs of its publisher is a
//! [`Sender`], what is fixed for a run a [`Plan`], and what all that send by one provider share a
//! [`Flow`]. Who gives out the leases, and when a campaign fires, is not known here.
//!
//! Read in this order: `sender`, `reason`, `gate`, `flow`, `halts`, `suppressed`, `settle`,
//! `making`, `work`.

mod flow;
mod gate;
mod halts;
mod making;
mod reason;
mod sender;
mod settle;
mod suppressed;
mod work;

pub use flow::{Flow, Health, WINDOW};
pub use halts::{Halts, Switches};
pub use reason::{DropReason, failed};
pub use sender::{Plan, ReadTraits, Sender, Tell, Traits};
pub use settle::{about_message, event_id};
pub use suppressed::Suppressed;
pub use work::{LEASE_MS, work};

/// Why a worker could not go on. What it had leased runs out, and goes again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The catalog could not be read or written.
    #[error("the catalog")]
    Catalog(#[from] candor_catalog::Error),
    /// What became of messages could not be kept as events of their people.
    #[error("outcomes were not taken in: {0}")]
    Untold(String),
    /// Something of ours broke.
    #[error("{0}")]
    Broken(&'static str),
}
