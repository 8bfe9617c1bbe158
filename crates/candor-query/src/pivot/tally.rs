//! What is known of the events of one cell.

use crate::trend::{Measure, Number, nearest_rank};

/// What is known of the events that were counted in one place.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    events: u64,
    people: u64,
    /// The person counted last, plus one. Events come person by person.
    last: u32,
    /// The numbers of the measure's property: how many, and what they make.
    numbers: u64,
    sum: f64,
    least: f64,
    most: f64,
    /// All of them, where a percentile is asked for.
    kept: Vec<f64>,
}

impl Tally {
    /// Counts one event; `keep` its number for a percentile.
    #[inline]
    pub(crate) fn add(&mut self, ordinal: u32, number: Option<f64>, keep: bool) {
        self.events += 1;
        self.people += u64::from(self.last != ordinal + 1);
        self.last = ordinal + 1;
        if let Some(number) = number {
            self.widen(number, number);
            self.numbers += 1;
            self.sum += number;
            if keep {
                self.kept.push(number);
            }
        }
    }

    /// Takes in what was counted of other people.
    pub(crate) fn join(&mut self, other: &Tally) {
        if other.numbers > 0 {
            self.widen(other.least, other.most);
        }
        self.events += other.events;
        self.people += other.people;
        self.numbers += other.numbers;
        self.sum += other.sum;
        self.kept.extend_from_slice(&other.kept);
    }

    fn widen(&mut self, least: f64, most: f64) {
        let first = self.numbers == 0;
        self.least = if first { least } else { self.least.min(least) };
        self.most = if first { most } else { self.most.max(most) };
    }

    /// Takes in the numbers of a cell alone, for a percentile of several.
    pub(crate) fn keep_of(&mut self, cell: &Tally) {
        self.kept.extend_from_slice(&cell.kept);
    }

    fn rank(&mut self, percent: usize) -> f64 {
        nearest_rank(&mut self.kept, percent, f64::total_cmp).unwrap_or(0.0)
    }

    pub(crate) fn measured(&mut self, measure: &Measure) -> f64 {
        let of = |number: f64, by: u64| if by == 0 { 0.0 } else { number / by as f64 };
        match measure {
            Measure::Total => self.events as f64,
            Measure::Uniques => self.people as f64,
            Measure::PerPerson => of(self.events as f64, self.people),
            Measure::Of(Number::Sum, _) => self.sum,
            Measure::Of(Number::Avg, _) => of(self.sum, self.numbers),
            Measure::Of(Number::Min, _) => self.least,
            Measure::Of(Number::Max, _) => self.most,
            Measure::Of(Number::P50, _) => self.rank(50),
            Measure::Of(Number::P90, _) => self.rank(90),
            Measure::Of(Number::P99, _) => self.rank(99),
        }
    }
}

/// Whether a measure needs all numbers.
pub(crate) fn needs_all(measure: &Measure) -> bool {
    matches!(measure, Measure::Of(Number::P50 | Number::P90 | Number::P99, _))
}
