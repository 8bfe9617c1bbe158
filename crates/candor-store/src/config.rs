//! Where a store lies, and how it goes about its work.

use std::path::PathBuf;
use std::sync::Arc;

use candor_event::DataClass;

use crate::ahead::Ahead;

/// Which class a property or trait belongs to: decides which file, and so which key, holds it.
pub type ClassOf = Arc<dyn Fn(&str) -> DataClass + Send + Sync>;

/// Where a store lies and when it writes.
#[derive(Clone, Debug)]
pub struct StoreConfig {
    /// Threads that make rows columns and write the files of a flush.
    pub threads: usize,
    /// The folder of this publisher's parts; made when missing.
    pub folder: PathBuf,
    /// Logical volumes of a new store, a power of two; an old one keeps its own number.
    pub volumes: u16,
    /// A flush is due when a volume has this many rows that only the log holds.
    pub flush_rows: usize,
    /// Rows of a volume's tail above which they become columns in memory.
    pub tail_rows_max: usize,
    /// Much is loaded, and nobody asks meanwhile: what is in memory is put in order late.
    pub bulk: bool,
    /// What reads the files of the folder ahead of its opening.
    pub ahead: Option<Arc<Ahead>>,
}

impl StoreConfig {
    /// The defaults for a folder.
    pub fn new(folder: impl Into<PathBuf>) -> StoreConfig {
        let folder = folder.into();
        StoreConfig {
            threads: 1,
            folder,
            volumes: 16,
            flush_rows: 65_536,
            tail_rows_max: 2_048,
            bulk: false,
            ahead: None,
        }
    }

    /// Segments of about one size that are not yet in files; with one more they are joined. A
    /// question looks at each of them; a row is copied once for each join.
    pub(crate) fn alike_max(&self) -> usize {
        if self.bulk { usize::MAX } else { 4 }
    }

    /// Rows beside the base of a volume that are worth making another of it.
    pub(crate) fn beside_min(&self) -> usize {
        if self.bulk { 1 << 22 } else { 1 }
    }
}
