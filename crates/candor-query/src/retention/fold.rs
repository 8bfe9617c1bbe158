//! What one person adds to a retention.

use std::collections::HashMap;

use candor_event::PersonId;
use candor_store::{PeopleSet, Run, View, VolumeView};

use crate::days::ActiveOn;
use crate::error::Error;
use crate::filter::Scope;
use crate::group::{Key, Keys, Rows, text_of};
use crate::question::{Matcher, broken_down};
use crate::retention::{Measure, Plan, Word};
use crate::scan::{Cancel, Did, Scan};

/// One pass over the people.
pub(super) struct Pass<'a> {
    pub(super) plan: &'a Plan<'a>,
    pub(super) whose: Option<&'a [PeopleSet]>,
    pub(super) view: &'a View,
    pub(super) cancel: &'a Cancel,
}

/// What is counted for one group.
#[derive(Clone, Debug)]
pub(super) struct Cells {
    /// People of each cohort.
    pub(super) sizes: Vec<u64>,
    /// By cohort, `width` each: people by span (without end: by the last period in which they came
    /// back), or sums by period, the last one of all later periods.
    pub(super) values: Vec<f64>,
}

impl Cells {
    pub(super) fn join(&mut self, other: &Cells) {
        self.sizes.iter_mut().zip(&other.sizes).for_each(|(size, more)| *size += more);
        self.values.iter_mut().zip(&other.values).for_each(|(value, more)| *value += more);
    }
}

/// The two events of the question, found in one volume.
struct Found<'q> {
    born: Matcher<'q>,
    back: Matcher<'q>,
    by: Vec<(Option<u32>, Scope)>,
    number: Option<u32>,
    /// Of the person looked at: days on which they came back.
    days: Vec<u32>,
}

/// A person who was born.
struct Who<'a> {
    volume: &'a VolumeView,
    ordinal: u32,
    run: Run<'a>,
    /// The place in the run, and the day.
    birth: (usize, usize),
}

impl Plan<'_> {
    pub(super) fn no_cells(&self) -> Cells {
        let cohorts = self.calendar.cohorts();
        Cells { sizes: vec![0; cohorts], values: vec![0.0; cohorts * self.width()] }
    }

    pub(super) fn width(&self) -> usize {
        match self.question.measure {
            Measure::People => self.spans.len(),
            Measure::Sum(_) => self.periods as usize + 1,
        }
    }

    fn find(&self, volume: &VolumeView) -> Found<'_> {
        let (born, back) = (&self.question.born, &self.question.back);
        Found {
            born: Matcher::new(volume, &born.event, &born.conditions),
            back: Matcher::new(volume, &back.event, &back.conditions),
            by: self.question.breakdown.find(volume),
            number: match &self.question.measure {
                Measure::People => None,
                Measure::Sum(property) => volume.property_code(property),
            },
            days: Vec::new(),
        }
    }

    /// When a person was born: the place in their run, and the day.
    fn birth(
        &self,
        of: &Found<'_>,
        volume: &VolumeView,
        ordinal: u32,
        run: Run<'_>,
    ) -> Option<(usize, usize)> {
        if !of.born.person_matches(volume, ordinal) {
            return None;
        }
        let born = |at: &usize| of.born.event_matches(volume, ordinal, run, *at);
        let place = match self.question.born.first_ever {
            true => {
                let first = (0..run.len()).find(born)?;
                Some(first).filter(|first| (self.from..self.to).contains(&run.time(*first)))
            }
            false => (run.before(self.from)..run.before(self.to)).find(born),
        };
        place.map(|place| (place, self.calendar.days.of(run.time(place))))
    }

    /// Adds to a cohort's line of cells what a person did after their birth; each number as
    /// `worth` says.
    fn count(&self, of: &mut Found<'_>, who: Who<'_>, line: &mut [f64], worth: fn(f64) -> f64) {
        let Who { volume, ordinal, run, birth: (place, birth) } = who;
        if !of.back.person_matches(volume, ordinal) {
            return;
        }
        let days = &self.calendar.days;
        let back = |at: usize| of.back.event_matches(volume, ordinal, run, at);
        let after = place + 1..run.len();
        if self.question.measure == Measure::People {
            of.days.clear();
            days.active(run, after, back, &mut of.days);
            return self.count_days(birth, &of.days, line);
        }
        let Some(number) = of.number else { return };
        for at in after.filter(|at| back(*at)) {
            let value = volume.property(run.row(at), number).and_then(|value| value.as_number());
            if let Some(value) = value {
                let period = self.calendar.period(birth, days.of(run.time(at)));
                line[period.min(self.periods) as usize] += worth(value);
            }
        }
    }

    /// Whether it is about any event on days that are whole, as one number for each person.
    fn of_whole_days(&self) -> bool {
        let (born, back) = (&self.question.born, &self.question.back);
        let is_edge = |moment| self.calendar.days.start(self.calendar.days.of(moment)) == moment;
        (born.event.as_str(), back.event.as_str()) == ("*", "*")
            && born.conditions.is_empty()
            && back.conditions.is_empty()
            && self.question.measure == Measure::People
            && is_edge(self.from)
            && is_edge(self.to)
    }

    /// The day of the birth of somebody who was active on these days, and in `back` the days on
    /// which they came back.
    fn birth_on(&self, mut active: ActiveOn<'_>, back: &mut Vec<u32>) -> Option<usize> {
        let days = &self.calendar.days;
        let (from, to) = (days.of(self.from) as u32, days.of(self.to) as u32);
        let born = match self.question.born.first_ever {
            true => active.next()?.filter(|(day, _)| *day >= from),
            false => active.by_ref().flatten().find(|(day, _)| *day >= from),
        };
        let (birth, more) = born.filter(|(day, _)| *day < to)?;
        back.clear();
        back.extend(more.then_some(birth));
        back.extend(active.flatten().map(|(day, _)| day));
        Some(birth as usize)
    }

    /// The same from the days on which somebody came back, ascending.
    fn count_days(&self, birth: usize, days: &[u32], line: &mut [f64]) {
        let mut periods = days.iter().map(|day| self.calendar.period(birth, *day as usize));
        match self.word {
            Word::On => {
                let mut last = None;
                for period in periods.take_while(|period| *period < self.periods) {
                    if last != Some(period) {
                        line[period as usize] += 1.0;
                        last = Some(period);
                    }
                }
            }
            Word::OnOrAfter => {
                if let Some(last) = periods.next_back() {
                    line[last.min(self.periods - 1) as usize] += 1.0;
                }
            }
            Word::Brackets => {
                // A span begins not before the one before it.
                let mut rest = 0;
                for (span, value) in self.spans.iter().zip(line) {
                    let period = |at: usize| {
                        let day = days.get(at)?;
                        Some(self.calendar.period(birth, *day as usize))
                    };
                    while period(rest).is_some_and(|period| period < span.first) {
                        rest += 1;
                    }
                    if period(rest).is_some_and(|period| period <= span.last) {
                        *value += 1.0;
                    }
                }
            }
        }
    }
}

/// What is found in one volume when people are looked for.
struct Looked<'q> {
    of: Found<'q>,
    rows: Rows<'q>,
    /// By row.
    wanted: Vec<bool>,
    /// Of the person looked at.
    line: Vec<f64>,
    people: Vec<PersonId>,
}

impl<'a> Pass<'a> {
    fn scan(&self) -> Scan<'a> {
        let question = self.plan.question;
        let names = [question.born.event.as_str(), question.back.event.as_str()];
        Scan::new(self.view, self.cancel).of_people(self.whose).of_events(names)
    }

    /// The keys of the greatest groups, as texts, the greatest first.
    pub(super) fn greatest(&self, limit: usize) -> Result<Vec<String>, Error> {
        let plan = self.plan;
        type Sizes<'q> = (Found<'q>, Keys, Vec<u64>);
        let new = |volume: &VolumeView| (plan.find(volume), Keys::default(), Vec::new());
        let see =
            |(of, keys, sizes): &mut Sizes<'_>, volume: &VolumeView, ordinal, run: Run<'_>| {
                let Some(birth) = plan.birth(of, volume, ordinal, run) else { return };
                let row = run.row(birth.0);
                let values = of.by.iter().map(|by| broken_down(volume, ordinal, row, *by));
                let key = keys.place(values) as usize;
                sizes.resize(sizes.len().max(key + 1), 0);
                sizes[key] += 1;
            };
        let names = [plan.question.born.event.as_str()];
        let mut joined: HashMap<String, u64> = HashMap::new();
        for (_, keys, sizes) in self.scan().of_events(names).fold(new, see)? {
            for (key, size) in keys.keys.iter().zip(sizes) {
                *joined.entry(text_of(key)).or_default() += size;
            }
        }
        let mut sized: Vec<(String, u64)> = joined.into_iter().collect();
        sized.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        sized.truncate(limit);
        Ok(sized.into_iter().map(|(key, _)| key).collect())
    }

    /// The cells of each group; with `shown`, all other groups together are the key `(other)`.
    pub(super) fn cells(&self, shown: Option<&[String]>) -> Result<Vec<(Key, Cells)>, Error> {
        let plan = self.plan;
        type Groups<'q> = (Found<'q>, Rows<'q>, Vec<Cells>);
        let new = |volume: &VolumeView| -> Groups<'_> {
            (plan.find(volume), Rows::new(shown), Vec::new())
        };
        let see =
            |(of, rows, cells): &mut Groups<'_>, volume: &VolumeView, ordinal, run: Run<'_>| {
                let Some(birth) = plan.birth(of, volume, ordinal, run) else { return };
                let place = match shown {
                    None => 0,
                    Some(_) => {
                        let row = run.row(birth.0);
                        rows.place(of.by.iter().map(|by| broken_down(volume, ordinal, row, *by)))
                    }
                };
                if cells.len() == place {
                    cells.push(plan.no_cells());
                }
                let cells = &mut cells[place];
                let cohort = plan.calendar.cohort(birth.1);
                cells.sizes[cohort] += 1;
                let width = plan.width();
                let line = &mut cells.values[cohort * width..][..width];
                plan.count(of, Who { volume, ordinal, run, birth }, line, |value| value);
            };
        let see_days = |groups: &mut Groups<'_>, volume: &VolumeView, ordinal, did: Did<'_>| {
            let active = match did {
                Did::Events(run) => return see(groups, volume, ordinal, run),
                Did::Days(active) => active,
            };
            let (of, _, cells) = groups;
            let Some(birth) = plan.birth_on(active, &mut of.days) else { return };
            if cells.is_empty() {
                cells.push(plan.no_cells());
            }
            let (cohort, width) = (plan.calendar.cohort(birth), plan.width());
            cells[0].sizes[cohort] += 1;
            plan.count_days(birth, &of.days, &mut cells[0].values[cohort * width..][..width]);
        };
        let by_days = match shown.is_none() && plan.of_whole_days() {
            true => self.scan().fold_days(&plan.calendar.days, new, see_days)?,
            false => None,
        };
        let partials = match by_days {
            Some(partials) => partials,
            None => self.scan().fold(new, see)?,
        };
        let mut joined: Vec<(Key, Cells)> = Vec::new();
        let mut places: HashMap<String, usize> = HashMap::new();
        for (_, rows, cells) in partials {
            let everyone = std::iter::once(Key::new()).filter(|_| shown.is_none());
            for (key, cells) in rows.of.into_iter().chain(everyone).zip(cells) {
                let place = *places.entry(text_of(&key)).or_insert(joined.len());
                match joined.get_mut(place) {
                    Some((_, all)) => all.join(&cells),
                    None => joined.push((key, cells)),
                }
            }
        }
        Ok(joined)
    }

    /// Who is in a cohort, and with `value` counts in that value; with `key`, of that group.
    pub(super) fn people(
        &self,
        cohort: usize,
        value: Option<usize>,
        key: Option<&Key>,
        shown: Option<&[String]>,
    ) -> Result<Vec<PersonId>, Error> {
        let plan = self.plan;
        let wanted = key.map(text_of);
        let new = |volume: &VolumeView| Looked {
            of: plan.find(volume),
            rows: Rows::new(shown),
            wanted: Vec::new(),
            line: vec![0.0; plan.width()],
            people: Vec::new(),
        };
        let see = |looked: &mut Looked<'_>, volume: &VolumeView, ordinal, run: Run<'_>| {
            let Looked { of, rows, wanted: is_wanted, line, people } = looked;
            let Some(birth) = plan.birth(of, volume, ordinal, run) else { return };
            if plan.calendar.cohort(birth.1) != cohort {
                return;
            }
            if let Some(wanted) = &wanted {
                let row = run.row(birth.0);
                let values = of.by.iter().map(|by| broken_down(volume, ordinal, row, *by));
                let place = rows.place(values);
                let new = &rows.of[is_wanted.len()..];
                is_wanted.extend(new.iter().map(|key| text_of(key) == *wanted));
                if !is_wanted[place] {
                    return;
                }
            }
            if let Some(value) = value {
                line.fill(0.0);
                // Who counts may be worth nothing.
                plan.count(of, Who { volume, ordinal, run, birth }, line, |_| 1.0);
                if !plan.counts_in(line, value) {
                    return;
                }
            }
            people.push(volume.person_id(ordinal));
        };
        let partials = self.scan().fold(new, see)?;
        let mut people: Vec<PersonId> =
            partials.into_iter().flat_map(|looked| looked.people).collect();
        people.sort_unstable();
        Ok(people)
    }
}
