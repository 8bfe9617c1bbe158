//! Live: what happens right now.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use candor_event::{PersonId, Timestamp};
use candor_store::View;
use serde::Serialize;

/// The property that tells the country of an event.
const COUNTRY: &str = "country";
const MINUTE_MS: i64 = 60_000;
const MINUTES: i64 = 60;
const TOP: usize = 10;
const RECENT: usize = 50;

/// What happens right now.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Live {
    /// People with an event in the last five minutes.
    pub active_5m: u64,
    /// The same for thirty minutes.
    pub active_30m: u64,
    /// Events in each of the last 60 minutes, oldest first; the last one is not over.
    pub events_per_minute: Vec<u64>,
    /// Events of the last 30 minutes by name, the most frequent first.
    pub top_events: Vec<Counted>,
    /// People of the last 30 minutes by country, where it is known.
    pub countries: Vec<Counted>,
    /// The latest events, newest first.
    pub recent: Vec<Recent>,
}

/// A name and how many.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Counted {
    /// The event's name or the country.
    pub name: String,
    /// How many.
    pub count: u64,
}

/// An event that just happened: what and when, not who in clear.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Recent {
    /// Whose, as the id of the API.
    pub person: String,
    /// What.
    pub name: String,
    /// When, in ms since 1970.
    pub at: i64,
    /// From where, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
}

/// Looks at the last hour before `now`.
pub fn live(view: &View, now: Timestamp) -> Live {
    let this_minute = now.0.div_euclid(MINUTE_MS);
    let start = (this_minute - MINUTES + 1) * MINUTE_MS;
    let (five, thirty) = (now.0 - 5 * MINUTE_MS, now.0 - 30 * MINUTE_MS);
    let mut minutes = vec![0u64; MINUTES as usize];
    let (mut active_5m, mut active_30m) = (0u64, 0u64);
    let mut names: HashMap<u16, u64> = HashMap::new();
    let mut countries: HashMap<String, u64> = HashMap::new();
    let mut recent: Vec<(i64, PersonId, u16, Option<String>)> = Vec::new();
    for volume in &view.volumes {
        let country = volume.property_code(COUNTRY);
        let mut people: HashMap<u32, i64> = HashMap::new();
        let mut placed: HashSet<(u32, String)> = HashSet::new();
        volume.since(start.min(thirty), |ordinal, time, code, row| {
            if time > now.0 {
                return;
            }
            if time >= start {
                minutes[((time - start) / MINUTE_MS) as usize] += 1;
            }
            let place = country.and_then(|code| volume.property(row, code)?.as_text());
            if time >= thirty {
                let last = people.entry(ordinal).or_insert(time);
                *last = (*last).max(time);
                *names.entry(code).or_default() += 1;
                if let Some(place) = &place {
                    placed.insert((ordinal, place.to_string()));
                }
            }
            recent.push((time, volume.person_id(ordinal), code, place.map(Cow::into_owned)));
            if recent.len() >= RECENT * 64 {
                keep_newest(&mut recent);
            }
        });
        active_30m += people.len() as u64;
        active_5m += people.values().filter(|last| **last >= five).count() as u64;
        for (_, place) in placed {
            *countries.entry(place).or_default() += 1;
        }
    }
    keep_newest(&mut recent);
    let name = |code: u16| match view.volumes.first() {
        Some(volume) => volume.event_names()[usize::from(code)].to_string(),
        None => String::new(),
    };
    let recent = recent.into_iter().map(|(at, person, code, country)| Recent {
        person: person.to_string(),
        name: name(code),
        at,
        country,
    });
    Live {
        active_5m,
        active_30m,
        events_per_minute: minutes,
        top_events: top(names.into_iter().map(|(code, count)| (name(code), count))),
        countries: top(countries.into_iter()),
        recent: recent.collect(),
    }
}

fn keep_newest(recent: &mut Vec<(i64, PersonId, u16, Option<String>)>) {
    recent.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    recent.truncate(RECENT);
}

fn top(counts: impl Iterator<Item = (String, u64)>) -> Vec<Counted> {
    let mut counts: Vec<Counted> = counts.map(|(name, count)| Counted { name, count }).collect();
    counts.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.name.cmp(&b.name)));
    counts.truncate(TOP);
    counts
}
