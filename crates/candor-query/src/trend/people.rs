//! The people behind a number of a trend.

use std::ops::Range;

use candor_event::PersonId;
use candor_store::{PeopleSet, Run, View, VolumeView};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::group::{Choice, Chosen, Key, other};
use crate::period::moment;
use crate::question::{Matcher, compared, place_of, whose};
use crate::scan::{Cancel, Scan};
use crate::trend::pass::Pass;
use crate::trend::{Asked, Prepared, Trend};

/// A number of a trend's answer: what is missing does not restrict whom it counts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cell {
    /// The values broken down by, as the answer has them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Key>,
    /// The start of an interval; the total when missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// Whether the number is one of the range before.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub previous: bool,
    /// Which of several events; when missing any of them, as behind a formula.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub series: Option<String>,
    /// Which of the segments that are compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segment: Option<String>,
}

impl Trend {
    /// The people behind a number, ascending: who did an event that counts in it.
    ///
    /// # Errors
    /// As [`Trend::ask`]; what is wrong with the cell lies under `/cell`.
    pub fn people(
        &self,
        cell: &Cell,
        view: &View,
        zone: &TimeZone,
        cancel: &Cancel,
    ) -> Result<Vec<PersonId>, Error> {
        let prepared = self.prepared(zone)?;
        let asked = prepared.of_series(cell.series.as_deref())?;
        let moments = prepared.moments(cell, zone)?;
        let segment = place_of(&self.segments, cell.segment.as_deref())?;
        let mut people = whose(self.people.as_ref(), view, zone, cancel)?;
        if let Some(at) = segment {
            let one = &self.segments[at..=at];
            people = compared(one, people.as_deref(), view, zone, cancel)?.pop();
        }
        let groups =
            self.groups_of(cell.key.as_ref(), &prepared, people.as_deref(), (view, cancel))?;
        let new = |volume: &VolumeView| Partial {
            sought: asked.iter().map(|asked| Sought::new(asked, volume)).collect(),
            choice: Choice::new(volume, &self.breakdown, groups.as_ref()),
            people: Vec::new(),
        };
        let fold = |p: &mut Partial<'_>, volume: &VolumeView, ordinal: u32, run: Run<'_>| {
            let events = run.before(moments.start)..run.before(moments.end);
            if p.counts((volume, ordinal, run), events) {
                p.people.push(volume.person_id(ordinal));
            }
        };
        let partials = Scan::new(view, cancel)
            .of_people(people.as_deref())
            .of_events(asked.iter().map(|asked| asked.event.as_str()))
            .fold(new, fold)?;
        let mut people: Vec<PersonId> = partials.into_iter().flat_map(|p| p.people).collect();
        people.sort_unstable();
        Ok(people)
    }

    fn groups_of(
        &self,
        key: Option<&Key>,
        prepared: &Prepared,
        people: Option<&[PeopleSet]>,
        (view, cancel): (&View, &Cancel),
    ) -> Result<Option<Chosen>, Error> {
        let Some(key) = key else { return Ok(None) };
        let by = self.breakdown.list().len();
        if by > 0 && *key == other() {
            let groups = (&self.breakdown, self.limit);
            let pass = Pass::new(&prepared.asked, groups, people, &prepared.axes);
            let mut shown = pass.groups(view, cancel)?.keys;
            if shown.len() > self.limit {
                shown.truncate(self.limit);
                return Ok(Some(Chosen::rest(&shown)));
            }
        }
        Chosen::of(key, by)
    }
}

impl Prepared {
    fn of_series(&self, name: Option<&str>) -> Result<Vec<&Asked>, Error> {
        let wanted = |asked: &&Asked| name.is_none_or(|name| asked.name == name);
        let asked: Vec<&Asked> = self.asked.iter().filter(wanted).collect();
        match asked.is_empty() {
            true => Err(Error::bad("/cell/series", "the name of one of `events`")),
            false => Ok(asked),
        }
    }

    fn moments(&self, cell: &Cell, zone: &TimeZone) -> Result<Range<i64>, Error> {
        let Some(axis) = self.axes.get(usize::from(cell.previous)) else {
            return Err(Error::bad("/cell/previous", "false, or `compare` in the question"));
        };
        let Some(at) = &cell.at else { return Ok(axis.moments(None)) };
        let point = axis.starting(moment(at, zone, "/cell/at")?.0);
        let bad = || Error::bad("/cell/at", "the start of an interval of the answer");
        Ok(axis.moments(Some(point.ok_or_else(bad)?)))
    }
}

struct Partial<'q> {
    sought: Vec<Sought<'q>>,
    choice: Choice<'q>,
    people: Vec<PersonId>,
}

/// An event that counts, found in one volume.
struct Sought<'q> {
    matcher: Matcher<'q>,
    /// The property that it needs a number of; none of all that are known, where there is no such.
    number: Option<Option<u32>>,
}

impl<'q> Sought<'q> {
    fn new(asked: &'q Asked, volume: &VolumeView) -> Sought<'q> {
        let number = asked.measure.property().map(|property| volume.property_code(property));
        Sought { matcher: Matcher::new(volume, &asked.event, &asked.conditions), number }
    }

    fn has_number(&self, volume: &VolumeView, row: u32) -> bool {
        let number = |code| volume.property(row, code)?.as_number();
        self.number.is_none_or(|code| code.and_then(number).is_some())
    }
}

impl Partial<'_> {
    fn counts(
        &mut self,
        (volume, ordinal, run): (&VolumeView, u32, Run<'_>),
        mut events: Range<usize>,
    ) -> bool {
        let Partial { sought, choice, .. } = self;
        let sought = &*sought;
        events.any(|event| {
            let row = run.row(event);
            let matches = |sought: &&Sought<'_>| {
                sought.matcher.person_matches(volume, ordinal)
                    && sought.matcher.event_matches(volume, ordinal, run, event)
                    && sought.has_number(volume, row)
            };
            sought.iter().any(|sought| matches(&sought)) && choice.holds(volume, ordinal, row)
        })
    }
}
