//! Whole numbers in as many bits each as the largest needs.

/// Numbers side by side, each in the same number of bits.
#[derive(Debug)]
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
        numbers.for_each(|number| packer.push(number));
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

    #[inline]
    pub(crate) fn push(&mut self, number: u64) {
        debug_assert!(number <= self.largest, "{number} is above {}", self.largest);
        self.len += 1;
        self.waiting |= number << self.filled;
        self.filled += self.bits;
        if self.filled >= 64 {
            self.bytes.extend_from_slice(&self.waiting.to_le_bytes());
            self.filled -= 64;
            // What is left of the number; of one of 64 bits nothing is.
            self.waiting = number.checked_shr((self.bits - self.filled) as u32).unwrap_or(0);
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

    #[test]
    fn a_number_takes_the_bits_of_the_largest() {
        let packed = Packed::of((0..1000u32).map(|number| u64::from(number % 60)), 59);
        assert_eq!(packed.bytes.len(), 1000 * 6 / 8 + LOOKED_AT);
    }
}
