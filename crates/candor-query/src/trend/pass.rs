//! One pass over the people of a trend: groups, and what is counted of each.

use std::cmp::Ordering;
use std::collections::HashMap;

use candor_store::{Cells, PeopleSet, Run, View, VolumeView};

use crate::error::Error;
use crate::group::{Grouping, Key, other, text_of};
use crate::question::{Breakdowns, Matcher};
use crate::scan::{Cancel, Scan};
use crate::trend::Asked;
use crate::trend::axis::{Axis, Reach};
use crate::trend::counters::{Counters, Line};

/// Cells that the groups of a volume may fill, and those of all volumes. Of more groups the sizes
/// are taken first, and then the cells of those that are shown.
const CELLS_MAX: usize = 1 << 20;
const JOINED_MAX: usize = 1 << 23;
/// Cells that those may have.
const SHOWN_MAX: usize = 2_000_000;

/// What is asked of whom, over which times.
pub(super) struct Pass<'q> {
    asked: &'q [Asked],
    breakdown: &'q Breakdowns,
    limit: usize,
    people: Option<&'q [PeopleSet]>,
    /// The range's, and that of the range it is compared with.
    axes: &'q [Axis],
    /// For each of these, one cell of all its time.
    whole: Vec<Axis>,
}

/// Groups, the greatest first, and the key `(other)` last for all those that are not shown.
pub(super) struct Groups {
    pub(super) keys: Vec<Key>,
    counted: Counted,
}

/// What is counted, of each group in a row of its own.
struct Counted {
    /// Of each event on each axis, events first.
    cells: Vec<Counters>,
    rows: usize,
    /// Whether the cells are those of whole axes, and tell how large groups are.
    sizes: bool,
}

/// The rows of groups that are shown; all others share the one after them.
type Shown = HashMap<String, usize>;

struct Partial<'q> {
    matchers: Vec<Matcher<'q>>,
    numbers: Vec<Option<Numbers>>,
    by: By,
    counted: Counted,
}

/// The groups of one volume.
struct By {
    grouping: Grouping,
    /// By group: its row, where some share one.
    rows: Vec<Option<usize>>,
}

/// The numbers of a property.
struct Numbers {
    cells: Cells,
    /// By the code of a value: its number, NaN where it is none.
    known: Vec<f64>,
}

impl<'q> Pass<'q> {
    pub(super) fn new(
        asked: &'q [Asked],
        (breakdown, limit): (&'q Breakdowns, usize),
        people: Option<&'q [PeopleSet]>,
        axes: &'q [Axis],
    ) -> Pass<'q> {
        let whole = axes.iter().map(Axis::whole).collect();
        Pass { asked, breakdown, limit, people, axes, whole }
    }

    pub(super) fn groups(&self, view: &View, cancel: &Cancel) -> Result<Groups, Error> {
        let partials = self.scan(view, cancel, None)?;
        let joined = self.joined(partials);
        if self.breakdown.list().is_empty() {
            return Ok(joined);
        }
        let order = self.order(&joined);
        let rest = order.len() > self.limit;
        if self.cells(order.len().min(self.limit)) > SHOWN_MAX {
            let message = format!("at most {SHOWN_MAX} points: fewer groups or less time");
            return Err(Error::bad("/limit", message));
        }
        // Who is in the rest can only be counted once it is known who is shown.
        let again = rest && self.asked.iter().any(|asked| asked.measure.is_of_people());
        if !joined.counted.sizes && !again {
            return Ok(self.ordered(joined, &order));
        }
        let shown = order.iter().take(self.limit).map(|group| joined.keys[*group].clone());
        let mut keys: Vec<Key> = shown.collect();
        let rows = keys.iter().enumerate().map(|(row, key)| (text_of(key), row)).collect();
        let partials = self.scan(view, cancel, Some(&rows))?;
        if rest {
            keys.push(other());
        }
        Ok(self.rejoined(partials, keys))
    }

    fn scan(
        &self,
        view: &View,
        cancel: &Cancel,
        shown: Option<&Shown>,
    ) -> Result<Vec<Partial<'q>>, Error> {
        let new = |volume: &VolumeView| self.partial(volume, shown);
        let fold = |p: &mut Partial<'q>, volume: &VolumeView, ordinal: u32, run: Run<'_>| {
            p.see(self, shown, (volume, ordinal, run));
        };
        let scan = Scan::new(view, cancel)
            .of_people(self.people)
            .with_times()
            .of_events(self.asked.iter().map(|asked| asked.event.as_str()));
        match self.asked {
            [asked] => scan.likely(&asked.conditions).fold(new, fold),
            _ => scan.fold(new, fold),
        }
    }

    fn partial(&self, volume: &VolumeView, shown: Option<&Shown>) -> Partial<'q> {
        let by = By { grouping: Grouping::new(volume, self.breakdown), rows: Vec::new() };
        let mut counted = self.counted(false);
        if by.grouping.is_whole() {
            counted.grow(1, self);
        }
        if let Some(shown) = shown {
            counted.grow(shown.len() + 1, self);
        }
        let asked = self.asked.iter();
        let numbers = asked.clone().map(|asked| {
            let property = asked.measure.property()?;
            Some(Numbers::new(volume, property))
        });
        let names: Vec<&str> = asked.clone().map(|asked| asked.event.as_str()).collect();
        let matcher = |asked: &'q Asked| {
            Matcher::new(volume, &asked.event, &asked.conditions).among(volume, &names)
        };
        Partial { numbers: numbers.collect(), matchers: asked.map(matcher).collect(), by, counted }
    }

    fn counted(&self, sizes: bool) -> Counted {
        let cells = self.asked.iter().flat_map(|asked| {
            self.axes.iter().map(move |axis| {
                let cells = Counters::new(&asked.measure);
                if sizes { cells.sizes(0, axis) } else { cells }
            })
        });
        Counted { cells: cells.collect(), rows: 0, sizes }
    }

    /// The cells of so many groups.
    fn cells(&self, groups: usize) -> usize {
        self.axes.iter().map(Axis::len).sum::<usize>() * self.asked.len() * groups
    }

    fn axes(&self, sizes: bool) -> &[Axis] {
        if sizes { &self.whole } else { self.axes }
    }

    /// The groups of all volumes together, in the order in which they are met.
    fn joined(&self, partials: Vec<Partial<'_>>) -> Groups {
        let grouped = !self.breakdown.list().is_empty();
        let rows = partials.iter().map(|partial| partial.counted.rows).sum();
        let too_many = grouped && self.cells(rows) > JOINED_MAX;
        let sizes = too_many || partials.iter().any(|partial| partial.counted.sizes);
        let mut joined = Groups { keys: Vec::new(), counted: self.counted(sizes) };
        let mut places = HashMap::new();
        if !grouped {
            joined.keys.push(Vec::new());
            joined.counted.grow(1, self);
            places.insert(text_of(&Vec::new()), 0);
        }
        for mut partial in partials {
            if sizes {
                partial.counted.keep_sizes(self);
            }
            let keys = partial.by.grouping.keys();
            let keys = if grouped { keys } else { &[Vec::new()] };
            for (from, key) in keys.iter().enumerate() {
                let row = *places.entry(text_of(key)).or_insert_with(|| {
                    joined.keys.push(key.clone());
                    joined.keys.len() - 1
                });
                joined.counted.grow(joined.keys.len(), self);
                joined.counted.join(row, &mut partial.counted, from, self);
            }
        }
        joined
    }

    /// The same of a pass that had a row for each of these keys.
    fn rejoined(&self, partials: Vec<Partial<'_>>, keys: Vec<Key>) -> Groups {
        let mut joined = Groups { counted: self.counted(false), keys };
        joined.counted.grow(joined.keys.len(), self);
        for mut partial in partials {
            for row in 0..joined.keys.len() {
                joined.counted.join(row, &mut partial.counted, row, self);
            }
        }
        joined
    }

    /// The groups in an order, and all after the limit as one.
    fn ordered(&self, mut groups: Groups, order: &[usize]) -> Groups {
        let mut ordered = Groups { keys: Vec::new(), counted: self.counted(false) };
        for (place, group) in order.iter().enumerate() {
            let row = place.min(self.limit);
            if row == ordered.keys.len() {
                let key = std::mem::take(&mut groups.keys[*group]);
                ordered.keys.push(if row == self.limit { other() } else { key });
                ordered.counted.grow(row + 1, self);
            }
            ordered.counted.join(row, &mut groups.counted, *group, self);
        }
        ordered
    }

    /// The groups by their sizes, the greatest first: of the first event, then of the next, then in
    /// the range before; then by their keys.
    fn order(&self, groups: &Groups) -> Vec<usize> {
        let axes = self.axes(groups.counted.sizes);
        let size = |group: usize| -> Vec<f64> {
            let of_axis = |(at, axis): (usize, &Axis)| {
                let cells = groups.counted.cells.iter().skip(at).step_by(axes.len());
                cells.map(|cells| cells.size(group, axis)).collect::<Vec<f64>>()
            };
            axes.iter().enumerate().flat_map(of_axis).collect()
        };
        let all = groups.keys.iter().enumerate();
        let mut order: Vec<(Vec<f64>, String, usize)> =
            all.map(|(group, key)| (size(group), text_of(key), group)).collect();
        order.sort_by(|a, b| {
            let sizes = b.0.iter().zip(&a.0).map(|(b, a)| b.total_cmp(a));
            sizes.fold(Ordering::Equal, Ordering::then).then_with(|| a.1.cmp(&b.1))
        });
        order.into_iter().map(|(_, _, group)| group).collect()
    }

    /// The line of an event in a group on an axis, by their places.
    pub(super) fn line(
        &self,
        groups: &Groups,
        row: usize,
        (asked, axis): (usize, usize),
        reach: Reach,
    ) -> Line {
        groups.counted.cells[asked * self.axes.len() + axis].line(row, &self.axes[axis], reach)
    }
}

impl Counted {
    fn grow(&mut self, rows: usize, pass: &Pass<'_>) {
        self.rows = self.rows.max(rows);
        let axes = pass.axes(self.sizes);
        for (at, cells) in self.cells.iter_mut().enumerate() {
            cells.grow(self.rows, &axes[at % axes.len()]);
        }
    }

    /// Makes room for one more row; true where there are too many, so that the cells are those of
    /// sizes from now on.
    fn add_row(&mut self, pass: &Pass<'_>) -> bool {
        let rows = self.rows + 1;
        let too_many = !self.sizes && pass.cells(rows) > CELLS_MAX;
        if too_many {
            self.keep_sizes(pass);
        }
        self.grow(rows, pass);
        too_many
    }

    fn keep_sizes(&mut self, pass: &Pass<'_>) {
        if !std::mem::replace(&mut self.sizes, true) {
            for (at, cells) in self.cells.iter_mut().enumerate() {
                *cells = cells.sizes(self.rows, &pass.axes[at % pass.axes.len()]);
            }
        }
    }

    fn join(&mut self, row: usize, other: &mut Counted, from: usize, pass: &Pass<'_>) {
        let axes = pass.axes(self.sizes);
        for (at, (cells, more)) in self.cells.iter_mut().zip(&mut other.cells).enumerate() {
            cells.join(row, more, from, &axes[at % axes.len()]);
        }
    }
}

impl Partial<'_> {
    fn see(
        &mut self,
        pass: &Pass<'_>,
        shown: Option<&Shown>,
        (volume, ordinal, run): (&VolumeView, u32, Run<'_>),
    ) {
        let axes = pass.axes.len();
        let grouped_by_person = self.by.grouping.is_of_person();
        let mut of_person = None;
        for (asked, matcher) in self.matchers.iter().enumerate() {
            if !matcher.person_matches(volume, ordinal) {
                continue;
            }
            for at in 0..axes {
                let mut axis = &pass.axes(self.counted.sizes)[at];
                let mut cell = 0;
                for event in run.before(axis.read.start)..run.before(axis.read.end) {
                    if !matcher.event_matches(volume, ordinal, run, event) {
                        continue;
                    }
                    let place = (volume, ordinal, run.row(event));
                    let row = of_person.unwrap_or_else(|| self.by.row(place, shown));
                    of_person = grouped_by_person.then_some(row);
                    if row >= self.counted.rows && self.counted.add_row(pass) {
                        (axis, cell) = (&pass.whole[at], 0);
                    }
                    let time = run.time(event);
                    // What leads in is no part of a size.
                    if self.counted.sizes && time < axis.read.start {
                        continue;
                    }
                    cell = axis.place(time, cell);
                    let number = self.numbers[asked]
                        .as_ref()
                        .and_then(|numbers| numbers.of(volume, run.row(event)));
                    let cells = &mut self.counted.cells[asked * axes + at];
                    cells.see(row, cell, ordinal, number, axis);
                }
            }
        }
    }
}

impl By {
    /// The row of the group of an event.
    #[inline]
    fn row(
        &mut self,
        (volume, ordinal, row): (&VolumeView, u32, u32),
        shown: Option<&Shown>,
    ) -> usize {
        if self.grouping.is_whole() {
            return 0;
        }
        let group = self.grouping.place(volume, ordinal, row) as usize;
        let Some(shown) = shown else { return group };
        self.rows.resize(self.rows.len().max(group + 1), None);
        let key = &self.grouping.keys()[group];
        let found = || shown.get(&text_of(key)).copied().unwrap_or(shown.len());
        *self.rows[group].get_or_insert_with(found)
    }
}

impl Numbers {
    fn new(volume: &VolumeView, property: &str) -> Numbers {
        let cells = volume.cells(property);
        let number = |code| cells.value(code)?.as_number();
        let known = (0..cells.codes()).map(|code| number(code as u32).unwrap_or(f64::NAN));
        Numbers { known: known.collect(), cells }
    }

    #[inline]
    fn of(&self, volume: &VolumeView, row: u32) -> Option<f64> {
        match self.cells.code(row) {
            Some(code) => Some(self.known[code as usize]).filter(|number| !number.is_nan()),
            None => self.cells.get(volume, row)?.as_number(),
        }
    }
}
