//! One person's events as lines, one for each visit, in which ways are found.

use candor_store::{Run, VolumeView};

use crate::paths::{Paths, Plan, STEPS_MAX};
use crate::question::Matcher;
use crate::session::{Session, Silence};

/// What stands between two lines, and in a way after its last event.
pub(super) const NOTHING: u16 = u16::MAX;

/// The question found in one volume, and the lines of the person looked at.
pub(super) struct Found<'q> {
    matcher: Matcher<'q>,
    /// By code of an event: whether it is left out.
    hidden: Vec<bool>,
    /// Events in a row of one visit: the first place, and the one after the last.
    pieces: Vec<(Session, u32, u32)>,
    /// What the events of the run are.
    run_codes: Vec<u16>,
    /// The events of one visit after the other.
    codes: Vec<u16>,
    /// Their places in the run.
    places: Vec<u32>,
}

impl Plan<'_> {
    pub(super) fn find(&self, volume: &VolumeView) -> Found<'_> {
        let mut hidden = vec![false; volume.event_names().len()];
        for code in self.question.hide.iter().filter_map(|name| volume.event_code(name)) {
            hidden[usize::from(code)] = true;
        }
        let matcher = Matcher::new(volume, &self.anchor.event, &self.anchor.conditions);
        let (run_codes, codes, places) = (Vec::new(), Vec::new(), Vec::new());
        Found { matcher, hidden, pieces: Vec::new(), run_codes, codes, places }
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
        let anchors = |of: &Found<'_>, at| of.matcher.event_matches(volume, ordinal, run, at);
        let Some(first) = range.clone().find(|at| anchors(of, *at)) else { return false };
        // Repeats and what leads to an end may lie before.
        let looks_back = self.backwards || self.question.collapse_repeats;
        let first = if looks_back { 0 } else { first };
        let apart = self.visits(of, volume, run, first);
        if apart && self.follows_all() {
            // Visits are lines as they lie.
            for (_, start, end) in &of.pieces {
                let visit = &of.run_codes[*start as usize - first..*end as usize - first];
                for (at, code) in visit.iter().enumerate() {
                    let place = *start as usize + at;
                    if of.matcher.may_be(*code)
                        && range.contains(&place)
                        && anchors(of, place)
                        && see(&visit[at..visit.len().min(at + self.question.steps + 1)])
                    {
                        return true;
                    }
                }
            }
            return false;
        }
        self.lay_out(of, first);
        for at in 0..of.codes.len() {
            if !of.matcher.may_be(of.codes[at]) || of.codes[at] == NOTHING {
                continue;
            }
            let place = of.places[at] as usize;
            if range.contains(&place) && anchors(of, place) {
                let (way, len) = self.way(of, run, at);
                if see(&way[..len]) {
                    return true;
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

    /// Finds the visits of a run from a place on, and what its events are; whether each visit's lie
    /// together.
    fn visits(&self, of: &mut Found<'_>, volume: &VolumeView, run: Run<'_>, first: usize) -> bool {
        of.run_codes.clear();
        run.copy_codes(first, &mut of.run_codes);
        of.pieces.clear();
        if self.within.is_some() {
            let all = Session::Told(0);
            of.pieces.push((all, first as u32, run.len() as u32));
        } else {
            let mut silence = Silence::default();
            volume.pieces(run, first, |told, places| match told {
                Some(id) => {
                    of.pieces.push((Session::Told(id), places.start as u32, places.end as u32));
                }
                None => {
                    for at in places {
                        let session = silence.session(run.time(at));
                        match of.pieces.last_mut() {
                            Some((last, _, end)) if *last == session => *end += 1,
                            _ => of.pieces.push((session, at as u32, at as u32 + 1)),
                        }
                    }
                }
            });
        }
        of.pieces.is_sorted_by(|(a, ..), (b, ..)| a < b)
    }

    /// Lays out the visits that were found from a place on.
    fn lay_out(&self, of: &mut Found<'_>, first: usize) {
        of.codes.clear();
        of.places.clear();
        // Visits that interleave come apart; pieces of one stay in order.
        of.pieces.sort_unstable();
        let all = !self.question.collapse_repeats && self.question.hide.is_empty();
        let mut before = None;
        for (session, start, end) in &of.pieces {
            if before != Some(*session) {
                of.codes.push(NOTHING);
                of.places.push(0);
                before = Some(*session);
            }
            let codes = &of.run_codes[*start as usize - first..*end as usize - first];
            if all {
                of.codes.extend_from_slice(codes);
                of.places.extend(*start..*end);
                continue;
            }
            for (place, code) in (*start..*end).zip(codes) {
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
            // A line ends on both sides with nothing.
            at = if self.backwards { at - 1 } else { at + 1 };
        }
        (way, self.question.steps + 1)
    }
}
