//! How long attempts took: told attempt by attempt in each volume, and joined without a copy.

use std::sync::Arc;

use crate::trend::{nearest_rank, rank_of};

/// Times in ms.
#[derive(Clone, Debug, Default)]
pub(super) struct Times {
    own: Vec<i64>,
    /// Of others, who share theirs.
    joined: Vec<Arc<Vec<i64>>>,
}

/// Fewer times are compared with each other.
const FEW: usize = 2_048;
/// Each power of two has so many bins.
const BINS_EACH: usize = 32;
const BINS: usize = (i64::BITS as usize - 5) * BINS_EACH;

/// The bin of a time: its highest bits, since most times are short and some are long.
#[inline]
fn bin_of(time: i64) -> usize {
    let time = time.max(0) as u64;
    // Below 64 each has its own.
    let above = (time | 63).ilog2() as usize - 5;
    above * BINS_EACH + (time >> above) as usize
}

impl Times {
    /// Adds one.
    #[inline]
    pub(super) fn push(&mut self, time: i64) {
        self.own.push(time);
    }

    /// Adds those of another, which share theirs from now on.
    pub(super) fn join(&mut self, other: &mut Times) {
        if !other.own.is_empty() {
            other.joined.push(Arc::new(std::mem::take(&mut other.own)));
        }
        self.joined.extend(other.joined.iter().cloned());
    }

    fn slices(&self) -> impl Iterator<Item = &[i64]> {
        let joined = self.joined.iter().map(|times| &times[..]);
        joined.chain((!self.own.is_empty()).then_some(&self.own[..]))
    }

    /// All of them, in no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = i64> {
        self.slices().flatten().copied()
    }

    /// The times at some ranks: [`nearest_rank`] of each of the percentages.
    pub(super) fn ranks<const COUNT: usize>(
        &self,
        percent: [usize; COUNT],
    ) -> [Option<i64>; COUNT] {
        let slices: Vec<&[i64]> = self.slices().collect();
        let len = slices.iter().map(|slice| slice.len()).sum();
        if len <= FEW {
            let mut all = slices.concat();
            return percent.map(|percent| nearest_rank(&mut all, percent, i64::cmp));
        }
        let mut counts = [0usize; BINS];
        for slice in &slices {
            slice.iter().for_each(|time| counts[bin_of(*time)] += 1);
        }
        percent.map(|percent| {
            let (mut bin, mut rank) = (0, rank_of(len, percent));
            while rank >= counts[bin] {
                rank -= counts[bin];
                bin += 1;
            }
            let mut near: Vec<i64> = Vec::with_capacity(counts[bin]);
            for slice in &slices {
                near.extend(slice.iter().filter(|time| bin_of(**time) == bin));
            }
            Some(*near.select_nth_unstable(rank).1)
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn ranks_of_joined_times_are_those_of_all(
            parts in proptest::collection::vec(
                proptest::collection::vec(prop_oneof![0i64..50, 0i64..1 << 35, any::<i64>()], 0..2_000),
                1..5),
        ) {
            let mut whole = Times::default();
            for part in &parts {
                let mut times = Times::default();
                part.iter().for_each(|time| times.push(*time));
                // As groups are joined that are joined again.
                let mut group = Times::default();
                group.join(&mut times);
                whole.join(&mut group);
            }
            let mut all = parts.concat();
            prop_assert_eq!(whole.iter().collect::<Vec<i64>>(), all.clone());
            let expected: [Option<i64>; 4] = [1, 50, 90, 100].map(|percent| nearest_rank(&mut all, percent, i64::cmp));
            prop_assert_eq!(whole.ranks([1, 50, 90, 100]), expected);
        }
    }
}
