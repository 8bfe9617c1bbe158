//! Questions of the product that a statement may ask, and their answers as rows.

use std::sync::Arc;

use candor_event::Value;
use candor_query::funnel::{Numbers, Reached};
use candor_query::retention::{Cohort, Measure};
use candor_query::{Breakdowns, Cancel, Funnel, Retention, funnel, retention};
use candor_store::View;
use datafusion::arrow::array::{
    ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray,
};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::common::Result;
use jiff::tz::TimeZone;

use crate::cells;
use crate::columns::Kind;
use crate::error::Error;
use crate::functions::Function;

/// A question that may be asked: checked, with its segments resolved, and with the zone of its
/// dates.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub enum Question {
    Funnel(Box<Funnel>, TimeZone),
    Retention(Box<Retention>, TimeZone),
}

impl Question {
    pub(crate) fn function(&self) -> Function {
        match self {
            Question::Funnel(..) => Function::Funnel,
            Question::Retention(..) => Function::Retention,
        }
    }

    /// The columns of its rows.
    pub(crate) fn schema(&self) -> SchemaRef {
        let (breakdown, own) = match self {
            Question::Funnel(funnel, _) => (&funnel.breakdown, FUNNEL.to_vec()),
            Question::Retention(retention, _) => {
                let ltv = matches!(retention.measure, Measure::Sum(_));
                let ltv = ltv.then_some(("ltv", Kind::Number));
                (&retention.breakdown, RETENTION.into_iter().chain(ltv).collect())
            }
        };
        let segment = matches!(self, Question::Funnel(funnel, _) if !funnel.segments.is_empty());
        let segment = segment.then(|| Field::new("segment", DataType::Utf8, true));
        let own = own.into_iter().map(|(name, kind)| Field::new(name, kind.data_type(), true));
        let keys = (1..=width(breakdown)).map(key_field);
        Arc::new(Schema::new(segment.into_iter().chain(keys).chain(own).collect::<Vec<_>>()))
    }

    pub(crate) fn answer(&self, view: &View, cancel: &Cancel) -> Result<RecordBatch> {
        let wrong = |error| match error {
            candor_query::Error::Cancelled => Error::Cancelled.within(),
            source => Error::Question { function: self.function().name(), source }.within(),
        };
        let columns = match self {
            Question::Funnel(funnel, zone) => {
                steps(funnel, &funnel.ask(view, zone, cancel).map_err(wrong)?)
            }
            Question::Retention(retention, zone) => {
                cohorts(retention, &retention.ask(view, zone, cancel).map_err(wrong)?)
            }
        };
        Ok(RecordBatch::try_new(self.schema(), columns)?)
    }
}

const FUNNEL: [(&str, Kind); 7] = [
    ("step", Kind::Integer),
    ("event", Kind::Text),
    ("count", Kind::Integer),
    ("from_start", Kind::Number),
    ("from_previous", Kind::Number),
    ("median_ms", Kind::Integer),
    ("p90_ms", Kind::Integer),
];

const RETENTION: [(&str, Kind); 5] = [
    ("cohort", Kind::Timestamp),
    ("size", Kind::Integer),
    ("period", Kind::Integer),
    ("value", Kind::Number),
    ("incomplete", Kind::Boolean),
];

/// How many properties an answer is broken down by.
fn width(breakdown: &Breakdowns) -> usize {
    match breakdown {
        Breakdowns::One(_) => 1,
        Breakdowns::Several(list) => list.len(),
    }
}

/// `key`, `key_2`, …
fn key_field(place: usize) -> Field {
    let name = if place == 1 { "key".to_owned() } else { format!("key_{place}") };
    Field::new(name, DataType::Utf8, true)
}

/// Columns of the values broken down by, of the key of each row.
fn keys(width: usize, rows: &[&[Option<Value>]]) -> Vec<ArrayRef> {
    let column = |place: usize| {
        let value = |key: &&[Option<Value>]| key.get(place).and_then(cells::text_of);
        Arc::new(rows.iter().map(value).collect::<StringArray>()) as ArrayRef
    };
    (0..width).map(column).collect()
}

/// The numbers of everyone, or of each group.
fn parts(numbers: &Numbers, width: usize) -> Vec<(&[Option<Value>], &[Reached])> {
    match width {
        0 => vec![(&[], &numbers.steps)],
        _ => numbers.groups.iter().map(|group| (&group.key[..], &group.steps[..])).collect(),
    }
}

/// A row for each step: of everyone, then of each segment; or of their groups.
fn steps(funnel: &Funnel, answer: &funnel::Answer) -> Vec<ArrayRef> {
    let width = width(&funnel.breakdown);
    let segments = answer.segments.iter().map(|part| (Some(part.name.as_str()), &part.numbers));
    let (mut names, mut of, mut rows) = (Vec::new(), Vec::new(), Vec::new());
    for (name, numbers) in std::iter::once((None, &answer.all)).chain(segments) {
        for (key, steps) in parts(numbers, width) {
            for (step, reached) in (1i64..).zip(steps) {
                names.push(name);
                of.push(key);
                rows.push((step, reached));
            }
        }
    }
    let reached = || rows.iter().map(|(_, reached)| *reached);
    let mut columns: Vec<ArrayRef> = Vec::new();
    if !funnel.segments.is_empty() {
        columns.push(Arc::new(names.into_iter().collect::<StringArray>()));
    }
    columns.extend(keys(width, &of));
    columns.extend([
        Arc::new(Int64Array::from_iter_values(rows.iter().map(|(step, _)| *step))) as ArrayRef,
        Arc::new(StringArray::from_iter_values(reached().map(|step| &step.event))),
        Arc::new(Int64Array::from_iter_values(reached().map(|step| step.count as i64))),
        Arc::new(Float64Array::from_iter_values(reached().map(|step| step.from_start))),
        Arc::new(Float64Array::from_iter_values(reached().map(|step| step.from_previous))),
        Arc::new(reached().map(|step| step.median_ms).collect::<Int64Array>()),
        Arc::new(reached().map(|step| step.p90_ms).collect::<Int64Array>()),
    ]);
    columns
}

/// A row for each period of each cohort: of everyone, or of each group.
fn cohorts(retention: &Retention, answer: &retention::Answer) -> Vec<ArrayRef> {
    let width = width(&retention.breakdown);
    let parts: Vec<(&[Option<Value>], &[Cohort])> = match width {
        0 => vec![(&[], &answer.cohorts)],
        _ => answer.groups.iter().map(|group| (&group.key[..], &group.cohorts[..])).collect(),
    };
    let (mut of, mut rows) = (Vec::new(), Vec::new());
    for (key, cohorts) in parts {
        for cohort in cohorts {
            for period in 0..cohort.values.len() {
                of.push(key);
                rows.push((cohort, period));
            }
        }
    }
    // What the answer says is always a moment.
    let start = |cohort: &Cohort| cohort.start.parse().map_or(0, jiff::Timestamp::as_millisecond);
    let starts: Vec<i64> = rows.iter().map(|(cohort, _)| start(cohort)).collect();
    let sizes = rows.iter().map(|(cohort, _)| cohort.size as i64);
    let incomplete = |(cohort, period): &(&Cohort, usize)| {
        Some(cohort.incomplete.is_some_and(|first| first <= *period))
    };
    let mut columns = keys(width, &of);
    columns.extend([
        cells::moments(&starts),
        Arc::new(Int64Array::from_iter_values(sizes)) as ArrayRef,
        Arc::new(Int64Array::from_iter_values(rows.iter().map(|(_, period)| *period as i64))),
        Arc::new(rows.iter().map(|(cohort, at)| cohort.values[*at]).collect::<Float64Array>()),
        Arc::new(rows.iter().map(incomplete).collect::<BooleanArray>()),
    ]);
    if matches!(retention.measure, Measure::Sum(_)) {
        let ltv = |(cohort, at): &(&Cohort, usize)| *cohort.ltv.as_ref()?.get(*at)?;
        columns.push(Arc::new(rows.iter().map(ltv).collect::<Float64Array>()));
    }
    columns
}
