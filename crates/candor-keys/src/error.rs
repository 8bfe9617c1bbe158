//! What can go wrong with keys, by what a caller can do about it.

use std::io;
use std::path::PathBuf;

/// A key that is missing, damaged or does not fit.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A key file could not be read or written: mend the disk or its permissions.
    #[error("{action} the key file {path}")]
    File {
        /// What was attempted.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// The publisher already has keys; they are never overwritten.
    #[error("the key file {0} exists already")]
    Exists(PathBuf),
    /// Others than the owner may read the key file: `chmod 600` it.
    #[error("the key file {0} may be read by others than its owner; set its mode to 0600")]
    Exposed(PathBuf),
    /// The key file is not what was written: restore it from a backup.
    #[error("the key file {0} is damaged: {1}")]
    Damaged(PathBuf, &'static str),
    /// The bytes were sealed for someone or something else, or were changed.
    #[error("the sealed bytes do not open under this key")]
    DoesNotOpen,
    /// The cryptographic library failed; nothing was sealed.
    #[error("the cryptographic library failed to {0}")]
    Library(&'static str),
}
