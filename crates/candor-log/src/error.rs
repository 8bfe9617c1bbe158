//! What can go wrong with the log, by what a caller can do about it.

use std::io;
use std::path::PathBuf;

/// Why records were not taken or not given.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Nothing was kept of the record; the same may be appended again later.
    #[error("the log is full: {0}")]
    Full(String),
    /// A sync failed, so what is on the disk is not known: open the log again.
    #[error("the log refuses writes after a failed sync: {0}")]
    Poisoned(String),
    /// The record is larger than a frame may be; it will never fit.
    #[error("a record of {bytes} bytes is larger than the frame limit of {limit}")]
    TooLarge {
        /// The record's size.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// What is on the disk is not what was written: restore the file.
    #[error("{file} is damaged at byte {at}: {what}")]
    Corrupt {
        /// The damaged file.
        file: PathBuf,
        /// Where in the file.
        at: u64,
        /// What disagreed.
        what: &'static str,
    },
    /// Another process has the folder open.
    #[error("the log in {0} is in use by another process")]
    InUse(PathBuf),
    /// The offset lies before what is kept or is not a record's.
    #[error("there is no record at offset {0}")]
    NoSuchOffset(u64),
    /// The disk refused; mend it.
    #[error("{action} {path}: {why}")]
    Disk {
        /// What was attempted.
        action: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// What the system said.
        why: String,
    },
}

impl Error {
    pub(crate) fn disk(action: &'static str, path: &std::path::Path, why: &io::Error) -> Error {
        Error::Disk { action, path: path.to_owned(), why: why.to_string() }
    }
}
