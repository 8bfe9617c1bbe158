//! What happened at each row: a byte each, so that a question finds its events 64 rows at a time.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use crate::resident::listed::{List, Listed};
use crate::resident::select::{Kinds, NOT_ASKED, Selected, select};

/// The byte of all names beyond the 255 most frequent.
const REST: u8 = u8::MAX;

/// A code for each row.
#[derive(Debug, Default)]
pub(crate) struct Codes {
    bytes: Vec<u8>,
    /// The code that each byte stands for.
    codes: Vec<u16>,
    /// Ascending rows whose byte is [`REST`], and their codes.
    rest: Vec<(u32, u16)>,
    /// By byte: how many rows have it, and where; listed when they are few and first asked for.
    counts: Vec<u32>,
    lists: Vec<OnceLock<Arc<List>>>,
    /// By byte: whether it may be listed.
    rare: Vec<bool>,
}

/// Events that are at most one in so many rows may be listed; questions about them read no others.
const RARE: usize = 64;
/// All that may be listed, the rarest first, are at most one in so many rows: two bytes a row.
const LISTED: usize = 8;

impl Codes {
    /// Of few names: each code is its own byte.
    fn of_bytes(bytes: Vec<u8>) -> Codes {
        let mut counts = counts_of(&bytes);
        counts.truncate(counts.iter().rposition(|count| *count > 0).map_or(0, |last| last + 1));
        let codes = (0..).take(counts.len()).collect();
        Codes::new(bytes, codes, Vec::new(), counts)
    }

    /// Of any names: the most frequent ones have bytes of their own.
    fn of_codes(all: &[u16]) -> Codes {
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
        let counts = codes.iter().map(|code| counts[usize::from(*code)]).collect();
        Codes::new(bytes, codes, rest, counts)
    }

    fn new(bytes: Vec<u8>, codes: Vec<u16>, rest: Vec<(u32, u16)>, counts: Vec<u32>) -> Codes {
        let lists = codes.iter().map(|_| OnceLock::new()).collect();
        let mut by_count: Vec<usize> = (0..counts.len()).collect();
        by_count.sort_by_key(|byte| counts[*byte]);
        let (mut rare, mut sum) = (vec![false; counts.len()], 0);
        for byte in by_count {
            sum += counts[byte] as usize;
            rare[byte] = sum * LISTED <= bytes.len();
        }
        Codes { bytes, codes, rest, counts, lists, rare }
    }

    /// How many bytes of memory they take.
    pub(crate) fn bytes(&self) -> usize {
        let lists = self.lists.iter().filter_map(|list| list.get()).map(|list| list.bytes());
        self.bytes.capacity() + self.rest.capacity() * 8 + lists.sum::<usize>()
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

    /// Adds the codes of a range of rows.
    pub(crate) fn copy(&self, rows: Range<usize>, out: &mut Vec<u16>) {
        match self.rest.is_empty() {
            true => {
                let bytes = &self.bytes[rows];
                out.extend(bytes.iter().map(|byte| self.codes[usize::from(*byte)]));
            }
            false => out.extend(rows.map(|row| self.get(row))),
        }
    }

    #[cold]
    fn of_rest(&self, row: usize) -> u16 {
        let place = self.rest.partition_point(|(other, _)| (*other as usize) < row);
        self.rest[place].1
    }

    /// What finds the asked codes, at most [`ASKED_MAX`]; nothing where no row has one of them.
    /// `list` tells the rest of some ascending rows.
    pub(crate) fn picker(&self, asked: &[u16], list: &dyn Fn(&[u32]) -> List) -> Option<Found> {
        let picker = self.search(asked)?;
        let is_asked = |byte: &usize| picker.kinds[*byte] != NOT_ASKED;
        let bytes: Vec<usize> = (0..self.codes.len()).filter(is_asked).collect();
        let rows: usize = bytes.iter().map(|byte| self.counts[*byte] as usize).sum();
        let rare = bytes.iter().all(|byte| self.rare[*byte]);
        match rare && picker.rest.is_empty() && rows * RARE <= self.bytes.len() {
            true => Some(Found::Listed(self.listed(&bytes, &picker.kinds, list))),
            false => Some(Found::Searched(Box::new(picker))),
        }
    }

    fn search(&self, asked: &[u16]) -> Option<Picker> {
        assert!(asked.len() <= ASKED_MAX, "a kind for each");
        let kind_of = |code: u16| asked.iter().position(|other| *other == code);
        let (mut kinds, mut any) = ([NOT_ASKED; 256], false);
        for (byte, code) in self.codes.iter().enumerate() {
            if let Some(kind) = kind_of(*code).filter(|_| self.counts[byte] > 0) {
                kinds[byte] = kind as u8;
                any = true;
            }
        }
        let mut rest: Vec<(u16, u8)> =
            self.rest.iter().filter_map(|(_, code)| Some((*code, kind_of(*code)? as u8))).collect();
        rest.sort_unstable();
        rest.dedup();
        if !rest.is_empty() {
            // Any kind: it is told later.
            kinds[usize::from(REST)] = 0;
        }
        (any || !rest.is_empty()).then_some(Picker { kinds, rest })
    }

    /// All rows with one of some bytes.
    fn listed(&self, bytes: &[usize], kinds: &Kinds, list: &dyn Fn(&[u32]) -> List) -> Listed {
        Listed::of(bytes.iter().map(|byte| {
            let of_byte = self.lists[*byte].get_or_init(|| {
                let (mut one, mut found) = ([NOT_ASKED; 256], Selected::default());
                one[*byte] = 0;
                select(&self.bytes, 0..self.bytes.len(), &one, &mut found);
                Arc::new(list(found.rows()))
            });
            (of_byte.clone(), kinds[*byte])
        }))
    }

    /// Of some rows, ascending, those that have one of the codes.
    pub(crate) fn narrow(&self, asked: &[u16], rows: &[u32]) -> Selected {
        let Some(picker) = self.search(asked) else { return Selected::default() };
        let mut found = Selected::of_one_kind(rows, 0);
        found.look_again(0, |row, _| self.kind(&picker, row));
        found
    }

    #[inline]
    fn kind(&self, picker: &Picker, row: u32) -> Option<u8> {
        match self.bytes[row as usize] {
            REST => {
                let code = self.of_rest(row as usize);
                picker.rest.iter().find(|(other, _)| *other == code).map(|(_, kind)| *kind)
            }
            byte => Some(picker.kinds[usize::from(byte)]).filter(|kind| *kind != NOT_ASKED),
        }
    }

    /// Adds the rows of a range that have one of the codes, ascending; the kind of each is the
    /// place of its code among those asked.
    pub(crate) fn pick(&self, picker: &Picker, rows: Range<usize>, out: &mut Selected) {
        let first = out.rows().len();
        select(&self.bytes, rows, &picker.kinds, out);
        if picker.rest.is_empty() {
            return;
        }
        out.look_again(first, |row, _| self.kind(picker, row));
    }
}

/// Hears of the code of one row after the other.
#[derive(Default)]
pub(crate) struct CodesBuilder {
    /// As long as each code is its own byte.
    bytes: Vec<u8>,
    /// All codes, from the first on that is not.
    codes: Option<Vec<u16>>,
}

impl CodesBuilder {
    /// With room for so many rows.
    pub(crate) fn with_room(rows: usize) -> CodesBuilder {
        CodesBuilder { bytes: Vec::with_capacity(rows), codes: None }
    }

    /// Adds codes.
    #[inline]
    pub(crate) fn push(&mut self, codes: &[u16]) {
        match &mut self.codes {
            Some(all) => all.extend_from_slice(codes),
            None if codes.iter().all(|code| *code < u16::from(REST)) => {
                self.bytes.extend(codes.iter().map(|code| *code as u8));
            }
            None => {
                let mut all = Vec::with_capacity(self.bytes.capacity());
                all.extend(std::mem::take(&mut self.bytes).into_iter().map(u16::from));
                all.extend_from_slice(codes);
                self.codes = Some(all);
            }
        }
    }

    pub(crate) fn finish(self) -> Codes {
        match self.codes {
            Some(codes) => Codes::of_codes(&codes),
            None => Codes::of_bytes(self.bytes),
        }
    }
}

/// How often each byte comes. Of neighbours that are alike, one count would wait for the other.
fn counts_of(bytes: &[u8]) -> Vec<u32> {
    let mut counts = [[0u32; 256]; 4];
    for four in bytes.chunks(4) {
        for (counts, byte) in counts.iter_mut().zip(four) {
            counts[usize::from(*byte)] += 1;
        }
    }
    (0..256).map(|byte| counts.iter().map(|counts| counts[byte]).sum()).collect()
}

/// Codes that may be asked for at once.
pub(crate) const ASKED_MAX: usize = NOT_ASKED as usize;

/// How rows with some codes are found.
#[derive(Debug)]
pub(crate) enum Found {
    /// By a look at each.
    Searched(Box<Picker>),
    /// They are known, since they are few.
    Listed(Listed),
}

/// Finds some codes among [`Codes`].
#[derive(Debug)]
pub(crate) struct Picker {
    kinds: Kinds,
    /// Codes asked for that have no byte of their own, and their kinds.
    rest: Vec<(u16, u8)>,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::resident::listed::NOBODY;

    proptest! {
        #[test]
        fn rows_are_found_by_their_codes_however_many_there_are(
            all in prop_oneof![Just((1, 1)), Just((200, 1))].prop_flat_map(|(usual, rare)| {
                let code = prop_oneof![usual => Just(3u16), rare => 0u16..20, rare => 0u16..2_000];
                proptest::collection::vec(code, 0..1_500)
            }),
            wanted in proptest::collection::vec(prop_oneof![0u16..20, 0u16..2_100], 0..8),
            cut in (0usize..1_500, 0usize..1_500),
        ) {
            let mut builder = CodesBuilder::with_room(all.len());
            all.chunks(7).for_each(|some| builder.push(some));
            let codes = builder.finish();
            for (row, code) in all.iter().enumerate() {
                prop_assert_eq!(codes.get(row), *code);
            }
            let (a, b) = (cut.0.min(all.len()), cut.1.min(all.len()));
            let range = a.min(b)..a.max(b);
            let mut copied = Vec::new();
            codes.copy(range.clone(), &mut copied);
            prop_assert_eq!(&copied, &all[range.clone()]);
            let kind_of = |row: &usize| wanted.iter().position(|code| *code == all[*row]);
            let (rows, kinds): (Vec<u32>, Vec<u8>) = range
                .clone()
                .filter_map(|row| Some((row as u32, kind_of(&row)? as u8)))
                .unzip();
            let mut found = Selected::default();
            let list = |rows: &[u32]| {
                let owners = rows.iter().map(|row| row / 3 * 2).collect();
                List::of(rows, owners, rows.iter().map(|row| i64::from(*row) * 5).collect())
            };
            match codes.picker(&wanted, &list) {
                Some(Found::Searched(picker)) => codes.pick(&picker, range, &mut found),
                Some(Found::Listed(mut listed)) => {
                    listed.copy(range, &mut found);
                    while listed.peek() < NOBODY {
                        let owner = listed.peek();
                        let theirs = listed.next_of(owner);
                        prop_assert!(theirs.rows.iter().all(|row| row / 3 * 2 == owner));
                        let told: Vec<usize> = theirs.rows.iter().map(|r| *r as usize).collect();
                        let first = owner as usize / 2 * 3;
                        let all_of = first..all.len().min(first + 3);
                        let wanted = all_of.filter(|row| kind_of(row).is_some());
                        prop_assert_eq!(told, wanted.collect::<Vec<_>>());
                    }
                }
                None => prop_assert!(!all.iter().any(|code| wanted.contains(code))),
            }
            prop_assert_eq!((found.rows(), found.kinds()), (&rows[..], &kinds[..]));
        }
    }
}
