//! Some rows of a segment, a bit for each row: whether one is among them, and the how many-th.

/// Some of so many rows.
#[derive(Debug, Default)]
pub(crate) struct Marks {
    words: Vec<u64>,
    /// How many are marked before each block, and of each block before each of its words.
    before_block: Vec<u32>,
    before: Vec<u16>,
    len: usize,
}

const WORD: usize = u64::BITS as usize;
/// Words of which the marks before the last one fit 16 bits.
const BLOCK: usize = 1_024;

impl Marks {
    /// Marks ascending rows, of `rows` in all.
    pub(crate) fn of(marked: impl Iterator<Item = u32>, rows: usize) -> Marks {
        let mut words = vec![0u64; rows.div_ceil(WORD)];
        for row in marked {
            words[row as usize / WORD] |= 1 << (row as usize % WORD);
        }
        let (mut len, mut before_block) = (0, Vec::with_capacity(words.len().div_ceil(BLOCK)));
        let mut before = Vec::with_capacity(words.len());
        for block in words.chunks(BLOCK) {
            before_block.push(len);
            for word in block {
                before.push((len - before_block[before_block.len() - 1]) as u16);
                len += word.count_ones();
            }
        }
        Marks { words, before_block, before, len: len as usize }
    }

    /// How many bytes of memory it takes.
    pub(crate) fn bytes(&self) -> usize {
        let blocks = self.before_block.capacity() * 4;
        self.words.capacity() * 8 + self.before.capacity() * 2 + blocks
    }

    /// How many are marked before a row, or the end.
    #[inline]
    pub(crate) fn before(&self, row: usize) -> usize {
        let below = (1u64 << (row % WORD)) - 1;
        let word = row / WORD;
        let Some(marked) = self.words.get(word) else { return self.len };
        let before = self.before_block[word / BLOCK] as usize + usize::from(self.before[word]);
        before + (marked & below).count_ones() as usize
    }

    /// The how many-th a row is; nothing where it is not marked.
    #[inline]
    pub(crate) fn place(&self, row: usize) -> Option<usize> {
        (self.words[row / WORD] >> (row % WORD) & 1 == 1).then(|| self.before(row))
    }

    /// The marked rows.
    pub(crate) fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.iter_from(0)
    }

    /// The marked rows from one on.
    pub(crate) fn iter_from(&self, row: usize) -> impl Iterator<Item = u32> + '_ {
        let first = row / WORD;
        let words = self.words.iter().enumerate().skip(first);
        words.flat_map(move |(at, word)| {
            let before = if at == first { (1u64 << (row % WORD)) - 1 } else { 0 };
            let mut left = *word & !before;
            std::iter::from_fn(move || {
                let bit = (left != 0).then(|| left.trailing_zeros())?;
                left &= left - 1;
                Some((at * WORD) as u32 + bit)
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn marked_rows_know_their_places(
            marked in proptest::collection::btree_set(0u32..300, 0..80),
            // So that some lie in another block, and all of the first are marked.
            full in prop_oneof![Just(0), Just((BLOCK * WORD) as u32 - 100)],
        ) {
            let all = (0..full).chain(marked.iter().map(|row| row + full));
            let marks = Marks::of(all.clone(), full as usize + 300);
            prop_assert!(marks.iter().eq(all));
            let marked: BTreeSet<u32> = marked.iter().map(|row| row + full).collect();
            prop_assert_eq!(marks.before(full as usize + 300), full as usize + marked.len());
            for row in full..full + 300 {
                let before = full as usize + marked.range(..row).count();
                prop_assert_eq!(marks.before(row as usize), before);
                let place = marked.contains(&row).then_some(before);
                prop_assert_eq!(marks.place(row as usize), place);
                let next = marks.iter_from(row as usize).next();
                prop_assert_eq!(next, marked.range(row..).next().copied());
            }
        }
    }
}
