//! Funnels: who takes the steps one after the other, and how long it takes.

use std::collections::HashMap;

use candor_store::{Run, View, VolumeView};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::filter::{Condition, Scope};
use crate::group::{Key, Keys, text_of};
use crate::ordered::{Ordered, STEPS_MAX};
use crate::period;
use crate::question::{Breakdowns, Matcher, broken_down, check_all, range, whose};
use crate::scan::{Cancel, Scan, asked};
use crate::segment::Definition;
use crate::trend::nearest_rank;

/// A funnel question: steps in order, other events may lie between.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Funnel {
    /// 2 to 12 steps.
    pub steps: Vec<Step>,
    /// When the first step was taken; later ones may come after.
    pub from: String,
    /// Up to, not including, this moment.
    pub to: String,
    /// The IANA name of the zone of dates and intervals; the caller resolves it.
    #[serde(default)]
    pub timezone: Option<String>,
    /// How the steps follow each other; `ordered` is the only way so far.
    #[serde(default)]
    pub order: Order,
    /// What is counted; `people` is the only thing so far.
    #[serde(default)]
    pub count: Counting,
    /// How long an attempt may take, like `7d`.
    #[serde(default = "week")]
    pub window: String,
    /// A property of the first step's event, or of the person.
    #[serde(default)]
    pub breakdown: Breakdowns,
    /// How many groups are shown, the greatest first.
    #[serde(default = "limit")]
    pub limit: usize,
    /// Whose steps count.
    #[serde(default)]
    pub people: Option<Definition>,
}

/// How the steps of a funnel follow each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// In order; other events may lie between.
    #[default]
    Ordered,
}

/// What a funnel counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Counting {
    /// Each person once, by the attempt that counts.
    #[default]
    People,
}

/// One step of a funnel.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// The event's name, or `*` for any.
    pub event: String,
    /// What must hold of it.
    #[serde(default, rename = "where")]
    pub conditions: Vec<Condition>,
}

fn week() -> String {
    "7d".to_owned()
}

fn limit() -> usize {
    25
}

const LIMIT_MAX: usize = 1_000;

/// A funnel's answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Answer {
    /// The steps for everyone.
    pub steps: Vec<Reached>,
    /// The steps for each value broken down by; empty without a breakdown.
    pub groups: Vec<Group>,
}

/// The steps of one group.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Group {
    /// The values broken down by; `(other)` alone for the rest.
    pub key: Key,
    /// Its steps.
    pub steps: Vec<Reached>,
}

/// Who reached a step.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Reached {
    /// The step's event.
    pub event: String,
    /// People who reached it.
    pub count: u64,
    /// Of those who took the first step, 0 to 1.
    pub from_start: f64,
    /// Of those who reached the step before, 0 to 1.
    pub from_previous: f64,
    /// Time since the first step, nearest rank; none where nobody came.
    pub median_ms: Option<i64>,
    /// The same for nine of ten.
    pub p90_ms: Option<i64>,
}

/// By step: the times since the first step of everyone who reached it.
type Times = Vec<Vec<i64>>;

impl Funnel {
    /// Answers the question. Per person the deepest attempt counts, then the earliest.
    ///
    /// # Errors
    /// [`Error::Bad`] names what to change; [`Error::Cancelled`] when the asker left.
    pub fn ask(&self, view: &View, zone: &TimeZone, cancel: &Cancel) -> Result<Answer, Error> {
        let (from, to) = range(&self.from, &self.to, zone)?;
        if !(2..=STEPS_MAX).contains(&self.steps.len()) {
            return Err(Error::bad("/steps", format!("2 to {STEPS_MAX} steps")));
        }
        for (at, step) in self.steps.iter().enumerate() {
            check_all(&step.conditions, &format!("/steps/{at}/where"))?;
        }
        self.breakdown.check(1)?;
        if !(1..=LIMIT_MAX).contains(&self.limit) {
            return Err(Error::bad("/limit", format!("a number from 1 to {LIMIT_MAX}")));
        }
        let window = period::duration(&self.window, "/window")?;
        let whose = whose(self.people.as_ref(), view, zone, cancel)?;
        let names: Vec<&str> = self.steps.iter().map(|step| step.event.as_str()).collect();
        let new = |volume: &VolumeView| {
            let steps = self.steps.iter();
            let steps = steps.map(|step| Matcher::new(volume, &step.event, &step.conditions));
            let steps = steps.collect();
            let asked = if names.contains(&"*") { Vec::new() } else { asked(volume, &names) };
            Partial {
                ordered: Ordered::new(steps, &asked, from.0..to.0, window),
                by: self.breakdown.find(volume),
                keys: Keys::default(),
                groups: Vec::new(),
            }
        };
        let fold = |p: &mut Partial<'_>, volume: &VolumeView, ordinal: u32, run: Run<'_>| {
            let best = p.ordered.best(volume, ordinal, run);
            let Some(first) = best.first() else { return };
            let row = run.row(*first);
            let values = p.by.iter().map(|by| broken_down(volume, ordinal, row, *by));
            let group = p.keys.place(values) as usize;
            if p.groups.len() <= group {
                p.groups.resize_with(group + 1, || vec![Vec::new(); self.steps.len()]);
            }
            let start = run.time(*first);
            for (times, place) in p.groups[group].iter_mut().zip(best) {
                times.push(run.time(*place) - start);
            }
        };
        let mut groups: HashMap<String, (Key, Times)> = HashMap::new();
        let scan =
            Scan::new(view, cancel).of_people(whose.as_deref()).of_events(names.iter().copied());
        for partial in scan.fold(new, fold)? {
            for (key, times) in partial.keys.keys.into_iter().zip(partial.groups) {
                let none = || (key.clone(), vec![Vec::new(); self.steps.len()]);
                let joined = groups.entry(text_of(&key)).or_insert_with(none);
                joined.1.iter_mut().zip(times).for_each(|(all, more)| all.extend(more));
            }
        }
        Ok(self.answer(groups))
    }

    fn answer(&self, groups: HashMap<String, (Key, Times)>) -> Answer {
        let mut all: Times = vec![Vec::new(); self.steps.len()];
        for (_, times) in groups.values() {
            all.iter_mut().zip(times).for_each(|(all, more)| all.extend(more));
        }
        let steps = self.reached(all);
        if self.breakdown.list().is_empty() {
            return Answer { steps, groups: Vec::new() };
        }
        let mut sorted: Vec<(String, (Key, Times))> = groups.into_iter().collect();
        sorted
            .sort_by(|(a, (_, x)), (b, (_, y))| y[0].len().cmp(&x[0].len()).then_with(|| a.cmp(b)));
        let rest = sorted.split_off(sorted.len().min(self.limit));
        let mut groups: Vec<Group> = sorted
            .into_iter()
            .map(|(_, (key, times))| Group { key, steps: self.reached(times) })
            .collect();
        if !rest.is_empty() {
            let mut other: Times = vec![Vec::new(); self.steps.len()];
            for (_, (_, times)) in rest {
                other.iter_mut().zip(times).for_each(|(all, more)| all.extend(more));
            }
            groups.push(Group { key: vec![Some("(other)".into())], steps: self.reached(other) });
        }
        Answer { steps, groups }
    }

    fn reached(&self, times: Times) -> Vec<Reached> {
        let counts: Vec<u64> = times.iter().map(|times| times.len() as u64).collect();
        let share =
            |part: u64, whole: u64| if whole == 0 { 0.0 } else { part as f64 / whole as f64 };
        let reached = |(at, mut times): (usize, Vec<i64>)| {
            let count = counts[at];
            let mut rank = |percent| match at {
                0 => (count > 0).then_some(0),
                _ => nearest_rank(&mut times, percent, i64::cmp),
            };
            let (median_ms, p90_ms) = (rank(50), rank(90));
            Reached {
                event: self.steps[at].event.clone(),
                count,
                from_start: if at == 0 { 1.0 } else { share(count, counts[0]) },
                from_previous: if at == 0 { 1.0 } else { share(count, counts[at - 1]) },
                median_ms,
                p90_ms,
            }
        };
        times.into_iter().enumerate().map(reached).collect()
    }
}

struct Partial<'q> {
    ordered: Ordered<'q>,
    by: Vec<(Option<u32>, Scope)>,
    keys: Keys,
    groups: Vec<Times>,
}
