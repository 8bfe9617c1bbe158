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

/// Bins by which a rank is looked for, and times above which that costs less than a copy of all.
const BINS: usize = 2_048;

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
        let len = self.slices().map(<[i64]>::len).sum();
        if len <= BINS {
            let mut all: Vec<i64> = self.iter().collect();
            return percent.map(|percent| nearest_rank(&mut all, percent, i64::cmp));
        }
        // Where each lies is told by its highest bits; only those of one bin are compared.
        let ends = |slice: &[i64]| Some((*slice.iter().min()?, *slice.iter().max()?));
        let ends = self.slices().filter_map(ends);
        let (least, most) = ends.fold((i64::MAX, i64::MIN), |a, b| (a.0.min(b.0), a.1.max(b.1)));
        let bits = u64::BITS - most.abs_diff(least).leading_zeros();
        let shift = bits.saturating_sub(BINS.ilog2());
        let bin_of = |time: i64| (time.abs_diff(least) >> shift) as usize;
        let mut counts = vec![0usize; BINS];
        self.slices().for_each(|slice| slice.iter().for_each(|time| counts[bin_of(*time)] += 1));
        percent.map(|percent| {
            let (mut bin, mut rank) = (0, rank_of(len, percent));
            while rank >= counts[bin] {
                rank -= counts[bin];
                bin += 1;
            }
            let mut near: Vec<i64> = Vec::with_capacity(counts[bin]);
            for slice in self.slices() {
                near.extend(slice.iter().copied().filter(|time| bin_of(*time) == bin));
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
