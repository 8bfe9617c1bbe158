//! What a trend makes of events: their number, the people behind them, or a property's numbers.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

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

impl Measure {
    /// The property whose numbers are measured.
    pub(crate) fn property(&self) -> Option<&str> {
        match self {
            Measure::Of(_, property) => Some(property),
            Measure::Total | Measure::Uniques | Measure::PerPerson => None,
        }
    }

    /// Whether it asks who did the events, so that the measure of two groups does not follow from
    /// the measures of each.
    pub(crate) fn is_of_people(&self) -> bool {
        matches!(self, Measure::Uniques | Measure::PerPerson)
    }
}

/// The value at rank ceil(percent / 100 * n) of the ascending values; none of none.
pub(crate) fn nearest_rank<T: Copy>(
    values: &mut [T],
    percent: usize,
    order: impl FnMut(&T, &T) -> Ordering,
) -> Option<T> {
    if values.is_empty() {
        return None;
    }
    let rank = rank_of(values.len(), percent);
    Some(*values.select_nth_unstable_by(rank, order).1)
}

/// The place of that value in so many, counted from 0.
pub(crate) fn rank_of(len: usize, percent: usize) -> usize {
    (len * percent).div_ceil(100).max(1) - 1
}
