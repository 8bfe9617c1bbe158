//! What files hold of everybody's traits: read when it is first looked at.

use std::fmt;
use std::sync::{Mutex, OnceLock, PoisonError};

use crate::error::Error;
use crate::resident::people::Trait;

/// Reads traits as they lie in files, each with the ordinal of its person.
type Source = dyn Fn() -> Result<Vec<(u32, Trait)>, Error> + Send + Sync;

/// The traits that the people of a volume have in files.
pub(crate) struct Filed {
    held: OnceLock<Held>,
    /// One reads at a time.
    reading: Mutex<()>,
    source: Box<Source>,
}

/// Traits by person, and by name's code.
#[derive(Default)]
struct Held {
    /// By ordinal: where theirs begin; and where the last ones end.
    first: Vec<u32>,
    traits: Vec<Trait>,
}

impl fmt::Debug for Filed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let traits = self.held.get().map(|held| held.traits.len());
        f.debug_struct("Filed").field("traits", &traits).finish_non_exhaustive()
    }
}

impl Filed {
    /// Of a source that tells the older of two words about a trait first.
    pub(crate) fn new(
        source: impl Fn() -> Result<Vec<(u32, Trait)>, Error> + Send + Sync + 'static,
    ) -> Filed {
        Filed { held: OnceLock::new(), reading: Mutex::default(), source: Box::new(source) }
    }

    /// What was read, without that of some people.
    pub(crate) fn without(&self, gone: &dyn Fn(u32) -> bool) -> Filed {
        let held = self.held.get().map_or_else(Held::default, |held| held.without(gone));
        let (held, reading) = (held.into(), Mutex::default());
        Filed { held, reading, source: Box::new(|| Ok(Vec::new())) }
    }

    /// Reads them, unless that was done.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(crate) fn read(&self) -> Result<(), Error> {
        if self.held.get().is_some() {
            return Ok(());
        }
        let _one = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        if self.held.get().is_none() {
            let _ = self.held.set(Held::of_all((self.source)()?));
        }
        Ok(())
    }

    /// Those of a person, by name's code ascending.
    #[inline]
    pub(crate) fn of(&self, ordinal: u32) -> &[Trait] {
        match self.held.get() {
            Some(held) => held.of(ordinal),
            None => self.first_look(ordinal),
        }
    }

    /// # Panics
    /// When they cannot be read: whoever asks gets no answer rather than a wrong one, and the one
    /// who waits for [`Filed::read`] is told why.
    #[cold]
    fn first_look(&self, ordinal: u32) -> &[Trait] {
        if let Err(error) = self.read() {
            panic!("traits cannot be read: {error}");
        }
        self.held.get().map_or(&[], |held| held.of(ordinal))
    }
}

impl Held {
    fn of_all(mut read: Vec<(u32, Trait)>) -> Held {
        // Stable: the older of two words stays first.
        if !read.is_sorted_by_key(|one| one.0) {
            read.sort_by_key(|one| one.0);
        }
        for theirs in read.chunk_by_mut(|one, next| one.0 == next.0) {
            theirs.sort_by_key(|one| one.1.0);
        }
        read.dedup_by(|later, kept| {
            let again = (later.0, later.1.0) == (kept.0, kept.1.0);
            if again {
                std::mem::swap(later, kept);
            }
            again
        });
        let (mut first, mut traits) = (Vec::new(), Vec::with_capacity(read.len()));
        for (ordinal, one) in read {
            first.resize((ordinal as usize + 1).max(first.len()), traits.len() as u32);
            traits.push(one);
        }
        first.push(traits.len() as u32);
        Held { first, traits }
    }

    fn without(&self, gone: &dyn Fn(u32) -> bool) -> Held {
        let there = (0..self.first.len() as u32).filter(|ordinal| !gone(*ordinal));
        let theirs = |ordinal| self.of(ordinal).iter().map(move |one| (ordinal, one.clone()));
        Held::of_all(there.flat_map(theirs).collect())
    }

    #[inline]
    fn of(&self, ordinal: u32) -> &[Trait] {
        match self.first.get(ordinal as usize..).unwrap_or_default() {
            [from, to, ..] => &self.traits[*from as usize..*to as usize],
            _ => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use candor_event::{Timestamp, Value};
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_later_word_about_a_trait_is_held(
            read in proptest::collection::vec((0u32..6, 0u32..4), 0..40),
            in_order in any::<bool>(),
        ) {
            let mut read = read;
            if in_order {
                read.sort_by_key(|one| one.0);
            }
            let word = |at: usize| Some(Value::Integer(at as i64));
            let rows = read.iter().enumerate();
            let rows = rows.map(|(at, (of, name))| (*of, (*name, Timestamp(0), word(at))));
            let rows: Vec<(u32, Trait)> = rows.collect();
            let last: BTreeMap<(u32, u32), Trait> =
                rows.iter().map(|(of, one)| ((*of, one.0), one.clone())).collect();
            let filed = Filed::new(move || Ok(rows.clone()));
            filed.read().unwrap();
            let less = filed.without(&|ordinal| ordinal % 3 == 1);
            for ordinal in 0..8 {
                let theirs = last.iter().filter(|one| one.0.0 == ordinal);
                let expected: Vec<Trait> = theirs.map(|one| one.1.clone()).collect();
                prop_assert_eq!(filed.of(ordinal), &expected[..]);
                let left = if ordinal % 3 == 1 { &[] } else { &expected[..] };
                prop_assert_eq!(less.of(ordinal), left);
            }
        }
    }
}
