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
    /// Who tells, where not everybody who has rows is of interest, who comes next.
    lead: Option<Lead>,
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

/// Who comes next of those who have so many rows of a lane.
#[derive(Debug)]
struct Lead {
    lane: usize,
    least: usize,
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

impl Lead {
    /// Goes on from the next row of its lane to the first of whoever has enough.
    #[inline]
    fn go_on(&mut self, Lane { list, next, .. }: &Lane) {
        let owners = &list.owners;
        // Of who has fewer, no row has one so many later that is theirs too.
        let last = owners.get(next + self.least - 1..).unwrap_or_default();
        let enough = last.iter().zip(&owners[*next..]).position(|(last, first)| last == first);
        self.next = enough.map_or(owners.len(), |after| next + after);
        self.next_owner = list.owner(self.next);
    }
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
        Listed { lanes, lead: None, joined: Joined::default() }
    }

    /// Before anybody is asked for: nobody comes next who has fewer rows of a kind. Of several such
    /// needs the one counts that fewer can meet.
    pub(crate) fn need(&mut self, kind: u8, least: usize) {
        assert!(least > 0, "who has none of it is in no list");
        let of_kind = self.lanes.iter().position(|lane| lane.kind == kind);
        let lane = of_kind.unwrap_or_else(|| {
            self.lanes.push(Lane::of(Arc::default(), kind));
            self.lanes.len() - 1
        });
        // Nobody has more rows than there can be.
        let least = least.min(u32::MAX as usize);
        let most = |lane: usize, least: usize| self.lanes[lane].list.rows.len() / least;
        if self.lead.as_ref().is_some_and(|old| most(old.lane, old.least) <= most(lane, least)) {
            return;
        }
        let mut lead = Lead { lane, least, next: 0, next_owner: NOBODY };
        lead.go_on(&self.lanes[lane]);
        self.lead = Some(lead);
    }

    /// Who comes next; [`NOBODY`] at the end.
    #[inline]
    pub(crate) fn peek(&self) -> u32 {
        match &self.lead {
            Some(lead) => lead.next_owner,
            None => self.lanes.iter().map(|lane| lane.next_owner).min().unwrap_or(NOBODY),
        }
    }

    /// The rows of a person, who comes no later than who is next.
    #[inline]
    pub(crate) fn next_of(&mut self, ordinal: u32) -> Theirs<'_> {
        let lead = self.lead.as_mut().filter(|lead| lead.next_owner == ordinal);
        if let Some(lead) = &lead {
            let lane = &mut self.lanes[lead.lane];
            (lane.next, lane.next_owner) = (lead.next, ordinal);
        }
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
        if let Some(lead) = lead {
            lead.go_on(&self.lanes[lead.lane]);
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
            needs in proptest::collection::vec((0u8..6, 1usize..4), 0..3),
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
            needs.iter().for_each(|(kind, least)| listed.need(*kind, *least));
            let of = |ordinal: u32| all.iter().filter(move |row| row.1 == ordinal).copied();
            let has = |ordinal: u32, (kind, least): (u8, usize)| {
                of(ordinal).filter(|row| row.3 == kind).count() >= least
            };
            let mut asked: Vec<u32> = all.iter().map(|row| row.1).collect();
            asked.dedup();
            // Those needs may be looked at of which one is: who meets all is never passed over.
            let meets = |one: &u32| needs.iter().all(|need| has(*one, *need));
            let all_needs: Vec<u32> = asked.iter().copied().filter(meets).collect();
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
            prop_assert!(led.is_sorted_by(|one, next| one < next));
            let one_need = |need: &(u8, usize)| led.iter().all(|one| has(*one, *need));
            match needs.is_empty() {
                true => prop_assert_eq!(led, asked),
                false => {
                    prop_assert!(all_needs.iter().all(|one| led.contains(one)));
                    prop_assert!(needs.iter().any(one_need));
                }
            }
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
