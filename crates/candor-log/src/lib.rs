//! The durable event log: append, read from an offset, trim.
//!
//! The log moves sealed bytes and does not know what an event is, who sent it or whether it may be
//! kept. A record is acknowledged after the sync that covers it; records that arrive while a sync
//! runs share the next one. After a failed sync nothing is written any more until the log is
//! opened again: what the disk holds is then read back instead of guessed.
//!
//! Followers read from offsets of their own, which they commit together with their results; the
//! log is trimmed behind the slowest of them.
//!
//! Entry types: [`Log`] (the seam), [`EmbeddedLog`] (files of this machine) and [`MemoryLog`] (for
//! tests). Read `embedded/mod.rs`, then `writer`, `recovery`, `reader` and `frame`;
//! `docs/formats/log.md` draws the bytes.
//!
//! ```
//! use candor_log::{Log, MemoryLog, Offset};
//! let log = MemoryLog::default();
//! log.append(b"sealed".to_vec(), Box::new(|appended| assert!(appended.is_ok())));
//! let batch = log.read(Offset(0), 1024)?;
//! assert_eq!(batch.records[0].payload, b"sealed"[..]);
//! assert!(log.read(batch.next, 1024)?.records.is_empty());
//! # Ok::<(), candor_log::Error>(())
//! ```

mod embedded;
mod error;
mod memory;

use std::time::Duration;

use bytes::Bytes;
pub use embedded::{EmbeddedLog, LogConfig};
pub use error::Error;
pub use memory::MemoryLog;

/// A place in the log: bytes of frames since its beginning. Grows strictly; survives trimming.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Offset(pub u64);

/// Where a record was put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appended {
    /// The record's own offset.
    pub at: Offset,
    /// The offset after it, from which reading goes on.
    pub next: Offset,
}

/// One entry of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its place.
    pub offset: Offset,
    /// Its bytes, as appended; they hold what was read with them.
    pub payload: Bytes,
}

/// Records in order, and where to read on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Empty at the end of the log.
    pub records: Vec<Record>,
    /// The offset after the last of them.
    pub next: Offset,
}

/// Told once what became of a record, on the thread of the writer: it must not block.
pub type Done = Box<dyn FnOnce(Result<Appended, Error>) + Send>;

/// The seam of the log. `tests/it/conformance.rs` is what every implementation keeps.
pub trait Log: Send + Sync {
    /// Appends a record of 1 byte or more. `done` is called after the sync that covers it, or
    /// with the error for which nothing was kept. Records are kept in the order of the calls.
    fn append(&self, payload: Vec<u8>, done: Done);

    /// Synced records from `from` on, about `bytes_max` bytes of them and at least one, if there
    /// is one.
    ///
    /// # Errors
    /// [`Error::NoSuchOffset`] when `from` was trimmed or lies beyond the end.
    fn read(&self, from: Offset, bytes_max: usize) -> Result<Batch, Error>;

    /// The first offset that can be read.
    fn start(&self) -> Offset;

    /// The offset after the last synced record.
    fn end(&self) -> Offset;

    /// Blocks until the end lies beyond an offset; false when `timeout` came first.
    fn wait(&self, beyond: Offset, timeout: Duration) -> bool;

    /// Registers a follower, or moves it: everything before `at` is in its results.
    fn follow(&self, follower: &str, at: Offset);

    /// Removes what all followers have passed; answers the bytes freed. Without a follower nothing
    /// is removed.
    ///
    /// # Errors
    /// When a file cannot be removed, or the next not be begun; what could be removed is.
    fn trim(&self) -> Result<u64, Error>;

    /// The follower that holds back trimming.
    fn slowest_follower(&self) -> Option<(String, Offset)>;

    /// Bytes of records that are kept.
    fn bytes(&self) -> u64;

    /// Why the log refuses writes, if it does.
    fn poisoned(&self) -> Option<String>;
}
