//! The table of a retention: a line for each cohort, and their average.

use candor_event::Timestamp;
use serde::Serialize;

use crate::group::{Key, OTHER, text_of};
use crate::retention::fold::Cells;
use crate::retention::{Measure, Plan, Word};

/// A retention's answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Answer {
    /// One for each period of the range.
    pub cohorts: Vec<Cohort>,
    /// By value: what there is for each person of those cohorts in which it is complete, 0 to 1
    /// for people; none where it is complete in none.
    pub average: Vec<Option<f64>>,
    /// The same for each value broken down by, the greatest first, `(other)` last.
    pub groups: Vec<Group>,
}

/// The cohorts of one group.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Group {
    /// The value broken down by; `(other)` alone for the rest.
    pub key: Key,
    /// One for each period of the range.
    pub cohorts: Vec<Cohort>,
    /// As [`Answer::average`].
    pub average: Vec<Option<f64>>,
}

/// Who was born in one period, and who of them came back.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Cohort {
    /// When the period begins, RFC 3339 with offset.
    pub start: String,
    /// How many were born.
    pub size: u64,
    /// Of these, how many came back, or what they were worth; none for what lies ahead.
    pub values: Vec<Option<f64>>,
    /// From which value on periods are not over yet; none where all are.
    pub incomplete: Option<usize>,
    /// What a person of the cohort was worth up to then; of sums alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ltv: Option<Vec<Option<f64>>>,
}

impl Plan<'_> {
    pub(super) fn answer(
        &self,
        mut groups: Vec<(Key, Cells)>,
        shown: Option<&[String]>,
        as_of: Timestamp,
    ) -> Answer {
        let mut all = self.no_cells();
        groups.iter().for_each(|(_, cells)| all.join(cells));
        let (cohorts, average) = self.table(&all, as_of);
        let Some(shown) = shown else { return Answer { cohorts, average, groups: Vec::new() } };
        let rest = [Some(OTHER.into())];
        let place = |key: &Key| match *key == rest {
            true => usize::MAX,
            false => shown.iter().position(|text| *text == text_of(key)).unwrap_or(usize::MAX),
        };
        groups.sort_by_key(|(key, _)| place(key));
        let group = |(key, cells): (Key, Cells)| {
            let (cohorts, average) = self.table(&cells, as_of);
            Group { key, cohorts, average }
        };
        Answer { cohorts, average, groups: groups.into_iter().map(group).collect() }
    }

    fn table(&self, cells: &Cells, as_of: Timestamp) -> (Vec<Cohort>, Vec<Option<f64>>) {
        let mut cohorts = Vec::with_capacity(cells.sizes.len());
        let mut sums = vec![(0.0, 0); self.spans.len()];
        for (cohort, line) in cells.values.chunks_exact(self.width()).enumerate() {
            let (size, values) = (cells.sizes[cohort], self.values(line));
            let is_over = |at: &usize| self.calendar.is_over(cohort, self.spans[*at], as_of.0);
            let incomplete = (0..values.len()).find(|at| !is_over(at));
            for at in 0..incomplete.unwrap_or(values.len()) {
                sums[at].0 += values[at];
                sums[at].1 += size;
            }
            let ahead = |at: usize| self.calendar.is_ahead(cohort, self.spans[at], as_of.0);
            let known = |(at, value): (usize, f64)| (!ahead(at)).then_some(value);
            let ltv = matches!(self.question.measure, Measure::Sum(_)).then(|| {
                let worth = self.worth(line).into_iter().enumerate().map(known);
                let each = |worth: Option<f64>| worth.filter(|_| size > 0).map(|w| w / size as f64);
                worth.map(each).collect()
            });
            let values = values.into_iter().enumerate().map(known).collect();
            let start = self.calendar.label(cohort);
            cohorts.push(Cohort { start, size, values, incomplete, ltv });
        }
        let mean = |(sum, size): (f64, u64)| (size > 0).then(|| sum / size as f64);
        (cohorts, sums.into_iter().map(mean).collect())
    }

    /// Whether there is anything in a value of a line of counts.
    pub(super) fn counts_in(&self, line: &[f64], value: usize) -> bool {
        let span = self.spans[value];
        let cells = match (self.word, &self.question.measure) {
            (Word::On, _) | (Word::Brackets, Measure::People) => value..value + 1,
            (Word::OnOrAfter, _) => value..line.len(),
            (Word::Brackets, Measure::Sum(_)) => span.first as usize..span.last as usize + 1,
        };
        line[cells].iter().any(|count| *count > 0.0)
    }

    /// The values of a cohort out of its cells.
    fn values(&self, line: &[f64]) -> Vec<f64> {
        match (self.word, &self.question.measure) {
            (Word::On, _) | (Word::Brackets, Measure::People) => line[..self.spans.len()].to_vec(),
            (Word::OnOrAfter, _) => {
                let mut values = line.to_vec();
                for at in (1..values.len()).rev() {
                    values[at - 1] += values[at];
                }
                values.truncate(self.spans.len());
                values
            }
            (Word::Brackets, Measure::Sum(_)) => {
                let sum = |first: u32, last: u32| line[first as usize..=last as usize].iter().sum();
                self.spans.iter().map(|span| sum(span.first, span.last)).collect()
            }
        }
    }

    /// By value: the sum of all periods from the birth up to its last one.
    fn worth(&self, line: &[f64]) -> Vec<f64> {
        let worth = |last: u32| line[..=last as usize].iter().sum();
        self.spans.iter().map(|span| worth(span.last)).collect()
    }
}
