//! From which part of the files each row of a base came, in a few bits each.

use crate::resident::packed::Packed;

/// The origins of rows: small numbers.
#[derive(Debug)]
pub(crate) struct Origins {
    of: Packed,
    /// How many there are.
    kinds: usize,
    /// By block of rows, and by origin: how many rows come before the block.
    before: Vec<u32>,
    /// By origin: how many rows there are.
    rows: Vec<u32>,
}

const BLOCK: usize = 4_096;

impl Origins {
    /// `kinds` is above all of them.
    pub(crate) fn of(origins: impl ExactSizeIterator<Item = usize>, kinds: usize) -> Origins {
        let (mut rows, mut before) = (vec![0u32; kinds], Vec::new());
        let counted = origins.enumerate().map(|(row, origin)| {
            if row % BLOCK == 0 {
                before.extend_from_slice(&rows);
            }
            rows[origin] += 1;
            origin as u64
        });
        let of = Packed::of(counted, kinds as u64);
        Origins { of, kinds, before, rows }
    }

    #[inline]
    pub(crate) fn get(&self, row: usize) -> usize {
        self.of.get(row) as usize
    }

    /// By origin: how many rows there are.
    pub(crate) fn rows(&self) -> &[u32] {
        &self.rows
    }

    /// By origin: how many rows come before one.
    pub(crate) fn before(&self, row: usize) -> Vec<u32> {
        let block = row / BLOCK;
        let Some(before) = self.before.get(block * self.kinds..(block + 1) * self.kinds) else {
            return self.rows.clone();
        };
        let mut before = before.to_vec();
        (block * BLOCK..row).for_each(|row| before[self.get(row)] += 1);
        before
    }

    pub(crate) fn bytes(&self) -> usize {
        self.of.bytes() + self.before.capacity() * 4
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_counted_by_origin_up_to_any_row() {
        let all: Vec<usize> = (0..3 * BLOCK + 5).map(|row| row * row % 7 % 3).collect();
        let origins = Origins::of(all.iter().copied(), 4);
        for row in [0, 1, 5, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK, 3 * BLOCK + 5] {
            let count = |of| all[..row].iter().filter(|origin| **origin == of).count() as u32;
            assert_eq!(origins.before(row), [0, 1, 2, 3].map(count), "{row}");
        }
        assert_eq!(origins.before(all.len()), origins.rows());
        assert_eq!(origins.get(BLOCK + 3), all[BLOCK + 3]);
    }
}
