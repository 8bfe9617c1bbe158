//! The people behind a number of a funnel.

use std::ops::Range;

use candor_event::PersonId;
use candor_store::{PeopleSet, View, VolumeView};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::funnel::pass::Seen;
use crate::funnel::{Funnel, Prepared};
use crate::group::{Choice, Chosen, Key, other};
use crate::period::moment;
use crate::question::{compared, place_of, whose};
use crate::scan::Cancel;
use crate::trend::Axis;

/// A number of a funnel's answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cell {
    /// Who reached this step, from 1; or
    pub step: usize,
    /// who reached the one before and not this one.
    #[serde(default)]
    pub lost: bool,
    /// Of the group of this key, as the answer has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Key>,
    /// Of the attempts that started in the interval that starts so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// Of this segment of those that are compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segment: Option<String>,
}

struct Partial<'q> {
    choice: Choice<'q>,
    people: Vec<PersonId>,
}

impl Funnel {
    /// The people behind a number, ascending: those of an attempt that counts in it.
    ///
    /// # Errors
    /// As [`Funnel::ask`]; what is wrong with the cell lies under `/cell`.
    pub fn people(
        &self,
        cell: &Cell,
        view: &View,
        zone: &TimeZone,
        cancel: &Cancel,
    ) -> Result<Vec<PersonId>, Error> {
        let prepared = self.prepared(zone)?;
        let least = if cell.lost { 2 } else { 1 };
        if !(least..=self.steps.len()).contains(&cell.step) {
            let message = format!("a step from {least} to {}", self.steps.len());
            return Err(Error::bad("/cell/step", message));
        }
        let starts = prepared.starts(cell.at.as_deref(), zone)?;
        let segment = place_of(&self.segments, cell.segment.as_deref())?;
        let mut people = whose(self.people.as_ref(), view, zone, cancel)?;
        if let Some(at) = segment {
            let one = &self.segments[at..=at];
            people = compared(one, people.as_deref(), view, zone, cancel)?.pop();
        }
        let groups =
            self.chosen(cell.key.as_ref(), &prepared, people.as_deref(), (view, cancel))?;
        let new = |volume: &VolumeView| Partial {
            choice: Choice::new(volume, &self.breakdown, groups.as_ref()),
            people: Vec::new(),
        };
        let see = |p: &mut Partial<'_>, (volume, ordinal, run): Seen<'_>, way: &[usize]| {
            let reached = match cell.lost {
                true => way.len() == cell.step - 1,
                false => way.len() >= cell.step,
            };
            let first = way[0];
            if !reached || !starts.contains(&run.time(first)) {
                return;
            }
            let person = volume.person_id(ordinal);
            // A person may have several attempts, one after the other.
            let new = p.people.last() != Some(&person);
            if new && p.choice.holds(volume, ordinal, run.row(first)) {
                p.people.push(person);
            }
        };
        let partials = self.each(&prepared, people.as_deref(), (view, cancel), new, see, |_| ())?;
        let mut people: Vec<PersonId> = partials.into_iter().flat_map(|p| p.people).collect();
        people.sort_unstable();
        Ok(people)
    }

    fn chosen(
        &self,
        key: Option<&Key>,
        prepared: &Prepared,
        people: Option<&[PeopleSet]>,
        (view, cancel): (&View, &Cancel),
    ) -> Result<Option<Chosen>, Error> {
        let Some(key) = key else { return Ok(None) };
        let by = self.breakdown.list().len();
        if by > 0 && *key == other() {
            let mut shown =
                self.parts(prepared, people, &[], (view, cancel))?.swap_remove(0).keys();
            if shown.len() > self.limit {
                shown.truncate(self.limit);
                return Ok(Some(Chosen::rest(&shown)));
            }
        }
        Chosen::of(key, by)
    }
}

impl Prepared {
    fn starts(&self, at: Option<&str>, zone: &TimeZone) -> Result<Range<i64>, Error> {
        let Some(at) = at else { return Ok(self.rules.starts.clone()) };
        let start = moment(at, zone, "/cell/at")?.0;
        let starting = |axis: &Axis| Some(axis.moments(Some(axis.starting(start)?)));
        let found = self.axis.as_ref().and_then(starting);
        found.ok_or_else(|| Error::bad("/cell/at", "the start of an interval of the answer"))
    }
}
