//! What can go wrong with parts and what a caller can do about it.

use std::path::{Path, PathBuf};

/// Why the store could not write, read or open something.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The disk refused. Writing may be tried again later: nothing of it counts until the manifest
    /// names it.
    #[error("{what} {}", path.display())]
    Disk {
        /// What was attempted.
        what: &'static str,
        /// On which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file does not hold what it should: restore it from a backup.
    #[error("{} is damaged: {why}", path.display())]
    Corrupt {
        /// Which file.
        path: PathBuf,
        /// What disagreed.
        why: String,
    },
    /// A file that someone brought cannot be read: change the file.
    #[error("read {name}: {why}")]
    Table {
        /// Which file.
        name: String,
        /// What is wrong with it, and where.
        why: String,
    },
    /// A key is missing or does not fit.
    #[error("keys for {}", path.display())]
    Keys {
        /// For which file.
        path: PathBuf,
        /// What the keyring said.
        source: candor_keys::Error,
    },
}

impl Error {
    pub(crate) fn disk(what: &'static str, path: &Path, source: std::io::Error) -> Error {
        Error::Disk { what, path: path.to_owned(), source }
    }

    pub(crate) fn corrupt(path: &Path, why: impl ToString) -> Error {
        Error::Corrupt { path: path.to_owned(), why: why.to_string() }
    }

    pub(crate) fn table(name: &str, why: &str) -> Error {
        Error::Table { name: name.to_owned(), why: why.to_owned() }
    }

    pub(crate) fn keys(path: &Path, source: candor_keys::Error) -> Error {
        Error::Keys { path: path.to_owned(), source }
    }
}
