//! Who answers to a saved definition, kept up to date: when something changes of somebody they are
//! asked anew, and whom the passing of time alone may let in or out is asked when it may.
//!
//! Memory: a bit for each person, and four bytes for each of a block of people of whom one waits
//! for a moment.

use std::sync::Arc;

use candor_event::{PersonId, Timestamp};
use candor_store::{PeopleSet, Run, Touched, View, VolumeView, What};
use jiff::tz::TimeZone;

use crate::error::Error;
use crate::scan::Cancel;
use crate::segment::change::NEVER;
use crate::segment::count::scan_of;
use crate::segment::definition::Definition;
use crate::segment::rule::{Found, Rule};

/// Somebody who came to answer to the definition, or ceased to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// Who.
    pub person: PersonId,
    /// When: to the millisecond where time alone did it; else the moment that was followed to.
    pub at: Timestamp,
    /// In, or out.
    pub entered: bool,
}

/// Who answers to a definition as of a moment.
#[derive(Debug)]
pub struct Membership {
    definition: Arc<Definition>,
    zone: TimeZone,
    as_of: Timestamp,
    /// As in the view.
    volumes: Vec<Members>,
}

/// The people of one volume.
#[derive(Clone, Debug, Default)]
struct Members {
    /// How many were asked; who comes later is new.
    people: u32,
    members: PeopleSet,
    waiting: Waiting,
}

/// People of a block of [`Waiting`].
const BLOCK: usize = 1_024;

/// Whoever waits for nothing.
const NOTHING: u32 = u32::MAX;

/// For which second each person waits, since 1970, at the latest.
#[derive(Clone, Debug, Default)]
struct Waiting {
    /// None where nobody of it waits.
    blocks: Vec<Option<Box<[u32; BLOCK]>>>,
    /// By block: no second of it is earlier.
    earliest: Vec<u32>,
}

/// Possible changes of one person that are followed one after the other before it jumps to the end.
const STEPS_MAX: usize = 64;

impl Membership {
    /// Asks everybody.
    ///
    /// # Errors
    /// [`Error::Bad`] names the part of the definition that makes no sense; [`Error::Cancelled`].
    pub fn new(
        definition: Definition,
        view: &View,
        as_of: Timestamp,
        zone: &TimeZone,
        cancel: &Cancel,
    ) -> Result<Membership, Error> {
        let (definition, zone) = (Arc::new(definition), zone.clone());
        let mut membership = Membership { definition, zone, as_of, volumes: Vec::new() };
        membership.volumes = membership.everybody(view, as_of, cancel)?;
        Ok(membership)
    }

    /// How many are in.
    pub fn people(&self) -> u64 {
        self.volumes.iter().map(|volume| volume.members.len()).sum()
    }

    /// As of which moment.
    pub fn as_of(&self) -> Timestamp {
        self.as_of
    }

    /// Whether a person is in; `view` is of the same store.
    pub fn has(&self, view: &View, person: PersonId) -> bool {
        let volume = usize::from(person.volume(view.volumes.len() as u16));
        let ordinal = view.volumes[volume].ordinal(person);
        ordinal.is_some_and(|ordinal| self.volumes[volume].members.has(ordinal))
    }

    /// Whether an answer depends on everybody, so that to follow is to ask everybody anew.
    pub fn looks_at_everybody(&self) -> bool {
        let rule = self.definition.resolve(self.as_of, &self.zone, "");
        rule.is_ok_and(|rule| rule.looks_at_everybody())
    }

    /// What it holds in memory.
    pub fn bytes(&self) -> usize {
        let of = |volume: &Members| {
            let blocks = volume.waiting.blocks.iter().flatten().count() * BLOCK * size_of::<u32>();
            volume.people as usize / 8 + blocks
        };
        self.volumes.iter().map(of).sum()
    }

    /// Follows to a moment. `touched` are those of whom something changed between the view that was
    /// looked at last and this one; none: everybody may have.
    ///
    /// The changes of one person are in the order of time.
    ///
    /// # Errors
    /// [`Error::Cancelled`]; then nothing was followed.
    pub fn follow(
        &mut self,
        view: &View,
        touched: Option<&[Touched]>,
        now: Timestamp,
        cancel: &Cancel,
    ) -> Result<Vec<Change>, Error> {
        if self.stays(view, touched, now) {
            self.as_of = now;
            return Ok(Vec::new());
        }
        let definition = self.definition.clone();
        let rule = definition.resolve(now, &self.zone, "")?;
        let Some(touched) = touched.filter(|_| !rule.looks_at_everybody() && now >= self.as_of)
        else {
            let volumes = self.everybody(view, now, cancel)?;
            let changes = self.differences(view, &volumes, now);
            (self.volumes, self.as_of) = (volumes, now);
            return Ok(changes);
        };
        let asked = self.to_ask(view, &rule, touched, now);
        let answers = match asked.people.iter().all(PeopleSet::is_empty) {
            true => Vec::new(),
            false => self.ask(view, &rule, &asked, now, cancel)?,
        };
        // Who came back after an erasure is somebody new under the same id: they leave first.
        let mut changes = Vec::new();
        for ((volume, view), gone) in self.volumes.iter_mut().zip(&view.volumes).zip(asked.gone) {
            for ordinal in gone {
                if volume.members.has(ordinal) {
                    let person = view.person_id(ordinal);
                    changes.push(Change { person, at: now, entered: false });
                }
                volume.take(Answer { ordinal, is_in: false, next: NEVER });
            }
            volume.people = view.people();
        }
        for (volume, answers) in self.volumes.iter_mut().zip(answers) {
            answers.people.into_iter().for_each(|answer| volume.take(answer));
            changes.extend(answers.changes);
        }
        self.volumes.iter_mut().for_each(|volume| volume.waiting.settle(now));
        self.as_of = now;
        Ok(changes)
    }

    /// Whether nothing happened and nobody's moment has come.
    fn stays(&self, view: &View, touched: Option<&[Touched]>, now: Timestamp) -> bool {
        touched.is_some_and(<[_]>::is_empty)
            && now >= self.as_of
            && !self.looks_at_everybody()
            && self.volumes.iter().zip(&view.volumes).all(|(volume, view)| {
                volume.people == view.people() && volume.waiting.next() > Waiting::second(now.0)
            })
    }

    fn everybody(
        &self,
        view: &View,
        as_of: Timestamp,
        cancel: &Cancel,
    ) -> Result<Vec<Members>, Error> {
        let rule = self.definition.rule(view, as_of, &self.zone, "/definition", cancel)?;
        let new = |volume: &VolumeView| {
            let members = Members { people: volume.people(), ..Members::default() };
            (rule.find_among(volume), members)
        };
        type Partial<'q> = (Found<'q>, Members);
        let see = |(found, volume): &mut Partial<'_>, view: &VolumeView, ordinal, run: Run<'_>| {
            if found.matches(view, ordinal, run) {
                volume.members.insert(ordinal);
            }
            volume.waiting.set(ordinal, found.next(view, ordinal, run));
        };
        let volumes = scan_of(&rule, view, cancel).fold(new, see)?;
        Ok(volumes.into_iter().map(|(_, volume)| volume).collect())
    }
}

/// Whom to ask, by volume.
struct Asked {
    people: Vec<PeopleSet>,
    /// Those among them of whom something changed; of the others time alone may have.
    changed: Vec<PeopleSet>,
    /// Those who are not seen any more.
    gone: Vec<Vec<u32>>,
}

/// What the people of one volume answered.
#[derive(Default)]
struct Answers {
    people: Vec<Answer>,
    changes: Vec<Change>,
}

/// What somebody answered.
struct Answer {
    ordinal: u32,
    is_in: bool,
    /// The next moment that may change it.
    next: i64,
}

impl Membership {
    fn to_ask(&self, view: &View, rule: &Rule<'_>, touched: &[Touched], now: Timestamp) -> Asked {
        let none = || vec![PeopleSet::default(); view.volumes.len()];
        let gone = view.volumes.iter().map(|_| Vec::new()).collect();
        let mut asked = Asked { people: none(), changed: none(), gone };
        let looked_at = LookedAt::of(rule, view);
        let mut see = |at: usize, ordinal: u32| {
            let seen_before = asked.changed[at].has(ordinal);
            asked.changed[at].insert(ordinal);
            match view.volumes[at].visible(ordinal) {
                true => asked.people[at].insert(ordinal),
                false if seen_before => {}
                false => asked.gone[at].push(ordinal),
            }
        };
        for (at, volume) in view.volumes.iter().enumerate() {
            (self.volumes[at].people..volume.people()).for_each(|ordinal| see(at, ordinal));
        }
        for one in touched.iter().filter(|one| looked_at.concerns(one.what)) {
            see(one.volume.into(), one.ordinal);
        }
        for (people, volume) in asked.people.iter_mut().zip(&self.volumes) {
            volume.waiting.due(now, |ordinal| people.insert(ordinal));
        }
        asked
    }

    fn ask<'q>(
        &self,
        view: &View,
        rule: &Rule<'q>,
        asked: &Asked,
        now: Timestamp,
        cancel: &Cancel,
    ) -> Result<Vec<Answers>, Error> {
        let new = |volume: &VolumeView| {
            let same = |other: &Arc<VolumeView>| std::ptr::eq(&raw const **other, volume);
            let at = view.volumes.iter().position(same).unwrap_or_default();
            (at, None, Answers::default())
        };
        // In volumes of which nobody is asked nothing is found.
        type Partial<'q> = (usize, Option<Found<'q>>, Answers);
        let see = |partial: &mut Partial<'q>, volume: &VolumeView, ordinal, run: Run<'_>| {
            let (at, found, answers) = partial;
            let found = found.get_or_insert_with(|| rule.find_among(volume));
            let was = self.volumes[*at].members.has(ordinal);
            let person = volume.person_id(ordinal);
            let mut turn = |at: i64, is_in: bool| {
                answers.changes.push(Change { person, at: Timestamp(at), entered: is_in });
            };
            // What changed of somebody may have made all between wrong.
            let known = match asked.changed[*at].has(ordinal) {
                true => was,
                false => {
                    let times = (self.as_of.0, now.0);
                    pass(found, volume, ordinal, run, was, times, &mut turn)
                }
            };
            found.move_to(now.0);
            let is_in = found.matches(volume, ordinal, run);
            if is_in != known {
                turn(now.0, is_in);
            }
            let next = found.next(volume, ordinal, run);
            answers.people.push(Answer { ordinal, is_in, next });
        };
        let partials = scan_of(rule, view, cancel).of_people(Some(&asked.people)).fold(new, see)?;
        Ok(partials.into_iter().map(|(_, _, answers)| answers).collect())
    }

    /// Who is in now and was not, and the other way round.
    fn differences(&self, view: &View, volumes: &[Members], at: Timestamp) -> Vec<Change> {
        let mut changes = Vec::new();
        for ((was, is), view) in self.volumes.iter().zip(volumes).zip(&view.volumes) {
            for ordinal in 0..is.people {
                let entered = is.members.has(ordinal);
                if was.members.has(ordinal) != entered {
                    changes.push(Change { person: view.person_id(ordinal), at, entered });
                }
            }
        }
        changes
    }
}

/// Lets time alone pass for somebody; whether they are in at the end of it, as far as it was
/// followed.
fn pass(
    found: &mut Found<'_>,
    volume: &VolumeView,
    ordinal: u32,
    run: Run<'_>,
    was: bool,
    (from, to): (i64, i64),
    turn: &mut impl FnMut(i64, bool),
) -> bool {
    let (mut moment, mut is_in) = (from, was);
    for _ in 0..STEPS_MAX {
        found.move_to(moment);
        moment = found.next(volume, ordinal, run);
        if moment > to {
            break;
        }
        found.move_to(moment);
        if found.matches(volume, ordinal, run) != is_in {
            is_in = !is_in;
            turn(moment, is_in);
        }
    }
    is_in
}

/// Which changes concern a rule.
struct LookedAt {
    /// By the event's code.
    events: Vec<bool>,
    traits: bool,
}

impl LookedAt {
    fn of(rule: &Rule<'_>, view: &View) -> LookedAt {
        let mut names = Vec::new();
        rule.events(&mut names);
        let all = view.volumes.first().map_or(&[][..], |volume| volume.event_names());
        let any = names.contains(&"*");
        let events = all.iter().map(|name| any || names.contains(&&**name)).collect();
        LookedAt { events, traits: rule.looks_at_traits() }
    }

    fn concerns(&self, what: What) -> bool {
        match what {
            What::Event(code) => self.events[usize::from(code)],
            What::Trait => self.traits,
            What::Who => true,
        }
    }
}

impl Members {
    fn take(&mut self, Answer { ordinal, is_in, next }: Answer) {
        match is_in {
            true => self.members.insert(ordinal),
            false => self.members.remove(ordinal),
        }
        self.waiting.set(ordinal, next);
    }
}

impl Waiting {
    /// The second of a moment.
    fn second(moment: i64) -> u32 {
        match moment {
            NEVER => NOTHING,
            moment => moment.div_euclid(1_000).clamp(0, i64::from(NOTHING) - 1) as u32,
        }
    }

    /// No second that somebody waits for is earlier.
    fn next(&self) -> u32 {
        self.earliest.iter().copied().min().unwrap_or(NOTHING)
    }

    fn set(&mut self, ordinal: u32, moment: i64) {
        let (block, place) = (ordinal as usize / BLOCK, ordinal as usize % BLOCK);
        let second = Waiting::second(moment);
        if self.blocks.len() <= block {
            if second == NOTHING {
                return;
            }
            self.blocks.resize(block + 1, None);
            self.earliest.resize(block + 1, NOTHING);
        }
        if second == NOTHING && self.blocks[block].is_none() {
            return;
        }
        self.blocks[block].get_or_insert_with(|| Box::new([NOTHING; BLOCK]))[place] = second;
        self.earliest[block] = self.earliest[block].min(second);
    }

    /// Whose moment may have come.
    fn due(&self, now: Timestamp, mut see: impl FnMut(u32)) {
        let now = Waiting::second(now.0);
        for (block, (seconds, earliest)) in self.blocks.iter().zip(&self.earliest).enumerate() {
            let Some(seconds) = seconds.as_ref().filter(|_| *earliest <= now) else { continue };
            for (place, second) in seconds.iter().enumerate() {
                if *second <= now {
                    see((block * BLOCK + place) as u32);
                }
            }
        }
    }

    /// Looks up anew when the next of those blocks is due whose moment had come.
    fn settle(&mut self, now: Timestamp) {
        let now = Waiting::second(now.0);
        for (seconds, earliest) in self.blocks.iter_mut().zip(&mut self.earliest) {
            if *earliest <= now {
                let next = seconds.as_ref().and_then(|seconds| seconds.iter().min());
                *earliest = next.copied().unwrap_or(NOTHING);
                if *earliest == NOTHING {
                    *seconds = None;
                }
            }
        }
    }
}
