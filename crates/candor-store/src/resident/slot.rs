//! Where a segment's property is: in memory, or in files until it is asked for.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use candor_event::Types;

use crate::error::Error;
use crate::part::{BaseFiles, TypesByName};
use crate::resident::column::Column;
use crate::resident::rows::Rows;

/// One property of a segment.
#[derive(Debug)]
pub(crate) struct Slot {
    held: OnceLock<Arc<Column>>,
    /// Its name, and the files that hold it; none: memory alone does.
    files: Option<(Arc<str>, Arc<BaseFiles>)>,
    /// Of its values; found when first asked.
    types: OnceLock<Types>,
    /// One reads it at a time.
    reading: Mutex<()>,
    /// When it was last asked for, in questions.
    used: AtomicU64,
}

/// How many views were asked for in this process.
static ASKED: AtomicU64 = AtomicU64::new(1);

/// Counts a question.
pub(crate) fn count_question() {
    ASKED.fetch_add(1, Ordering::Relaxed);
}

impl Slot {
    /// A column in memory.
    pub(crate) fn held(column: Arc<Column>, files: Option<(Arc<str>, Arc<BaseFiles>)>) -> Slot {
        let slot = Slot::unread(files);
        let _ = slot.held.set(column);
        slot
    }

    /// A column to be had from files.
    pub(crate) fn unread(files: Option<(Arc<str>, Arc<BaseFiles>)>) -> Slot {
        let used = AtomicU64::new(ASKED.load(Ordering::Relaxed));
        let (held, types) = (OnceLock::new(), OnceLock::new());
        Slot { held, files, types, reading: Mutex::new(()), used }
    }

    /// The column, read where it is not in memory, for a segment of these rows.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(crate) fn column(&self, rows: &Rows) -> Result<&Arc<Column>, Error> {
        let now = ASKED.load(Ordering::Relaxed);
        if self.used.load(Ordering::Relaxed) != now {
            self.used.store(now, Ordering::Relaxed);
        }
        if let Some(column) = self.held.get() {
            return Ok(column);
        }
        let _one = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(column) = self.held.get() {
            return Ok(column);
        }
        let (name, files) = self.files.as_ref().expect("a column is in memory or in files");
        let column = Arc::new(files.column(name, rows)?);
        Ok(self.held.get_or_init(|| column))
    }

    /// The types of its values. Of what is in files alone, their schemas tell, which are read once
    /// for a segment into `of_files`; lists and objects, which those do not tell apart, are read.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(crate) fn types(
        &self,
        rows: &Rows,
        of_files: &mut Option<TypesByName>,
    ) -> Result<Types, Error> {
        if let Some(types) = self.types.get() {
            return Ok(*types);
        }
        let mut told = None;
        if let (None, Some((name, files))) = (self.held.get(), &self.files) {
            let all = match of_files {
                Some(all) => all,
                None => of_files.insert(files.types()?),
            };
            told = all.get(&**name).copied().flatten();
        }
        let types = match told {
            Some(types) => types,
            None => self.column(rows)?.values().types(),
        };
        Ok(*self.types.get_or_init(|| types))
    }

    /// The column where it is in memory.
    pub(crate) fn in_memory(&self) -> Option<&Arc<Column>> {
        self.held.get()
    }

    /// When it was last asked for and the bytes that it takes, where files hold it too.
    pub(crate) fn spare(&self) -> Option<(u64, usize)> {
        let column = self.held.get().filter(|_| self.files.is_some())?;
        Some((self.used.load(Ordering::Relaxed), column.bytes()))
    }

    /// The same slot of the same segment, in memory or not.
    pub(crate) fn again(&self, in_memory: bool) -> Slot {
        let slot = Slot::unread(self.files.clone());
        slot.used.store(self.used.load(Ordering::Relaxed), Ordering::Relaxed);
        if let Some(types) = self.types.get() {
            let _ = slot.types.set(*types);
        }
        if let Some(column) = self.held.get().filter(|_| in_memory || self.files.is_none()) {
            let _ = slot.held.set(column.clone());
        }
        slot
    }
}
