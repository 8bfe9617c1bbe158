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

    /// Takes a person out.
    pub fn remove(&mut self, ordinal: u32) {
        if let Some(word) = self.0.get_mut((ordinal / u64::BITS) as usize) {
            *word &= !(1 << (ordinal % u64::BITS));
        }
    }

    /// Who of the 64 people from `64 * word` on is in, bit by bit.
    #[inline]
    pub(crate) fn word(&self, word: usize) -> u64 {
        self.0.get(word).copied().unwrap_or(0)
    }

    /// Puts those of a word in.
    pub(crate) fn insert_word(&mut self, word: usize, people: u64) {
        if people != 0 {
            self.0.resize(self.0.len().max(word + 1), 0);
            self.0[word] |= people;
        }
    }

    /// Puts those of another set in.
    pub(crate) fn extend(&mut self, other: &PeopleSet) {
        other.0.iter().enumerate().for_each(|(word, people)| self.insert_word(word, *people));
    }

    /// Puts people in, whose ordinals ascend, some of them more than once.
    pub(crate) fn extend_ordered(&mut self, ordinals: &[u32]) {
        let Some(last) = ordinals.last() else { return };
        let words = (last / u64::BITS) as usize + 1;
        self.0.resize(self.0.len().max(words), 0);
        ordinals.iter().for_each(|o| self.0[(o / u64::BITS) as usize] |= 1 << (o % u64::BITS));
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

impl FromIterator<u32> for PeopleSet {
    fn from_iter<T: IntoIterator<Item = u32>>(people: T) -> PeopleSet {
        let mut set = PeopleSet::default();
        people.into_iter().for_each(|ordinal| set.insert(ordinal));
        set
    }
}
