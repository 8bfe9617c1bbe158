//! Pivot: events measured by what two sides of a table tell of them.
//!
//! Read in this order: `tally` (a cell), `table` (one pass), this file (the question).

mod table;
mod tally;

use std::collections::HashMap;

use candor_event::{PersonId, Value};
use candor_store::{Run, View, VolumeView};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::filter::{Condition, Scope};
use crate::group::{Key, OTHER, text_of};
use crate::local_time::LocalTime;
use crate::question::{Breakdown, Breakdowns, Matcher, Scoped, check_all, range, whose};
use crate::scan::{Cancel, Scan};
use crate::segment::Definition;
use crate::trend::{Measure, Number};

pub(crate) use table::{HOUR, WEEKDAY};
use table::{Part, Pass, Place, Shown, Side};
use tally::{Tally, needs_all};

/// A pivot question.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pivot {
    /// The event's name, or `*` for any.
    pub event: String,
    /// When.
    pub from: String,
    /// Up to, not including, this moment.
    pub to: String,
    /// The IANA name of the zone of dates, hours and weekdays; the caller resolves it.
    #[serde(default)]
    pub timezone: Option<String>,
    /// One to three properties, of the event or the person; `$hour` and `$weekday` tell when the
    /// event was.
    pub rows: Breakdowns,
    /// The same for the other side.
    pub columns: Breakdowns,
    /// What is measured in each cell; events when missing.
    #[serde(default = "total")]
    pub measure: Measure,
    /// What must hold.
    #[serde(default, rename = "where")]
    pub conditions: Vec<Condition>,
    /// How many rows are shown; the rest are `(other)`.
    #[serde(default = "limit")]
    pub rows_limit: usize,
    /// The same of columns.
    #[serde(default = "limit")]
    pub columns_limit: usize,
    /// Whose events count.
    #[serde(default)]
    pub people: Option<Definition>,
}

fn total() -> Measure {
    Measure::Total
}

fn limit() -> usize {
    25
}

/// Properties of one side.
const PROPERTIES_MAX: usize = 3;
/// Rows times columns that may be shown.
const CELLS_MAX: usize = 10_000;

/// A pivot's answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Answer {
    /// The greatest first, `(other)` last; by value where they are hours or weekdays.
    pub rows: Vec<Line>,
    /// The same.
    pub columns: Vec<Line>,
    /// By row, then by column; 0 where there is nothing.
    pub values: Vec<Vec<f64>>,
    /// The measure over all of it.
    pub total: f64,
}

/// A row or a column.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Line {
    /// The values of its properties; `(other)` alone for the rest.
    pub key: Key,
    /// The measure over the whole line.
    pub total: f64,
}

/// A number of an answer whose people are wanted: of a cell, of a line where one side is missing,
/// of all where both are.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cell {
    /// The key of a row, or its value where a row has one property and the value is no list.
    #[serde(default, deserialize_with = "there", skip_serializing_if = "Option::is_none")]
    pub row: Option<Sought>,
    /// The same of a column.
    #[serde(default, deserialize_with = "there", skip_serializing_if = "Option::is_none")]
    pub column: Option<Sought>,
}

/// A key, or the one value of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Sought {
    /// The values of all properties.
    Key(Vec<Option<Value>>),
    /// That of the one property; null where it is missing.
    Value(Option<Value>),
}

/// A null is a value here, and not the same as nothing.
fn there<'d, D: serde::Deserializer<'d>>(source: D) -> Result<Option<Sought>, D::Error> {
    Sought::deserialize(source).map(Some)
}

impl Sought {
    fn text(&self) -> String {
        match self {
            Sought::Key(key) => text_of(key),
            Sought::Value(value) => text_of(&vec![value.clone()]),
        }
    }
}

/// Which lines' people are wanted.
enum Lines {
    Any,
    /// The line of this key.
    Of(String),
    /// All but these.
    NotOf(Shown),
}

impl Lines {
    fn hold(&self, key: &Key) -> bool {
        match self {
            Lines::Any => true,
            Lines::Of(text) => text_of(key) == *text,
            Lines::NotOf(shown) => !shown.contains_key(&text_of(key)),
        }
    }
}

impl Pivot {
    /// Answers the question.
    ///
    /// # Errors
    /// [`Error::Bad`] names what to change; [`Error::Cancelled`] when the asker left.
    pub fn ask(&self, view: &View, zone: &TimeZone, cancel: &Cancel) -> Result<Answer, Error> {
        let (from, to) = self.check(zone)?;
        let whose = whose(self.people.as_ref(), view, zone, cancel)?;
        let clock = &LocalTime::new(zone);
        let pass = Pass { pivot: self, whose: whose.as_deref(), from, to, clock };
        let parts = pass.run(view, cancel, None)?;
        let (rows, columns) = self.ranked(&parts);
        let few = rows.len() <= self.rows_limit && columns.len() <= self.columns_limit;
        let sides = [self.shown(&rows, self.rows_limit), self.shown(&columns, self.columns_limit)];
        let whole = |parts: &[Part<'_>]| {
            let mut table = Table::new(self, sides[0].len() + 1, sides[1].len() + 1);
            parts.iter().for_each(|part| table.take(part, &sides));
            table
        };
        // Where not all is shown, who belongs to the rest can only be counted once that is known.
        let table = match few {
            true => whole(&parts),
            false => {
                drop(parts);
                whole(&pass.run(view, cancel, Some(&sides))?)
            }
        };
        Ok(table.answer(lines(rows, self.rows_limit), lines(columns, self.columns_limit)))
    }

    /// The people who did what a cell counts, in the order of their ids.
    ///
    /// # Errors
    /// As [`Pivot::ask`].
    pub fn people(
        &self,
        cell: &Cell,
        view: &View,
        zone: &TimeZone,
        cancel: &Cancel,
    ) -> Result<Vec<PersonId>, Error> {
        let (from, to) = self.check(zone)?;
        let whose = whose(self.people.as_ref(), view, zone, cancel)?;
        let clock = &LocalTime::new(zone);
        let pass = Pass { pivot: self, whose: whose.as_deref(), from, to, clock };
        let [rows, columns] = self.wanted(cell, &pass, view, cancel)?;
        let new = |volume: &VolumeView| {
            let side = |by: &Breakdowns| (Side::find(by.list(), volume), Vec::<bool>::new());
            let matcher = Matcher::new(volume, &self.event, &self.conditions);
            (matcher, side(&self.rows), side(&self.columns), Vec::new())
        };
        type Of = (Side, Vec<bool>);
        type Partial<'q> = (Matcher<'q>, Of, Of, Vec<PersonId>);
        let is_in = |lines: &Lines, (side, known): &mut Of, place: Place<'_>| {
            if matches!(lines, Lines::Any) {
                return true;
            }
            let key = side.key(place);
            if key == known.len() {
                known.push(lines.hold(&side.keys.keys[key]));
            }
            known[key]
        };
        let see = |partial: &mut Partial<'_>, volume: &VolumeView, ordinal, run: Run<'_>| {
            let (matcher, of_rows, of_columns, people) = partial;
            if run.is_empty() || !matcher.person_matches(volume, ordinal) {
                return;
            }
            let did = (run.before(from)..run.before(to)).any(|at| {
                let place = Place { volume, ordinal, run, at, clock };
                matcher.event_matches(volume, ordinal, run, at)
                    && is_in(&rows, of_rows, place)
                    && is_in(&columns, of_columns, place)
            });
            if did {
                people.push(volume.person_id(ordinal));
            }
        };
        let scan = Scan::new(view, cancel).of_people(pass.whose).of_events([self.event.as_str()]);
        let mut people: Vec<_> =
            scan.fold(new, see)?.into_iter().flat_map(|partial| partial.3).collect();
        people.sort_unstable();
        Ok(people)
    }

    /// The range, if the question makes sense.
    fn check(&self, zone: &TimeZone) -> Result<(i64, i64), Error> {
        let (from, to) = range(&self.from, &self.to, zone)?;
        check_all(&self.conditions, "/where")?;
        for (by, place) in [(&self.rows, "/rows"), (&self.columns, "/columns")] {
            if !(1..=PROPERTIES_MAX).contains(&by.list().len()) {
                return Err(Error::bad(place, format!("1 to {PROPERTIES_MAX} properties")));
            }
        }
        for (limit, place) in
            [(self.rows_limit, "/rows_limit"), (self.columns_limit, "/columns_limit")]
        {
            if !(1..=CELLS_MAX).contains(&limit) {
                return Err(Error::bad(place, format!("a number from 1 to {CELLS_MAX}")));
            }
        }
        if self.rows_limit * self.columns_limit > CELLS_MAX {
            let message = format!("at most {CELLS_MAX} cells: fewer rows or columns");
            return Err(Error::bad("/columns_limit", message));
        }
        Ok((from.0, to.0))
    }

    /// The keys of rows and of columns in the order in which they are shown.
    fn ranked(&self, parts: &[Part<'_>]) -> (Vec<Key>, Vec<Key>) {
        let mut sides = [HashMap::new(), HashMap::new()];
        for part in parts {
            for (side, lines) in sides.iter_mut().zip([&part.rows, &part.columns]) {
                for (key, tally) in lines.keys().iter().zip(&lines.totals) {
                    let known: &mut (&Key, Tally) =
                        side.entry(text_of(key)).or_insert_with(|| (key, Tally::default()));
                    known.1.join(tally);
                }
            }
        }
        let rank = match self.measure {
            Measure::Of(Number::Sum, _) | Measure::Uniques => self.measure.clone(),
            _ => Measure::Total,
        };
        let [rows, columns] = sides.map(|side| {
            let keys = side.into_iter();
            let mut keys: Vec<(f64, String, Key)> = keys
                .map(|(text, (key, mut tally))| (tally.measured(&rank), text, key.clone()))
                .collect();
            keys.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
            keys.into_iter().map(|(_, _, key)| key).collect::<Vec<Key>>()
        });
        let rows = in_time(rows, &self.rows, self.rows_limit);
        (rows, in_time(columns, &self.columns, self.columns_limit))
    }

    fn shown(&self, keys: &[Key], limit: usize) -> Shown {
        keys.iter().take(limit).enumerate().map(|(at, key)| (text_of(key), at)).collect()
    }

    /// The lines of a cell; what `(other)` is must be looked up first.
    fn wanted(
        &self,
        cell: &Cell,
        pass: &Pass<'_>,
        view: &View,
        cancel: &Cancel,
    ) -> Result<[Lines; 2], Error> {
        let other = text_of(&vec![Some(OTHER.into())]);
        let sides = [&cell.row, &cell.column];
        let is_other = |side: &Option<Sought>| side.as_ref().is_some_and(|s| s.text() == other);
        let mut rest = [None, None];
        if sides.into_iter().any(is_other) {
            let (rows, columns) = self.ranked(&pass.run(view, cancel, None)?);
            for (side, (keys, limit)) in
                rest.iter_mut().zip([(rows, self.rows_limit), (columns, self.columns_limit)])
            {
                *side = (keys.len() > limit).then(|| self.shown(&keys, limit));
            }
        }
        let mut rest = rest.into_iter();
        Ok(sides.map(|side| match (side, rest.next().flatten()) {
            (None, _) => Lines::Any,
            (Some(_), Some(shown)) if is_other(side) => Lines::NotOf(shown),
            (Some(sought), _) => Lines::Of(sought.text()),
        }))
    }
}

/// Hours and weekdays that are shown stand in their own order.
fn in_time(mut keys: Vec<Key>, by: &Breakdowns, limit: usize) -> Vec<Key> {
    let of_event = match by.list() {
        [Breakdown::Name(name)] => Some(name),
        [Breakdown::Scoped(Scoped { property, scope: Scope::Event })] => Some(property),
        _ => None,
    };
    if of_event.is_some_and(|name| [HOUR, WEEKDAY].contains(&name.as_str())) {
        let number = |key: &Key| key[0].as_ref().and_then(Value::as_number).unwrap_or_default();
        let shown = limit.min(keys.len());
        keys[..shown].sort_by(|a, b| number(a).total_cmp(&number(b)));
    }
    keys
}

/// The keys that are shown, and one for the rest if there is one.
fn lines(mut keys: Vec<Key>, limit: usize) -> Vec<Key> {
    if keys.len() > limit {
        keys.truncate(limit);
        keys.push(vec![Some(OTHER.into())]);
    }
    keys
}

/// The tables of all volumes as one.
struct Table<'q> {
    measure: &'q Measure,
    rows: Vec<Tally>,
    columns: Vec<Tally>,
    cells: Vec<Vec<Tally>>,
    whole: Tally,
}

impl<'q> Table<'q> {
    fn new(pivot: &'q Pivot, rows: usize, columns: usize) -> Table<'q> {
        Table {
            measure: &pivot.measure,
            rows: vec![Tally::default(); rows],
            columns: vec![Tally::default(); columns],
            cells: vec![vec![Tally::default(); columns]; rows],
            whole: Tally::default(),
        }
    }

    /// Takes in the people of one volume.
    fn take(&mut self, part: &Part<'_>, shown: &[Shown; 2]) {
        let (rows, columns) = (part.rows.places(&shown[0]), part.columns.places(&shown[1]));
        for (place, tally) in rows.iter().zip(&part.rows.totals) {
            self.rows[*place].join(tally);
        }
        for (place, tally) in columns.iter().zip(&part.columns.totals) {
            self.columns[*place].join(tally);
        }
        for (row, cells) in rows.iter().zip(part.cells.iter().flatten()) {
            for (column, cell) in columns.iter().zip(cells) {
                self.cells[*row][*column].join(cell);
            }
        }
        self.whole.join(&part.whole);
    }

    /// The lines of these keys, which are in the order of their places.
    fn answer(mut self, rows: Vec<Key>, columns: Vec<Key>) -> Answer {
        if needs_all(self.measure) {
            for (row, cells) in self.rows.iter_mut().zip(&self.cells) {
                for (column, cell) in self.columns.iter_mut().zip(cells) {
                    row.keep_of(cell);
                    column.keep_of(cell);
                    self.whole.keep_of(cell);
                }
            }
        }
        let measure = self.measure;
        let line = |(key, tally): (Key, &mut Tally)| Line { key, total: tally.measured(measure) };
        let width = columns.len();
        let values = self.cells.iter_mut().take(rows.len());
        let values = values
            .map(|cells| cells.iter_mut().take(width).map(|cell| cell.measured(measure)).collect())
            .collect();
        Answer {
            rows: rows.into_iter().zip(&mut self.rows).map(line).collect(),
            columns: columns.into_iter().zip(&mut self.columns).map(line).collect(),
            values,
            total: self.whole.measured(measure),
        }
    }
}
