//! One pass over people: volumes are the unit of parallel work, partial results are merged.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use candor_store::{Looked, PeopleSet, Run, Scratch, View, VolumeView};

use crate::error::Error;

/// A way to stop a question: clone it, and call [`Cancel::stop`] from anywhere.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Asks the question to end soon with [`Error::Cancelled`].
    pub fn stop(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Looks once in every `per` steps whether to end.
    pub(crate) fn look(&self, step: usize, per: usize) -> Result<(), Error> {
        match step.is_multiple_of(per) && self.stopped() {
            true => Err(Error::Cancelled),
            false => Ok(()),
        }
    }

    fn stopped(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A pass over people and those of their events that a question looks at.
pub(crate) struct Scan<'a> {
    view: &'a View,
    cancel: &'a Cancel,
    /// By volume; none: everyone.
    people: Option<&'a [PeopleSet]>,
    /// None: every event.
    events: Option<Vec<&'a str>>,
    /// Also people without such an event.
    idle: bool,
}

impl<'a> Scan<'a> {
    /// Everyone who is visible and did something, and everything they did.
    pub(crate) fn new(view: &'a View, cancel: &'a Cancel) -> Scan<'a> {
        Scan { view, cancel, people: None, events: None, idle: false }
    }

    /// Only these people.
    pub(crate) fn of_people(mut self, people: Option<&'a [PeopleSet]>) -> Scan<'a> {
        self.people = people;
        self
    }

    /// Only events of these names; all of them if `*` is among the names, or more than
    /// [`ASKED_MAX`]. The kinds of a run are places in what [`asked`] answers.
    pub(crate) fn of_events(mut self, names: impl IntoIterator<Item = &'a str>) -> Scan<'a> {
        let names: Vec<&str> = names.into_iter().collect();
        self.events = (!names.contains(&"*")).then_some(names);
        self
    }

    /// Also people who have no such event: their runs are empty.
    pub(crate) fn with_idle(mut self) -> Scan<'a> {
        self.idle = true;
        self
    }

    /// Folds person after person into a partial result for each volume; these in the order of the
    /// volumes.
    pub(crate) fn fold<P: Send>(
        &self,
        new: impl Fn(&VolumeView) -> P + Sync,
        see: impl Fn(&mut P, &VolumeView, u32, Run<'_>) + Sync,
    ) -> Result<Vec<P>, Error> {
        let next = AtomicUsize::new(0);
        let done: Mutex<Vec<(usize, P)>> = Mutex::new(Vec::new());
        let work = || {
            let mut scratch = Scratch::default();
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some(volume) = self.view.volumes.get(index) else { return };
                let mut partial = new(volume);
                let looked_at = self.events.as_ref().map(|names| asked(volume, names));
                let looked_at = looked_at.filter(|codes| codes.len() <= ASKED_MAX);
                let looked = Looked {
                    people: self.people.map(|people| &people[index]),
                    codes: looked_at.as_deref(),
                    idle: self.idle,
                };
                let go_on = || !self.cancel.stopped();
                let seen = |ordinal, run: Run<'_>| see(&mut partial, volume, ordinal, run);
                if !volume.fold(looked, &mut scratch, &go_on, seen) {
                    return;
                }
                done.lock().unwrap_or_else(PoisonError::into_inner).push((index, partial));
            }
        };
        let threads = std::thread::available_parallelism().map_or(1, |n| n.get());
        std::thread::scope(|scope| {
            for _ in 1..threads.min(self.view.volumes.len()) {
                scope.spawn(work);
            }
            work();
        });
        if self.cancel.stopped() {
            return Err(Error::Cancelled);
        }
        let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
        done.sort_by_key(|(index, _)| *index);
        Ok(done.into_iter().map(|(_, partial)| partial).collect())
    }
}

/// The codes of the events of these names that a volume knows, each once.
pub(crate) fn asked(volume: &VolumeView, names: &[&str]) -> Vec<u16> {
    let mut codes: Vec<u16> = Vec::new();
    for code in names.iter().filter_map(|name| volume.event_code(name)) {
        if !codes.contains(&code) {
            codes.push(code);
        }
    }
    codes
}

/// Names of events that a pass tells from others; where more are asked for, it shows all events.
const ASKED_MAX: usize = 255;
