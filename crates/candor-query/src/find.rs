//! The latest or the first events that meet some conditions, whoever did them.

use std::collections::BinaryHeap;

use candor_event::{PersonId, Timestamp};
use candor_store::{Run, View, VolumeView};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::filter::Condition;
use crate::period::moment;
use crate::person::{Done, done_at};
use crate::question::{Matcher, check_all, whose};
use crate::scan::{Cancel, Scan};
use crate::segment::Definition;

/// Which events are looked for.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Find {
    /// The event's name, or `*` for any.
    #[serde(default = "any")]
    pub event: String,
    /// When; from the first on when missing.
    #[serde(default)]
    pub from: Option<String>,
    /// Up to, not including, this moment; to the last when missing.
    #[serde(default)]
    pub to: Option<String>,
    /// The IANA name of the zone of dates; the caller resolves it.
    #[serde(default)]
    pub timezone: Option<String>,
    /// What must hold.
    #[serde(default, rename = "where")]
    pub conditions: Vec<Condition>,
    /// Whose events count.
    #[serde(default)]
    pub people: Option<Definition>,
    /// Which come first.
    #[serde(default)]
    pub order: Order,
    /// How many are told, 1 to 1,000.
    #[serde(default = "limit")]
    pub limit: usize,
    /// Those after an answer that ended here, its `next`.
    #[serde(default)]
    pub cursor: Option<String>,
}

fn any() -> String {
    "*".to_owned()
}

fn limit() -> usize {
    50
}

const LIMIT_MAX: usize = 1_000;

/// Which events come first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// The latest.
    #[default]
    Newest,
    /// The first.
    Oldest,
}

/// What was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// In the order asked for; of one moment by person, and of one person in that order again.
    pub events: Vec<(PersonId, Done)>,
    /// The cursor of those after them; none where there are none.
    pub next: Option<String>,
}

/// Where an event stands: the least is told first. When, forwards or back; whose; and how many of
/// that moment and person stand before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    at: i64,
    person: PersonId,
    before: u32,
}

/// An event that may be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Candidate {
    rank: Rank,
    row: u32,
    code: u16,
}

impl Rank {
    fn read(cursor: &str) -> Option<Rank> {
        let mut parts = cursor.splitn(3, '.');
        let (at, before) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        Some(Rank { at, before, person: PersonId::parse(parts.next()?)? })
    }

    fn cursor(&self) -> String {
        format!("{}.{}.{}", self.at, self.before, self.person)
    }
}

impl Order {
    fn rank(self, time: i64) -> i64 {
        match self {
            Order::Newest => time.saturating_neg(),
            Order::Oldest => time,
        }
    }
}

impl Find {
    /// Looks for them.
    ///
    /// # Errors
    /// [`Error::Bad`] names the part that makes no sense.
    pub fn ask(&self, view: &View, zone: &TimeZone, cancel: &Cancel) -> Result<Answer, Error> {
        let edge = |text: &Option<String>, pointer: &str| {
            text.as_deref().map(|text| moment(text, zone, pointer)).transpose()
        };
        let from = edge(&self.from, "/from")?.map_or(i64::MIN, |at| at.0);
        let to = edge(&self.to, "/to")?.map_or(i64::MAX, |at| at.0);
        if from >= to {
            return Err(Error::bad("/to", "a moment after `from`; `to` is not included"));
        }
        check_all(&self.conditions, "/where")?;
        if !(1..=LIMIT_MAX).contains(&self.limit) {
            return Err(Error::bad("/limit", format!("a number from 1 to {LIMIT_MAX}")));
        }
        let after = self.cursor.as_deref().map(|cursor| {
            let form = || Error::bad("/cursor", "the `next` of the answer before");
            Rank::read(cursor).ok_or_else(form)
        });
        let after = after.transpose()?;
        let people = whose(self.people.as_ref(), view, zone, cancel)?;
        let new = |volume: &VolumeView| {
            let matcher = Matcher::new(volume, &self.event, &self.conditions);
            (matcher.among(volume, &[&self.event]), BinaryHeap::new())
        };
        let partials = Scan::new(view, cancel)
            .of_people(people.as_deref())
            .of_events([self.event.as_str()])
            .likely(&self.conditions)
            .fold(new, |(matcher, found), volume, ordinal, run| {
                self.look(volume, ordinal, (run, from, to), matcher, after, found);
            })?;
        let volumes = view.volumes.iter().zip(partials);
        let found = volumes.flat_map(|(volume, (_, found))| {
            found.into_iter().map(move |candidate: Candidate| (candidate, volume))
        });
        let mut found: Vec<_> = found.collect();
        found.sort_unstable_by_key(|(candidate, _)| *candidate);
        let more = found.len() > self.limit;
        found.truncate(self.limit);
        let next = found.last().filter(|_| more).map(|(last, _)| last.rank.cursor());
        let events = found.iter().map(|(Candidate { rank, row, code }, volume)| {
            // Back to the moment: the way there is its own way back.
            let at = Timestamp(self.order.rank(rank.at));
            (rank.person, done_at(volume, *row, *code, at))
        });
        Ok(Answer { events: events.collect(), next })
    }

    /// Takes up what of a person is among the first; one more than asked for is kept, to tell
    /// whether there are more.
    fn look(
        &self,
        volume: &VolumeView,
        ordinal: u32,
        (run, from, to): (Run<'_>, i64, i64),
        matcher: &Matcher<'_>,
        after: Option<Rank>,
        found: &mut BinaryHeap<Candidate>,
    ) {
        if !matcher.person_matches(volume, ordinal) {
            return;
        }
        let (first, end) = (run.before(from), run.before(to));
        let person = volume.person_id(ordinal);
        let mut last: Option<Rank> = None;
        for step in 0..end.saturating_sub(first) {
            let place = match self.order {
                Order::Newest => end - 1 - step,
                Order::Oldest => first + step,
            };
            let at = self.order.rank(run.time(place));
            let full = found.len() > self.limit;
            // All that come after it in here come later in the answer too.
            if full && found.peek().is_some_and(|most| at > most.rank.at) {
                return;
            }
            if !matcher.event_matches(volume, ordinal, run, place) {
                continue;
            }
            let before = last.filter(|last| last.at == at).map_or(0, |last| last.before + 1);
            let rank = Rank { at, person, before };
            last = Some(rank);
            if after.is_some_and(|after| rank <= after) {
                continue;
            }
            found.push(Candidate { rank, row: run.row(place), code: run.code(place) });
            if found.len() > self.limit + 1 {
                found.pop();
            }
        }
    }
}
