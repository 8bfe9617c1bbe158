//! Whole numbers in as many bits each as the largest needs.

use std::hint::select_unpredictable;

/// Numbers side by side, each in the same number of bits.
#[derive(Debug, Default)]
pub(crate) struct Packed {
    /// Little-endian; as many bytes more as reading the last number looks at.
    bytes: Vec<u8>,
    len: usize,
    /// 0 to 56, or 64: so that each number lies in eight bytes that start at a whole one.
    bits: usize,
    mask: u64,
}

const LOOKED_AT: usize = 8;

impl Packed {
    /// Packs numbers of which none is above `largest`.
    pub(crate) fn of(numbers: impl ExactSizeIterator<Item = u64>, largest: u64) -> Packed {
        let mut packer = Packer::new(numbers.len(), largest);
        packer.extend(numbers);
        packer.finish()
    }

    /// How many bytes of memory it takes.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes.capacity()
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    #[inline]
    pub(crate) fn get(&self, at: usize) -> u64 {
        debug_assert!(at < self.len, "{at} of {}", self.len);
        let bit = at * self.bits;
        let eight = self.bytes[bit / 8..][..LOOKED_AT].try_into().expect("eight bytes");
        (u64::from_le_bytes(eight) >> (bit % 8)) & self.mask
    }

    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = u64> {
        (0..self.len).map(|at| self.get(at))
    }

    /// How many of the numbers, which ascend, answer yes before the first that answers no.
    pub(crate) fn partition_point(&self, mut yes: impl FnMut(u64) -> bool) -> usize {
        let (mut from, mut to) = (0, self.len);
        while from < to {
            let middle = from.midpoint(to);
            match yes(self.get(middle)) {
                true => from = middle + 1,
                false => to = middle,
            }
        }
        from
    }
}

/// Packs numbers one after the other.
pub(crate) struct Packer {
    bytes: Vec<u8>,
    len: usize,
    bits: usize,
    largest: u64,
    /// Bits that fill no eight bytes yet, and how many.
    waiting: u64,
    filled: usize,
}

impl Packer {
    /// With room for so many numbers, of which none is above `largest`.
    pub(crate) fn new(len: usize, largest: u64) -> Packer {
        let bits = match u64::BITS - largest.leading_zeros() {
            57.. => 64,
            bits => bits as usize,
        };
        let bytes = Vec::with_capacity((len * bits).div_ceil(8) + LOOKED_AT);
        Packer { bytes, len: 0, bits, largest, waiting: 0, filled: 0 }
    }

    /// Adds one number after the other.
    #[inline]
    pub(crate) fn extend(&mut self, numbers: impl ExactSizeIterator<Item = u64>) {
        let (bits, mut waiting, mut filled) = (self.bits, self.waiting, self.filled);
        let (first, count) = (self.bytes.len(), numbers.len());
        // One more than is filled: after each number something is written.
        let words = (filled + count * bits) / 64 + 1;
        self.bytes.resize(first + words * 8, 0);
        let (out, _) = self.bytes[first..].as_chunks_mut::<8>();
        let mut at = 0;
        for number in numbers {
            debug_assert!(number <= self.largest, "{number} is above {}", self.largest);
            let all = waiting | number << filled;
            out[at] = all.to_le_bytes();
            // What is left of the number when its word is full; without a jump, as it is of no use
            // to foretell it.
            let left = (number >> 1) >> (63 - filled);
            let full = filled + bits >= 64;
            waiting = select_unpredictable(full, left, all);
            at += usize::from(full);
            filled = (filled + bits) % 64;
        }
        self.bytes.truncate(first + at * 8);
        (self.waiting, self.filled, self.len) = (waiting, filled, self.len + count);
    }

    /// Adds a number so many times.
    pub(crate) fn repeat(&mut self, number: u64, times: usize) {
        self.len += times;
        if self.bits == 0 {
            return;
        }
        let in_word = 64 / self.bits;
        let word = (0..in_word).fold(0, |word, at| word | number << (at * self.bits));
        let mut left = times;
        while left > 0 {
            let now = left.min(in_word);
            let bits = now * self.bits;
            let number = word & (u64::MAX >> (64 - bits));
            let all = self.waiting | number << self.filled;
            match self.filled + bits < 64 {
                true => self.waiting = all,
                false => {
                    self.bytes.extend_from_slice(&all.to_le_bytes());
                    self.waiting = (number >> 1) >> (63 - self.filled);
                }
            }
            self.filled = (self.filled + bits) % 64;
            left -= now;
        }
    }

    pub(crate) fn finish(self) -> Packed {
        let Packer { mut bytes, len, bits, waiting, filled, .. } = self;
        bytes.extend_from_slice(&waiting.to_le_bytes()[..filled.div_ceil(8)]);
        bytes.extend_from_slice(&[0; LOOKED_AT]);
        Packed { bytes, len, bits, mask: u64::MAX.checked_shr(64 - bits as u32).unwrap_or(0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn numbers_of_every_width_come_back(
            bits in 0u32..=64,
            numbers in proptest::collection::vec(any::<u64>(), 0..100),
        ) {
            let cut = |number: &u64| number & u64::MAX.checked_shr(64 - bits).unwrap_or(0);
            let mut numbers: Vec<u64> = numbers.iter().map(cut).collect();
            let largest = numbers.iter().copied().max().unwrap_or(0);
            let packed = Packed::of(numbers.iter().copied(), largest);
            prop_assert_eq!(packed.iter().collect::<Vec<_>>(), numbers.clone());
            numbers.sort_unstable();
            let sorted = Packed::of(numbers.iter().copied(), largest);
            for number in [0, largest / 2, largest] {
                let expected = numbers.partition_point(|other| *other < number);
                prop_assert_eq!(sorted.partition_point(|other| other < number), expected);
            }
        }
    }

    proptest! {
        #[test]
        fn runs_are_as_good_as_their_numbers(
            bits in 0u32..=64,
            runs in proptest::collection::vec((any::<u64>(), 0usize..200), 0..12),
        ) {
            let cut = |number: u64| number & u64::MAX.checked_shr(64 - bits).unwrap_or(0);
            let largest = cut(u64::MAX);
            let runs: Vec<(u64, usize)> = runs.iter().map(|run| (cut(run.0), run.1)).collect();
            let mut packer = Packer::new(0, largest);
            runs.iter().for_each(|(number, times)| packer.repeat(*number, *times));
            let one_by_one = runs.iter().flat_map(|run| std::iter::repeat_n(run.0, run.1));
            prop_assert_eq!(packer.finish().iter().collect::<Vec<_>>(), one_by_one.collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_number_takes_the_bits_of_the_largest() {
        let packed = Packed::of((0..1000u32).map(|number| u64::from(number % 60)), 59);
        assert_eq!(packed.bytes.len(), 1000 * 6 / 8 + LOOKED_AT);
    }
}
