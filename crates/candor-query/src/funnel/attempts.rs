//! The attempts of a person in a funnel of any form: steps in any order or with nothing between,
//! events that end an attempt, properties that are equal at every step, attempts counted one by
//! one.

use std::ops::Range;

use ahash::RandomState;
use candor_store::{Cells, Run, VolumeView};

use crate::funnel::{Counting, Order};
use crate::group::hash_of;
use crate::question::Matcher;

/// Properties that may be held.
pub(super) const HOLD_MAX: usize = 3;

/// The values of the properties that are held, as numbers that are equal where they are; 0 for
/// none.
type Held = [u64; HOLD_MAX];

/// What attempts are like.
#[derive(Debug)]
pub(super) struct Rules {
    pub(super) order: Order,
    pub(super) count: Counting,
    /// When they start, and how long they take at most.
    pub(super) starts: Range<i64>,
    pub(super) window: i64,
    /// By event that ends attempts: after how many steps taken it does.
    pub(super) ends: Vec<Range<usize>>,
}

/// Finds the attempts that count of one person after the other.
pub(super) struct Attempts<'q> {
    rules: &'q Rules,
    ends: Vec<Matcher<'q>>,
    hold: Vec<Values>,
    hits: Vec<Hit>,
    found: Found,
    best: Vec<usize>,
}

/// The values of a property that is held, each as a number.
pub(super) struct Values {
    cells: Cells,
    /// By the code of a value: its number, once it is known.
    numbers: Vec<u64>,
    random: RandomState,
}

/// An event of the person that may be a step.
#[derive(Clone, Copy, Debug)]
struct Hit {
    held: Held,
    place: usize,
    /// A bit for each step that it may be.
    steps: u16,
}

/// What one chain of events that hold the same values is looked through by.
#[derive(Default)]
struct Found {
    /// By step: the hits that may be it.
    by_step: Vec<Vec<u32>>,
    /// Hits by the steps that they may be: one is as good as another but for its time.
    alike: Vec<Alike>,
    /// By event that ends attempts: where it is, and what it holds.
    ends: Vec<Vec<(usize, Held)>>,
    /// By step: the steps that the hit which serves it may be; 0 for none.
    served: Vec<u16>,
    /// The places of the steps taken.
    way: Vec<usize>,
}

struct Alike {
    steps: u16,
    hits: Vec<u32>,
    /// The next one to be tried.
    next: usize,
}

/// Hits that hold the same values, in order.
#[derive(Clone, Copy)]
struct Chain<'a> {
    hits: &'a [Hit],
    run: Run<'a>,
}

impl Chain<'_> {
    fn time(&self, hit: usize) -> i64 {
        self.run.time(self.hits[hit].place)
    }
}

impl<'q> Attempts<'q> {
    pub(super) fn new(
        rules: &'q Rules,
        steps: usize,
        ends: Vec<Matcher<'q>>,
        hold: Vec<Values>,
    ) -> Attempts<'q> {
        let found = Found {
            by_step: vec![Vec::new(); steps],
            ends: vec![Vec::new(); ends.len()],
            served: vec![0; steps],
            ..Found::default()
        };
        Attempts { rules, ends, hold, hits: Vec::new(), found, best: Vec::new() }
    }

    /// Shows the places in a run of the steps of each attempt that counts.
    pub(super) fn each(
        &mut self,
        steps: &[Matcher<'_>],
        person: (&VolumeView, u32, Run<'_>),
        see: &mut dyn FnMut(&[usize]),
    ) {
        self.find_hits(steps, person);
        if self.hits.is_empty() {
            return;
        }
        self.find_ends(person);
        if !self.hold.is_empty() {
            self.hits.sort_unstable_by_key(|hit| (hit.held, hit.place));
        }
        self.best.clear();
        for hits in self.hits.chunk_by(|a, b| a.held == b.held) {
            let chain = Chain { hits, run: person.2 };
            self.found.look_through(chain, self.rules.order);
            self.found.walk(chain, self.rules, &mut self.best, see);
        }
        if !self.best.is_empty() {
            see(&self.best);
        }
    }

    fn find_hits(
        &mut self,
        steps: &[Matcher<'_>],
        (volume, ordinal, run): (&VolumeView, u32, Run<'_>),
    ) {
        self.hits.clear();
        let can = |(at, step): (usize, &Matcher<'_>)| {
            u16::from(step.person_matches(volume, ordinal)) << at
        };
        let can = steps.iter().enumerate().map(can).fold(0, |all, bit| all | bit);
        if can == 0 {
            return;
        }
        for place in 0..run.len() {
            let is = |(at, step): (usize, &Matcher<'_>)| {
                let may = can >> at & 1 == 1;
                u16::from(may && step.event_matches(volume, ordinal, run, place)) << at
            };
            let steps = steps.iter().enumerate().map(is).fold(0, |all, bit| all | bit);
            if steps == 0 {
                continue;
            }
            let held = self.held(volume, run.row(place));
            // An event that lacks a property which is held is no step.
            if held[..self.hold.len()].iter().all(|value| *value != 0) {
                self.hits.push(Hit { held, place, steps });
            }
        }
    }

    fn find_ends(&mut self, (volume, ordinal, run): (&VolumeView, u32, Run<'_>)) {
        for at in 0..self.ends.len() {
            self.found.ends[at].clear();
            if !self.ends[at].person_matches(volume, ordinal) {
                continue;
            }
            for place in 0..run.len() {
                if self.ends[at].event_matches(volume, ordinal, run, place) {
                    let held = self.held(volume, run.row(place));
                    self.found.ends[at].push((place, held));
                }
            }
        }
    }

    fn held(&mut self, volume: &VolumeView, row: u32) -> Held {
        let mut held = Held::default();
        for (held, values) in held.iter_mut().zip(&mut self.hold) {
            *held = values.number(volume, row);
        }
        held
    }
}

impl Values {
    pub(super) fn new(volume: &VolumeView, property: &str) -> Values {
        let cells = volume.cells(property);
        Values { numbers: vec![0; cells.codes()], cells, random: RandomState::new() }
    }

    /// The same for the same value, 0 where there is none.
    fn number(&mut self, volume: &VolumeView, row: u32) -> u64 {
        let number = |value| hash_of(value, &self.random).max(1);
        match self.cells.code(row) {
            None => self.cells.get(volume, row).map_or(0, number),
            Some(0) => 0,
            Some(code) => {
                let known = &mut self.numbers[code as usize];
                if *known == 0 {
                    *known = self.cells.value(code).map_or(0, number);
                }
                *known
            }
        }
    }
}

impl Found {
    fn look_through(&mut self, chain: Chain<'_>, order: Order) {
        if order == Order::Any {
            self.alike.iter_mut().for_each(|alike| alike.hits.clear());
            for (at, hit) in chain.hits.iter().enumerate() {
                match self.alike.iter_mut().find(|alike| alike.steps == hit.steps) {
                    Some(alike) => alike.hits.push(at as u32),
                    None => {
                        let hits = vec![at as u32];
                        self.alike.push(Alike { steps: hit.steps, hits, next: 0 });
                    }
                }
            }
            return;
        }
        for (step, hits) in self.by_step.iter_mut().enumerate() {
            hits.clear();
            let may_be =
                chain.hits.iter().enumerate().filter(|(_, hit)| hit.steps >> step & 1 == 1);
            hits.extend(may_be.map(|(at, _)| at as u32));
        }
    }

    /// Follows one start after the other: of people the best attempt is kept, else those are shown
    /// that begin when the one before has ended.
    fn walk(
        &mut self,
        chain: Chain<'_>,
        rules: &Rules,
        best: &mut Vec<usize>,
        see: &mut dyn FnMut(&[usize]),
    ) {
        let first = chain.run.before(rules.starts.start);
        let end = chain.run.before(rules.starts.end);
        let mut free = first;
        for start in chain.hits.partition_point(|hit| hit.place < first)..chain.hits.len() {
            let hit = chain.hits[start];
            if hit.place >= end {
                break;
            }
            if hit.place < free || rules.order != Order::Any && hit.steps & 1 == 0 {
                continue;
            }
            let ended = match rules.order {
                Order::Ordered => self.follow_ordered(chain, start, rules),
                Order::Strict => self.follow_strict(chain, start, rules),
                Order::Any => self.follow_any(chain, start, rules),
            };
            if rules.count == Counting::Attempts {
                free = ended;
                see(&self.way);
                continue;
            }
            // Of equal depth the earlier; other values may have been looked through before.
            let deeper = self.way.len() > best.len();
            if deeper || self.way.len() == best.len() && self.way[0] < best[0] {
                best.clone_from(&self.way);
            }
            if self.way.len() == self.served.len() {
                break;
            }
        }
    }

    /// Takes each step at the first chance; the place from which another attempt may begin.
    fn follow_ordered(&mut self, chain: Chain<'_>, start: usize, rules: &Rules) -> usize {
        let until = chain.time(start).saturating_add(rules.window);
        self.way.clear();
        self.way.push(chain.hits[start].place);
        let mut last = start;
        for hits in &self.by_step[1..] {
            let next = hits.get(hits.partition_point(|hit| *hit as usize <= last));
            let next = next.map(|hit| *hit as usize).filter(|hit| chain.time(*hit) <= until);
            let Some(hit) = next else { return self.stopped(chain, start, until, rules) };
            let place = chain.hits[hit].place;
            if let Some(end) = self.first_end(chain.hits[start].held, place, rules) {
                return end;
            }
            self.way.push(place);
            last = hit;
        }
        chain.hits[last].place + 1
    }

    /// Takes the next event as the next step, or none.
    fn follow_strict(&mut self, chain: Chain<'_>, start: usize, rules: &Rules) -> usize {
        let until = chain.time(start).saturating_add(rules.window);
        self.way.clear();
        self.way.push(chain.hits[start].place);
        let mut last = chain.hits[start].place;
        for (step, hit) in (1..self.by_step.len()).zip(&chain.hits[start + 1..]) {
            let adjacent = hit.place == last + 1 && hit.steps >> step & 1 == 1;
            if !adjacent || chain.run.time(hit.place) > until {
                break;
            }
            last = hit.place;
            self.way.push(last);
        }
        last + 1
    }

    /// Takes whatever step there is at the first chance. Where an event may be several steps it is
    /// the one that leaves most to others.
    fn follow_any(&mut self, chain: Chain<'_>, start: usize, rules: &Rules) -> usize {
        let until = chain.time(start).saturating_add(rules.window);
        self.way.clear();
        self.way.push(chain.hits[start].place);
        self.served.fill(0);
        serve(chain.hits[start].steps, &mut self.served, &mut 0);
        for alike in &mut self.alike {
            alike.next = alike.hits.partition_point(|hit| *hit as usize <= start);
        }
        while self.way.len() < self.served.len() {
            let ahead = self.alike.iter().enumerate();
            let ahead = ahead.filter_map(|(at, alike)| Some((*alike.hits.get(alike.next)?, at)));
            let next = ahead.min().filter(|(hit, _)| chain.time(*hit as usize) <= until);
            let Some((hit, at)) = next else { return self.stopped(chain, start, until, rules) };
            let alike = &mut self.alike[at];
            alike.next += 1;
            if !serve(alike.steps, &mut self.served, &mut 0) {
                // What finds no place now will find none later.
                alike.next = alike.hits.len();
                continue;
            }
            let place = chain.hits[hit as usize].place;
            if let Some(end) = self.first_end(chain.hits[start].held, place, rules) {
                return end;
            }
            self.way.push(place);
        }
        self.way[self.way.len() - 1] + 1
    }

    /// The place from which another attempt may begin where this one takes no further step in time.
    fn stopped(&self, chain: Chain<'_>, start: usize, until: i64, rules: &Rules) -> usize {
        if rules.count == Counting::People {
            return 0;
        }
        let over = chain.run.before(until.saturating_add(1));
        self.first_end(chain.hits[start].held, over, rules).unwrap_or(over)
    }

    /// The first event that ends the attempt between its last step and a place. It does not where a
    /// property that is held has another value in it.
    fn first_end(&self, held: Held, before: usize, rules: &Rules) -> Option<usize> {
        let taken = self.way.len();
        let last = *self.way.last()?;
        let ends = rules.ends.iter().zip(&self.ends).filter(|(of, _)| of.contains(&taken));
        let first = |(_, ends): (_, &Vec<(usize, Held)>)| {
            let after = ends.partition_point(|(place, _)| *place <= last);
            let between = ends[after..].iter().take_while(|(place, _)| *place < before);
            let mut same = between.filter(|(_, other)| {
                other.iter().zip(held).all(|(other, held)| *other == 0 || *other == held)
            });
            same.next().map(|(place, _)| *place)
        };
        ends.filter_map(first).min()
    }
}

/// Lets a hit that may be these steps serve one of them, others moved where they may be moved;
/// false where it cannot. `tried` has a bit for each step that was asked already.
fn serve(steps: u16, served: &mut [u16], tried: &mut u16) -> bool {
    for step in 0..served.len() {
        if steps & !*tried & 1 << step == 0 {
            continue;
        }
        *tried |= 1 << step;
        if served[step] == 0 || serve(served[step], served, tried) {
            served[step] = steps;
            return true;
        }
    }
    false
}
