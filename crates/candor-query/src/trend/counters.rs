//! What is counted of events in the cells of an axis: of each measure no more than it needs.

use crate::trend::axis::{Axis, Reach};
use crate::trend::measure::{Measure, Number, nearest_rank};

/// The counters of one measure on one axis, for as many rows (groups) as there are.
pub(crate) struct Counters {
    kind: Kind,
    /// By row: events of the total, where the kind does not know them.
    events: Vec<u64>,
}

/// By row and cell; a row's cells lie together.
enum Kind {
    Total(Vec<u64>),
    Uniques(Crowd),
    PerPerson(Vec<u64>, Crowd),
    Sum(Vec<f64>),
    Avg(Vec<f64>, Vec<u64>),
    /// The least or the greatest; NaN where there was no number.
    Extreme(Vec<f64>, fn(f64, f64) -> f64),
    /// All numbers, and the percentile that is asked for.
    Values(Vec<Vec<f64>>, usize),
}

/// Distinct people by row and point, without a set of them: people come one after the other, and
/// a person's cells in the order of time.
#[derive(Default)]
struct Crowd {
    /// By row and point, and one more: how many more people than at the point before.
    changes: Vec<i64>,
    /// By row: people of the total.
    people: Vec<u64>,
    /// By row: whom it saw last, as the ordinal after theirs, and in which cell.
    last: Vec<(u32, u32)>,
}

/// A line of points, and the total.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct Line {
    pub(crate) points: Vec<f64>,
    pub(crate) total: f64,
}

impl Crowd {
    fn grow(&mut self, rows: usize, axis: &Axis) {
        self.changes.resize(rows * (axis.spans.len() + 1), 0);
        self.people.resize(rows, 0);
        self.last.resize(rows, (0, 0));
    }

    #[inline]
    fn see(&mut self, row: usize, cell: usize, ordinal: u32, axis: &Axis) {
        let now = (ordinal + 1, cell as u32);
        let last = std::mem::replace(&mut self.last[row], now);
        if last == now {
            return;
        }
        let before = (last.0 == now.0).then_some(last.1 as usize);
        let points = axis.points(cell);
        let first = before.map_or(0, |cell| axis.points(cell).end).max(points.start);
        if first < points.end {
            let changes = &mut self.changes[row * (axis.spans.len() + 1)..];
            changes[first] += 1;
            changes[points.end] -= 1;
        }
        let counted = axis.counted.start;
        self.people[row] += u64::from(cell >= counted && before.is_none_or(|cell| cell < counted));
    }

    fn join(&mut self, row: usize, other: &Crowd, from: usize, axis: &Axis) {
        let width = axis.spans.len() + 1;
        add(&mut self.changes, row, &other.changes, from, width, |a, b| a + b);
        self.people[row] += other.people[from];
    }

    fn line(&self, row: usize, axis: &Axis) -> (Vec<u64>, u64) {
        let points = axis.spans.len();
        let mut people = 0;
        let changes = self.changes[row * (points + 1)..][..points].iter();
        let count = |change: &i64| {
            people += change;
            people as u64
        };
        (changes.map(count).collect(), self.people[row])
    }

    /// Of the total alone; goes on where this one is.
    fn whole(&self, axis: &Axis) -> Crowd {
        let change = |people: &u64| [*people as i64, -(*people as i64)];
        let counted = |(person, cell): &(u32, u32)| match *cell as usize >= axis.counted.start {
            true => (*person, 0),
            false => (0, 0),
        };
        Crowd {
            changes: self.people.iter().flat_map(change).collect(),
            people: self.people.clone(),
            last: self.last.iter().map(counted).collect(),
        }
    }
}

/// Joins the cells of a row of another into a row.
fn add<T: Copy>(
    cells: &mut [T],
    row: usize,
    others: &[T],
    from: usize,
    width: usize,
    join: impl Fn(T, T) -> T,
) {
    let others = &others[from * width..][..width];
    let cells = cells[row * width..][..width].iter_mut();
    cells.zip(others).for_each(|(cell, other)| *cell = join(*cell, *other));
}

impl Counters {
    pub(crate) fn new(measure: &Measure) -> Counters {
        let kind = match measure {
            Measure::Total => Kind::Total(Vec::new()),
            Measure::Uniques => Kind::Uniques(Crowd::default()),
            Measure::PerPerson => Kind::PerPerson(Vec::new(), Crowd::default()),
            Measure::Of(Number::Sum, _) => Kind::Sum(Vec::new()),
            Measure::Of(Number::Avg, _) => Kind::Avg(Vec::new(), Vec::new()),
            Measure::Of(Number::Min, _) => Kind::Extreme(Vec::new(), f64::min),
            Measure::Of(Number::Max, _) => Kind::Extreme(Vec::new(), f64::max),
            Measure::Of(Number::P50, _) => Kind::Values(Vec::new(), 50),
            Measure::Of(Number::P90, _) => Kind::Values(Vec::new(), 90),
            Measure::Of(Number::P99, _) => Kind::Values(Vec::new(), 99),
        };
        Counters { kind, events: Vec::new() }
    }

    /// Makes room for so many rows.
    pub(crate) fn grow(&mut self, rows: usize, axis: &Axis) {
        let cells = rows * axis.len();
        match &mut self.kind {
            Kind::Total(events) => events.resize(cells, 0),
            Kind::Uniques(crowd) => crowd.grow(rows, axis),
            Kind::PerPerson(events, crowd) => {
                events.resize(cells, 0);
                crowd.grow(rows, axis);
            }
            Kind::Sum(sums) => sums.resize(cells, 0.0),
            Kind::Avg(sums, numbers) => {
                sums.resize(cells, 0.0);
                numbers.resize(cells, 0);
            }
            Kind::Extreme(extremes, _) => extremes.resize(cells, f64::NAN),
            Kind::Values(values, _) => values.resize_with(cells, Vec::new),
        }
        self.events.resize(rows, 0);
    }

    /// Counts an event of a person, with the number of the property that is measured.
    #[inline]
    pub(crate) fn see(
        &mut self,
        row: usize,
        cell: usize,
        ordinal: u32,
        number: Option<f64>,
        axis: &Axis,
    ) {
        let place = row * axis.len() + cell;
        match &mut self.kind {
            Kind::Total(events) => return events[place] += 1,
            Kind::Uniques(crowd) => return crowd.see(row, cell, ordinal, axis),
            Kind::PerPerson(events, crowd) => {
                events[place] += 1;
                return crowd.see(row, cell, ordinal, axis);
            }
            Kind::Sum(sums) => return sums[place] += number.unwrap_or(0.0),
            Kind::Avg(sums, numbers) => {
                sums[place] += number.unwrap_or(0.0);
                numbers[place] += u64::from(number.is_some());
            }
            Kind::Extreme(extremes, of) => {
                extremes[place] = of(extremes[place], number.unwrap_or(f64::NAN));
            }
            Kind::Values(values, _) => values[place].extend(number),
        }
        self.events[row] += u64::from(cell >= axis.counted.start);
    }

    /// Adds a row of another volume, which need not stay as it is.
    pub(crate) fn join(&mut self, row: usize, other: &mut Counters, from: usize, axis: &Axis) {
        let width = axis.len();
        match (&mut self.kind, &mut other.kind) {
            (Kind::Total(a), Kind::Total(b)) => add(a, row, b, from, width, |a, b| a + b),
            (Kind::Uniques(a), Kind::Uniques(b)) => a.join(row, b, from, axis),
            (Kind::PerPerson(a, people), Kind::PerPerson(b, more)) => {
                add(a, row, b, from, width, |a, b| a + b);
                people.join(row, more, from, axis);
            }
            (Kind::Sum(a), Kind::Sum(b)) => add(a, row, b, from, width, |a, b| a + b),
            (Kind::Avg(a, numbers), Kind::Avg(b, more)) => {
                add(a, row, b, from, width, |a, b| a + b);
                add(numbers, row, more, from, width, |a, b| a + b);
            }
            (Kind::Extreme(a, of), Kind::Extreme(b, _)) => add(a, row, b, from, width, *of),
            (Kind::Values(a, _), Kind::Values(b, _)) => {
                let values = a[row * width..][..width].iter_mut();
                let more = b[from * width..][..width].iter_mut();
                values.zip(more).for_each(|(values, more)| values.append(more));
            }
            _ => unreachable!("cells of one measure"),
        }
        self.events[row] += other.events[from];
    }

    /// How large a row is among others: by sum and by people where these are measured, else by
    /// events.
    pub(crate) fn size(&self, row: usize, axis: &Axis) -> f64 {
        let cells = row * axis.len() + axis.counted.start..row * axis.len() + axis.counted.end;
        match &self.kind {
            Kind::Total(events) | Kind::PerPerson(events, _) => {
                events[cells].iter().sum::<u64>() as f64
            }
            Kind::Uniques(crowd) => crowd.people[row] as f64,
            Kind::Sum(sums) => sums[cells].iter().sum(),
            Kind::Avg(..) | Kind::Extreme(..) | Kind::Values(..) => self.events[row] as f64,
        }
    }

    /// What tells the sizes of rows and no more, on an axis of one cell.
    pub(crate) fn sizes(&self, rows: usize, axis: &Axis) -> Counters {
        let kind = match &self.kind {
            Kind::Uniques(crowd) => Kind::Uniques(crowd.whole(axis)),
            Kind::Sum(_) => Kind::Sum((0..rows).map(|row| self.size(row, axis)).collect()),
            _ => Kind::Total((0..rows).map(|row| self.size(row, axis) as u64).collect()),
        };
        Counters { kind, events: vec![0; rows] }
    }

    /// The points and the total of a row. Trailing points of events and sums are means by interval.
    pub(crate) fn line(&self, row: usize, axis: &Axis, reach: Reach) -> Line {
        let cells = Pool { row: row * axis.len(), axis };
        let over = match reach {
            Reach::Trailing(intervals) => intervals as f64,
            Reach::Own | Reach::Whole => 1.0,
        };
        let add = |a: f64, b: f64| a + b;
        match &self.kind {
            Kind::Total(events) => cells.line(events, 0, |a, b| a + b).map(|n| n as f64, over),
            Kind::Sum(sums) => cells.line(sums, 0.0, add).map(|sum| sum, over),
            Kind::Uniques(crowd) => {
                let (points, total) = crowd.line(row, axis);
                Pooled { points, total }.map(|n| n as f64, 1.0)
            }
            Kind::PerPerson(events, crowd) => {
                let (points, total) = crowd.line(row, axis);
                let people = Pooled { points, total };
                cells.line(events, 0, |a, b| a + b).by(people, |n| n as f64)
            }
            Kind::Avg(sums, numbers) => {
                let numbers = cells.line(numbers, 0, |a, b| a + b);
                cells.line(sums, 0.0, add).by(numbers, |sum| sum)
            }
            Kind::Extreme(extremes, of) => cells
                .line(extremes, f64::NAN, of)
                .map(|number| if number.is_nan() { 0.0 } else { number }, 1.0),
            Kind::Values(values, percent) => cells.percentiles(values, *percent),
        }
    }
}

/// Makes points of the cells of a row.
struct Pool<'a> {
    /// The place of its first cell.
    row: usize,
    axis: &'a Axis,
}

/// A value for each point, and for the total.
struct Pooled<T> {
    points: Vec<T>,
    total: T,
}

impl<T: Copy> Pooled<T> {
    /// As numbers; points alone are divided by `over`.
    fn map(self, number: impl Fn(T) -> f64, over: f64) -> Line {
        let points = self.points.iter().map(|value| number(*value) / over).collect();
        Line { points, total: number(self.total) }
    }

    /// Divided by counts; 0 where there are none.
    fn by(self, counts: Pooled<u64>, number: impl Fn(T) -> f64) -> Line {
        let mean = |value: T, count: u64| match count {
            0 => 0.0,
            count => number(value) / count as f64,
        };
        let points = self.points.iter().zip(counts.points);
        Line {
            points: points.map(|(value, count)| mean(*value, count)).collect(),
            total: mean(self.total, counts.total),
        }
    }
}

impl Pool<'_> {
    fn line<T: Copy>(&self, cells: &[T], none: T, join: impl Fn(T, T) -> T) -> Pooled<T> {
        let cells = &cells[self.row..][..self.axis.len()];
        let (mut from, mut to, mut pooled) = (0, 0, none);
        let point = |span: &std::ops::Range<usize>| {
            // A span that starts where the one before did only goes on.
            if span.start != from {
                (from, to, pooled) = (span.start, span.start, none);
            }
            pooled = cells[to..span.end].iter().fold(pooled, |all, cell| join(all, *cell));
            to = span.end;
            pooled
        };
        let points = self.axis.spans.iter().map(point).collect();
        let counted = cells[self.axis.counted.clone()].iter();
        Pooled { points, total: counted.fold(none, |all, cell| join(all, *cell)) }
    }

    fn percentiles(&self, values: &[Vec<f64>], percent: usize) -> Line {
        let values = &values[self.row..][..self.axis.len()];
        let (mut from, mut to, mut pooled) = (0, 0, Vec::new());
        let mut point = |span: &std::ops::Range<usize>| {
            if span.start != from {
                (from, to) = (span.start, span.start);
                pooled.clear();
            }
            values[to..span.end].iter().for_each(|values| pooled.extend_from_slice(values));
            to = span.end;
            nearest_rank(&mut pooled, percent, f64::total_cmp).unwrap_or(0.0)
        };
        let points = self.axis.spans.iter().map(&mut point).collect();
        Line { points, total: point(&self.axis.counted.clone()) }
    }
}
