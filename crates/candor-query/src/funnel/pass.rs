//! One look at everybody for a funnel: whose attempts count where.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use candor_event::Timestamp;
use candor_store::{PeopleSet, Run, View, VolumeView};

use crate::error::Error;
use crate::filter::Condition;
use crate::funnel::attempts::{Attempts, Rules, Values};
use crate::funnel::ordered::Ordered;
use crate::funnel::tally::{Scales, Tally};
use crate::funnel::{Counting, Funnel, Group, Numbers, Order, Point, Prepared};
use crate::group::{Grouping, Key, other, text_of};
use crate::question::Matcher;
use crate::scan::{Cancel, Scan, asked};

/// A person with what they did.
pub(super) type Seen<'a> = (&'a VolumeView, u32, Run<'a>);

/// Finds attempts in one volume.
enum Finder<'q> {
    /// The common funnel, for which there is a short way.
    Ordered(Ordered<'q>),
    Any(Vec<Matcher<'q>>, Attempts<'q>),
}

/// What is counted of everyone, or of a segment.
pub(super) struct Part {
    whole: Tally,
    /// The greatest first.
    groups: Vec<(Key, Tally)>,
    /// By interval and step.
    points: Vec<u64>,
}

struct Partial<'q> {
    by: Grouping,
    /// The people of each segment.
    segments: Vec<&'q PeopleSet>,
    /// Of everyone, and then of each segment.
    parts: Vec<Counted>,
    /// The interval in which the attempt before started.
    interval: usize,
}

/// What is counted of a part in one volume.
#[derive(Clone, Default)]
struct Counted {
    groups: Vec<Tally>,
    points: Vec<u64>,
}

impl<'q> Finder<'q> {
    fn new(funnel: &'q Funnel, rules: &'q Rules, volume: &VolumeView) -> Finder<'q> {
        let names: Vec<&str> = funnel.events().collect();
        let matcher = |event: &'q str, conditions: &'q [Condition]| {
            Matcher::new(volume, event, conditions).among(volume, &names)
        };
        let steps = funnel.steps.iter().map(|step| matcher(&step.event, &step.conditions));
        let steps = steps.collect();
        let common = funnel.order == Order::Ordered && funnel.count == Counting::People;
        if common && funnel.exclude.is_empty() && funnel.hold.is_empty() {
            let asked = if names.contains(&"*") { Vec::new() } else { asked(volume, &names) };
            let (starts, window) = (rules.starts.clone(), rules.window);
            return Finder::Ordered(Ordered::new(steps, &asked, starts, window));
        }
        let ends = funnel.exclude.iter().map(|end| matcher(&end.event, &end.conditions)).collect();
        let hold = funnel.hold.iter().map(|name| Values::new(volume, name)).collect();
        Finder::Any(steps, Attempts::new(rules, funnel.steps.len(), ends, hold))
    }

    /// Shows the places in a run of the steps of each attempt that counts.
    fn each(&mut self, (volume, ordinal, run): Seen<'_>, see: &mut dyn FnMut(&[usize])) {
        match self {
            Finder::Ordered(ordered) => {
                let way = ordered.best(volume, ordinal, run);
                if !way.is_empty() {
                    see(way);
                }
            }
            Finder::Any(steps, attempts) => attempts.each(steps, (volume, ordinal, run), see),
        }
    }
}

impl Funnel {
    /// Folds attempt after attempt into a partial result for each volume; `then` has each at its
    /// end.
    pub(super) fn each<P: Send>(
        &self,
        prepared: &Prepared,
        people: Option<&[PeopleSet]>,
        (view, cancel): (&View, &Cancel),
        new: impl Fn(&VolumeView) -> P + Sync,
        see: impl Fn(&mut P, Seen<'_>, &[usize]) + Sync,
        then: impl Fn(&mut P) + Sync,
    ) -> Result<Vec<P>, Error> {
        let rules = &prepared.rules;
        let new = |volume: &VolumeView| (Finder::new(self, rules, volume), new(volume));
        let fold = |p: &mut (Finder<'_>, P), volume: &VolumeView, ordinal: u32, run: Run<'_>| {
            let (finder, partial) = p;
            let person = (volume, ordinal, run);
            finder.each(person, &mut |way| see(partial, person, way));
        };
        let scan = Scan::new(view, cancel).of_people(people).of_events(self.events());
        let partials = scan.fold_then(new, fold, |(_, partial)| then(partial))?;
        Ok(partials.into_iter().map(|(_, partial)| partial).collect())
    }

    /// The events that it looks at.
    fn events(&self) -> impl Iterator<Item = &str> {
        let steps = self.steps.iter().map(|step| step.event.as_str());
        let ends = self.exclude.iter().map(|excluded| excluded.event.as_str());
        // Whether something lies between two steps only all events tell.
        steps.chain(ends).chain((self.order == Order::Strict).then_some("*"))
    }

    /// What is counted of everyone, and then of each of the segments.
    pub(super) fn parts(
        &self,
        prepared: &Prepared,
        people: Option<&[PeopleSet]>,
        segments: &[Vec<PeopleSet>],
        (view, cancel): (&View, &Cancel),
    ) -> Result<Vec<Part>, Error> {
        let new = |volume: &VolumeView| {
            let mut volumes = view.volumes.iter();
            let place = volumes.position(|other| std::ptr::eq(&**other, volume));
            let of_volume = place.into_iter().flat_map(|at| segments.iter().map(move |s| &s[at]));
            Partial {
                by: Grouping::new(volume, &self.breakdown),
                segments: of_volume.collect(),
                parts: vec![Counted::default(); segments.len() + 1],
                interval: 0,
            }
        };
        let see = |p: &mut Partial<'_>, person: Seen<'_>, way: &[usize]| {
            p.see(self, prepared, person, way);
        };
        let settle = |p: &mut Partial<'_>| {
            p.parts.iter_mut().flat_map(|part| &mut part.groups).for_each(Tally::settle);
        };
        let partials = self.each(prepared, people, (view, cancel), new, see, settle)?;
        Ok(self.joined(partials, segments.len()))
    }

    fn joined(&self, partials: Vec<Partial<'_>>, segments: usize) -> Vec<Part> {
        let mut groups: Vec<HashMap<String, (Key, Tally)>> = vec![HashMap::new(); segments + 1];
        let mut points = vec![Vec::new(); groups.len()];
        for partial in partials {
            let keys = if partial.by.is_whole() { &[Vec::new()] } else { partial.by.keys() };
            let texts: Vec<String> = keys.iter().map(text_of).collect();
            for (part, counted) in partial.parts.into_iter().enumerate() {
                let sum: &mut Vec<u64> = &mut points[part];
                sum.resize(sum.len().max(counted.points.len()), 0);
                sum.iter_mut().zip(counted.points).for_each(|(sum, count)| *sum += count);
                for ((key, text), mut tally) in keys.iter().zip(&texts).zip(counted.groups) {
                    match groups[part].entry(text.clone()) {
                        Entry::Occupied(mut joined) => joined.get_mut().1.join(&mut tally),
                        Entry::Vacant(free) => drop(free.insert((key.clone(), tally))),
                    }
                }
            }
        }
        groups.into_iter().zip(points).map(|(groups, points)| self.part(groups, points)).collect()
    }

    fn part(&self, groups: HashMap<String, (Key, Tally)>, points: Vec<u64>) -> Part {
        let mut whole = Tally::new(self.steps.len(), self.times);
        if self.breakdown.list().is_empty() {
            let only = groups.into_values().next();
            let whole = only.map_or(whole, |(_, tally)| tally);
            return Part { whole, groups: Vec::new(), points };
        }
        let mut sorted: Vec<(String, (Key, Tally))> = groups.into_iter().collect();
        // A segment need not be in every group.
        sorted.retain(|(_, (_, tally))| tally.counts[0] > 0);
        sorted.sort_by(|(a, (_, x)), (b, (_, y))| {
            y.counts[0].cmp(&x.counts[0]).then_with(|| a.cmp(b))
        });
        sorted.iter_mut().for_each(|(_, (_, tally))| whole.join(tally));
        let rest = sorted.split_off(sorted.len().min(self.limit)).into_iter();
        let rest = rest.map(|(_, (_, tally))| tally).reduce(|mut all, mut tally| {
            all.join(&mut tally);
            all
        });
        let shown = sorted.into_iter().map(|(_, group)| group);
        let groups = shown.chain(rest.map(|tally| (other(), tally))).collect();
        Part { whole, groups, points }
    }
}

impl Partial<'_> {
    fn see(&mut self, funnel: &Funnel, prepared: &Prepared, person: Seen<'_>, way: &[usize]) {
        let (volume, ordinal, run) = person;
        let first = way[0];
        let group = match self.by.is_whole() {
            true => 0,
            false => self.by.place(volume, ordinal, run.row(first)) as usize,
        };
        let steps = funnel.steps.len();
        let interval = prepared.axis.as_ref().map(|axis| {
            self.interval = axis.place(run.time(first), self.interval);
            self.interval
        });
        for (at, part) in self.parts.iter_mut().enumerate() {
            if at > 0 && !self.segments[at - 1].has(ordinal) {
                continue;
            }
            let groups = part.groups.len().max(group + 1);
            part.groups.resize_with(groups, || Tally::new(steps, funnel.times));
            part.groups[group].add(run, way);
            if let Some(interval) = interval {
                let points = &mut part.points;
                points.resize(points.len().max((interval + 1) * steps), 0);
                points[interval * steps..][..way.len()].iter_mut().for_each(|count| *count += 1);
            }
        }
    }
}

impl Part {
    pub(super) fn scales(&self) -> Option<Scales> {
        self.whole.scales()
    }

    /// The keys of the groups that are shown; `(other)` last where there are more.
    pub(super) fn keys(self) -> Vec<Key> {
        self.groups.into_iter().map(|(key, _)| key).collect()
    }

    /// The numbers of an answer.
    pub(super) fn numbers(
        self,
        funnel: &Funnel,
        prepared: &Prepared,
        scales: Option<&Scales>,
        as_of: Timestamp,
    ) -> Numbers {
        let Part { whole, groups, points } = self;
        let events = || funnel.steps.iter().map(|step| step.event.as_str());
        let steps = funnel.steps.len();
        let points = prepared.axis.as_ref().map(|axis| {
            // An attempt that started just before the end has its window before it.
            let as_of = as_of.0.saturating_sub(prepared.rules.window);
            let point = |interval: usize| {
                let counts = points.get(interval * steps..(interval + 1) * steps);
                Point {
                    at: axis.label(interval),
                    counts: counts.map_or_else(|| vec![0; steps], <[u64]>::to_vec),
                    incomplete: axis.incomplete(interval, as_of),
                }
            };
            (0..axis.len()).map(point).collect()
        });
        let group = |(key, tally): (Key, Tally)| Group {
            key,
            times: tally.times(scales),
            steps: tally.reached(events(), scales),
        };
        Numbers {
            times: whole.times(scales),
            steps: whole.reached(events(), scales),
            groups: groups.into_iter().map(group).collect(),
            points,
        }
    }
}
