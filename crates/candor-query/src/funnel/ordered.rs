//! The attempt of one person that counts in a funnel of steps in order: the deepest, of these the
//! earliest.
//!
//! To take each step at the first chance is best, and the later an attempt starts the later each of
//! its steps is taken at the first chance. So each step keeps its place from start to start, and
//! all starts together look at each event once for each step. Where a step comes too late for one
//! start, it does for all that are not at most a window before it, and these are passed over.

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
    /// Some step has a condition on the person.
    of_person: bool,
    /// By step: where it was last taken.
    places: [usize; STEPS_MAX],
    /// By step: where the attempt that counts took it.
    best: [usize; STEPS_MAX],
}

impl<'q> Ordered<'q> {
    /// `asked` are the codes that runs will have the kinds of.
    pub(crate) fn new(
        steps: Vec<Matcher<'q>>,
        asked: &[u16],
        starts: std::ops::Range<i64>,
        window: i64,
    ) -> Ordered<'q> {
        let kinds = steps.iter().map(|step| step.kind_of(asked)).collect();
        let of_person = steps.iter().any(Matcher::looks_at_person);
        let (places, best) = ([0; STEPS_MAX], [0; STEPS_MAX]);
        Ordered { steps, kinds, starts, window, of_person, places, best }
    }

    /// The places in the run at which the attempt that counts took its steps, in order; none when
    /// nobody started.
    pub(crate) fn best(&mut self, volume: &VolumeView, ordinal: u32, run: Run<'_>) -> &[usize] {
        // How many steps can still be reached.
        let mut within_reach = self.steps.len();
        if self.of_person {
            let may = |step: &Matcher<'_>| step.person_matches(volume, ordinal);
            within_reach = self.steps.iter().take_while(|step| may(step)).count();
        }
        if within_reach == 0 {
            return &[];
        }
        self.places = [0; STEPS_MAX];
        let mut deepest = 0;
        let mut first = self.next(0, 0, volume, ordinal, run);
        while let Some(place) = first {
            let (start, mut next_start) = (run.time(place), place + 1);
            if start >= self.starts.end {
                break;
            }
            if start >= self.starts.start {
                self.places[0] = place;
                let mut depth = 1;
                // No start before this moment comes further.
                let mut further = start;
                for step in 1..within_reach {
                    let last = self.places[step - 1];
                    if self.places[step] <= last {
                        let Some(next) = self.next(step, last + 1, volume, ordinal, run) else {
                            // Nor does any later start get there.
                            within_reach = step;
                            break;
                        };
                        self.places[step] = next;
                    }
                    let taken = run.time(self.places[step]);
                    if taken - start > self.window {
                        further = taken - self.window;
                        break;
                    }
                    depth = step + 1;
                }
                if depth > deepest {
                    deepest = depth;
                    self.best[..depth].copy_from_slice(&self.places[..depth]);
                }
                if deepest >= within_reach {
                    break;
                }
                next_start = run.first_since(place + 1, further);
            }
            first = self.next(0, next_start, volume, ordinal, run);
        }
        &self.best[..deepest]
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
            from += first_of(of_run.get(from..)?, kind)?;
            if matcher.properties_match(volume, ordinal, run, from) {
                return Some(from);
            }
            from += 1;
        }
    }
}

/// Where a kind comes first: eight are looked at together, and most lie near.
#[inline]
fn first_of(kinds: &[u8], kind: u8) -> Option<usize> {
    const LOW: u64 = 0x0101_0101_0101_0101;
    let (eights, rest) = kinds.as_chunks::<8>();
    for (at, eight) in eights.iter().enumerate() {
        // A byte that is zero borrows from its highest bit (Hacker's Delight, 6-1).
        let other = u64::from_le_bytes(*eight) ^ (LOW * u64::from(kind));
        let zero = other.wrapping_sub(LOW) & !other & (LOW << 7);
        if zero != 0 {
            return Some(at * 8 + zero.trailing_zeros() as usize / 8);
        }
    }
    rest.iter().position(|other| *other == kind).map(|at| eights.len() * 8 + at)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_kind_is_found_where_it_comes_first(
            kinds in proptest::collection::vec(prop_oneof![0u8..4, 253u8..=255], 0..40),
            kind in prop_oneof![0u8..4, 253u8..=255],
        ) {
            let first = kinds.iter().position(|other| *other == kind);
            prop_assert_eq!(first_of(&kinds, kind), first);
        }
    }
}
