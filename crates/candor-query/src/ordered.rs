//! The attempt of one person that counts in a funnel of steps in order: the deepest, of these the
//! earliest.
//!
//! To take each step at the first chance is best, and the later an attempt starts the later each of
//! its steps is taken at the first chance. So each step keeps its place from start to start, and
//! all starts together look at each event once for each step.

use candor_store::{Run, VolumeView};

use crate::question::Matcher;

/// Steps that a funnel may have.
pub(crate) const STEPS_MAX: usize = 12;

/// Finds attempts of one person after the other.
pub(crate) struct Ordered<'q> {
    steps: Vec<Matcher<'q>>,
    /// By step: its place among the codes asked for; none where the run shows every event.
    kinds: Option<Vec<u8>>,
    /// When the first step may be taken.
    starts: std::ops::Range<i64>,
    /// In ms from the first step.
    window: i64,
    /// By step: where it was last taken.
    places: [usize; STEPS_MAX],
}

/// The places in a run at which the steps were taken.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Attempt {
    places: [usize; STEPS_MAX],
    depth: usize,
}

impl Attempt {
    /// The places of the steps that were taken, in order.
    pub(crate) fn places(&self) -> &[usize] {
        &self.places[..self.depth]
    }
}

impl<'q> Ordered<'q> {
    /// `asked` are the codes that runs will have the kinds of.
    pub(crate) fn new(
        steps: Vec<Matcher<'q>>,
        asked: &[u16],
        starts: std::ops::Range<i64>,
        window: i64,
    ) -> Ordered<'q> {
        let kind = |step: &Matcher<'_>| match step.code() {
            None if step.is_any() => None,
            // Nobody did it: no event is of this kind.
            None => Some(u8::MAX),
            Some(code) => asked.iter().position(|other| *other == code).map(|kind| kind as u8),
        };
        let kinds = steps.iter().map(kind).collect();
        Ordered { steps, kinds, starts, window, places: [0; STEPS_MAX] }
    }

    /// The attempt that counts; nothing when nobody started.
    pub(crate) fn best(
        &mut self,
        volume: &VolumeView,
        ordinal: u32,
        run: Run<'_>,
    ) -> Option<Attempt> {
        if !self.steps[0].person_matches(volume, ordinal) {
            return None;
        }
        // How many steps can still be reached.
        let mut within_reach = self.steps.len();
        for (at, step) in self.steps.iter().enumerate().skip(1) {
            if !step.person_matches(volume, ordinal) {
                within_reach = at;
                break;
            }
        }
        self.places = [0; STEPS_MAX];
        let (mut best, mut attempt) = (Attempt::default(), Attempt::default());
        let mut first = self.next(0, 0, volume, ordinal, run);
        while let Some(place) = first {
            let start = run.time(place);
            if start >= self.starts.end {
                break;
            }
            if start >= self.starts.start {
                attempt.places[0] = place;
                attempt.depth = 1;
                for step in 1..within_reach {
                    let last = attempt.places[step - 1];
                    if self.places[step] <= last {
                        let Some(next) = self.next(step, last + 1, volume, ordinal, run) else {
                            // Nor does any later start get there.
                            within_reach = step;
                            break;
                        };
                        self.places[step] = next;
                    }
                    if run.time(self.places[step]) - start > self.window {
                        break;
                    }
                    attempt.places[step] = self.places[step];
                    attempt.depth = step + 1;
                }
                if attempt.depth > best.depth {
                    best = attempt;
                }
                if best.depth >= within_reach {
                    break;
                }
            }
            first = self.next(0, place + 1, volume, ordinal, run);
        }
        (best.depth > 0).then_some(best)
    }

    /// Where a step can be taken first, from a place on.
    #[inline]
    fn next(
        &self,
        step: usize,
        mut from: usize,
        volume: &VolumeView,
        ordinal: u32,
        run: Run<'_>,
    ) -> Option<usize> {
        let matcher = &self.steps[step];
        let Some(kinds) = &self.kinds else {
            return (from..run.len()).find(|at| matcher.event_matches(volume, ordinal, run, *at));
        };
        let (kind, of_run) = (kinds[step], run.kinds());
        loop {
            from += of_run.get(from..)?.iter().position(|other| *other == kind)?;
            if matcher.properties_match(volume, ordinal, run, from) {
                return Some(from);
            }
            from += 1;
        }
    }
}
