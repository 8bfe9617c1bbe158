//! Few rows with what questions ask of each, side by side: who looks at them touches no other page
//! of the columns that they are rows of. A pass goes through the lists of several kinds person by
//! person, and copies rows only of whoever has some of several kinds.

use std::ops::Range;
use std::sync::Arc;

use crate::resident::select::{Selected, skip_to};

/// The rows of one kind, ascending; whose each is, and when it happened.
#[derive(Debug, Default)]
pub(crate) struct List {
    rows: Box<[u32]>,
    owners: Box<[u32]>,
    times: Box<[i64]>,
}

impl List {
    pub(crate) fn of(rows: &[u32], owners: Vec<u32>, times: Vec<i64>) -> List {
        assert!(owners.len() == rows.len() && times.len() == rows.len(), "one for each row");
        List { rows: rows.into(), owners: owners.into(), times: times.into() }
    }

    /// How many bytes of memory it takes.
    pub(crate) fn bytes(&self) -> usize {
        self.rows.len() * (4 + 4 + 8)
    }
}

/// No ordinal is as large: whose rows come next where none do.
pub(crate) const NOBODY: u32 = u32::MAX;

/// Lists of rows, each of a kind of its own, and of whom those asked for next come: who asks goes
/// through the people in their order.
#[derive(Debug, Default)]
pub(crate) struct Listed {
    lanes: Vec<Lane>,
    /// The rows of a person who has some of several kinds.
    joined: Joined,
}

/// A list, and the next of its rows.
#[derive(Debug)]
struct Lane {
    list: Arc<List>,
    kind: u8,
    /// The kind, for as many rows as somebody had so far.
    alike: Vec<u8>,
    next: usize,
    next_owner: u32,
}

/// A person's rows, ascending; the kind of each, and when it happened, in ms.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Theirs<'a> {
    pub(crate) rows: &'a [u32],
    pub(crate) kinds: &'a [u8],
    pub(crate) times: &'a [i64],
}

impl List {
    /// Whose the row at a place is; nobody's behind the last.
    fn owner(&self, place: usize) -> u32 {
        self.owners.get(place).copied().unwrap_or(NOBODY)
    }
}

impl Lane {
    fn of(list: Arc<List>, kind: u8) -> Lane {
        let next_owner = list.owner(0);
        Lane { list, kind, alike: Vec::new(), next: 0, next_owner }
    }

    /// The rows of a person; whoever comes before is passed over.
    #[inline]
    fn next_of(&mut self, ordinal: u32) -> Range<usize> {
        if self.next_owner > ordinal {
            return self.next..self.next;
        }
        if self.next_owner < ordinal {
            self.next = skip_to(&self.list.owners, self.next, ordinal);
        }
        let start = self.next;
        let theirs = self.list.owners[start..].iter().take_while(|owner| **owner == ordinal);
        self.next += theirs.count();
        self.next_owner = self.list.owner(self.next);
        start..self.next
    }

    #[inline]
    fn theirs(&mut self, range: Range<usize>) -> Theirs<'_> {
        if self.alike.len() < range.len() {
            self.alike.resize(range.len(), self.kind);
        }
        let kinds = &self.alike[..range.len()];
        Theirs { rows: &self.list.rows[range.clone()], kinds, times: &self.list.times[range] }
    }
}

impl Listed {
    /// Lists and their kinds; no row is in two of them.
    pub(crate) fn of(lists: impl IntoIterator<Item = (Arc<List>, u8)>) -> Listed {
        let lanes = lists.into_iter().map(|(list, kind)| Lane::of(list, kind)).collect();
        Listed { lanes, joined: Joined::default() }
    }

    /// Who comes next; [`NOBODY`] at the end.
    #[inline]
    pub(crate) fn peek(&self) -> u32 {
        self.lanes.iter().map(|lane| lane.next_owner).min().unwrap_or(NOBODY)
    }

    /// The rows of a person, who comes no later than who is next.
    #[inline]
    pub(crate) fn next_of(&mut self, ordinal: u32) -> Theirs<'_> {
        let mut first: Option<(usize, Range<usize>)> = None;
        let mut several = false;
        for at in 0..self.lanes.len() {
            let range = self.lanes[at].next_of(ordinal);
            if range.is_empty() {
                continue;
            }
            let Some((before, of_before)) = &first else {
                first = Some((at, range));
                continue;
            };
            if !several {
                several = true;
                self.joined.clear();
                self.joined.add(&self.lanes[*before], of_before.clone());
            }
            self.joined.add(&self.lanes[at], range);
        }
        match first {
            Some((at, range)) if !several => self.lanes[at].theirs(range),
            Some(_) => self.joined.theirs(),
            None => Theirs { rows: &[], kinds: &[], times: &[] },
        }
    }

    /// Adds what lies in a range of the segment to rows that were selected.
    pub(crate) fn copy(&self, range: Range<usize>, out: &mut Selected) {
        let mut joined = Joined::default();
        for lane in &self.lanes {
            let place = |row| lane.list.rows.partition_point(|other| (*other as usize) < row);
            joined.add(lane, place(range.start)..place(range.end));
        }
        out.copy(&joined.rows, &joined.kinds);
    }
}

/// Rows of several kinds, ascending.
#[derive(Debug, Default)]
struct Joined {
    rows: Vec<u32>,
    kinds: Vec<u8>,
    times: Vec<i64>,
}

impl Joined {
    fn clear(&mut self) {
        self.rows.clear();
        self.kinds.clear();
        self.times.clear();
    }

    fn theirs(&self) -> Theirs<'_> {
        Theirs { rows: &self.rows, kinds: &self.kinds, times: &self.times }
    }

    /// Adds rows of a kind of which none is there yet.
    fn add(&mut self, Lane { list, kind, .. }: &Lane, range: Range<usize>) {
        let (rows, times) = (&list.rows[range.clone()], &list.times[range]);
        let (mut own, mut other) = (self.rows.len(), rows.len());
        let len = own + other;
        self.rows.resize(len, 0);
        self.kinds.resize(len, *kind);
        self.times.resize(len, 0);
        // From the back, so that nothing is written over before it was read.
        for at in (0..len).rev() {
            if other == 0 {
                break;
            }
            if own > 0 && self.rows[own - 1] > rows[other - 1] {
                own -= 1;
                self.rows[at] = self.rows[own];
                self.kinds[at] = self.kinds[own];
                self.times[at] = self.times[own];
            } else {
                other -= 1;
                self.rows[at] = rows[other];
                self.kinds[at] = *kind;
                self.times[at] = times[other];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A row: its number, whose it is, when, and its kind.
    type Told = (u32, u32, i64, u8);

    fn lists(all: &[Told], kinds: u8) -> Listed {
        Listed::of((0..kinds).map(|kind| {
            let own: Vec<&Told> = all.iter().filter(|row| row.3 == kind).collect();
            let rows: Vec<u32> = own.iter().map(|row| row.0).collect();
            let owners = own.iter().map(|row| row.1).collect();
            (Arc::new(List::of(&rows, owners, own.iter().map(|row| row.2).collect())), kind)
        }))
    }

    proptest! {
        #[test]
        fn side_by_side_lists_are_gone_through_as_if_they_were_one(
            steps in proptest::collection::vec((1u32..4, 0u32..3, 0i64..3, 0u8..5), 0..120),
            kinds in 0u8..6,
            others in proptest::collection::vec(0u32..200, 0..20),
            cut in (0usize..400, 0usize..400),
        ) {
            let (mut row, mut owner) = (0, 0);
            let all: Vec<Told> = steps
                .iter()
                .map(|(rows, owners, time, kind)| {
                    row += rows;
                    owner += owners;
                    (row, owner, *time, *kind)
                })
                .filter(|(.., kind)| *kind < kinds)
                .collect();
            let mut listed = lists(&all, kinds);
            let of = |ordinal: u32| all.iter().filter(move |row| row.1 == ordinal).copied();
            let mut asked: Vec<u32> = all.iter().map(|row| row.1).collect();
            asked.dedup();
            let mut led = Vec::new();
            let mut others = others;
            others.sort_unstable();
            others.dedup();
            let mut others = others.into_iter().peekable();
            loop {
                let next = listed.peek();
                let ordinal = next.min(others.peek().copied().unwrap_or(NOBODY));
                if ordinal == NOBODY {
                    break;
                }
                others.next_if_eq(&ordinal);
                if next == ordinal {
                    led.push(ordinal);
                }
                let Theirs { rows, kinds, times } = listed.next_of(ordinal);
                prop_assert_eq!((rows.len(), rows.len()), (kinds.len(), times.len()));
                let told = rows.iter().zip(kinds).zip(times);
                let told: Vec<Told> = told.map(|((r, k), t)| (*r, ordinal, *t, *k)).collect();
                prop_assert_eq!(told, of(ordinal).collect::<Vec<_>>());
            }
            prop_assert_eq!(led, asked);
            prop_assert_eq!(listed.peek(), NOBODY);
            let range = cut.0.min(cut.1)..cut.0.max(cut.1);
            let mut found = Selected::default();
            listed.copy(range.clone(), &mut found);
            let inside = all.iter().filter(|row| range.contains(&(row.0 as usize)));
            let (rows, kinds): (Vec<u32>, Vec<u8>) = inside.map(|row| (row.0, row.3)).unzip();
            prop_assert_eq!((found.rows(), found.kinds()), (&rows[..], &kinds[..]));
        }
    }
}
