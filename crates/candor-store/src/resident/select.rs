//! Which bytes of a column are asked for: 64 at a time where the processor can, one after the other
//! where it cannot. The one place that is not safe by construction: each way answers what
//! [`one_by_one`] answers, which the tests hold them to.

#![allow(unsafe_code)]

use std::ops::Range;

/// What each byte is asked for as; [`NOT_ASKED`] for those that are not.
pub(crate) type Kinds = [u8; 256];

/// Stands in [`Kinds`] for a byte that is not asked for.
pub(crate) const NOT_ASKED: u8 = u8::MAX;

/// Rows that were selected, ascending, and beside each its kind.
#[derive(Debug, Default)]
pub(crate) struct Selected {
    rows: Vec<u32>,
    kinds: Vec<u8>,
    len: usize,
}

impl Selected {
    pub(crate) fn rows(&self) -> &[u32] {
        &self.rows[..self.len]
    }

    pub(crate) fn kinds(&self) -> &[u8] {
        &self.kinds[..self.len]
    }

    pub(crate) fn clear(&mut self) {
        self.len = 0;
    }

    /// Room for so many more; what is there already is not written again.
    fn reserve(&mut self, more: usize) {
        let room = self.len + more;
        if self.rows.len() < room {
            self.rows.resize(room, 0);
            self.kinds.resize(room, NOT_ASKED);
        }
    }

    /// Ascending rows of one kind.
    pub(crate) fn of_one_kind(rows: &[u32], kind: u8) -> Selected {
        Selected { rows: rows.to_vec(), kinds: vec![kind; rows.len()], len: rows.len() }
    }

    /// Adds rows that nothing was asked of.
    pub(crate) fn extend(&mut self, rows: Range<usize>) {
        self.reserve(rows.len());
        let free = self.rows[self.len..].iter_mut().zip(rows.clone());
        free.for_each(|(free, row)| *free = row as u32);
        self.len += rows.len();
    }

    /// Adds rows of one kind, ascending, between those that are there.
    pub(crate) fn merge(&mut self, rows: &[u32], kind: u8) {
        let (mut own, mut other) = (self.len, rows.len());
        self.reserve(rows.len());
        self.len += rows.len();
        // From the back, so that nothing is written over before it was read.
        for at in (0..self.len).rev() {
            let from_own = other == 0 || own > 0 && self.rows[own - 1] > rows[other - 1];
            (self.rows[at], self.kinds[at]) = match from_own {
                true => {
                    own -= 1;
                    (self.rows[own], self.kinds[own])
                }
                false => {
                    other -= 1;
                    (rows[other], kind)
                }
            };
        }
    }

    /// Adds what lies in a range of another.
    pub(crate) fn copy(&mut self, other: &Selected, range: Range<usize>) {
        let first = other.rows().partition_point(|row| (*row as usize) < range.start);
        let end = other.rows().partition_point(|row| (*row as usize) < range.end);
        self.reserve(end - first);
        self.rows[self.len..][..end - first].copy_from_slice(&other.rows[first..end]);
        self.kinds[self.len..][..end - first].copy_from_slice(&other.kinds[first..end]);
        self.len += end - first;
    }

    /// Goes once more through what was added from a place on: the kind, or none to drop it.
    pub(crate) fn look_again(
        &mut self,
        from: usize,
        mut kind_of: impl FnMut(u32, u8) -> Option<u8>,
    ) {
        let mut kept = from;
        for at in from..self.len {
            let row = self.rows[at];
            if let Some(kind) = kind_of(row, self.kinds[at]) {
                (self.rows[kept], self.kinds[kept]) = (row, kind);
                kept += 1;
            }
        }
        self.len = kept;
    }
}

/// A way that writes at most this many more than it finds.
const WRITTEN_AHEAD: usize = 64;

/// Adds the places in `range` whose byte is asked for.
pub(crate) fn select(bytes: &[u8], range: Range<usize>, kinds: &Kinds, out: &mut Selected) {
    assert!(range.end <= bytes.len() && u32::try_from(range.end).is_ok(), "rows of the column");
    out.reserve(range.len() + WRITTEN_AHEAD);
    let (rows, found) = (&mut out.rows[out.len..], &mut out.kinds[out.len..]);
    out.len += fastest()(bytes, range, kinds, rows, found);
}

/// Writes places and kinds into slices [`WRITTEN_AHEAD`] longer than the range at least; how many.
type Way = fn(&[u8], Range<usize>, &Kinds, &mut [u32], &mut [u8]) -> usize;

fn fastest() -> Way {
    #[cfg(target_arch = "x86_64")]
    {
        if x86::has_avx512() {
            // SAFETY: the processor has what the function asks for.
            return |bytes, range, kinds, rows, found| unsafe {
                x86::avx512(bytes, range, kinds, rows, found)
            };
        }
        if is_x86_feature_detected!("avx2") {
            // SAFETY: as above.
            return |bytes, range, kinds, rows, found| unsafe {
                x86::avx2(bytes, range, kinds, rows, found)
            };
        }
    }
    #[cfg(target_arch = "aarch64")]
    {
        // SAFETY: every processor of this kind has NEON.
        return |bytes, range, kinds, rows, found| unsafe {
            arm::neon(bytes, range, kinds, rows, found)
        };
    }
    #[allow(unreachable_code)]
    one_by_one
}

/// Without a branch that depends on the data.
fn one_by_one(
    bytes: &[u8],
    range: Range<usize>,
    kinds: &Kinds,
    rows: &mut [u32],
    found: &mut [u8],
) -> usize {
    let mut len = 0;
    for (at, byte) in range.clone().zip(&bytes[range]) {
        let kind = kinds[usize::from(*byte)];
        rows[len] = at as u32;
        found[len] = kind;
        len += usize::from(kind != NOT_ASKED);
    }
    len
}

/// Bit `b % 8` of byte `b / 8`: whether a byte is asked for.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
fn bits_of(kinds: &Kinds) -> [u8; 32] {
    let mut bits = [0; 32];
    for (byte, _) in kinds.iter().enumerate().filter(|(_, kind)| **kind != NOT_ASKED) {
        bits[byte / 8] |= 1 << (byte % 8);
    }
    bits
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::{Kinds, NOT_ASKED, Range, WRITTEN_AHEAD, bits_of, one_by_one};

    pub(super) fn has_avx512() -> bool {
        is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512vbmi")
            && is_x86_feature_detected!("avx512vbmi2")
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi,avx512vbmi2,popcnt")]
    pub(super) unsafe fn avx512(
        bytes: &[u8],
        range: Range<usize>,
        kinds: &Kinds,
        rows: &mut [u32],
        found: &mut [u8],
    ) -> usize {
        assert!(rows.len() >= range.len() + WRITTEN_AHEAD && found.len() == rows.len());
        let quarter = |at: usize| unsafe { _mm512_loadu_si512(kinds[at * 64..].as_ptr().cast()) };
        let (low, low_end, high, high_end) = (quarter(0), quarter(1), quarter(2), quarter(3));
        let not_asked = _mm512_set1_epi8(NOT_ASKED as i8);
        let steps = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
        let (mut at, mut len) = (range.start, 0);
        while at + 64 <= range.end {
            // SAFETY: 64 bytes from `at` on lie in the range, and `bytes` holds the range.
            let some = unsafe { _mm512_loadu_si512(bytes.as_ptr().add(at).cast()) };
            let lower = _mm512_permutex2var_epi8(low, some, low_end);
            let upper = _mm512_permutex2var_epi8(high, some, high_end);
            let of_some = _mm512_mask_blend_epi8(_mm512_movepi8_mask(some), lower, upper);
            let asked = _mm512_cmpneq_epi8_mask(of_some, not_asked);
            let kept = _mm512_maskz_compress_epi8(asked, of_some);
            // SAFETY: no more than `at - range.start` were found, and there is room for 64 more.
            unsafe { _mm512_storeu_si512(found.as_mut_ptr().add(len).cast(), kept) };
            for sixteen in 0..4 {
                let lanes = (asked >> (16 * sixteen)) as u16;
                let first = _mm512_set1_epi32((at + 16 * sixteen) as i32);
                let kept = _mm512_maskz_compress_epi32(lanes, _mm512_add_epi32(first, steps));
                // SAFETY: as above.
                unsafe { _mm512_storeu_si512(rows.as_mut_ptr().add(len).cast(), kept) };
                len += lanes.count_ones() as usize;
            }
            at += 64;
        }
        len + one_by_one(bytes, at..range.end, kinds, &mut rows[len..], &mut found[len..])
    }

    #[target_feature(enable = "avx2")]
    pub(super) unsafe fn avx2(
        bytes: &[u8],
        range: Range<usize>,
        kinds: &Kinds,
        rows: &mut [u32],
        found: &mut [u8],
    ) -> usize {
        let bits = bits_of(kinds);
        let half = |at: usize| unsafe {
            _mm256_broadcastsi128_si256(_mm_loadu_si128(bits[at..].as_ptr().cast()))
        };
        let (low, high) = (half(0), half(16));
        let bit = _mm256_setr_epi8(
            1, 2, 4, 8, 16, 32, 64, -128, 1, 2, 4, 8, 16, 32, 64, -128, 1, 2, 4, 8, 16, 32, 64,
            -128, 1, 2, 4, 8, 16, 32, 64, -128,
        );
        let (seven, fifteen) = (_mm256_set1_epi8(7), _mm256_set1_epi8(15));
        let (mut at, mut len) = (range.start, 0);
        while at + 32 <= range.end {
            // SAFETY: 32 bytes from `at` on lie in the range; the slice checks it.
            let some = unsafe { _mm256_loadu_si256(bytes[at..at + 32].as_ptr().cast()) };
            // Which byte of the bits: the middle four choose among 16, the highest the half.
            let eighth = _mm256_and_si256(_mm256_srli_epi16::<3>(some), fifteen);
            let below = _mm256_shuffle_epi8(low, eighth);
            let above = _mm256_shuffle_epi8(high, eighth);
            let of_some = _mm256_blendv_epi8(below, above, some);
            let wanted = _mm256_shuffle_epi8(bit, _mm256_and_si256(some, seven));
            let asked = _mm256_cmpeq_epi8(_mm256_and_si256(of_some, wanted), wanted);
            let mut mask = _mm256_movemask_epi8(asked) as u32;
            while mask != 0 {
                let row = at + mask.trailing_zeros() as usize;
                rows[len] = row as u32;
                found[len] = kinds[usize::from(bytes[row])];
                len += 1;
                mask &= mask - 1;
            }
            at += 32;
        }
        len + one_by_one(bytes, at..range.end, kinds, &mut rows[len..], &mut found[len..])
    }
}

#[cfg(target_arch = "aarch64")]
mod arm {
    use std::arch::aarch64::*;

    use super::{Kinds, Range, bits_of, one_by_one};

    #[target_feature(enable = "neon")]
    pub(super) unsafe fn neon(
        bytes: &[u8],
        range: Range<usize>,
        kinds: &Kinds,
        rows: &mut [u32],
        found: &mut [u8],
    ) -> usize {
        let bits = bits_of(kinds);
        // SAFETY: 16 bytes each.
        let table = unsafe { uint8x16x2_t(vld1q_u8(bits.as_ptr()), vld1q_u8(bits[16..].as_ptr())) };
        let (mut at, mut len) = (range.start, 0);
        while at + 16 <= range.end {
            // SAFETY: 16 bytes from `at` on lie in the range; the slice checks it.
            let some = unsafe { vld1q_u8(bytes[at..at + 16].as_ptr()) };
            let of_some = vqtbl2q_u8(table, vshrq_n_u8::<3>(some));
            let seven = vreinterpretq_s8_u8(vandq_u8(some, vdupq_n_u8(7)));
            let asked = vtstq_u8(of_some, vshlq_u8(vdupq_n_u8(1), seven));
            // Four bits for each byte; one of them is kept.
            let nibbles = vshrn_n_u16::<4>(vreinterpretq_u16_u8(asked));
            let mut mask = vget_lane_u64::<0>(vreinterpret_u64_u8(nibbles)) & 0x1111_1111_1111_1111;
            while mask != 0 {
                let row = at + mask.trailing_zeros() as usize / 4;
                rows[len] = row as u32;
                found[len] = kinds[usize::from(bytes[row])];
                len += 1;
                mask &= mask - 1;
            }
            at += 16;
        }
        len + one_by_one(bytes, at..range.end, kinds, &mut rows[len..], &mut found[len..])
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
            ways.push(("avx2", |bytes, range, kinds, rows, found| unsafe {
                x86::avx2(bytes, range, kinds, rows, found)
            }));
        }
        ways
    }

    proptest! {
        #[test]
        fn every_way_finds_what_is_asked_for(
            bytes in proptest::collection::vec(any::<u8>(), 0..400),
            few in any::<bool>(),
            asked in proptest::collection::btree_map(any::<u8>(), 0u8..NOT_ASKED, 0..40),
            cut in (0usize..400, 0usize..400),
        ) {
            let bytes: Vec<u8> = bytes.iter().map(|b| if few { b % 7 } else { *b }).collect();
            let (a, b) = (cut.0.min(bytes.len()), cut.1.min(bytes.len()));
            let range = a.min(b)..a.max(b);
            let mut kinds = [NOT_ASKED; 256];
            asked.iter().for_each(|(byte, kind)| kinds[usize::from(*byte)] = *kind);
            let expected: Vec<(u32, u8)> = range
                .clone()
                .filter_map(|at| Some((at as u32, *asked.get(&bytes[at])?)))
                .collect();
            let pairs = |rows: &[u32], kinds: &[u8]| -> Vec<(u32, u8)> {
                rows.iter().copied().zip(kinds.iter().copied()).collect()
            };
            for (name, way) in ways() {
                let room = range.len() + WRITTEN_AHEAD;
                let (mut rows, mut found) = (vec![0; room], vec![0; room]);
                let len = way(&bytes, range.clone(), &kinds, &mut rows, &mut found);
                prop_assert_eq!(pairs(&rows[..len], &found[..len]), expected.clone(), "{}", name);
            }
            let mut out = Selected::default();
            out.extend(7..9);
            select(&bytes, range, &kinds, &mut out);
            prop_assert_eq!(&out.rows()[..2], &[7, 8]);
            prop_assert_eq!(pairs(&out.rows()[2..], &out.kinds()[2..]), expected);
        }
    }
}
