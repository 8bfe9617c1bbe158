//! How often each way was gone.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicBool, Ordering};

use ahash::RandomState;
use candor_store::{PeopleSet, Run, View, VolumeView};

use crate::error::Error;
use crate::paths::Plan;
use crate::paths::lines::{Found, NOTHING};
use crate::paths::picture::Totals;
use crate::scan::{Cancel, Scan};

/// Events that lie in one word of a way.
pub(super) const EVENTS_PER_WORD: usize = 4;

/// Ways in memory at once, of all volumes together: about 64 MB.
pub(super) const WAYS_MAX: usize = 1 << 20;

/// Passes over the events, each for a part of the ways.
const PASSES_MAX: u64 = 512;

/// The codes of a way's events, the anchor's first, then nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Way<const WORDS: usize>([u64; WORDS]);

impl<const WORDS: usize> Way<WORDS> {
    #[inline]
    fn new(codes: &[u16]) -> Self {
        let mut words = [u64::MAX; WORDS];
        for (word, codes) in words.iter_mut().zip(codes.chunks(EVENTS_PER_WORD)) {
            let last_first = codes.iter().rev();
            *word = last_first.fold(u64::MAX, |word, code| word << 16 | u64::from(*code));
        }
        Way(words)
    }

    /// Its events.
    pub(super) fn codes(&self) -> impl Iterator<Item = u16> {
        let codes = self
            .0
            .into_iter()
            .flat_map(|word| (0..EVENTS_PER_WORD).map(move |at| (word >> (16 * at)) as u16));
        codes.take_while(|code| *code != NOTHING)
    }

    /// In which pass it is counted.
    #[inline]
    fn pass(&self, passes: u64) -> u64 {
        let mix = |hash: u64, word: &u64| (hash ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        // The upper half of a product depends on all bits.
        (self.0.iter().fold(0, mix) >> 32) % passes
    }
}

impl<const WORDS: usize> Hash for Way<WORDS> {
    #[inline]
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.0.iter().for_each(|word| hasher.write_u64(*word));
    }
}

type Counts<const WORDS: usize> = HashMap<Way<WORDS>, u64, RandomState>;

/// Counts all ways. Where there are more than fit, they are counted in several passes, so that the
/// numbers stay exact.
pub(super) fn count<const WORDS: usize>(
    plan: &Plan<'_>,
    view: &View,
    whose: Option<&[PeopleSet]>,
    cancel: &Cancel,
) -> Result<Totals, Error> {
    let mut passes = 1;
    while passes <= PASSES_MAX {
        if let Some(totals) = count_in::<WORDS>(passes, plan, view, whose, cancel)? {
            return Ok(totals);
        }
        passes *= 8;
    }
    let message = "too many different paths: fewer steps, less time, or hide some events";
    Err(Error::bad("/steps", message))
}

/// Counts all ways in so many passes; none where some pass has more than fit.
fn count_in<const WORDS: usize>(
    passes: u64,
    plan: &Plan<'_>,
    view: &View,
    whose: Option<&[PeopleSet]>,
    cancel: &Cancel,
) -> Result<Option<Totals>, Error> {
    let mut totals = Totals::new(plan, view);
    for pass in 0..passes {
        let counts = counts::<WORDS>(plan, view, whose, cancel, (pass, passes))?;
        let Some(counts) = counts else { return Ok(None) };
        totals.add(plan, counts);
    }
    Ok(Some(totals))
}

/// The counts of one pass; none where there is no room for them.
fn counts<const WORDS: usize>(
    plan: &Plan<'_>,
    view: &View,
    whose: Option<&[PeopleSet]>,
    cancel: &Cancel,
    (pass, passes): (u64, u64),
) -> Result<Option<Counts<WORDS>>, Error> {
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get());
    let room = (plan.ways_max / threads.min(view.volumes.len()).max(1)).max(1);
    let full = AtomicBool::new(false);
    let find = |volume: &VolumeView| plan.find(volume);
    let see = |counts: &mut Counts<WORDS>,
               of: &mut Found<'_>,
               volume: &VolumeView,
               ordinal,
               run: Run<'_>| {
        if full.load(Ordering::Relaxed) {
            return;
        }
        plan.any_way(of, volume, ordinal, run, |way| {
            let way = Way::new(way);
            if passes == 1 || way.pass(passes) == pass {
                *counts.entry(way).or_default() += 1;
            }
            false
        });
        if counts.len() > room {
            full.store(true, Ordering::Relaxed);
        }
    };
    let scan = Scan::new(view, cancel).of_people(whose).of_events(["*"]);
    let mut partials = scan.fold_by_thread(Counts::default, find, see)?;
    if full.into_inner() {
        return Ok(None);
    }
    partials.sort_by_key(|counts| counts.len());
    let mut all = partials.pop().unwrap_or_default();
    for counts in partials {
        for (way, count) in counts {
            *all.entry(way).or_default() += count;
        }
    }
    Ok(Some(all))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use candor_event::{Event, ManualClock, PersonId, Properties, Record, Timestamp};
    use candor_store::Store;
    use jiff::tz::TimeZone;
    use serde_json::json;

    use super::*;
    use crate::paths::Paths;

    /// People who did four of five things, each in another order.
    fn view() -> Arc<View> {
        let store = Store::in_memory(4, Arc::new(ManualClock::new(Timestamp(0))));
        let event = |person: u8, at: u8| {
            let mut id = [person; 16];
            id[0] = person.wrapping_mul(37);
            let what = (u32::from(person) / 5_u32.pow(at.into())) % 5;
            Record::Event(Event {
                person: PersonId(id),
                occurred_at: Timestamp(at.into()),
                received_at: Timestamp(at.into()),
                name: format!("did {what}").into(),
                session: Some(1),
                fingerprint: u64::from(at),
                properties: Properties::default(),
            })
        };
        let all = (0..200).flat_map(|person| (0..4).map(move |at| event(person, at)));
        store.apply(all, 1).unwrap();
        store.view()
    }

    #[test]
    fn several_passes_count_what_one_counts() {
        let (view, cancel) = (view(), Cancel::default());
        for (anchor, steps) in [("start", 3), ("end", 3), ("start", 7), ("start", 10)] {
            let question = json!({
                anchor: "*", "steps": steps, "from": "1970-01-01", "to": "1970-01-02",
                "sequences": 20,
            });
            let paths: Paths = serde_json::from_value(question).unwrap();
            let anchor = paths.anchor().unwrap();
            let mut plan = paths.plan(&anchor, &TimeZone::UTC).unwrap();
            let ask = |plan: &Plan<'_>| {
                Ok::<_, Error>(paths.totals(plan, &view, &TimeZone::UTC, &cancel)?.answer(plan))
            };
            let whole = ask(&plan).unwrap();
            assert_eq!((whole.sequences.len(), whole.nodes[0].step), (20, 0));
            let starts = whole.nodes.iter().filter(|node| node.step == 0).map(|node| node.count);
            assert_eq!(starts.sum::<u64>(), 800);
            plan.ways_max = 64;
            assert_eq!(ask(&plan).unwrap(), whole);
            // With room for one way, two of one volume fall together in some pass of 512.
            plan.ways_max = 1;
            assert!(matches!(ask(&plan), Err(Error::Bad { pointer, .. }) if pointer == "/steps"));
        }
    }
}
