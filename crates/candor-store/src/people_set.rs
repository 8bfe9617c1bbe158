//! Some of the people of a volume.

/// Some of the people of a volume, a bit for each ordinal.
#[derive(Clone, Debug, Default)]
pub struct PeopleSet(Vec<u64>);

impl PeopleSet {
    /// Whether a person is in.
    #[inline]
    pub fn has(&self, ordinal: u32) -> bool {
        let word = self.0.get((ordinal / u64::BITS) as usize);
        word.is_some_and(|word| word >> (ordinal % u64::BITS) & 1 == 1)
    }

    /// Puts a person in.
    pub fn insert(&mut self, ordinal: u32) {
        let word = (ordinal / u64::BITS) as usize;
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= 1 << (ordinal % u64::BITS);
    }

    /// How many are in.
    pub fn len(&self) -> u64 {
        self.0.iter().map(|word| u64::from(word.count_ones())).sum()
    }

    /// Whether nobody is in.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }
}
