//! What questions of several kinds have in common: when, whose, broken down by what.

use std::ops::Range;

use candor_event::{Timestamp, ValueRef};
use candor_store::{PeopleSet, Run, View, VolumeView};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::filter::{Condition, Filter, Scope};
use crate::period::{self, rfc3339};
use crate::scan::{Cancel, told};
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

/// One or several breakdowns. A list is read as several first: two names in a list would else be a
/// property and whose it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Breakdowns {
    /// Several.
    Several(Vec<Breakdown>),
    /// One.
    One(Breakdown),
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
    /// The kind that its events have in runs, where these tell kinds.
    kind: Option<u8>,
    /// Conditions on the person first: they are asked once.
    filters: Vec<Filter<'q>>,
}

impl<'q> Matcher<'q> {
    pub(crate) fn new(volume: &VolumeView, event: &str, conditions: &'q [Condition]) -> Self {
        let mut filters: Vec<_> = conditions.iter().map(|one| one.find(volume)).collect();
        filters.sort_by_key(|filter| !filter.is_of_person());
        Matcher { code: volume.event_code(event), any: event == "*", kind: None, filters }
    }

    /// The same for runs of a scan of the events of these names, which tells them by their kinds.
    pub(crate) fn among(mut self, volume: &VolumeView, names: &[&str]) -> Self {
        let told = told(volume, names).filter(|_| !names.contains(&"*"));
        self.kind = told.and_then(|asked| self.kind_of(&asked));
        self
    }

    /// The kind of its events in runs that have the kinds of these codes.
    pub(crate) fn kind_of(&self, asked: &[u16]) -> Option<u8> {
        match self.code {
            _ if self.any => None,
            // Nobody did it: no event is of this kind.
            None => Some(u8::MAX),
            Some(code) => asked.iter().position(|other| *other == code).map(|kind| kind as u8),
        }
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

    /// Where the first of these codes is that may match.
    #[inline]
    pub(crate) fn first_of(&self, codes: &[u16]) -> Option<usize> {
        match self.code {
            _ if self.any => (!codes.is_empty()).then_some(0),
            Some(code) => codes.iter().position(|other| *other == code),
            None => None,
        }
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
        self.filters.is_empty() || self.filters_match(volume, ordinal, run.row(at))
    }

    fn filters_match(&self, volume: &VolumeView, ordinal: u32, row: u32) -> bool {
        let of_event = self.filters.iter().filter(|filter| !filter.is_of_person());
        of_event.into_iter().all(|filter| filter.matches(volume, ordinal, row))
    }

    /// Whether the event at a place of the run matches, for a person who can. Asked of every event:
    /// a call costs a tenth of a trend.
    #[inline(always)]
    pub(crate) fn event_matches(
        &self,
        volume: &VolumeView,
        ordinal: u32,
        run: Run<'_>,
        at: usize,
    ) -> bool {
        let named = match self.kind {
            Some(kind) => run.kinds()[at] == kind,
            None => self.may_be(run.code(at)),
        };
        named && self.properties_match(volume, ordinal, run, at)
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

/// Groups that may be shown.
const LIMIT_MAX: usize = 1_000;

/// How many groups are shown where a question does not say.
pub(crate) fn limit() -> usize {
    25
}

/// Checks how many groups are to be shown.
pub(crate) fn check_limit(limit: usize) -> Result<(), Error> {
    match (1..=LIMIT_MAX).contains(&limit) {
        true => Ok(()),
        false => Err(Error::bad("/limit", format!("a number from 1 to {LIMIT_MAX}"))),
    }
}

/// With what the range of a trend or a funnel is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Compare {
    /// The range just before, as long: as many days, or months where it is made of whole ones.
    Previous,
}

/// A range of time.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Span {
    /// Its first moment, RFC 3339 with offset.
    pub from: String,
    /// The first moment after it.
    pub to: String,
}

impl Span {
    /// That of some moments, in ms.
    pub(crate) fn of(range: Range<i64>, zone: &TimeZone) -> Span {
        let moment = |at| rfc3339(Timestamp(at), zone);
        Span { from: moment(range.start), to: moment(range.end) }
    }
}

/// Some of the people, compared with others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Compared {
    /// What the answer calls them; at most 100 characters.
    pub name: String,
    /// Who they are.
    pub people: Definition,
}

const COMPARED_MAX: usize = 5;
const NAME_MAX: usize = 100;

/// Checks segments that are compared, naming the place of a bad one.
pub(crate) fn check_compared(segments: &[Compared], zone: &TimeZone) -> Result<(), Error> {
    if segments.len() > COMPARED_MAX {
        return Err(Error::bad("/segments", format!("at most {COMPARED_MAX} segments")));
    }
    for (at, segment) in segments.iter().enumerate() {
        let taken = segments[..at].iter().any(|other| other.name == segment.name);
        if taken || !(1..=NAME_MAX).contains(&segment.name.chars().count()) {
            let message = format!("a name of its own, of 1 to {NAME_MAX} characters");
            return Err(Error::bad(format!("/segments/{at}/name"), message));
        }
        segment.people.check(zone, &format!("/segments/{at}/people"))?;
    }
    Ok(())
}

/// The place of a segment of this name among those that are compared.
pub(crate) fn place_of(segments: &[Compared], name: Option<&str>) -> Result<Option<usize>, Error> {
    let place = |name: &str| {
        let found = segments.iter().position(|segment| segment.name == name);
        found.ok_or_else(|| Error::bad("/cell/segment", "the name of one of `segments`"))
    };
    name.map(place).transpose()
}

/// The people of each segment, of those whose events count, by volume.
pub(crate) fn compared(
    segments: &[Compared],
    whose: Option<&[PeopleSet]>,
    view: &View,
    zone: &TimeZone,
    cancel: &Cancel,
) -> Result<Vec<Vec<PeopleSet>>, Error> {
    let of_segment = |(at, segment): (usize, &Compared)| {
        let pointer = format!("/segments/{at}/people");
        let rule = segment.people.rule(view, view.as_of, zone, &pointer, cancel)?;
        let members = members(view, &rule, cancel)?;
        let Some(whose) = whose else { return Ok(members) };
        let both = view.volumes.iter().zip(members.iter().zip(whose)).map(|(volume, (a, b))| {
            let mut both = PeopleSet::default();
            let in_both = (0..volume.people()).filter(|person| a.has(*person) && b.has(*person));
            in_both.for_each(|person| both.insert(person));
            both
        });
        Ok(both.collect())
    };
    segments.iter().enumerate().map(of_segment).collect()
}

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

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, from_value, json};

    use super::*;

    #[test]
    fn a_list_of_names_is_several_breakdowns_whatever_they_are_called() {
        let name = |name: &str| Breakdown::Name(name.into());
        let of_person = Scoped { property: "plan".into(), scope: Scope::Person };
        let of_person = Breakdown::Scoped(of_person);
        let read = |sent: Json| from_value::<Breakdowns>(sent).map(|by| by.list().to_vec());
        for (sent, expected) in [
            (json!("person"), vec![name("person")]),
            (json!(["os"]), vec![name("os")]),
            (json!(["os", "person"]), vec![name("os"), name("person")]),
            (json!({"property": "plan", "scope": "person"}), vec![of_person.clone()]),
            (json!([{"property": "plan", "scope": "person"}, "os"]), vec![of_person, name("os")]),
            (json!([]), vec![]),
        ] {
            assert_eq!(read(sent.clone()).ok(), Some(expected), "{sent}");
        }
    }
}
