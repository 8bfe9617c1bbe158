//! Which bytes of a column are in a set: 64 at a time where the processor can, one after the other
//! where it cannot. The one place that is not safe by construction: each way answers what
//! [`one_by_one`] answers, which the tests hold them to.

#![allow(unsafe_code)]

use std::ops::Range;

/// A set of bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ByteSet {
    /// Bit `b % 8` of byte `b / 8`.
    bits: [u8; 32],
}

impl ByteSet {
    pub(crate) fn insert(&mut self, byte: u8) {
        self.bits[usize::from(byte / 8)] |= 1 << (byte % 8);
    }

    #[inline]
    pub(crate) fn has(&self, byte: u8) -> bool {
        self.bits[usize::from(byte / 8)] >> (byte % 8) & 1 == 1
    }
}

/// Adds the places in `range` whose byte is in the set, ascending.
pub(crate) fn select(bytes: &[u8], range: Range<usize>, set: &ByteSet, out: &mut Vec<u32>) {
    assert!(range.end <= bytes.len() && u32::try_from(range.end).is_ok(), "rows of the column");
    // The widest way writes 16 places at a time.
    out.reserve(range.len() + 16);
    let free = out.spare_capacity_mut();
    // SAFETY: the same memory, to be written and not read.
    let free =
        unsafe { std::slice::from_raw_parts_mut(free.as_mut_ptr().cast::<u32>(), free.len()) };
    let found = fastest()(bytes, range, set, free);
    // SAFETY: so many were written, and as many as the range is long fit.
    unsafe { out.set_len(out.len() + found) };
}

/// Writes places into a slice that is 16 longer than the range; how many.
type Way = fn(&[u8], Range<usize>, &ByteSet, &mut [u32]) -> usize;

fn fastest() -> Way {
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512vbmi")
        {
            // SAFETY: the processor has what the function asks for.
            return |bytes, range, set, out| unsafe { x86::avx512(bytes, range, set, out) };
        }
        if is_x86_feature_detected!("avx2") {
            // SAFETY: as above.
            return |bytes, range, set, out| unsafe { x86::avx2(bytes, range, set, out) };
        }
    }
    #[cfg(target_arch = "aarch64")]
    {
        // SAFETY: every processor of this kind has NEON.
        return |bytes, range, set, out| unsafe { arm::neon(bytes, range, set, out) };
    }
    #[allow(unreachable_code)]
    one_by_one
}

/// Without a branch that depends on the data.
fn one_by_one(bytes: &[u8], range: Range<usize>, set: &ByteSet, out: &mut [u32]) -> usize {
    let mut table = [0u8; 256];
    for (byte, is_in) in (0..=u8::MAX).zip(&mut table) {
        *is_in = u8::from(set.has(byte));
    }
    let mut found = 0;
    for (at, byte) in range.clone().zip(&bytes[range]) {
        out[found] = at as u32;
        found += usize::from(table[usize::from(*byte)]);
    }
    found
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::{ByteSet, Range, one_by_one};

    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
    pub(super) unsafe fn avx512(
        bytes: &[u8],
        range: Range<usize>,
        set: &ByteSet,
        out: &mut [u32],
    ) -> usize {
        // Byte 0xff where the set has it: 128 of them for the lower half of all bytes, 128 above.
        let mut table = [0u8; 256];
        for (byte, is_in) in (0..=u8::MAX).zip(&mut table) {
            *is_in = if set.has(byte) { 0xff } else { 0 };
        }
        let quarter = |at: usize| unsafe { _mm512_loadu_si512(table[at * 64..].as_ptr().cast()) };
        let (low, low_end, high, high_end) = (quarter(0), quarter(1), quarter(2), quarter(3));
        let steps = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
        let (mut at, mut found) = (range.start, 0);
        while at + 64 <= range.end {
            let sixty_four = unsafe { _mm512_loadu_si512(bytes[at..].as_ptr().cast()) };
            let above = _mm512_movepi8_mask(sixty_four);
            let below = _mm512_permutex2var_epi8(low, sixty_four, low_end);
            let upper = _mm512_permutex2var_epi8(high, sixty_four, high_end);
            let mask = _mm512_movepi8_mask(_mm512_mask_blend_epi8(above, below, upper));
            for sixteen in 0..4 {
                let lanes = (mask >> (16 * sixteen)) as u16;
                let first = _mm512_set1_epi32((at + 16 * sixteen) as i32);
                let kept = _mm512_maskz_compress_epi32(lanes, _mm512_add_epi32(first, steps));
                // `out` has room for 16 more than were looked at.
                debug_assert!(found + 16 <= out.len());
                unsafe { _mm512_storeu_si512(out.as_mut_ptr().add(found).cast(), kept) };
                found += lanes.count_ones() as usize;
            }
            at += 64;
        }
        found + one_by_one(bytes, at..range.end, set, &mut out[found..])
    }

    #[target_feature(enable = "avx2")]
    pub(super) unsafe fn avx2(
        bytes: &[u8],
        range: Range<usize>,
        set: &ByteSet,
        out: &mut [u32],
    ) -> usize {
        let half = |at: usize| unsafe {
            _mm256_broadcastsi128_si256(_mm_loadu_si128(set.bits[at..].as_ptr().cast()))
        };
        let (low, high) = (half(0), half(16));
        let bit = _mm256_setr_epi8(
            1, 2, 4, 8, 16, 32, 64, -128, 1, 2, 4, 8, 16, 32, 64, -128, 1, 2, 4, 8, 16, 32, 64,
            -128, 1, 2, 4, 8, 16, 32, 64, -128,
        );
        let (seven, fifteen) = (_mm256_set1_epi8(7), _mm256_set1_epi8(15));
        let (mut at, mut found) = (range.start, 0);
        while at + 32 <= range.end {
            let some = unsafe { _mm256_loadu_si256(bytes[at..].as_ptr().cast()) };
            // Which byte of the set: bits 3 to 6 choose among 16, bit 7 which half.
            let eighth = _mm256_and_si256(_mm256_srli_epi16::<3>(some), fifteen);
            let below = _mm256_shuffle_epi8(low, eighth);
            let above = _mm256_shuffle_epi8(high, eighth);
            let of_set = _mm256_blendv_epi8(below, above, some);
            let wanted = _mm256_shuffle_epi8(bit, _mm256_and_si256(some, seven));
            let is_in = _mm256_cmpeq_epi8(_mm256_and_si256(of_set, wanted), wanted);
            let mut mask = _mm256_movemask_epi8(is_in) as u32;
            while mask != 0 {
                out[found] = (at + mask.trailing_zeros() as usize) as u32;
                found += 1;
                mask &= mask - 1;
            }
            at += 32;
        }
        found + one_by_one(bytes, at..range.end, set, &mut out[found..])
    }
}

#[cfg(target_arch = "aarch64")]
mod arm {
    use std::arch::aarch64::*;

    use super::{ByteSet, Range, one_by_one};

    #[target_feature(enable = "neon")]
    pub(super) unsafe fn neon(
        bytes: &[u8],
        range: Range<usize>,
        set: &ByteSet,
        out: &mut [u32],
    ) -> usize {
        let table =
            unsafe { uint8x16x2_t(vld1q_u8(set.bits.as_ptr()), vld1q_u8(set.bits[16..].as_ptr())) };
        let (mut at, mut found) = (range.start, 0);
        while at + 16 <= range.end {
            let some = unsafe { vld1q_u8(bytes[at..].as_ptr()) };
            let of_set = vqtbl2q_u8(table, vshrq_n_u8::<3>(some));
            let seven = vreinterpretq_s8_u8(vandq_u8(some, vdupq_n_u8(7)));
            let is_in = vtstq_u8(of_set, vshlq_u8(vdupq_n_u8(1), seven));
            // Four bits for each byte; one of them is kept.
            let nibbles = vshrn_n_u16::<4>(vreinterpretq_u16_u8(is_in));
            let mut mask = vget_lane_u64::<0>(vreinterpret_u64_u8(nibbles)) & 0x1111_1111_1111_1111;
            while mask != 0 {
                out[found] = (at + mask.trailing_zeros() as usize / 4) as u32;
                found += 1;
                mask &= mask - 1;
            }
            at += 16;
        }
        found + one_by_one(bytes, at..range.end, set, &mut out[found..])
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Every way that this processor has.
    fn ways() -> Vec<(&'static str, Way)> {
        let mut ways: Vec<(&str, Way)> = vec![("one by one", one_by_one), ("fastest", fastest())];
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has it.
            ways.push(("avx2", |bytes, range, set, out| unsafe {
                x86::avx2(bytes, range, set, out)
            }));
        }
        ways
    }

    proptest! {
        #[test]
        fn every_way_finds_what_the_set_holds(
            bytes in proptest::collection::vec(any::<u8>(), 0..400),
            few in any::<bool>(),
            wanted in proptest::collection::btree_set(any::<u8>(), 0..40),
            cut in (0usize..400, 0usize..400),
        ) {
            let bytes: Vec<u8> = bytes.iter().map(|b| if few { b % 7 } else { *b }).collect();
            let (a, b) = (cut.0.min(bytes.len()), cut.1.min(bytes.len()));
            let range = a.min(b)..a.max(b);
            let mut set = ByteSet::default();
            wanted.iter().for_each(|byte| set.insert(*byte));
            let expected: Vec<u32> = range
                .clone()
                .filter(|at| wanted.contains(&bytes[*at]))
                .map(|at| at as u32)
                .collect();
            for (name, way) in ways() {
                let mut out = vec![0; range.len() + 16];
                let found = way(&bytes, range.clone(), &set, &mut out);
                prop_assert_eq!(&out[..found], expected.as_slice(), "{}", name);
            }
            let mut out = vec![7];
            select(&bytes, range, &set, &mut out);
            prop_assert_eq!(&out[1..], expected.as_slice());
        }
    }
}
