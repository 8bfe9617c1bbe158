//! Retention: who comes back in the periods after a first event, and what they are worth.
//!
//! `calendar` knows cohorts and periods, `fold` what one person adds, `table` the answer.

mod calendar;
mod fold;
mod table;

use candor_event::PersonId;
use candor_store::View;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::filter::Condition;
use crate::group::{Key, OTHER};
use crate::period::{self, Interval};
use crate::question::{Breakdowns, Which, check_all, range, whose};
use crate::retention::calendar::Calendar;
use crate::retention::fold::Pass;
use crate::scan::Cancel;
use crate::segment::Definition;

pub use table::{Answer, Cohort, Group};

/// A retention question.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// What puts a person into a cohort.
    pub born: Born,
    /// What counts as coming back, after that.
    pub back: Which,
    /// Births at or after this moment.
    pub from: String,
    /// Births before this moment; who came back later counts.
    pub to: String,
    /// The IANA name of the zone of dates and periods; the caller resolves it.
    #[serde(default)]
    pub timezone: Option<String>,
    /// How long cohorts and periods are; a day when missing.
    #[serde(default)]
    pub period: Period,
    /// How many periods are shown, that of the birth among them. Brackets say it by themselves.
    #[serde(default = "periods")]
    pub periods: u32,
    /// In which periods coming back counts.
    #[serde(default)]
    pub mode: Mode,
    /// With the mode `brackets`: the first period of each and the one after its last.
    #[serde(default)]
    pub brackets: Option<Vec<[u32; 2]>>,
    /// Where a period begins.
    #[serde(default)]
    pub align: Align,
    /// What is counted; people when missing.
    #[serde(default)]
    pub measure: Measure,
    /// A property of the birth's event, or of the person.
    #[serde(default)]
    pub breakdown: Breakdowns,
    /// How many groups are shown, the greatest first.
    #[serde(default = "limit")]
    pub limit: usize,
    /// Whose events count.
    #[serde(default)]
    pub people: Option<Definition>,
}

/// What puts a person into a cohort: the first such event of the range.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Born {
    /// The event's name, or `*` for any.
    pub event: String,
    /// What must hold of it.
    #[serde(default, rename = "where")]
    pub conditions: Vec<Condition>,
    /// Only if it is the first such event of the person's life.
    #[serde(default)]
    pub first_ever: bool,
}

/// How long cohorts and periods are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Period {
    #[default]
    Day,
    Week,
    Month,
}

impl Period {
    fn interval(self) -> Interval {
        match self {
            Period::Day => Interval::Day,
            Period::Week => Interval::Week,
            Period::Month => Interval::Month,
        }
    }

    /// The days of a rolling period.
    fn days(self) -> u32 {
        match self {
            Period::Day => 1,
            Period::Week => 7,
            Period::Month => 30,
        }
    }
}

/// In which periods coming back counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Mode {
    /// By a word; brackets lie in a field of their own.
    Word(Word),
    /// Brackets of periods.
    Within {
        /// As [`Retention::brackets`].
        brackets: Vec<[u32; 2]>,
    },
}

/// A mode's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Word {
    /// In that period.
    On,
    /// In that period or any later one.
    OnOrAfter,
    /// In one of several periods.
    Brackets,
}

impl Default for Mode {
    fn default() -> Self {
        Mode::Word(Word::On)
    }
}

/// Where a period begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Align {
    /// With the calendar's.
    #[default]
    Calendar,
    /// With the day of each person's birth: a day has one, a week 7, a month 30 days.
    Rolling,
}

/// What a retention counts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Measure {
    /// Those who came back.
    #[default]
    People,
    /// The numbers of a property of what they came back for.
    Sum(String),
}

impl TryFrom<String> for Measure {
    type Error = String;

    fn try_from(text: String) -> Result<Measure, String> {
        match text.split_once(':') {
            None if text == "people" => Ok(Measure::People),
            Some(("sum", property)) if !property.is_empty() => {
                Ok(Measure::Sum(property.to_owned()))
            }
            _ => Err("a measure is people, or sum with a property, like sum:Amount".to_owned()),
        }
    }
}

impl From<Measure> for String {
    fn from(measure: Measure) -> String {
        match measure {
            Measure::People => "people".to_owned(),
            Measure::Sum(property) => format!("sum:{property}"),
        }
    }
}

fn periods() -> u32 {
    12
}

fn limit() -> usize {
    25
}

const PERIODS_MAX: u32 = 1_000;
const BRACKETS_MAX: usize = 100;
const LIMIT_MAX: usize = 1_000;

/// Cells in memory at once, of all volumes together, each of 8 bytes.
const CELLS_MAX: usize = 8 << 20;

/// A part of the answer: the people of a cohort, or those of them who count in a value.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cell {
    /// The cohort's start, as the answer says it.
    pub cohort: String,
    /// Which value; none: the whole cohort.
    #[serde(default)]
    pub period: Option<usize>,
    /// The group's key; none: everyone.
    #[serde(default)]
    pub key: Option<Key>,
}

/// Which periods a value is about, from 0.
#[derive(Clone, Copy, Debug)]
struct Span {
    first: u32,
    /// The last one; of those without end, the one after which the value is complete.
    last: u32,
}

/// A question that makes sense.
struct Plan<'q> {
    question: &'q Retention,
    calendar: Calendar,
    word: Word,
    spans: Vec<Span>,
    /// How many periods are told apart; all later ones are one more.
    periods: u32,
    from: i64,
    to: i64,
}

impl Retention {
    /// Answers the question.
    ///
    /// # Errors
    /// [`Error::Bad`] names what to change; [`Error::Cancelled`] when the asker left.
    pub fn ask(&self, view: &View, zone: &TimeZone, cancel: &Cancel) -> Result<Answer, Error> {
        let plan = self.plan(view, zone)?;
        let whose = whose(self.people.as_ref(), view, zone, cancel)?;
        let pass = Pass { plan: &plan, whose: whose.as_deref(), view, cancel };
        let shown = match self.breakdown.list().is_empty() {
            true => None,
            false => Some(pass.greatest(self.limit)?),
        };
        let groups = pass.cells(shown.as_deref())?;
        Ok(plan.answer(groups, shown.as_deref(), view.as_of))
    }

    /// The people behind a number of the answer, in the order of their ids.
    ///
    /// # Errors
    /// As [`Retention::ask`]; pointers into the cell begin with `/cell`.
    pub fn people(
        &self,
        cell: &Cell,
        view: &View,
        zone: &TimeZone,
        cancel: &Cancel,
    ) -> Result<Vec<PersonId>, Error> {
        let plan = self.plan(view, zone)?;
        let start = period::moment(&cell.cohort, zone, "/cell/cohort")?;
        let cohort = plan.calendar.cohort_from(start.0);
        let cohort = cohort.ok_or_else(|| Error::bad("/cell/cohort", "the start of a cohort"))?;
        let span = cell.period.map(|period| {
            let message = || format!("a number below {}", plan.spans.len());
            plan.spans.get(period).ok_or_else(|| Error::bad("/cell/period", message()))
        });
        let span = span.transpose()?;
        if span.is_some_and(|span| plan.calendar.is_ahead(cohort, *span, view.as_of.0)) {
            return Ok(Vec::new());
        }
        let whose = whose(self.people.as_ref(), view, zone, cancel)?;
        let pass = Pass { plan: &plan, whose: whose.as_deref(), view, cancel };
        // Who is among the rest is known once it is known who is not.
        let shown = match &cell.key {
            Some(key) if *key == [Some(OTHER.into())] => Some(pass.greatest(self.limit)?),
            _ => None,
        };
        pass.people(cohort, cell.period, cell.key.as_ref(), shown.as_deref())
    }

    fn plan(&self, view: &View, zone: &TimeZone) -> Result<Plan<'_>, Error> {
        let (from, to) = range(&self.from, &self.to, zone)?;
        check_all(&self.born.conditions, "/born/where")?;
        check_all(&self.back.conditions, "/back/where")?;
        self.breakdown.check(1)?;
        if !(1..=LIMIT_MAX).contains(&self.limit) {
            return Err(Error::bad("/limit", format!("a number from 1 to {LIMIT_MAX}")));
        }
        let (word, spans) = self.spans()?;
        let periods = spans.last().map_or(0, |span| span.last) + 1;
        let rolling = (self.align == Align::Rolling).then(|| self.period.days());
        let calendar = Calendar::new(from, to, self.period.interval(), periods, rolling, zone)?;
        let groups = if self.breakdown.list().is_empty() { 1 } else { self.limit + 1 };
        let cells = calendar.cohorts() * (periods as usize + 1) * groups * view.volumes.len();
        if cells > CELLS_MAX {
            let message = "too many numbers: fewer periods, longer ones, less time or fewer groups";
            return Err(Error::bad("/periods", message));
        }
        let (from, to) = (from.0, to.0);
        Ok(Plan { question: self, calendar, word, spans, periods, from, to })
    }

    /// The mode, and which periods each value is about.
    fn spans(&self) -> Result<(Word, Vec<Span>), Error> {
        let (word, brackets, pointer) = match &self.mode {
            Mode::Word(word) => (*word, self.brackets.as_ref(), "/brackets"),
            Mode::Within { brackets } => (Word::Brackets, Some(brackets), "/mode/brackets"),
        };
        match (word, brackets) {
            (Word::Brackets, Some(brackets)) => Ok((word, bracket_spans(brackets, pointer)?)),
            (Word::Brackets, None) => {
                Err(Error::bad(pointer, "brackets of periods, like [[0, 1], [1, 3]]"))
            }
            (_, Some(_)) => Err(Error::bad(pointer, "brackets go with the mode `brackets`")),
            (_, None) if (1..=PERIODS_MAX).contains(&self.periods) => {
                let span = |period| Span { first: period, last: period };
                Ok((word, (0..self.periods).map(span).collect()))
            }
            _ => Err(Error::bad("/periods", format!("a number from 1 to {PERIODS_MAX}"))),
        }
    }
}

/// Brackets may overlap, so that one can ask who came back up to a period; they come in the order
/// in which they are over.
fn bracket_spans(brackets: &[[u32; 2]], pointer: &str) -> Result<Vec<Span>, Error> {
    if !(1..=BRACKETS_MAX).contains(&brackets.len()) {
        return Err(Error::bad(pointer, format!("1 to {BRACKETS_MAX} brackets")));
    }
    let mut spans: Vec<Span> = Vec::with_capacity(brackets.len());
    for (at, [first, end]) in brackets.iter().enumerate() {
        let place = format!("{pointer}/{at}");
        if first >= end || *end > PERIODS_MAX {
            let message = format!(
                "the first period and the one after the last, which is at most {PERIODS_MAX}"
            );
            return Err(Error::bad(place, message));
        }
        let span = Span { first: *first, last: end - 1 };
        if spans.last().is_some_and(|last| last.first > span.first || last.last >= span.last) {
            let message = "a bracket that begins not before the one before it, and ends after it";
            return Err(Error::bad(place, message));
        }
        spans.push(span);
    }
    Ok(spans)
}
