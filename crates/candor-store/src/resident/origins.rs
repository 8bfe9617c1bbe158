//! From which part of the files each row of a base came, in a few bits each.

use crate::resident::packed::{Packed, Packer};

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
    /// Of so many rows, told by runs: an origin, below `kinds`, and how many rows in turn have it.
    pub(crate) fn of(
        runs: impl Iterator<Item = (usize, usize)>,
        len: usize,
        kinds: usize,
    ) -> Origins {
        let (mut rows, mut before) = (vec![0u32; kinds], Vec::new());
        let mut of = Packer::new(len, kinds.saturating_sub(1) as u64);
        let mut row = 0;
        for (origin, mut left) in runs {
            while left > 0 {
                if row % BLOCK == 0 {
                    before.extend_from_slice(&rows);
                }
                let now = left.min(BLOCK - row % BLOCK);
                of.repeat(origin as u64, now);
                rows[origin] += now as u32;
                (row, left) = (row + now, left - now);
            }
        }
        Origins { of: of.finish(), kinds, before, rows }
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
        let origins = Origins::of(all.iter().map(|origin| (*origin, 1)), all.len(), 4);
        for row in [0, 1, 5, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK, 3 * BLOCK + 5] {
            let count = |of| all[..row].iter().filter(|origin| **origin == of).count() as u32;
            assert_eq!(origins.before(row), [0, 1, 2, 3].map(count), "{row}");
        }
        assert_eq!(origins.before(all.len()), origins.rows());
        assert_eq!(origins.get(BLOCK + 3), all[BLOCK + 3]);
    }

    #[test]
    fn runs_are_as_good_as_their_rows() {
        let runs = [(2, 5), (0, 2 * BLOCK), (1, 0), (3, 1), (1, BLOCK + 7), (2, 9)];
        let rows: Vec<usize> = runs.iter().flat_map(|run| vec![run.0; run.1]).collect();
        let by_run = Origins::of(runs.into_iter(), rows.len(), 4);
        let by_row = Origins::of(rows.iter().map(|origin| (*origin, 1)), rows.len(), 4);
        for row in (0..rows.len()).step_by(97) {
            assert_eq!(by_run.get(row), rows[row], "{row}");
            assert_eq!(by_run.before(row), by_row.before(row), "{row}");
        }
        assert_eq!(by_run.rows(), by_row.rows());
    }
}
