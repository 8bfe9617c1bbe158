//! Trends: how often, how many people, how much, over time.

use candor_store::{PeopleSet, Run, View, VolumeView};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::filter::{Condition, Scope};
use crate::group::{Key, Keys, text_of};
use crate::period::{Interval, Intervals};
use crate::question::{Breakdowns, Matcher, broken_down, check_all, range, whose};
use crate::scan::{Cancel, Scan};
use crate::segment::Definition;

/// What a trend counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Measure {
    /// Events.
    Total,
    /// Distinct people.
    Uniques,
    /// Events by person who did one.
    PerPerson,
    /// Over the numbers of a property: sum, mean, least, greatest, or a percentile.
    Of(Number, String),
}

/// What is made of a property's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Number {
    Sum,
    Avg,
    Min,
    Max,
    P50,
    P90,
    P99,
}

const NUMBERS: [(&str, Number); 7] = [
    ("sum", Number::Sum),
    ("avg", Number::Avg),
    ("min", Number::Min),
    ("max", Number::Max),
    ("p50", Number::P50),
    ("p90", Number::P90),
    ("p99", Number::P99),
];

impl TryFrom<String> for Measure {
    type Error = String;

    fn try_from(text: String) -> Result<Measure, String> {
        match text.as_str() {
            "total" => return Ok(Measure::Total),
            "uniques" => return Ok(Measure::Uniques),
            "per_person" => return Ok(Measure::PerPerson),
            _ => {}
        }
        let number = text.split_once(':').and_then(|(word, property)| {
            let number = NUMBERS.iter().find(|(name, _)| *name == word)?.1;
            (!property.is_empty()).then(|| Measure::Of(number, property.to_owned()))
        });
        number.ok_or_else(|| {
            "a measure is total, uniques, per_person, or sum, avg, min, max, p50, p90 or p99 with \
             a property, like sum:Amount"
                .to_owned()
        })
    }
}

impl From<Measure> for String {
    fn from(measure: Measure) -> String {
        match measure {
            Measure::Total => "total".to_owned(),
            Measure::Uniques => "uniques".to_owned(),
            Measure::PerPerson => "per_person".to_owned(),
            Measure::Of(number, property) => {
                let word = NUMBERS.iter().find(|(_, n)| *n == number).map_or("", |(word, _)| word);
                format!("{word}:{property}")
            }
        }
    }
}

/// A trend question.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trend {
    /// The event's name, or `*` for any.
    pub event: String,
    /// When.
    pub from: String,
    /// Up to, not including, this moment.
    pub to: String,
    /// The IANA name of the zone of dates and intervals; the caller resolves it.
    #[serde(default)]
    pub timezone: Option<String>,
    /// What is counted; events when missing.
    #[serde(default = "total")]
    pub measure: Measure,
    /// How long a point is; a day when missing.
    #[serde(default = "day")]
    pub interval: Interval,
    /// What must hold.
    #[serde(default, rename = "where")]
    pub conditions: Vec<Condition>,
    /// Up to three properties.
    #[serde(default)]
    pub breakdown: Breakdowns,
    /// How many groups are shown; the rest are `(other)`.
    #[serde(default = "limit")]
    pub limit: usize,
    /// Whose events count.
    #[serde(default)]
    pub people: Option<Definition>,
}

fn total() -> Measure {
    Measure::Total
}

fn day() -> Interval {
    Interval::Day
}

fn limit() -> usize {
    25
}

/// Groups that may be shown.
const LIMIT_MAX: usize = 1_000;
/// Properties that an answer may be broken down by.
const BREAKDOWNS_MAX: usize = 3;

/// A trend's answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Answer {
    /// One per group, the greatest first, `(other)` last.
    pub series: Vec<Series>,
}

/// One line of a trend.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Series {
    /// The values broken down by; empty without a breakdown, `(other)` alone for the rest.
    pub key: Key,
    /// One for each interval of the range.
    pub points: Vec<Point>,
    /// The measure over the whole range.
    pub total: f64,
}

/// One point of a line.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Point {
    /// The interval's start, RFC 3339 with offset.
    pub at: String,
    /// The measure in it.
    pub value: f64,
}

/// What is known of one group in one interval.
#[derive(Clone, Debug, Default)]
struct Cell {
    events: u64,
    people: u64,
    /// The person counted last, plus one.
    last: u32,
    sum: f64,
    numbers: u64,
    min: f64,
    max: f64,
    values: Vec<f64>,
}

impl Cell {
    fn add(&mut self, ordinal: u32, number: Option<f64>, keep: bool) {
        self.events += 1;
        if self.last != ordinal + 1 {
            self.last = ordinal + 1;
            self.people += 1;
        }
        let Some(number) = number else { return };
        self.sum += number;
        self.min = if self.numbers == 0 { number } else { self.min.min(number) };
        self.max = if self.numbers == 0 { number } else { self.max.max(number) };
        self.numbers += 1;
        if keep {
            self.values.push(number);
        }
    }

    fn join(&mut self, other: Cell) {
        if other.numbers > 0 {
            let first = self.numbers == 0;
            self.min = if first { other.min } else { self.min.min(other.min) };
            self.max = if first { other.max } else { self.max.max(other.max) };
        }
        self.events += other.events;
        self.people += other.people;
        self.sum += other.sum;
        self.numbers += other.numbers;
        self.values.extend(other.values);
    }

    fn rank(&mut self, percent: usize) -> f64 {
        nearest_rank(&mut self.values, percent, f64::total_cmp).unwrap_or(0.0)
    }

    fn measure(&mut self, measure: &Measure) -> f64 {
        match measure {
            Measure::Total => self.events as f64,
            Measure::Uniques => self.people as f64,
            Measure::PerPerson if self.people == 0 => 0.0,
            Measure::PerPerson => self.events as f64 / self.people as f64,
            Measure::Of(..) if self.numbers == 0 => 0.0,
            Measure::Of(Number::Sum, _) => self.sum,
            Measure::Of(Number::Avg, _) => self.sum / self.numbers as f64,
            Measure::Of(Number::Min, _) => self.min,
            Measure::Of(Number::Max, _) => self.max,
            Measure::Of(Number::P50, _) => self.rank(50),
            Measure::Of(Number::P90, _) => self.rank(90),
            Measure::Of(Number::P99, _) => self.rank(99),
        }
    }
}

/// The value at rank ceil(percent / 100 * n) of the ascending values; none of none.
pub(crate) fn nearest_rank<T: Copy>(
    values: &mut [T],
    percent: usize,
    order: impl FnMut(&T, &T) -> std::cmp::Ordering,
) -> Option<T> {
    let rank = (values.len() * percent).div_ceil(100).max(1);
    if values.is_empty() {
        return None;
    }
    Some(*values.select_nth_unstable_by(rank - 1, order).1)
}

impl Trend {
    /// Answers the question.
    ///
    /// # Errors
    /// [`Error::Bad`] names what to change; [`Error::Cancelled`] when the asker left.
    pub fn ask(&self, view: &View, zone: &TimeZone, cancel: &Cancel) -> Result<Answer, Error> {
        let (from, to) = range(&self.from, &self.to, zone)?;
        check_all(&self.conditions, "/where")?;
        self.breakdown.check(BREAKDOWNS_MAX)?;
        if !(1..=LIMIT_MAX).contains(&self.limit) {
            return Err(Error::bad("/limit", format!("a number from 1 to {LIMIT_MAX}")));
        }
        let intervals = Intervals::new(from, to, self.interval, zone)?;
        let whose = whose(self.people.as_ref(), view, zone, cancel)?;
        let pass = Pass {
            trend: self,
            whose: whose.as_deref(),
            from: from.0,
            to: to.0,
            intervals: &intervals,
        };
        if self.breakdown.list().is_empty() {
            let mut cells = pass.run(view, cancel, None)?;
            let empty = vec![Cell::default(); intervals.len() + 1];
            let cells = cells.pop().map_or(empty, |(_, cells)| cells);
            return Ok(Answer { series: vec![self.series(vec![], cells, &intervals)] });
        }
        // First which groups there are and which are the greatest, then their points: uniques of
        // the rest can only be counted once it is known who belongs to the rest.
        let whole = intervals.whole();
        let sizes = Pass { intervals: &whole, ..pass };
        let mut groups = sizes.run(view, cancel, None)?;
        let rank = match self.measure {
            Measure::Of(Number::Sum, _) | Measure::Uniques => self.measure.clone(),
            _ => Measure::Total,
        };
        let mut sized: Vec<(f64, String, Key)> = groups
            .drain(..)
            .map(|(key, mut cells)| (cells[1].measure(&rank), text_of(&key), key))
            .collect();
        sized.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        let shown: Vec<String> = sized.iter().take(self.limit).map(|s| s.1.clone()).collect();
        let pass = Pass { intervals: &intervals, ..sizes };
        let mut cells = pass.run(view, cancel, Some(&shown))?;
        let place = |key: &Key| shown.iter().position(|text| *text == text_of(key));
        cells.sort_by_key(|(key, _)| place(key).unwrap_or(usize::MAX));
        let series = cells.into_iter().map(|(key, cells)| self.series(key, cells, &intervals));
        Ok(Answer { series: series.collect() })
    }

    fn series(&self, key: Key, mut cells: Vec<Cell>, intervals: &Intervals) -> Series {
        let total = cells.pop().map_or(0.0, |mut cell| cell.measure(&self.measure));
        let point = |(place, cell): (usize, &mut Cell)| Point {
            at: intervals.label(place),
            value: cell.measure(&self.measure),
        };
        Series { key, points: cells.iter_mut().enumerate().map(point).collect(), total }
    }
}

/// One pass over the people.
struct Pass<'q> {
    trend: &'q Trend,
    whose: Option<&'q [PeopleSet]>,
    from: i64,
    to: i64,
    intervals: &'q Intervals,
}

struct Partial<'q> {
    matcher: Matcher<'q>,
    by: Vec<(Option<u32>, Scope)>,
    number: Option<u32>,
    keys: Keys,
    /// By key: its row of cells, once it is known.
    rows: Vec<Option<usize>>,
    cells: Vec<(Key, Vec<Cell>)>,
    other: Option<usize>,
}

impl Pass<'_> {
    /// The cells of each group: one per interval and one for the whole range. With `shown`, all
    /// other groups together are the key `(other)`.
    fn run(
        &self,
        view: &View,
        cancel: &Cancel,
        shown: Option<&[String]>,
    ) -> Result<Vec<(Key, Vec<Cell>)>, Error> {
        let (trend, len) = (self.trend, self.intervals.len());
        let keep = matches!(trend.measure, Measure::Of(Number::P50 | Number::P90 | Number::P99, _));
        let new = |volume: &VolumeView| Partial {
            matcher: Matcher::new(volume, &trend.event, &trend.conditions),
            by: trend.breakdown.find(volume),
            number: match &trend.measure {
                Measure::Of(_, property) => volume.property_code(property),
                _ => None,
            },
            keys: Keys::default(),
            rows: Vec::new(),
            cells: Vec::new(),
            other: None,
        };
        let fold = |p: &mut Partial<'_>, volume: &VolumeView, ordinal: u32, run: Run<'_>| {
            let first = run.before(self.from);
            let end = run.before(self.to);
            if first == end || !p.matcher.person_matches(volume, ordinal) {
                return;
            }
            let mut interval = 0;
            for at in first..end {
                if !p.matcher.event_matches(volume, ordinal, run, at) {
                    continue;
                }
                interval = self.intervals.place(run.time(at), interval);
                let row = run.row(at);
                let values = p.by.iter().map(|by| broken_down(volume, ordinal, row, *by));
                let key = p.keys.place(values) as usize;
                let cells = p.row(key, shown, len);
                let number = p.number.and_then(|number| volume.property(row, number)?.as_number());
                p.cells[cells].1[interval].add(ordinal, number, keep);
                p.cells[cells].1[len].add(ordinal, number, keep);
            }
        };
        let scan = Scan::new(view, cancel).of_people(self.whose).of_events([trend.event.as_str()]);
        let mut joined: Vec<(Key, Vec<Cell>)> = Vec::new();
        let mut places = std::collections::HashMap::new();
        for (key, cells) in scan.fold(new, fold)?.into_iter().flat_map(|p| p.cells) {
            let place = *places.entry(text_of(&key)).or_insert_with(|| {
                joined.push((key, vec![Cell::default(); len + 1]));
                joined.len() - 1
            });
            joined[place].1.iter_mut().zip(cells).for_each(|(cell, more)| cell.join(more));
        }
        Ok(joined)
    }
}

impl Partial<'_> {
    /// The row of cells that a key counts in.
    fn row(&mut self, key: usize, shown: Option<&[String]>, len: usize) -> usize {
        self.rows.resize(self.rows.len().max(key + 1), None);
        if let Some(row) = self.rows[key] {
            return row;
        }
        let values = self.keys.keys[key].clone();
        let hidden = shown.is_some_and(|shown| !shown.contains(&text_of(&values)));
        let row = match (hidden, self.other) {
            (true, Some(other)) => other,
            _ => {
                let values = if hidden { vec![Some("(other)".into())] } else { values };
                self.cells.push((values, vec![Cell::default(); len + 1]));
                self.cells.len() - 1
            }
        };
        if hidden {
            self.other = Some(row);
        }
        self.rows[key] = Some(row);
        row
    }
}
