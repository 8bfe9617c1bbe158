//! One person's events visit by visit, in which ways are found.

use candor_store::{Run, VolumeView};

use crate::paths::{Paths, Plan, STEPS_MAX};
use crate::question::Matcher;
use crate::session::{Session, Silence};

/// What stands before and after a visit's events, and in a way after its last event.
pub(super) const NOTHING: u16 = u16::MAX;

/// The question found in one volume, and the visits of the person looked at.
pub(super) struct Found<'q> {
    matcher: Matcher<'q>,
    /// By code of an event: whether it is left out.
    hidden: Vec<bool>,
    visits: Visits,
    /// What the events of the run are.
    run_codes: Vec<u16>,
    /// The events of one visit that are followed.
    codes: Vec<u16>,
    /// Their places in the run.
    places: Vec<u32>,
}

/// Events in a row of one visit.
struct Piece {
    session: Session,
    /// Their places in the run: the first, and the one after the last.
    start: u32,
    end: u32,
    /// The next piece of the visit.
    next: Option<u32>,
    /// Whether it is the visit's first.
    begins: bool,
}

/// The pieces of a run, in their order; visits may interleave.
#[derive(Default)]
struct Visits {
    pieces: Vec<Piece>,
    /// By the hash of a session: the last piece of it, where the run is this one.
    slots: Vec<(u32, u32)>,
    run: u32,
}

impl Visits {
    fn clear(&mut self) {
        self.pieces.clear();
    }

    fn push(&mut self, session: Session, start: usize, end: usize) {
        let (start, end) = (start as u32, end as u32);
        match self.pieces.last_mut() {
            Some(last) if last.session == session && last.end == start => last.end = end,
            _ => self.pieces.push(Piece { session, start, end, next: None, begins: true }),
        }
    }

    /// Links the pieces of each visit.
    fn link(&mut self) {
        // The golden ratio in 64 bits: what differs in a few low bits differs in the high ones.
        const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;
        let bits = (self.pieces.len() * 2).next_power_of_two().ilog2().max(1);
        let mask = (1 << bits) - 1;
        if self.slots.len() <= mask || self.run == u32::MAX {
            self.slots.clear();
            self.slots.resize(mask + 1, (0, 0));
            self.run = 0;
        }
        self.run += 1;
        for at in 0..self.pieces.len() {
            let session = self.pieces[at].session;
            let number = match session {
                Session::Told(id) => id,
                Session::Since(begun) => !(begun.0 as u64),
            };
            let mut slot = (number.wrapping_mul(SPREAD) >> (u64::BITS - bits)) as usize;
            loop {
                let (run, last) = self.slots[slot];
                if run != self.run {
                    break;
                }
                if self.pieces[last as usize].session == session {
                    self.pieces[last as usize].next = Some(at as u32);
                    self.pieces[at].begins = false;
                    break;
                }
                slot = (slot + 1) & mask;
            }
            self.slots[slot] = (self.run, at as u32);
        }
    }
}

impl Plan<'_> {
    pub(super) fn find(&self, volume: &VolumeView) -> Found<'_> {
        let mut hidden = vec![false; volume.event_names().len()];
        for code in self.question.hide.iter().filter_map(|name| volume.event_code(name)) {
            hidden[usize::from(code)] = true;
        }
        let matcher = Matcher::new(volume, &self.anchor.event, &self.anchor.conditions);
        let (run_codes, codes, places) = (Vec::new(), Vec::new(), Vec::new());
        Found { matcher, hidden, visits: Visits::default(), run_codes, codes, places }
    }

    /// Calls `see` with each way of a person, the anchor's event first, until it answers true;
    /// whether it did.
    #[inline]
    pub(super) fn any_way(
        &self,
        of: &mut Found<'_>,
        volume: &VolumeView,
        ordinal: u32,
        run: Run<'_>,
        mut see: impl FnMut(&[u16]) -> bool,
    ) -> bool {
        if !of.matcher.person_matches(volume, ordinal) {
            return false;
        }
        let range = run.before(self.from)..run.before(self.to);
        let anchored = |of: &Found<'_>, code: u16, at: usize| {
            of.matcher.may_be(code)
                && range.contains(&at)
                && of.matcher.properties_match(volume, ordinal, run, at)
        };
        let mut places = range.clone();
        let Some(first) = places.find(|at| anchored(of, run.code(*at), *at)) else { return false };
        // Repeats and what leads to an end may lie before.
        let looks_back = self.backwards || self.question.collapse_repeats;
        let first = if looks_back { 0 } else { first };
        self.find_visits(&mut of.visits, volume, run, first);
        of.run_codes.clear();
        run.copy_codes(first, &mut of.run_codes);
        for at in 0..of.visits.pieces.len() {
            let Piece { start, end, next, begins, .. } = of.visits.pieces[at];
            if !begins {
                continue;
            }
            if next.is_none() && self.follows_all() {
                // A way is whatever comes next, where it lies.
                let mut visit = &of.run_codes[start as usize - first..end as usize - first];
                while let Some(at) = of.matcher.first_of(visit) {
                    visit = &visit[at..];
                    let way = &visit[..visit.len().min(self.question.steps + 1)];
                    if anchored(of, visit[0], end as usize - visit.len()) && see(way) {
                        return true;
                    }
                    visit = &visit[1..];
                }
                continue;
            }
            self.lay_out(of, at, first);
            for at in 1..of.codes.len() - 1 {
                if anchored(of, of.codes[at], of.places[at] as usize) {
                    let (way, len) = self.way(of, run, at);
                    if see(&way[..len]) {
                        return true;
                    }
                }
            }
        }
        false
    }

    /// Whether a way is whatever follows its anchor in the visit.
    fn follows_all(&self) -> bool {
        let Paths { collapse_repeats, hide, .. } = self.question;
        !self.backwards && self.within.is_none() && !collapse_repeats && hide.is_empty()
    }

    /// Finds the visits of a run from a place on.
    fn find_visits(&self, of: &mut Visits, volume: &VolumeView, run: Run<'_>, first: usize) {
        of.clear();
        if self.within.is_some() {
            of.push(Session::Told(0), first, run.len());
            return;
        }
        let mut silence = Silence::default();
        volume.pieces(run, first, |told, places| match told {
            Some(id) => of.push(Session::Told(id), places.start, places.end),
            None => places.for_each(|at| of.push(silence.session(run.time(at)), at, at + 1)),
        });
        of.link();
    }

    /// Lays out the events that are followed of the visit that begins with a piece; `first` is the
    /// place of the first code at hand.
    fn lay_out(&self, of: &mut Found<'_>, piece: usize, first: usize) {
        of.codes.clear();
        of.places.clear();
        of.codes.push(NOTHING);
        of.places.push(0);
        let all = !self.question.collapse_repeats && self.question.hide.is_empty();
        let mut next = Some(piece as u32);
        while let Some(piece) = next {
            let Piece { start, end, next: after, .. } = of.visits.pieces[piece as usize];
            next = after;
            let codes = &of.run_codes[start as usize - first..end as usize - first];
            if all {
                of.codes.extend_from_slice(codes);
                of.places.extend(start..end);
                continue;
            }
            for (place, code) in (start..end).zip(codes) {
                let repeats = self.question.collapse_repeats && of.codes.last() == Some(code);
                if !of.hidden[usize::from(*code)] && !repeats {
                    of.codes.push(*code);
                    of.places.push(place);
                }
            }
        }
        of.codes.push(NOTHING);
        of.places.push(0);
    }

    /// The events from an anchor on, as far as it is followed.
    #[inline]
    fn way(&self, of: &Found<'_>, run: Run<'_>, anchor: usize) -> ([u16; STEPS_MAX + 1], usize) {
        let mut way = [NOTHING; STEPS_MAX + 1];
        let mut at = anchor;
        let time = |at: usize| run.time(of.places[at] as usize);
        for step in 0..=self.question.steps {
            let code = of.codes[at];
            let too_far = |within: i64| time(at).abs_diff(time(anchor)) > within as u64;
            if code == NOTHING || self.within.is_some_and(too_far) {
                return (way, step);
            }
            way[step] = code;
            // A visit ends on both sides with nothing.
            at = if self.backwards { at - 1 } else { at + 1 };
        }
        (way, self.question.steps + 1)
    }
}
