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
    among: Among,
    /// Of a search: each [`WINDOW`] of the rows that were looked at.
    windows: Vec<Window>,
}

/// Among which rows they were selected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Among {
    /// Nobody remembers.
    #[default]
    Any,
    /// Every row from the first on.
    All,
    /// Those from this one on, of which the windows tell each.
    Searched(usize),
}

/// Rows that are looked at together.
const WINDOW: usize = 64;

/// Which rows of a window are asked for, and how many are before it.
#[derive(Clone, Copy, Debug)]
struct Window {
    asked: u64,
    before: u32,
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
        self.among = Among::Any;
    }

    /// How many of those selected are below each of some ascending rows, none of which is outside
    /// of what was looked at.
    pub(crate) fn below(&self, ends: &[u32], out: &mut Vec<u32>) {
        out.clear();
        match self.among {
            Among::All => {
                let first = self.rows().first().copied().unwrap_or(0);
                out.extend(ends.iter().map(|end| (end - first).min(self.len as u32)));
            }
            Among::Searched(first) => counted()(&self.windows, first as u32, ends, out),
            Among::Any => {
                for (place, row) in self.rows().iter().enumerate() {
                    let next = skip_to(ends, out.len(), *row + 1);
                    out.resize(next, place as u32);
                }
                out.resize(ends.len(), self.len as u32);
            }
        }
    }

    /// Room for so many more; what is there already is not written again.
    fn reserve(&mut self, more: usize) {
        let room = self.len + more;
        if self.rows.len() < room {
            self.rows.resize(room, 0);
            self.kinds.resize(room, NOT_ASKED);
        }
    }

    /// Adds a window of bytes, by which of them are asked for; there is room for it.
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    #[inline]
    fn put(&mut self, at: usize, asked: u64, bytes: &[u8], kinds: &Kinds) {
        let (mut left, mut len) = (asked, self.len);
        self.windows.push(Window { asked, before: len as u32 });
        while left != 0 {
            let row = at + left.trailing_zeros() as usize;
            self.rows[len] = row as u32;
            self.kinds[len] = kinds[usize::from(bytes[row])];
            len += 1;
            left &= left - 1;
        }
        self.len = len;
    }

    /// Ascending rows of one kind.
    pub(crate) fn of_one_kind(rows: &[u32], kind: u8) -> Selected {
        let (rows, kinds, len) = (rows.to_vec(), vec![kind; rows.len()], rows.len());
        Selected { rows, kinds, len, ..Selected::default() }
    }

    /// Adds rows that nothing was asked of.
    pub(crate) fn extend(&mut self, rows: Range<usize>) {
        self.reserve(rows.len());
        self.among = if self.len == 0 { Among::All } else { Among::Any };
        let free = self.rows[self.len..].iter_mut().zip(rows.clone());
        free.for_each(|(free, row)| *free = row as u32);
        self.len += rows.len();
    }

    /// Adds rows, ascending and later than those that are there, and their kinds.
    pub(crate) fn copy(&mut self, rows: &[u32], kinds: &[u8]) {
        self.reserve(rows.len());
        self.among = Among::Any;
        self.rows[self.len..][..rows.len()].copy_from_slice(rows);
        self.kinds[self.len..][..rows.len()].copy_from_slice(kinds);
        self.len += rows.len();
    }

    /// Goes once more through what was added from a place on: the kind, or none to drop it.
    pub(crate) fn look_again(
        &mut self,
        from: usize,
        mut kind_of: impl FnMut(u32, u8) -> Option<u8>,
    ) {
        let mut kept = from;
        self.among = Among::Any;
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

/// A way writes at most this many more than it finds.
const WRITTEN_AHEAD: usize = WINDOW;

/// Adds the places in `range` whose byte is asked for.
pub(crate) fn select(bytes: &[u8], range: Range<usize>, kinds: &Kinds, out: &mut Selected) {
    select_by(fastest(), bytes, range, kinds, out);
}

fn select_by(way: Way, bytes: &[u8], range: Range<usize>, kinds: &Kinds, out: &mut Selected) {
    assert!(range.end <= bytes.len() && u32::try_from(range.end).is_ok(), "rows of the column");
    out.reserve(range.len() + WRITTEN_AHEAD);
    out.among = if out.len == 0 { Among::Searched(range.start) } else { Among::Any };
    out.windows.clear();
    let whole = range.start + range.len() / WINDOW * WINDOW;
    way(bytes, range.start..whole, kinds, out);
    one_by_one(bytes, whole..range.end, kinds, out);
    out.windows.push(Window { asked: 0, before: out.len as u32 });
}

/// Looks at some windows, and adds rows, kinds and windows, for which there is room.
type Way = fn(&[u8], Range<usize>, &Kinds, &mut Selected);

fn fastest() -> Way {
    #[cfg(target_arch = "x86_64")]
    {
        if x86::has_avx512() {
            // SAFETY: the processor has what the function asks for.
            return |bytes, range, kinds, out| unsafe { x86::avx512(bytes, range, kinds, out) };
        }
        if is_x86_feature_detected!("avx2") {
            // SAFETY: as above.
            return |bytes, range, kinds, out| unsafe { x86::avx2(bytes, range, kinds, out) };
        }
    }
    #[cfg(target_arch = "aarch64")]
    {
        // SAFETY: every processor of this kind has NEON.
        return |bytes, range, kinds, out| unsafe { arm::neon(bytes, range, kinds, out) };
    }
    #[allow(unreachable_code)]
    one_by_one
}

/// Without a branch that depends on the data.
fn one_by_one(bytes: &[u8], range: Range<usize>, kinds: &Kinds, out: &mut Selected) {
    let mut len = out.len;
    for window in bytes[range.clone()].chunks(WINDOW).zip(range.step_by(WINDOW)) {
        let (mut asked, before) = (0, len as u32);
        for (at, byte) in window.0.iter().enumerate() {
            let kind = kinds[usize::from(*byte)];
            out.rows[len] = (window.1 + at) as u32;
            out.kinds[len] = kind;
            len += usize::from(kind != NOT_ASKED);
            asked |= u64::from(kind != NOT_ASKED) << at;
        }
        out.windows.push(Window { asked, before });
    }
    out.len = len;
}

/// Counts in windows, the first of which begins with this row, what is asked below each of some.
type Count = fn(&[Window], u32, &[u32], &mut Vec<u32>);

fn counted() -> Count {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("popcnt") {
        // SAFETY: the processor has what the function asks for.
        return |windows, first, ends, out| unsafe { x86::count(windows, first, ends, out) };
    }
    count
}

#[inline(always)]
fn count(windows: &[Window], first: u32, ends: &[u32], out: &mut Vec<u32>) {
    out.extend(ends.iter().map(|end| {
        let at = (end - first) as usize;
        let window = windows[at / WINDOW];
        window.before + (window.asked & ((1 << (at % WINDOW)) - 1)).count_ones()
    }));
}

/// The first place from `at` on whose number, of some that ascend, is not below one. Most often it
/// is near: the steps grow until they are past it.
#[inline]
pub(crate) fn skip_to(numbers: &[u32], at: usize, number: u32) -> usize {
    let (mut from, mut step) = (at, 4);
    while numbers.get(from + step).is_some_and(|other| *other < number) {
        from += step;
        step *= 2;
    }
    let to = numbers.len().min(from + step);
    from + numbers[from..to].partition_point(|other| *other < number)
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

    use super::{Kinds, NOT_ASKED, Range, Selected, WINDOW, Window, bits_of, count as count_any};

    pub(super) fn has_avx512() -> bool {
        is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512vbmi")
            && is_x86_feature_detected!("avx512vbmi2")
    }

    #[target_feature(enable = "popcnt")]
    pub(super) unsafe fn count(windows: &[Window], first: u32, ends: &[u32], out: &mut Vec<u32>) {
        count_any(windows, first, ends, out);
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi,avx512vbmi2,popcnt")]
    pub(super) unsafe fn avx512(
        bytes: &[u8],
        range: Range<usize>,
        kinds: &Kinds,
        out: &mut Selected,
    ) {
        assert!(out.rows.len() >= out.len + range.len() + WINDOW);
        assert!(out.kinds.len() == out.rows.len() && range.len().is_multiple_of(WINDOW));
        let quarter = |at: usize| unsafe { _mm512_loadu_si512(kinds[at * 64..].as_ptr().cast()) };
        let (low, low_end, high, high_end) = (quarter(0), quarter(1), quarter(2), quarter(3));
        let not_asked = _mm512_set1_epi8(NOT_ASKED as i8);
        let steps = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
        let mut len = out.len;
        for at in range.clone().step_by(WINDOW) {
            // SAFETY: 64 bytes from `at` on lie in the range; the slice checks it.
            let some = unsafe { _mm512_loadu_si512(bytes[at..at + WINDOW].as_ptr().cast()) };
            let lower = _mm512_permutex2var_epi8(low, some, low_end);
            let upper = _mm512_permutex2var_epi8(high, some, high_end);
            let of_some = _mm512_mask_blend_epi8(_mm512_movepi8_mask(some), lower, upper);
            let asked = _mm512_cmpneq_epi8_mask(of_some, not_asked);
            out.windows.push(Window { asked, before: len as u32 });
            let kept = _mm512_maskz_compress_epi8(asked, of_some);
            // SAFETY: no more than `at - range.start` were found, and there is room for 64 more.
            unsafe { _mm512_storeu_si512(out.kinds.as_mut_ptr().add(len).cast(), kept) };
            for sixteen in 0..4 {
                let lanes = (asked >> (16 * sixteen)) as u16;
                let first = _mm512_set1_epi32((at + 16 * sixteen) as i32);
                let kept = _mm512_maskz_compress_epi32(lanes, _mm512_add_epi32(first, steps));
                // SAFETY: as above.
                unsafe { _mm512_storeu_si512(out.rows.as_mut_ptr().add(len).cast(), kept) };
                len += lanes.count_ones() as usize;
            }
        }
        out.len = len;
    }

    #[target_feature(enable = "avx2")]
    pub(super) unsafe fn avx2(
        bytes: &[u8],
        range: Range<usize>,
        kinds: &Kinds,
        out: &mut Selected,
    ) {
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
        let asked = |at: usize| {
            // SAFETY: 32 bytes from `at` on lie in the range; the slice checks it.
            let some = unsafe { _mm256_loadu_si256(bytes[at..at + 32].as_ptr().cast()) };
            // Which byte of the bits: the middle four choose among 16, the highest the half.
            let eighth = _mm256_and_si256(_mm256_srli_epi16::<3>(some), fifteen);
            let below = _mm256_shuffle_epi8(low, eighth);
            let above = _mm256_shuffle_epi8(high, eighth);
            let of_some = _mm256_blendv_epi8(below, above, some);
            let wanted = _mm256_shuffle_epi8(bit, _mm256_and_si256(some, seven));
            let asked = _mm256_cmpeq_epi8(_mm256_and_si256(of_some, wanted), wanted);
            u64::from(_mm256_movemask_epi8(asked) as u32)
        };
        for at in range.step_by(WINDOW) {
            out.put(at, asked(at) | asked(at + 32) << 32, bytes, kinds);
        }
    }
}

#[cfg(target_arch = "aarch64")]
mod arm {
    use std::arch::aarch64::*;

    use super::{Kinds, Range, Selected, WINDOW, bits_of};

    #[target_feature(enable = "neon")]
    pub(super) unsafe fn neon(
        bytes: &[u8],
        range: Range<usize>,
        kinds: &Kinds,
        out: &mut Selected,
    ) {
        let bits = bits_of(kinds);
        // SAFETY: 16 bytes each.
        let table = unsafe { uint8x16x2_t(vld1q_u8(bits.as_ptr()), vld1q_u8(bits[16..].as_ptr())) };
        // SAFETY: 16 bytes.
        let places = unsafe { vld1q_u8([1, 2, 4, 8, 16, 32, 64, 128].repeat(2).as_ptr()) };
        let asked = |at: usize| {
            // SAFETY: 16 bytes from `at` on lie in the range; the slice checks it.
            let some = unsafe { vld1q_u8(bytes[at..at + 16].as_ptr()) };
            let of_some = vqtbl2q_u8(table, vshrq_n_u8::<3>(some));
            let seven = vreinterpretq_s8_u8(vandq_u8(some, vdupq_n_u8(7)));
            let asked = vtstq_u8(of_some, vshlq_u8(vdupq_n_u8(1), seven));
            // A bit for each byte: those of eight bytes are summed.
            let marked = vandq_u8(asked, places);
            let (low, high) = (vget_low_u8(marked), vget_high_u8(marked));
            u64::from(vaddv_u8(low)) | u64::from(vaddv_u8(high)) << 8
        };
        for at in range.step_by(WINDOW) {
            let of_window = (0..4).map(|part| asked(at + 16 * part) << (16 * part));
            out.put(at, of_window.fold(0, |all, part| all | part), bytes, kinds);
        }
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
            ways.push(("avx2", |bytes, range, kinds, out| unsafe {
                x86::avx2(bytes, range, kinds, out)
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
            let ends: Vec<u32> = (range.start as u32..=range.end as u32).step_by(7).collect();
            let below = |rows: &[u32]| -> Vec<u32> {
                ends.iter().map(|end| rows.partition_point(|row| row < end) as u32).collect()
            };
            let mut counts = Vec::new();
            for (name, way) in ways() {
                let mut out = Selected::default();
                select_by(way, &bytes, range.clone(), &kinds, &mut out);
                prop_assert_eq!(pairs(out.rows(), out.kinds()), expected.clone(), "{}", name);
                out.below(&ends, &mut counts);
                prop_assert_eq!(&counts, &below(out.rows()), "{}", name);
                counts.clear();
                count(&out.windows, range.start as u32, &ends, &mut counts);
                prop_assert_eq!(&counts, &below(out.rows()), "{}", name);
                out.look_again(0, |row, kind| (row % 3 > 0).then_some(kind));
                out.below(&ends, &mut counts);
                prop_assert_eq!(&counts, &below(out.rows()), "{}", name);
            }
            let mut out = Selected::default();
            out.extend(range.clone());
            out.below(&ends, &mut counts);
            prop_assert_eq!(&counts, &below(out.rows()));
            out.clear();
            out.extend(7..9);
            select(&bytes, range, &kinds, &mut out);
            prop_assert_eq!(&out.rows()[..2], &[7, 8]);
            prop_assert_eq!(pairs(&out.rows()[2..], &out.kinds()[2..]), expected);
        }
    }
}
