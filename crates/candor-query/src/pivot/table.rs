//! One pass over the events of a pivot: a table of cells in each volume.

use std::collections::HashMap;

use candor_event::ValueRef;
use candor_store::{Cells, PeopleSet, Run, View, VolumeView};

use crate::error::Error;
use crate::filter::Scope;
use crate::group::{Key, Keys, text_of};
use crate::local_time::LocalTime;
use crate::pivot::Pivot;
use crate::pivot::tally::{Tally, needs_all};
use crate::question::{Breakdown, Matcher, Scoped};
use crate::scan::{Cancel, Scan};
use crate::trend::Measure;

/// The hour of an event's day, 0 to 23.
pub(crate) const HOUR: &str = "$hour";
/// The day of its week: 1, a Monday, to 7.
pub(crate) const WEEKDAY: &str = "$weekday";

/// Keys that have a place of their own, by their text; all others share the place after them.
pub(crate) type Shown = HashMap<String, usize>;

/// The events that a pivot looks at.
pub(crate) struct Pass<'q> {
    pub(crate) pivot: &'q Pivot,
    pub(crate) whose: Option<&'q [PeopleSet]>,
    pub(crate) from: i64,
    pub(crate) to: i64,
    pub(crate) clock: &'q LocalTime,
}

/// What one property tells of an event.
enum Dimension {
    Event(Cells),
    Person(Option<u32>),
    Hour,
    Weekday,
}

impl Dimension {
    fn find(one: &Breakdown, volume: &VolumeView) -> Dimension {
        let (name, scope) = match one {
            Breakdown::Name(name) => (name, Scope::Event),
            Breakdown::Scoped(Scoped { property, scope }) => (property, *scope),
        };
        match (scope, name.as_str()) {
            (Scope::Person, name) => Dimension::Person(volume.property_code(name)),
            (Scope::Event, HOUR) => Dimension::Hour,
            (Scope::Event, WEEKDAY) => Dimension::Weekday,
            (Scope::Event, name) => Dimension::Event(volume.cells(name)),
        }
    }

    /// A small number for the value of an event, where there is one.
    #[inline]
    fn code(&self, place: Place<'_>) -> Option<u32> {
        match self {
            Dimension::Event(cells) => cells.code(place.run.row(place.at)),
            Dimension::Person(_) => None,
            Dimension::Hour => Some(place.clock.hour(place.run.time(place.at)).into()),
            Dimension::Weekday => Some(place.clock.weekday(place.run.time(place.at)).into()),
        }
    }

    fn value<'v>(&'v self, place: Place<'v>) -> Option<ValueRef<'v>> {
        match self {
            Dimension::Event(cells) => cells.get(place.volume, place.run.row(place.at)),
            Dimension::Person(code) => place.volume.trait_value(place.ordinal, (*code)?),
            Dimension::Hour | Dimension::Weekday => {
                self.code(place).map(|number| ValueRef::Integer(number.into()))
            }
        }
    }
}

/// One event, where it lies.
#[derive(Clone, Copy)]
pub(crate) struct Place<'v> {
    pub(crate) volume: &'v VolumeView,
    pub(crate) ordinal: u32,
    pub(crate) run: Run<'v>,
    pub(crate) at: usize,
    pub(crate) clock: &'v LocalTime,
}

/// The keys of one side of the table in one volume.
pub(crate) struct Side {
    dimensions: Vec<Dimension>,
    pub(crate) keys: Keys,
    /// Of the person looked at, where all of it is the person's own.
    of_person: Option<(u32, usize)>,
    /// By the code of its value, where a key is one value: the key plus one.
    by_code: Vec<u32>,
}

impl Side {
    pub(crate) fn find(by: &[Breakdown], volume: &VolumeView) -> Side {
        let dimensions = by.iter().map(|one| Dimension::find(one, volume)).collect();
        Side { dimensions, keys: Keys::default(), of_person: None, by_code: Vec::new() }
    }

    /// The key of an event.
    pub(crate) fn key(&mut self, place: Place<'_>) -> usize {
        if let Some((_, key)) = self.of_person.filter(|(ordinal, _)| *ordinal == place.ordinal) {
            return key;
        }
        let code = match self.dimensions.as_slice() {
            [one] => one.code(place).map(|code| code as usize),
            _ => None,
        };
        if let Some(known) = code.and_then(|code| self.by_code.get(code)?.checked_sub(1)) {
            return known as usize;
        }
        let values = self.dimensions.iter().map(|dimension| dimension.value(place));
        let key = self.keys.place(values);
        if let Some(code) = code {
            self.by_code.resize(self.by_code.len().max(code + 1), 0);
            self.by_code[code] = key + 1;
        }
        if self.dimensions.iter().all(|one| matches!(one, Dimension::Person(_))) {
            self.of_person = Some((place.ordinal, key as usize));
        }
        key as usize
    }
}

/// One side of a table: its keys and the tallies of its lines.
pub(crate) struct Lines<'q> {
    side: Side,
    shown: Option<&'q Shown>,
    /// By key.
    slots: Vec<usize>,
    pub(crate) totals: Vec<Tally>,
}

impl Lines<'_> {
    fn slot(&mut self, place: Place<'_>) -> usize {
        let key = self.side.key(place);
        if key == self.slots.len() {
            let slot = match self.shown {
                None => key,
                Some(shown) => {
                    let text = text_of(&self.side.keys.keys[key]);
                    shown.get(&text).copied().unwrap_or(shown.len())
                }
            };
            self.slots.push(slot);
            self.totals.resize(self.totals.len().max(slot + 1), Tally::default());
        }
        self.slots[key]
    }

    /// Where each line stands in the whole table.
    pub(crate) fn places(&self, shown: &Shown) -> Vec<usize> {
        match self.shown {
            Some(_) => (0..self.totals.len()).collect(),
            None => self.keys().iter().map(|key| shown[&text_of(key)]).collect(),
        }
    }

    /// The keys, in the order of their lines where all are shown.
    pub(crate) fn keys(&self) -> &[Key] {
        &self.side.keys.keys
    }
}

/// What one volume holds of the table.
pub(crate) struct Part<'q> {
    matcher: Matcher<'q>,
    number: Option<Cells>,
    pub(crate) rows: Lines<'q>,
    pub(crate) columns: Lines<'q>,
    /// By row, then by column; none once there are more of either than are shown.
    pub(crate) cells: Option<Vec<Vec<Tally>>>,
    pub(crate) whole: Tally,
}

impl Pass<'_> {
    /// A table of each volume. With `shown`, rows and columns have these places, and one more for
    /// all others.
    pub(crate) fn run<'q>(
        &'q self,
        view: &View,
        cancel: &Cancel,
        shown: Option<&'q [Shown; 2]>,
    ) -> Result<Vec<Part<'q>>, Error> {
        let pivot = self.pivot;
        let lines = |by: &[Breakdown], side: usize, volume: &VolumeView| Lines {
            side: Side::find(by, volume),
            shown: shown.map(|shown| &shown[side]),
            slots: Vec::new(),
            totals: Vec::new(),
        };
        let new = |volume: &VolumeView| Part {
            matcher: Matcher::new(volume, &pivot.event, &pivot.conditions),
            number: match &pivot.measure {
                Measure::Of(_, property) => Some(volume.cells(property)),
                _ => None,
            },
            rows: lines(pivot.rows.list(), 0, volume),
            columns: lines(pivot.columns.list(), 1, volume),
            cells: Some(Vec::new()),
            whole: Tally::default(),
        };
        let most = match shown {
            Some([rows, columns]) => (rows.len() + 1, columns.len() + 1),
            None => (pivot.rows_limit, pivot.columns_limit),
        };
        let keep = needs_all(&pivot.measure);
        let see = |part: &mut Part<'_>, volume: &VolumeView, ordinal: u32, run: Run<'_>| {
            if run.is_empty() || !part.matcher.person_matches(volume, ordinal) {
                return;
            }
            for at in run.before(self.from)..run.before(self.to) {
                if part.matcher.event_matches(volume, ordinal, run, at) {
                    let place = Place { volume, ordinal, run, at, clock: self.clock };
                    part.add(place, most, keep);
                }
            }
        };
        Scan::new(view, cancel)
            .of_people(self.whose)
            .of_events([pivot.event.as_str()])
            .fold(new, see)
    }
}

impl Part<'_> {
    fn add(&mut self, place: Place<'_>, most: (usize, usize), keep: bool) {
        let (row, column) = (self.rows.slot(place), self.columns.slot(place));
        let number = self.number.as_ref();
        let number =
            number.and_then(|cells| cells.get(place.volume, place.run.row(place.at))?.as_number());
        self.rows.totals[row].add(place.ordinal, number, false);
        self.columns.totals[column].add(place.ordinal, number, false);
        self.whole.add(place.ordinal, number, false);
        if row >= most.0 || column >= most.1 {
            self.cells = None;
        }
        let Some(cells) = &mut self.cells else { return };
        if cells.len() <= row {
            cells.resize(row + 1, Vec::new());
        }
        let cells = &mut cells[row];
        if cells.len() <= column {
            cells.resize(column + 1, Tally::default());
        }
        cells[column].add(place.ordinal, number, keep);
    }
}
