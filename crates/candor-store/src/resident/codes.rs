//! What happened at each row: a byte each, so that a question finds its events 64 rows at a time.

use std::ops::Range;

use crate::resident::select::{ByteSet, select};

/// The byte of all names beyond the 255 most frequent.
const REST: u8 = u8::MAX;

/// A code for each row.
#[derive(Debug, Default)]
pub(crate) struct Codes {
    bytes: Vec<u8>,
    /// The code that each byte stands for, the most frequent first.
    codes: Vec<u16>,
    /// Ascending rows whose byte is [`REST`], and their codes.
    rest: Vec<(u32, u16)>,
}

impl Codes {
    pub(crate) fn of(all: &[u16]) -> Codes {
        let most = all.iter().copied().max().map_or(0, |most| usize::from(most) + 1);
        let mut counts = vec![0u32; most];
        all.iter().for_each(|code| counts[usize::from(*code)] += 1);
        let mut codes: Vec<u16> =
            (0..=u16::MAX).zip(&counts).filter(|c| *c.1 > 0).map(|c| c.0).collect();
        codes.sort_by_key(|code| std::cmp::Reverse(counts[usize::from(*code)]));
        codes.truncate(usize::from(REST));
        let mut byte_of = vec![REST; most];
        for (byte, code) in (0..REST).zip(&codes) {
            byte_of[usize::from(*code)] = byte;
        }
        let bytes: Vec<u8> = all.iter().map(|code| byte_of[usize::from(*code)]).collect();
        let rest = (0..).zip(&bytes).filter(|(_, byte)| **byte == REST);
        let rest = rest.map(|(row, _)| (row, all[row as usize])).collect();
        Codes { bytes, codes, rest }
    }

    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    #[inline]
    pub(crate) fn get(&self, row: usize) -> u16 {
        match self.bytes[row] {
            REST => self.of_rest(row),
            byte => self.codes[usize::from(byte)],
        }
    }

    #[cold]
    fn of_rest(&self, row: usize) -> u16 {
        let place = self.rest.partition_point(|(other, _)| (*other as usize) < row);
        self.rest[place].1
    }

    /// What is needed to find some codes, or nothing where no row has one of them.
    pub(crate) fn picker(&self, wanted: &[u16]) -> Option<Picker> {
        let (mut set, mut any) = (ByteSet::default(), false);
        for (byte, code) in (0..REST).zip(&self.codes) {
            if wanted.contains(code) {
                set.insert(byte);
                any = true;
            }
        }
        let mut rest: Vec<u16> = wanted.to_vec();
        rest.retain(|code| self.rest.iter().any(|(_, other)| other == code));
        if !rest.is_empty() {
            set.insert(REST);
        }
        (any || !rest.is_empty()).then_some(Picker { set, rest })
    }

    /// Adds the rows of a range that have one of the codes, ascending.
    pub(crate) fn pick(&self, picker: &Picker, rows: Range<usize>, out: &mut Vec<u32>) {
        let first = out.len();
        select(&self.bytes, rows, &picker.set, out);
        if picker.rest.is_empty() {
            return;
        }
        let mut kept = first;
        for at in first..out.len() {
            let row = out[at] as usize;
            if self.bytes[row] != REST || picker.rest.contains(&self.of_rest(row)) {
                out[kept] = out[at];
                kept += 1;
            }
        }
        out.truncate(kept);
    }
}

/// Finds some codes among [`Codes`].
#[derive(Debug)]
pub(crate) struct Picker {
    set: ByteSet,
    /// Codes wanted that have no byte of their own.
    rest: Vec<u16>,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn rows_are_found_by_their_codes_however_many_there_are(
            all in proptest::collection::vec(prop_oneof![0u16..20, 0u16..2_000], 0..1_500),
            wanted in proptest::collection::vec(prop_oneof![0u16..20, 0u16..2_100], 0..8),
            cut in (0usize..1_500, 0usize..1_500),
        ) {
            let codes = Codes::of(&all);
            for (row, code) in all.iter().enumerate() {
                prop_assert_eq!(codes.get(row), *code);
            }
            let (a, b) = (cut.0.min(all.len()), cut.1.min(all.len()));
            let range = a.min(b)..a.max(b);
            let expected: Vec<u32> = range
                .clone()
                .filter(|row| wanted.contains(&all[*row]))
                .map(|row| row as u32)
                .collect();
            let mut found = Vec::new();
            match codes.picker(&wanted) {
                Some(picker) => codes.pick(&picker, range, &mut found),
                None => prop_assert!(!all.iter().any(|code| wanted.contains(code))),
            }
            prop_assert_eq!(found, expected);
        }
    }
}
