//! One pass over people: volumes are the unit of parallel work, partial results are merged.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use candor_store::{Active, Looked, PeopleSet, Run, Scratch, View, VolumeView};

use crate::days::{ActiveOn, Days};
use crate::error::Error;
use crate::filter::Condition;
use crate::turns::{Turn, Turns};

/// A way to stop a question: clone it, and call [`Cancel::stop`] from anywhere.
#[derive(Clone, Debug, Default)]
pub struct Cancel {
    stopped: Arc<AtomicBool>,
    /// With whom it takes turns, and how long it has worked.
    turns: Option<Arc<Turns>>,
    spent: Arc<AtomicU64>,
}

impl Cancel {
    /// Of a question that takes turns with others.
    pub fn in_turns(turns: &Arc<Turns>) -> Cancel {
        Cancel { turns: Some(turns.clone()), ..Cancel::default() }
    }

    /// Asks the question to end soon with [`Error::Cancelled`].
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// Looks once in every `per` steps whether to end.
    pub(crate) fn look(&self, step: usize, per: usize) -> Result<(), Error> {
        match step.is_multiple_of(per) && self.stopped() {
            true => Err(Error::Cancelled),
            false => Ok(()),
        }
    }

    fn stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    fn turn(&self) -> Option<Turn<'_>> {
        self.turns.as_ref().map(|turns| Turn::wait(turns, &self.spent))
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
    /// A condition that all events that count meet.
    having: Option<&'a Condition>,
    /// How often whoever counts did some of the events, at least.
    needs: Vec<(&'a str, usize)>,
    /// Also people without such an event.
    idle: bool,
    /// The time of every event is looked at.
    times: bool,
}

impl<'a> Scan<'a> {
    /// Everyone who is visible and did something, and everything they did.
    pub(crate) fn new(view: &'a View, cancel: &'a Cancel) -> Scan<'a> {
        let (people, events, having, needs) = (None, None, None, Vec::new());
        Scan { view, cancel, people, events, having, needs, idle: false, times: false }
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

    /// Of the events, those that meet all of some conditions may be enough: others may be seen too.
    pub(crate) fn likely(mut self, conditions: &'a [Condition]) -> Scan<'a> {
        self.having = conditions.iter().find(|condition| condition.is_equal_of_event());
        self
    }

    /// Those people may be enough who did each of some of the events so often: others may be seen
    /// too.
    pub(crate) fn needing(mut self, needs: Vec<(&'a str, usize)>) -> Scan<'a> {
        self.needs = needs;
        self
    }

    /// Also people who have no such event: their runs are empty.
    pub(crate) fn with_idle(mut self) -> Scan<'a> {
        self.idle = true;
        self
    }

    /// Whoever looks at the time of nearly every event gets them faster.
    pub(crate) fn with_times(mut self) -> Scan<'a> {
        self.times = true;
        self
    }

    /// People who have no such event are not seen.
    pub(crate) fn without_idle(mut self) -> Scan<'a> {
        self.idle = false;
        self
    }

    /// Folds person after person into a partial result for each volume; these in the order of the
    /// volumes.
    pub(crate) fn fold<P: Send>(
        &self,
        new: impl Fn(&VolumeView) -> P + Sync,
        see: impl Fn(&mut P, &VolumeView, u32, Run<'_>) + Sync,
    ) -> Result<Vec<P>, Error> {
        self.fold_then(new, see, |_| ())
    }

    /// The same; `then` has each partial result once its volume was seen, on the same thread.
    pub(crate) fn fold_then<P: Send>(
        &self,
        new: impl Fn(&VolumeView) -> P + Sync,
        see: impl Fn(&mut P, &VolumeView, u32, Run<'_>) + Sync,
        then: impl Fn(&mut P) + Sync,
    ) -> Result<Vec<P>, Error> {
        self.each_volume(|portion, scratch| {
            let volume = portion.volume;
            let mut partial = new(volume);
            let seen = |ordinal, run: Run<'_>| see(&mut partial, volume, ordinal, run);
            let ended = self.fold_one(portion, scratch, seen);
            ended.then(|| {
                then(&mut partial);
                partial
            })
        })
    }

    /// The same over all that people did by the days on which they did it; nothing where a volume
    /// does not know them. `days` are days of the zone.
    pub(crate) fn fold_days<P: Send>(
        &self,
        days: &Days,
        new: impl Fn(&VolumeView) -> P + Sync,
        see: impl Fn(&mut P, &VolumeView, u32, Did<'_>) + Sync,
    ) -> Result<Option<Vec<P>>, Error> {
        let partials = self.each_volume(|portion, scratch| {
            let Portion { volume, people, .. } = *portion;
            let mut partial = new(volume);
            let active = volume.active(days.zone(), &|from, to| days.around(from, to));
            let active = active.and_then(|active| Some((days.numbered(active.edges())?, active)));
            let Some((numbered, active)) = active else { return Some(None) };
            let seen = |ordinal, active: Active<'_>| {
                let did = match active {
                    Active::Events(run) => Did::Events(run),
                    Active::Days(days) => Did::Days(numbered.all(days)),
                };
                see(&mut partial, volume, ordinal, did);
            };
            let go_on = || portion.go_on();
            let ended = volume.fold_active(people, &active, scratch, &go_on, seen);
            ended.then_some(Some(partial))
        })?;
        Ok(partials.into_iter().collect())
    }

    /// As [`Scan::fold`] into one result for each of the threads that work, for what is large and
    /// costs time to join; `find` is what one volume needs.
    pub(crate) fn fold_by_thread<P: Send, F>(
        &self,
        new: impl Fn() -> P + Sync,
        find: impl Fn(&VolumeView) -> F + Sync,
        see: impl Fn(&mut P, &mut F, &VolumeView, u32, Run<'_>) + Sync,
    ) -> Result<Vec<P>, Error> {
        self.share(new, |partial, portion, scratch| {
            let volume = portion.volume;
            let mut found = find(volume);
            self.fold_one(portion, scratch, |ordinal, run| {
                see(partial, &mut found, volume, ordinal, run);
            })
        })
    }

    /// Works on volume after volume on all cores; an answer of nothing ends it, cancelled.
    fn each_volume<P: Send>(
        &self,
        work_on: impl Fn(&Portion<'_>, &mut Scratch) -> Option<P> + Sync,
    ) -> Result<Vec<P>, Error> {
        let done = self.share(Vec::new, |done, portion, scratch| {
            let partial = work_on(portion, scratch);
            let ended = partial.is_some();
            done.extend(partial.map(|partial| (portion.index, partial)));
            ended
        })?;
        let mut done: Vec<(usize, P)> = done.into_iter().flatten().collect();
        done.sort_by_key(|(index, _)| *index);
        Ok(done.into_iter().map(|(_, partial)| partial).collect())
    }

    /// Shares the volumes out among threads, each with a result of its own, until one says no,
    /// cancelled.
    fn share<W: Send>(
        &self,
        new: impl Fn() -> W + Sync,
        work_on: impl Fn(&mut W, &Portion<'_>, &mut Scratch) -> bool + Sync,
    ) -> Result<Vec<W>, Error> {
        let next = AtomicUsize::new(0);
        let done: Mutex<Vec<W>> = Mutex::new(Vec::new());
        let work = || {
            if next.load(Ordering::Relaxed) >= self.view.volumes.len().max(1) {
                // The others were done before this one began.
                return;
            }
            let turn = self.cancel.turn();
            let (mut scratch, mut own) = (Scratch::default(), new());
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some(volume) = self.view.volumes.get(index) else { break };
                let people = self.people.map(|people| &people[index]);
                let portion = Portion { index, volume, people, cancel: self.cancel, turn: &turn };
                if !work_on(&mut own, &portion, &mut scratch) {
                    return;
                }
            }
            done.lock().unwrap_or_else(PoisonError::into_inner).push(own);
        };
        let threads = std::thread::available_parallelism().map_or(1, |n| n.get());
        std::thread::scope(|scope| {
            for _ in 1..threads.min(self.view.volumes.len()) {
                scope.spawn(work);
            }
            work();
        });
        match self.cancel.stopped() {
            true => Err(Error::Cancelled),
            false => Ok(done.into_inner().unwrap_or_else(PoisonError::into_inner)),
        }
    }

    fn fold_one(
        &self,
        portion: &Portion<'_>,
        scratch: &mut Scratch,
        see: impl FnMut(u32, Run<'_>),
    ) -> bool {
        let Portion { volume, people, .. } = *portion;
        let codes = self.events.as_ref().and_then(|names| told(volume, names));
        let having = self.having.and_then(|condition| condition.having(volume));
        let (codes, idle, times) = (codes.as_deref(), self.idle, self.times);
        let needs = self.needs.iter();
        let needs = needs.filter_map(|(name, least)| Some((volume.event_code(name)?, *least)));
        let needs: Vec<(u16, usize)> = needs.collect();
        let looked = Looked { people, codes, having, needs: &needs, idle, times };
        volume.fold(looked, scratch, &|| portion.go_on(), see)
    }
}

/// A volume, and whom of it a pass looks at, on a thread that holds a place.
struct Portion<'a> {
    index: usize,
    volume: &'a VolumeView,
    people: Option<&'a PeopleSet>,
    cancel: &'a Cancel,
    turn: &'a Option<Turn<'a>>,
}

impl Portion<'_> {
    /// Lets others work whose turn it is; false when the question is to end.
    fn go_on(&self) -> bool {
        if let Some(turn) = self.turn {
            turn.look();
        }
        !self.cancel.stopped()
    }
}

/// What a person did: on which days, or what.
pub(crate) enum Did<'a> {
    Days(ActiveOn<'a>),
    /// Of a few people: all that they did.
    Events(Run<'a>),
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

/// The same where they are few enough for a pass to tell them from others by their kinds.
pub(crate) fn told(volume: &VolumeView, names: &[&str]) -> Option<Vec<u16>> {
    Some(asked(volume, names)).filter(|codes| codes.len() <= ASKED_MAX)
}

/// Names of events that a pass tells from others; where more are asked for, it shows all events.
const ASKED_MAX: usize = 255;
