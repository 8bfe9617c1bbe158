//! How long attempts took: told attempt by attempt in each volume, and joined without a copy.

use std::sync::Arc;

use crate::trend::{nearest_rank, rank_of};

/// Times in ms.
#[derive(Clone, Debug, Default)]
pub(super) struct Times {
    own: Piece,
    /// Of others, who share theirs.
    joined: Vec<Arc<Piece>>,
}

/// Times that were told one after the other.
#[derive(Clone, Debug, Default)]
struct Piece {
    times: Vec<i64>,
    /// Where they lie by their bin: by bin, where those of the next begin; empty: in no order.
    ends: Vec<u32>,
}

/// Fewer times are compared with each other.
const FEW: usize = 2_048;
/// Fewer times of one piece are not worth an order.
const ORDERED_MIN: usize = 512;
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

impl Piece {
    /// Puts them in the order of their bins.
    fn order(&mut self) {
        let last = self.times.iter().max().map_or(0, |time| bin_of(*time));
        let mut places = vec![0u32; last + 1];
        self.times.iter().for_each(|time| places[bin_of(*time)] += 1);
        let mut before = 0;
        for place in &mut places {
            before += std::mem::replace(place, before);
        }
        let mut ordered = vec![0; self.times.len()];
        for time in &self.times {
            let place = &mut places[bin_of(*time)];
            ordered[*place as usize] = *time;
            *place += 1;
        }
        // Each has moved to where the next begins.
        (self.times, self.ends) = (ordered, places);
    }

    /// Adds how many are in each bin.
    fn count(&self, counts: &mut [usize; BINS]) {
        if self.ends.is_empty() {
            self.times.iter().for_each(|time| counts[bin_of(*time)] += 1);
        }
        let mut first = 0;
        for (count, end) in counts.iter_mut().zip(&self.ends) {
            *count += (end - std::mem::replace(&mut first, *end)) as usize;
        }
    }

    /// Adds those of a bin.
    fn copy(&self, bin: usize, out: &mut Vec<i64>) {
        if self.ends.is_empty() {
            out.extend(self.times.iter().filter(|time| bin_of(**time) == bin));
        } else if let Some(end) = self.ends.get(bin) {
            let first = bin.checked_sub(1).map_or(0, |before| self.ends[before]);
            out.extend_from_slice(&self.times[first as usize..*end as usize]);
        }
    }
}

impl Times {
    /// Adds one.
    #[inline]
    pub(super) fn push(&mut self, time: i64) {
        debug_assert!(self.own.ends.is_empty(), "settled");
        self.own.times.push(time);
    }

    /// No more are added for now: what is there is made ready to be joined, on the thread that told
    /// it.
    pub(super) fn settle(&mut self) {
        if self.own.times.len() >= ORDERED_MIN {
            self.own.order();
        }
    }

    /// Adds those of another, which share theirs from now on.
    pub(super) fn join(&mut self, other: &mut Times) {
        if !other.own.times.is_empty() {
            other.joined.push(Arc::new(std::mem::take(&mut other.own)));
        }
        self.joined.extend(other.joined.iter().cloned());
    }

    fn pieces(&self) -> impl Iterator<Item = &Piece> {
        self.joined.iter().map(|piece| &**piece).chain([&self.own])
    }

    /// All of them, in no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = i64> {
        self.pieces().flat_map(|piece| &piece.times).copied()
    }

    /// The times at some ranks: [`nearest_rank`] of each of the percentages.
    pub(super) fn ranks<const COUNT: usize>(
        &self,
        percent: [usize; COUNT],
    ) -> [Option<i64>; COUNT] {
        let len = self.pieces().map(|piece| piece.times.len()).sum();
        if len <= FEW {
            let mut all: Vec<i64> = self.iter().collect();
            return percent.map(|percent| nearest_rank(&mut all, percent, i64::cmp));
        }
        let mut counts = [0usize; BINS];
        self.pieces().for_each(|piece| piece.count(&mut counts));
        percent.map(|percent| {
            let (mut bin, mut rank) = (0, rank_of(len, percent));
            while rank >= counts[bin] {
                rank -= counts[bin];
                bin += 1;
            }
            let mut near: Vec<i64> = Vec::with_capacity(counts[bin]);
            self.pieces().for_each(|piece| piece.copy(bin, &mut near));
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
                (
                    any::<bool>(),
                    prop::collection::vec(
                        prop_oneof![0i64..50, 0i64..1 << 35, any::<i64>()],
                        0..2_000,
                    ),
                ),
                1..6,
            ),
            count in 1usize..3,
        ) {
            // As volumes are joined to groups, the first of which take them, and groups to all.
            let mut groups: Vec<Times> = Vec::new();
            for (at, (settled, part)) in parts.iter().enumerate() {
                let mut times = Times::default();
                part.iter().for_each(|time| times.push(*time));
                if *settled {
                    times.settle();
                }
                match groups.get_mut(at % count) {
                    Some(group) => group.join(&mut times),
                    None => groups.push(times),
                }
            }
            let mut whole = groups.remove(0);
            if !groups.is_empty() {
                let mut all = Times::default();
                std::iter::once(&mut whole).chain(&mut groups).for_each(|one| all.join(one));
                whole = all;
            }
            let mut all: Vec<i64> = parts.into_iter().flat_map(|(_, part)| part).collect();
            let mut told: Vec<i64> = whole.iter().collect();
            told.sort_unstable();
            all.sort_unstable();
            prop_assert_eq!(told, all.clone());
            let expected: [Option<i64>; 4] = [1, 50, 90, 100].map(|percent| nearest_rank(&mut all, percent, i64::cmp));
            prop_assert_eq!(whole.ranks([1, 50, 90, 100]), expected);
        }
    }
}
