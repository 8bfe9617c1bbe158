//! A pass over the people of a volume, each with those of their events that a question looks at.
//!
//! Nearly everybody has all their events in one segment, the base: there the events are found 64
//! rows at a time by their bytes, and a run only names their rows. Events beside it that come later
//! stand behind them; whoever has others gets a run that is put together and sorted.

use std::ops::Range;
use std::sync::Arc;

use candor_event::Value;

use crate::beside::Beside;
use crate::people_set::PeopleSet;
use crate::resident::active::ActiveDays;
use crate::resident::codes::{Found, Picker};
use crate::resident::listed::{Listed, NOBODY, Theirs};
use crate::resident::segment::Segment;
use crate::resident::select::Selected;
use crate::run::{Run, Together};
use crate::view::VolumeView;

/// What a fold looks at.
#[derive(Clone, Copy, Debug, Default)]
pub struct Looked<'a> {
    /// These people alone.
    pub people: Option<&'a PeopleSet>,
    /// Events with one of these codes alone, each there once; at most 255.
    pub codes: Option<&'a [u16]>,
    /// Events alone that have one of some values in a property; others may be there too, so that
    /// who asks looks again.
    pub having: Option<Having<'a>>,
    /// Events of those alone who did each of these so often, by codes that are asked for; others
    /// may be there too, so that who asks looks again.
    pub needs: &'a [(u16, usize)],
    /// Also people who have no such events: their runs are empty.
    pub idle: bool,
    /// The times of all these events are asked for: reading them together costs less.
    pub times: bool,
}

/// A property, by its code, that equals one of some values as questions compare.
#[derive(Clone, Copy, Debug)]
pub struct Having<'a> {
    /// Which.
    pub property: u32,
    /// Texts, numbers, truth.
    pub any: &'a [Value],
}

/// Buffers that a fold reuses from person to person.
#[derive(Debug, Default)]
pub struct Scratch {
    /// Rows of the base that are looked at, of many people.
    picked: Selected,
    /// Of those, how many lie before each person's.
    before: Vec<u32>,
    /// Of those, when they happened, where that is asked of all.
    times: Vec<i64>,
    /// The run of one person, where it is put together.
    run: Together,
    /// The active days of one person.
    days: Vec<u16>,
}

/// Rows of the base that are looked at together: those picked stay near while they are folded. Of
/// rows that are listed few are picked.
const ROWS_AT_ONCE: usize = 8_192;
const LISTED_AT_ONCE: usize = 16 * ROWS_AT_ONCE;

/// How far a fold is that stops every few thousand events: [`VolumeView::fold_on`].
#[derive(Debug)]
pub struct Stage {
    pick: Pick,
    /// What is looked at beside the base.
    beside: Beside,
    /// The next 64 people.
    word: usize,
    over: bool,
}

impl Stage {
    /// Whether everybody was seen.
    pub fn is_over(&self) -> bool {
        self.over
    }
}

/// How a segment's events are found.
#[derive(Debug)]
enum Pick {
    Every,
    Searched(Box<Picker>),
    Listed(Listed),
}

impl Pick {
    fn new(segment: &Segment, looked: Looked<'_>) -> Pick {
        if let Some(rows) = looked.having.and_then(|having| segment.having(having)) {
            return Pick::Listed(segment.listed(&segment.narrow(looked.codes, &rows)));
        }
        let Some(codes) = looked.codes else { return Pick::Every };
        match segment.picker(codes) {
            Some(Found::Searched(picker)) => Pick::Searched(picker),
            Some(Found::Listed(mut listed)) => {
                for (code, least) in looked.needs.iter().filter(|_| !looked.idle) {
                    let kind = codes.iter().position(|other| other == code);
                    listed.need(kind.expect("one of those asked for") as u8, *least);
                }
                Pick::Listed(listed)
            }
            None => Pick::Listed(Listed::default()),
        }
    }

    fn rows_at_once(&self) -> usize {
        match self {
            Pick::Every | Pick::Searched(_) => ROWS_AT_ONCE,
            Pick::Listed(_) => LISTED_AT_ONCE,
        }
    }

    fn rows(&self, segment: &Segment, rows: Range<usize>, out: &mut Selected) {
        match self {
            Pick::Every => out.extend(rows),
            Pick::Searched(picker) => segment.pick(picker, rows, out),
            Pick::Listed(listed) => listed.copy(rows, out),
        }
    }
}

impl VolumeView {
    /// A person's events, those of people folded into them included.
    pub fn run<'a>(&'a self, ordinal: u32, scratch: &'a mut Scratch) -> Run<'a> {
        let rows = self.base.of(ordinal);
        scratch.picked.clear();
        scratch.picked.extend(rows);
        let picked = scratch.picked.rows();
        match self.has_beside().has(ordinal) {
            true => scratch.run.whole(self, ordinal, picked),
            false => Run::of_segment(&self.base, picked, &[]),
        }
    }

    /// Calls `see` with the sessions of the events of a run from a place on, as the SDK gave them:
    /// one after the other, each with the places of its events that follow each other.
    pub fn pieces(
        &self,
        run: Run<'_>,
        from: usize,
        mut see: impl FnMut(Option<u64>, Range<usize>),
    ) {
        let mut first = from;
        // What is told last, as long as it may go on.
        let mut open: Option<(Option<u64>, Range<usize>)> = None;
        let mut piece = |session: Option<u64>, end: usize| {
            match &mut open {
                Some((of_open, places)) if *of_open == session => places.end = end,
                _ => {
                    if let Some((session, places)) = open.replace((session, first..end)) {
                        see(session, places);
                    }
                }
            }
            first = end;
        };
        let some = |session: u64| (session != 0).then_some(session);
        let mut place = from;
        if let Some((segment, rows)) = run.side_by_side(from) {
            place += rows.len();
            let start = rows.start;
            let pieces = segment.sessions().pieces(rows);
            pieces.for_each(|(session, end)| piece(some(session), from + end - start));
        }
        for rows in run.rows_from(place).chunk_by(|one, next| one + 1 == *next) {
            self.sessions_of(rows[0]..rows[0] + rows.len() as u32, |session, len| {
                place += len;
                piece(some(session), place);
            });
        }
        if let Some((session, places)) = open {
            see(session, places);
        }
    }

    /// Calls `see` with the ordinal and the run of one visible person after the other, ascending;
    /// false as soon as `go_on`, which is asked every few thousand events, says so.
    pub fn fold(
        &self,
        looked: Looked<'_>,
        scratch: &mut Scratch,
        go_on: &dyn Fn() -> bool,
        mut see: impl FnMut(u32, Run<'_>),
    ) -> bool {
        let mut stage = self.stage(looked);
        while !stage.over {
            if !go_on() {
                return false;
            }
            self.fold_on(looked, &mut stage, scratch, &mut see);
        }
        true
    }

    /// The start of a fold that stops every few thousand events.
    pub fn stage(&self, looked: Looked<'_>) -> Stage {
        let beside = Beside::of(self, looked.codes, looked.having);
        let pick = Pick::new(&self.base, looked);
        Stage { pick, beside, word: 0, over: self.people() == 0 }
    }

    /// Folds on for the people of a few thousand events; looks at the same at each stage.
    pub fn fold_on(
        &self,
        looked: Looked<'_>,
        stage: &mut Stage,
        scratch: &mut Scratch,
        see: &mut impl FnMut(u32, Run<'_>),
    ) {
        if let (Pick::Listed(_), false) = (&stage.pick, looked.idle) {
            return self.fold_listed(looked, stage, scratch, see);
        }
        let owners = self.base.owners();
        let words = (self.people() as usize).div_ceil(64);
        let Scratch { picked, before, times, run, .. } = scratch;
        let first = stage.word;
        let start = owners.first_row(first);
        let mut end = first + 1;
        let at_once = stage.pick.rows_at_once();
        while end < words && owners.first_row(end) - start < at_once {
            end += 1;
        }
        picked.clear();
        stage.pick.rows(&self.base, start..owners.first_row(end), picked);
        picked.below(owners.starts(first..end), before);
        let (rows, kinds) = (picked.rows(), picked.kinds());
        if looked.times {
            self.base.read_times(rows, times);
        }
        // Whose rows come next, among those who have some.
        let mut rank = 0;
        for word in first..end {
            let (own, beside) = (owners.word(word), stage.beside.people().word(word));
            let after = rank + own.count_ones() as usize;
            if before[rank] == before[after] && beside == 0 && !looked.idle {
                rank = after;
                continue;
            }
            let asked = looked.people.map_or(u64::MAX, |people| people.word(word));
            let asked = asked & self.people.visible_word(word as u32);
            let mut people = if looked.idle { own | asked } else { own | beside };
            while people != 0 {
                let bit = people.trailing_zeros();
                people &= people - 1;
                let places = before[rank] as usize;
                rank += (own >> bit & 1) as usize;
                let places = places..before[rank] as usize;
                let beside = beside >> bit & 1 == 1;
                // Most people did nothing of what is rare.
                if asked >> bit & 1 == 0 || places.is_empty() && !beside && !looked.idle {
                    continue;
                }
                let ordinal = word as u32 * 64 + bit;
                let of_person = (&rows[places.clone()], &kinds[places.clone()]);
                let run = match beside {
                    false => {
                        let run = Run::of_segment(&self.base, of_person.0, of_person.1);
                        if looked.times { run.with_times(&times[places]) } else { run }
                    }
                    true => {
                        let beside = &mut stage.beside;
                        let theirs = Theirs { rows: of_person.0, kinds: of_person.1, times: &[] };
                        run.put_together(self, ordinal, theirs, beside, looked.codes, 0)
                    }
                };
                if looked.idle || !run.is_empty() {
                    see(ordinal, run);
                }
            }
        }
        (stage.word, stage.over) = (end, end >= words);
    }
}

impl VolumeView {
    /// As [`VolumeView::fold_on`] where rows are listed: goes from one of these to the next, and
    /// passes over whoever has none or too few.
    fn fold_listed(
        &self,
        looked: Looked<'_>,
        stage: &mut Stage,
        scratch: &mut Scratch,
        see: &mut impl FnMut(u32, Run<'_>),
    ) {
        let Stage { pick: Pick::Listed(listed), beside, .. } = stage else {
            unreachable!("who calls looked")
        };
        // Whoever meets all needs meets the largest.
        let least = looked.needs.iter().map(|(_, least)| *least).max().filter(|_| !looked.idle);
        let least = least.unwrap_or(0);
        let mut seen = 0;
        while seen < ROWS_AT_ONCE {
            let ordinal = listed.peek().min(beside.peek());
            if ordinal == NOBODY {
                stage.over = true;
                return;
            }
            let theirs = listed.next_of(ordinal);
            let Theirs { rows, kinds, times } = theirs;
            // Beside may be more people than have rows here.
            seen += 1 + rows.len();
            let is_beside = beside.peek() == ordinal;
            let is_asked = looked.people.is_none_or(|people| people.has(ordinal));
            if !is_asked || !self.people.visible(ordinal) {
                if is_beside {
                    beside.next_of(ordinal, |_| ());
                }
                continue;
            }
            let run = match is_beside {
                false => Run::of_segment(&self.base, rows, kinds).with_times(times),
                true => {
                    let (scratch, codes) = (&mut scratch.run, looked.codes);
                    scratch.put_together(self, ordinal, theirs, beside, codes, least)
                }
            };
            if !run.is_empty() {
                see(ordinal, run);
            }
        }
    }
}

/// What a person did: the days on which they did something, or what they did.
#[derive(Clone, Copy, Debug)]
pub enum Active<'a> {
    /// By number among [`ActiveDays::edges`] times two, ascending; one more where something else
    /// was done on that day.
    Days(&'a [u16]),
    /// Of the few who have events beside the base: all of them.
    Events(Run<'a>),
}

impl VolumeView {
    /// The active days of nearly all people, in a zone, for [`VolumeView::fold_active`]; nothing
    /// where there are none or too many. Found when first asked. `edges` answers when each day
    /// begins that lies between two moments, the first day holding the one and the last ending
    /// after the other.
    pub fn active(
        &self,
        zone: &str,
        edges: &dyn Fn(i64, i64) -> Option<Vec<i64>>,
    ) -> Option<Arc<ActiveDays>> {
        self.base.active(zone, edges)
    }

    /// As [`VolumeView::fold`] over everything that people did, by days.
    pub fn fold_active(
        &self,
        people: Option<&PeopleSet>,
        active: &ActiveDays,
        scratch: &mut Scratch,
        go_on: &dyn Fn() -> bool,
        mut see: impl FnMut(u32, Active<'_>),
    ) -> bool {
        let (owners, mut lies_beside) = (self.base.owners(), Beside::of(self, None, None));
        for word in 0..(self.people() as usize).div_ceil(64) {
            if word % WORDS_PER_LOOK == 0 && !go_on() {
                return false;
            }
            let beside = lies_beside.people().word(word);
            let asked = people.map_or(u64::MAX, |people| people.word(word));
            let busy = owners.word(word) | beside;
            let mut people = busy & asked & self.people.visible_word(word as u32);
            while people != 0 {
                let bit = people.trailing_zeros();
                people &= people - 1;
                let ordinal = word as u32 * 64 + bit;
                match beside >> bit & 1 {
                    0 => see(ordinal, Active::Days(active.of_rank(owners.rank(ordinal)))),
                    _ => {
                        let own = match owners.word(word) >> bit & 1 {
                            0 => &[],
                            _ => active.of_rank(owners.rank(ordinal)),
                        };
                        scratch.times.clear();
                        lies_beside.next_of(ordinal, |piece| piece.copy_times(&mut scratch.times));
                        match active.with(own, &scratch.times, &mut scratch.days) {
                            true => see(ordinal, Active::Days(&scratch.days)),
                            false => see(ordinal, Active::Events(self.run(ordinal, scratch))),
                        }
                    }
                }
            }
        }
        true
    }
}

/// Words of people between two looks whether to go on.
const WORDS_PER_LOOK: usize = 64;
