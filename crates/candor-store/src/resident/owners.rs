//! Which rows of a segment belong to whom, in little more than a bit for each person of the volume
//! and a number for each who has rows: a volume has many people and many small segments.

use std::ops::Range;

use crate::people_set::PeopleSet;
use crate::resident::select::skip_to;

/// Whose rows are where; rows are sorted by person.
#[derive(Debug)]
pub(crate) struct Owners {
    /// 64 people each, by ordinal.
    words: Vec<Word>,
    /// The first row of each person who has rows; one more at the end.
    starts: Vec<u32>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Word {
    /// Bit by bit, who has rows.
    has: u64,
    /// How many have rows before this word.
    before: u32,
}

const WORD: u32 = u64::BITS;

impl Owners {
    /// A person's rows.
    #[inline]
    pub(crate) fn of(&self, ordinal: u32) -> Range<usize> {
        let Some(word) = self.words.get((ordinal / WORD) as usize) else { return 0..0 };
        let bit = 1 << (ordinal % WORD);
        if word.has & bit == 0 {
            return 0..0;
        }
        let at = (word.before + (word.has & (bit - 1)).count_ones()) as usize;
        self.starts[at] as usize..self.starts[at + 1] as usize
    }

    /// How many bytes of memory they take.
    pub(crate) fn bytes(&self) -> usize {
        self.words.capacity() * size_of::<Word>() + self.starts.capacity() * 4
    }

    /// Everybody who has rows, in order, and theirs.
    pub(crate) fn people(&self) -> impl Iterator<Item = (u32, Range<usize>)> + '_ {
        let ordinals = (0..).zip(&self.words).flat_map(|(place, word)| {
            let mut has = word.has;
            std::iter::from_fn(move || {
                let bit = (has != 0).then(|| has.trailing_zeros())?;
                has &= has - 1;
                Some(place * WORD + bit)
            })
        });
        ordinals.zip(self.ranges())
    }

    /// The rows of each person who has some, in order.
    pub(crate) fn ranges(&self) -> impl Iterator<Item = Range<usize>> + '_ {
        self.starts.windows(2).map(|two| two[0] as usize..two[1] as usize)
    }

    /// The how many-th of those who have rows a person is, who has some.
    #[inline]
    pub(crate) fn rank(&self, ordinal: u32) -> usize {
        let word = self.words[(ordinal / WORD) as usize];
        (word.before + (word.has & ((1 << (ordinal % WORD)) - 1)).count_ones()) as usize
    }

    /// Who has rows.
    pub(crate) fn who(&self) -> PeopleSet {
        let mut people = PeopleSet::default();
        self.words.iter().enumerate().for_each(|(at, word)| people.insert_word(at, word.has));
        people
    }

    /// Who of the 64 people from `64 * word` on has rows, bit by bit.
    #[inline]
    pub(crate) fn word(&self, word: usize) -> u64 {
        self.words.get(word).map_or(0, |word| word.has)
    }

    /// The first row of the people from `64 * word` on.
    pub(crate) fn first_row(&self, word: usize) -> usize {
        self.starts[self.before(word)] as usize
    }

    /// The first row of each of the people of some words who have rows, and the one after the last.
    pub(crate) fn starts(&self, words: Range<usize>) -> &[u32] {
        &self.starts[self.before(words.start)..=self.before(words.end)]
    }

    /// How many have rows before the people from `64 * word` on.
    fn before(&self, word: usize) -> usize {
        self.words.get(word).map_or(self.starts.len() - 1, |word| word.before as usize)
    }

    /// The person of a row.
    pub(crate) fn owner(&self, row: u32) -> u32 {
        self.owner_at(self.starts.partition_point(|start| *start <= row) as u32 - 1)
    }

    /// The person who is the how many-th of those who have rows.
    fn owner_at(&self, at: u32) -> u32 {
        let place = self.words.partition_point(|word| word.before <= at) - 1;
        let word = self.words[place];
        let mut has = word.has;
        for _ in word.before..at {
            has &= has - 1;
        }
        place as u32 * WORD + has.trailing_zeros()
    }

    /// The person of each of some ascending rows.
    pub(crate) fn of_rows(&self, rows: &[u32]) -> Vec<u32> {
        let mut owners = Vec::with_capacity(rows.len());
        let (mut owner, mut end, mut at) = (0, 0, 0);
        for row in rows {
            if *row >= end {
                at = skip_to(&self.starts, at, *row + 1);
                (owner, end) = (self.owner_at(at as u32 - 1), self.starts[at]);
            }
            owners.push(owner);
        }
        owners
    }

    /// One more than the largest ordinal that has rows.
    pub(crate) fn end(&self) -> u32 {
        let last = self.words.last().map_or(0, |word| WORD - word.has.leading_zeros());
        (self.words.len().saturating_sub(1)) as u32 * WORD + last
    }

    /// Everybody who has rows in one of several, in order.
    pub(crate) fn of_any<'a>(all: &'a [&'a Owners]) -> impl Iterator<Item = u32> + 'a {
        let words = all.iter().map(|owners| owners.words.len()).max().unwrap_or(0);
        (0..words).flat_map(move |place| {
            let has = |owners: &&Owners| owners.words.get(place).map_or(0, |word| word.has);
            let mut any = all.iter().map(has).fold(0, |any, has| any | has);
            std::iter::from_fn(move || {
                let bit = (any != 0).then(|| any.trailing_zeros())?;
                any &= any - 1;
                Some(place as u32 * WORD + bit)
            })
        })
    }
}

/// Builds [`Owners`] row by row.
#[derive(Default)]
pub(crate) struct OwnersBuilder {
    words: Vec<Word>,
    starts: Vec<u32>,
    last: Option<u32>,
}

impl OwnersBuilder {
    /// The next row is this person's; ordinals ascend.
    pub(crate) fn push(&mut self, row: u32, ordinal: u32) {
        if self.last == Some(ordinal) {
            return;
        }
        debug_assert!(self.last < Some(ordinal), "rows are sorted by person");
        self.last = Some(ordinal);
        let place = (ordinal / WORD) as usize;
        if self.words.len() <= place {
            self.words.resize(place + 1, Word { has: 0, before: self.starts.len() as u32 });
        }
        self.words[place].has |= 1 << (ordinal % WORD);
        self.starts.push(row);
    }

    pub(crate) fn finish(mut self, rows: u32) -> Owners {
        self.starts.push(rows);
        self.starts.shrink_to_fit();
        self.words.shrink_to_fit();
        Owners { words: self.words, starts: self.starts }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn owners(of: &BTreeMap<u32, u32>) -> Owners {
        let (mut builder, mut row) = (OwnersBuilder::default(), 0);
        for (ordinal, rows) in of {
            for _ in 0..*rows {
                builder.push(row, *ordinal);
                row += 1;
            }
        }
        builder.finish(row)
    }

    proptest! {
        #[test]
        fn each_row_has_its_owner_and_each_owner_their_rows(
            of in proptest::collection::btree_map(0u32..400, 1u32..5, 0..100),
            other in proptest::collection::btree_map(0u32..700, 1u32..2, 0..10),
            step in 1usize..40,
        ) {
            let built = owners(&of);
            let (mut row, mut by_row) = (0, Vec::new());
            for ordinal in 0..500 {
                let rows = of.get(&ordinal).copied().unwrap_or(0) as usize;
                let range = built.of(ordinal);
                prop_assert_eq!(range.len(), rows);
                if rows > 0 {
                    prop_assert_eq!(range.start, row);
                }
                for at in range.clone() {
                    prop_assert_eq!(built.owner(at as u32), ordinal);
                }
                by_row.extend(range.map(|_| ordinal));
                row += rows;
            }
            let some: Vec<u32> = (0..row as u32).step_by(step).collect();
            let theirs: Vec<u32> = some.iter().map(|row| by_row[*row as usize]).collect();
            prop_assert_eq!(built.of_rows(&some), theirs);
            prop_assert_eq!(built.end(), of.keys().next_back().map_or(0, |last| last + 1));
            let any: Vec<u32> = Owners::of_any(&[&built, &owners(&other)]).collect();
            let mut both: Vec<u32> = of.keys().chain(other.keys()).copied().collect();
            both.sort_unstable();
            both.dedup();
            prop_assert_eq!(any, both);
        }
    }
}
