//! Paths: what people do after an event, or before one, step by step.
//!
//! `lines` lays out one person's events visit by visit, `ways` counts, `picture` is the answer.

mod lines;
mod picture;
mod ways;

use candor_event::PersonId;
use candor_store::{Run, View, VolumeView};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::group::OTHER;
use crate::paths::lines::Found;
use crate::paths::picture::Totals;
use crate::period;
use crate::question::{Which, check_all, range, whose};
use crate::scan::{Cancel, Scan};
use crate::segment::Definition;

pub use picture::{Answer, Link, Node, Sequence};

/// A question about paths.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Paths {
    /// The event that paths begin with; either this or `end`.
    #[serde(default)]
    pub start: Option<Anchor>,
    /// The event that paths end with.
    #[serde(default)]
    pub end: Option<Anchor>,
    /// Paths that begin (or end) at or after this moment.
    pub from: String,
    /// And before this one; their other events may lie outside.
    pub to: String,
    /// The IANA name of the zone of dates; the caller resolves it.
    #[serde(default)]
    pub timezone: Option<String>,
    /// How many events are followed.
    #[serde(default = "steps")]
    pub steps: usize,
    /// `session`, or how far from the start (or end) events may lie, like `30m`, in any session.
    #[serde(default = "session")]
    pub within: String,
    /// How many events of each step are shown; the rest is `(other)`.
    #[serde(default = "top")]
    pub top: usize,
    /// How many of the most frequent paths are told in full.
    #[serde(default = "sequences")]
    pub sequences: usize,
    /// Of the same event several times in a row only the first counts.
    #[serde(default)]
    pub collapse_repeats: bool,
    /// Events that are left out as if they had not happened.
    #[serde(default)]
    pub hide: Vec<String>,
    /// Whose events count.
    #[serde(default)]
    pub people: Option<Definition>,
}

/// The event at one end of a path.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Anchor {
    /// By its name, or `*` for any.
    Name(String),
    /// With what must hold of it.
    Which(Which),
}

fn steps() -> usize {
    3
}

fn session() -> String {
    "session".to_owned()
}

fn top() -> usize {
    5
}

fn sequences() -> usize {
    50
}

/// Events that can be followed.
const STEPS_MAX: usize = 10;
const TOP_MAX: usize = 100;
const SEQUENCES_MAX: usize = 1_000;
const HIDDEN_MAX: usize = 100;

/// A part of the answer: whoever came through a node or a link, or went one way.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cell {
    /// Of a node or a link.
    #[serde(default)]
    pub step: Option<usize>,
    /// The node's event; `(other)` for the rest.
    #[serde(default)]
    pub event: Option<String>,
    /// The link's events; `(other)` for the rest.
    #[serde(default)]
    pub from: Option<String>,
    /// The same.
    #[serde(default)]
    pub to: Option<String>,
    /// All of a sequence.
    #[serde(default)]
    pub events: Option<Vec<String>>,
}

/// A question that makes sense.
struct Plan<'q> {
    question: &'q Paths,
    anchor: &'q Which,
    /// Paths are followed from their end.
    backwards: bool,
    /// How far from the anchor; none: within its session.
    within: Option<i64>,
    from: i64,
    to: i64,
    /// Ways in memory at once, of all volumes together.
    ways_max: usize,
}

/// Who is looked for: by the events of a way, the anchor first.
enum Wanted {
    Node(usize, Event),
    /// The step, its event, and that of the next step.
    Link(usize, Event, Event),
    Way(Vec<u16>),
}

/// One event, or all that are not shown of a step.
enum Event {
    One(u16),
    NoneOf(Vec<u16>),
}

impl Event {
    fn is(&self, code: u16) -> bool {
        match self {
            Event::One(one) => *one == code,
            Event::NoneOf(shown) => !shown.contains(&code),
        }
    }
}

impl Wanted {
    fn is(&self, way: &[u16]) -> bool {
        let at = |step: usize, event: &Event| way.get(step).is_some_and(|code| event.is(*code));
        match self {
            Wanted::Node(step, event) => at(*step, event),
            Wanted::Link(step, here, next) => at(*step, here) && at(step + 1, next),
            Wanted::Way(codes) => codes == way,
        }
    }
}

impl Paths {
    /// Answers the question.
    ///
    /// # Errors
    /// [`Error::Bad`] names what to change; [`Error::Cancelled`] when the asker left.
    pub fn ask(&self, view: &View, zone: &TimeZone, cancel: &Cancel) -> Result<Answer, Error> {
        let anchor = self.anchor()?;
        let plan = self.plan(&anchor, zone)?;
        Ok(self.totals(&plan, view, zone, cancel)?.answer(&plan))
    }

    /// The people behind a number of the answer, in the order of their ids.
    ///
    /// # Errors
    /// As [`Paths::ask`]; pointers into the cell begin with `/cell`.
    pub fn people(
        &self,
        cell: &Cell,
        view: &View,
        zone: &TimeZone,
        cancel: &Cancel,
    ) -> Result<Vec<PersonId>, Error> {
        let anchor = self.anchor()?;
        let plan = self.plan(&anchor, zone)?;
        cell.check(self.steps)?;
        // What is not shown of a step is known once it is known what is.
        let names = [&cell.event, &cell.from, &cell.to];
        let other = names.into_iter().flatten().any(|name| name == OTHER);
        let totals = other.then(|| self.totals(&plan, view, zone, cancel)).transpose()?;
        let Some(wanted) = cell.wanted(&plan, totals.as_ref(), view) else { return Ok(Vec::new()) };
        let whose = whose(self.people.as_ref(), view, zone, cancel)?;
        type Looked<'q> = (Found<'q>, Vec<PersonId>);
        let new = |volume: &VolumeView| -> Looked<'_> { (plan.find(volume), Vec::new()) };
        let see = |(of, people): &mut Looked<'_>, volume: &VolumeView, ordinal, run: Run<'_>| {
            if plan.any_way(of, volume, ordinal, run, |way| wanted.is(way)) {
                people.push(volume.person_id(ordinal));
            }
        };
        let scan = Scan::new(view, cancel).of_people(whose.as_deref()).of_events(["*"]);
        let partials = scan.fold(new, see)?;
        let mut people: Vec<PersonId> = partials.into_iter().flat_map(|looked| looked.1).collect();
        people.sort_unstable();
        Ok(people)
    }

    fn totals(
        &self,
        plan: &Plan<'_>,
        view: &View,
        zone: &TimeZone,
        cancel: &Cancel,
    ) -> Result<Totals, Error> {
        let whose = whose(self.people.as_ref(), view, zone, cancel)?;
        // As many words of memory as the way needs.
        match (self.steps + 1).div_ceil(ways::EVENTS_PER_WORD) {
            1 => ways::count::<1>(plan, view, whose.as_deref(), cancel),
            2 => ways::count::<2>(plan, view, whose.as_deref(), cancel),
            _ => ways::count::<3>(plan, view, whose.as_deref(), cancel),
        }
    }

    fn anchor(&self) -> Result<Which, Error> {
        match (&self.start, &self.end) {
            (Some(anchor), None) | (None, Some(anchor)) => Ok(match anchor {
                Anchor::Name(name) => Which { event: name.clone(), conditions: Vec::new() },
                Anchor::Which(which) => which.clone(),
            }),
            _ => Err(Error::bad("/start", "an event that paths begin with, or else an `end`")),
        }
    }

    fn plan<'q>(&'q self, anchor: &'q Which, zone: &TimeZone) -> Result<Plan<'q>, Error> {
        let (from, to) = range(&self.from, &self.to, zone)?;
        let backwards = self.end.is_some();
        let pointer = if backwards { "/end/where" } else { "/start/where" };
        check_all(&anchor.conditions, pointer)?;
        for (number, max, pointer) in [
            (self.steps, STEPS_MAX, "/steps"),
            (self.top, TOP_MAX, "/top"),
            (self.sequences, SEQUENCES_MAX, "/sequences"),
        ] {
            if !(1..=max).contains(&number) {
                return Err(Error::bad(pointer, format!("a number from 1 to {max}")));
            }
        }
        if self.hide.len() > HIDDEN_MAX {
            return Err(Error::bad("/hide", format!("at most {HIDDEN_MAX} events")));
        }
        if let Some(at) = self.hide.iter().position(|name| *name == anchor.event) {
            return Err(Error::bad(format!("/hide/{at}"), "not the event that paths are about"));
        }
        let within = match self.within.as_str() {
            "session" => None,
            length => Some(period::duration(length, "/within").map_err(|_| {
                Error::bad("/within", "`session`, or a duration like 30s, 30m, 12h, 7d or 2w")
            })?),
        };
        let (from, to, ways_max) = (from.0, to.0, ways::WAYS_MAX);
        Ok(Plan { question: self, anchor, backwards, within, from, to, ways_max })
    }
}

impl Cell {
    fn check(&self, steps: usize) -> Result<(), Error> {
        match (self.step, &self.event, &self.from, &self.to, &self.events) {
            (None, None, None, None, Some(_)) => return Ok(()),
            (Some(_), Some(_), None, None, None) | (Some(_), None, Some(_), Some(_), None) => {}
            _ => {
                let message = "`step` with `event`, or with `from` and `to`; or all `events`";
                return Err(Error::bad("/cell", message));
            }
        }
        // A link leads to a step.
        let most = steps - usize::from(self.event.is_none());
        match self.step.is_some_and(|step| step <= most) {
            true => Ok(()),
            false => Err(Error::bad("/cell/step", format!("a number up to {most}"))),
        }
    }

    /// Who is looked for; nobody where an event has never happened.
    fn wanted(&self, plan: &Plan<'_>, totals: Option<&Totals>, view: &View) -> Option<Wanted> {
        let volume = view.volumes.first()?;
        let event = |step: usize, name: &String| match (name.as_str(), totals) {
            (OTHER, Some(totals)) => Some(Event::NoneOf(totals.top(step, plan))),
            _ => volume.event_code(name).map(Event::One),
        };
        if let Some(events) = &self.events {
            let mut codes: Vec<u16> =
                events.iter().map(|name| volume.event_code(name)).collect::<Option<_>>()?;
            if plan.backwards {
                codes.reverse();
            }
            return Some(Wanted::Way(codes));
        }
        let step = self.step?;
        if let Some(name) = &self.event {
            return Some(Wanted::Node(step, event(step, name)?));
        }
        let (here, next) = match plan.backwards {
            true => (self.to.as_ref()?, self.from.as_ref()?),
            false => (self.from.as_ref()?, self.to.as_ref()?),
        };
        Some(Wanted::Link(step, event(step, here)?, event(step + 1, next)?))
    }
}
