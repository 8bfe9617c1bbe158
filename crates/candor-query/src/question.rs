//! What questions of several kinds have in common: when, whose, broken down by what.

use candor_event::{Timestamp, ValueRef};
use candor_store::{PeopleSet, Run, View, VolumeView};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::filter::{Condition, Filter, Scope};
use crate::period;
use crate::scan::Cancel;
use crate::segment::{Definition, members};

/// The range of a question: `from` inclusive, `to` exclusive; each a date in the zone or an RFC
/// 3339 instant.
pub(crate) fn range(
    from: &str,
    to: &str,
    zone: &TimeZone,
) -> Result<(Timestamp, Timestamp), Error> {
    let from = period::moment(from, zone, "/from")?;
    let to = period::moment(to, zone, "/to")?;
    match from < to {
        true => Ok((from, to)),
        false => Err(Error::bad("/to", "a moment after `from`; `to` is not included")),
    }
}

/// An event, and what must hold of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Which {
    /// The event's name, or `*` for any.
    pub event: String,
    /// What must hold of it.
    #[serde(default, rename = "where")]
    pub conditions: Vec<Condition>,
}

/// A property to break an answer down by.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Breakdown {
    /// A property of the event.
    Name(String),
    /// A property of the event or a trait of the person.
    Scoped(Scoped),
}

/// A property, and whose it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scoped {
    /// Its name.
    pub property: String,
    /// Whose it is.
    #[serde(default)]
    pub scope: Scope,
}

/// One or several breakdowns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Breakdowns {
    /// One.
    One(Breakdown),
    /// Several.
    Several(Vec<Breakdown>),
}

impl Default for Breakdowns {
    fn default() -> Self {
        Breakdowns::Several(Vec::new())
    }
}

impl Breakdowns {
    pub(crate) fn list(&self) -> &[Breakdown] {
        match self {
            Breakdowns::One(one) => std::slice::from_ref(one),
            Breakdowns::Several(list) => list,
        }
    }

    pub(crate) fn check(&self, max: usize) -> Result<(), Error> {
        match self.list().len() <= max {
            true => Ok(()),
            false => Err(Error::bad("/breakdown", format!("at most {max} properties"))),
        }
    }

    pub(crate) fn find(&self, volume: &VolumeView) -> Vec<(Option<u32>, Scope)> {
        let find = |one: &Breakdown| match one {
            Breakdown::Name(name) => (volume.property_code(name), Scope::Event),
            Breakdown::Scoped(Scoped { property, scope }) => {
                (volume.property_code(property), *scope)
            }
        };
        self.list().iter().map(find).collect()
    }
}

/// The value that a breakdown finds at an event.
pub(crate) fn broken_down(
    volume: &VolumeView,
    ordinal: u32,
    row: u32,
    by: (Option<u32>, Scope),
) -> Option<ValueRef<'_>> {
    match by.1 {
        Scope::Event => volume.property(row, by.0?),
        Scope::Person => volume.trait_value(ordinal, by.0?),
    }
}

/// An event to look for, found in one volume.
pub(crate) struct Matcher<'q> {
    code: Option<u16>,
    any: bool,
    /// Conditions on the person first: they are asked once.
    filters: Vec<Filter<'q>>,
}

impl<'q> Matcher<'q> {
    pub(crate) fn new(volume: &VolumeView, event: &str, conditions: &'q [Condition]) -> Self {
        let mut filters: Vec<_> = conditions.iter().map(|one| one.find(volume)).collect();
        filters.sort_by_key(|filter| !filter.is_of_person());
        Matcher { code: volume.event_code(event), any: event == "*", filters }
    }

    /// Whether any event of this person can match.
    pub(crate) fn person_matches(&self, volume: &VolumeView, ordinal: u32) -> bool {
        let of_person = self.filters.iter().take_while(|filter| filter.is_of_person());
        (self.any || self.code.is_some())
            && of_person.into_iter().all(|filter| filter.matches(volume, ordinal, 0))
    }

    /// Whether it has a condition on the person.
    pub(crate) fn looks_at_person(&self) -> bool {
        self.filters.iter().any(Filter::is_of_person)
    }

    /// Whether an event of this code may match.
    #[inline]
    pub(crate) fn may_be(&self, code: u16) -> bool {
        self.any || self.code == Some(code)
    }

    /// Whether any event will do.
    pub(crate) fn is_any(&self) -> bool {
        self.any
    }

    /// The code of its event; none for any event, and for one that nobody did.
    pub(crate) fn code(&self) -> Option<u16> {
        self.code.filter(|_| !self.any)
    }

    /// Whether an event of the right name matches, for a person who can.
    #[inline]
    pub(crate) fn properties_match(
        &self,
        volume: &VolumeView,
        ordinal: u32,
        run: Run<'_>,
        at: usize,
    ) -> bool {
        let of_event = self.filters.iter().filter(|filter| !filter.is_of_person());
        of_event.into_iter().all(|filter| filter.matches(volume, ordinal, run.row(at)))
    }

    /// Whether the event at a place of the run matches, for a person who can.
    #[inline]
    pub(crate) fn event_matches(
        &self,
        volume: &VolumeView,
        ordinal: u32,
        run: Run<'_>,
        at: usize,
    ) -> bool {
        self.may_be(run.code(at)) && self.properties_match(volume, ordinal, run, at)
    }
}

/// Checks conditions, naming the place of a bad one.
pub(crate) fn check_all(conditions: &[Condition], pointer: &str) -> Result<(), Error> {
    if conditions.len() > CONDITIONS_MAX {
        return Err(Error::bad(pointer, format!("at most {CONDITIONS_MAX} conditions")));
    }
    let mut each = conditions.iter().enumerate();
    each.try_for_each(|(at, one)| one.check(&format!("{pointer}/{at}")))
}

const CONDITIONS_MAX: usize = 64;

/// Whose events count: everyone's (none), or those of a segment, by volume.
pub(crate) fn whose(
    people: Option<&Definition>,
    view: &View,
    zone: &TimeZone,
    cancel: &Cancel,
) -> Result<Option<Vec<PeopleSet>>, Error> {
    let Some(people) = people else { return Ok(None) };
    let rule = people.rule(view, view.as_of, zone, "/people", cancel)?;
    members(view, &rule, cancel).map(Some)
}
