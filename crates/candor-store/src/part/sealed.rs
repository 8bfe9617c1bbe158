//! A part that is read from: its files go when nobody does any more.

use std::fs;
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::Part;
use crate::error::Error;

/// A part of the manifest and its files, shared by all who read them.
pub(crate) struct SealedPart {
    folder: PathBuf,
    part: Part,
    /// The manifest names it no more: its files go with the last who holds it.
    leaves: AtomicBool,
}

impl SealedPart {
    pub(crate) fn new(folder: PathBuf, part: Part) -> Arc<SealedPart> {
        Arc::new(SealedPart { folder, part, leaves: AtomicBool::new(false) })
    }

    /// Removes the files of a part that no manifest names any more: now, or when the last question
    /// that reads from it ends. A restart sweeps them in any case.
    ///
    /// # Errors
    /// A file that cannot be removed now.
    pub(crate) fn leave(self: Arc<Self>) -> Result<(), Error> {
        self.leaves.store(true, Ordering::Release);
        match Arc::into_inner(self) {
            Some(mut last) => {
                *last.leaves.get_mut() = false;
                last.remove()
            }
            None => Ok(()),
        }
    }

    fn remove(&self) -> Result<(), Error> {
        let paths = self.part.files.iter().map(|file| self.folder.join(&file.name));
        let removed =
            paths.map(|path| fs::remove_file(&path).map_err(|e| Error::disk("remove", &path, e)));
        // One that stays is no reason to keep the others.
        removed.fold(Ok(()), Result::and)
    }
}

impl Drop for SealedPart {
    fn drop(&mut self) {
        if *self.leaves.get_mut() {
            let _ = self.remove();
        }
    }
}

impl Deref for SealedPart {
    type Target = Part;

    fn deref(&self) -> &Part {
        &self.part
    }
}

impl std::fmt::Debug for SealedPart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.part.fmt(f)
    }
}
