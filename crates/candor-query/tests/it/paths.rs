//! Paths against loops over plain lists: each person's visits, and the ways within them.

use std::collections::{BTreeMap, BTreeSet};

use candor_query::{Cancel, Paths, SILENCE_MS, paths};
use jiff::tz::TimeZone;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use crate::world::{Seen, World, id, world};

const DAY: i64 = 86_400_000;

#[derive(Clone, Debug)]
struct Asked {
    backwards: bool,
    anchor: &'static str,
    steps: usize,
    minutes: Option<i64>,
    top: usize,
    sequences: usize,
    collapse: bool,
    hide: Option<&'static str>,
    from: i64,
    to: i64,
}

fn asked() -> impl Strategy<Value = Asked> {
    let numbers = (1usize..5, prop::option::of(1i64..90), 1usize..4, 1usize..9);
    let flags = (any::<[bool; 3]>(), 0i64..150, 1i64..150);
    let anchor = prop::sample::select(vec!["view", "*"]);
    (numbers, flags, anchor).prop_map(|((steps, minutes, top, sequences), flags, anchor)| {
        let ([backwards, collapse, hide], from, length) = flags;
        let from = 5 * DAY + from * 60_000;
        let hide = hide.then_some("cart");
        let to = from + length * 60_000;
        Asked { backwards, anchor, steps, minutes, top, sequences, collapse, hide, from, to }
    })
}

impl Asked {
    fn question(&self) -> Json {
        let moment = |at| jiff::Timestamp::from_millisecond(at).unwrap().to_string();
        // Not of one colour: names alone are not all that an anchor can say.
        let anchor = json!({"event": self.anchor, "where": [
            {"property": "colour", "op": "ne", "value": "red"}]});
        json!({
            if self.backwards { "end" } else { "start" }: anchor,
            "from": moment(self.from), "to": moment(self.to), "steps": self.steps,
            "within": self.minutes.map_or("session".to_owned(), |minutes| format!("{minutes}m")),
            "top": self.top, "sequences": self.sequences, "collapse_repeats": self.collapse,
            "hide": self.hide.into_iter().collect::<Vec<_>>(),
        })
    }
}

/// A day's events within a few hours, so that some of a person fall into one visit.
fn busy(world: World) -> World {
    let near = |seen: Seen| Seen { time: 5 * DAY + seen.time / 200, ..seen };
    World { events: world.events.into_iter().map(near).collect(), ..world }
}

/// A person's visits.
fn visits<'w>(events: &[&'w Seen], asked: &Asked) -> Vec<Vec<&'w Seen>> {
    if asked.minutes.is_some() {
        return vec![events.to_vec()];
    }
    let mut told: BTreeMap<u64, Vec<&Seen>> = BTreeMap::new();
    let mut silent: Vec<Vec<&Seen>> = Vec::new();
    for seen in events {
        match seen.session {
            Some(session) => told.entry(session).or_default().push(seen),
            None => match silent.last_mut() {
                Some(visit) if seen.time - visit[visit.len() - 1].time < SILENCE_MS => {
                    visit.push(seen);
                }
                _ => silent.push(vec![seen]),
            },
        }
    }
    told.into_values().chain(silent).collect()
}

/// The ways of a person, in the order of time.
fn ways(events: &[&Seen], asked: &Asked) -> Vec<Vec<&'static str>> {
    let mut ways = Vec::new();
    for mut visit in visits(events, asked) {
        visit.retain(|seen| Some(seen.name) != asked.hide);
        if asked.collapse {
            visit.dedup_by_key(|seen| seen.name);
        }
        if asked.backwards {
            visit.reverse();
        }
        for (at, anchor) in visit.iter().enumerate() {
            let wanted = (asked.anchor == "*" || anchor.name == asked.anchor)
                && (asked.from..asked.to).contains(&anchor.time)
                && anchor.properties.get("colour") != Some(&"red".into());
            if wanted {
                let near = |seen: &&&Seen| match asked.minutes {
                    None => true,
                    Some(minutes) => (seen.time - anchor.time).abs() <= minutes * 60_000,
                };
                let way = visit[at..].iter().take(asked.steps + 1).take_while(near);
                let mut way: Vec<&str> = way.map(|seen| seen.name).collect();
                if asked.backwards {
                    way.reverse();
                }
                ways.push(way);
            }
        }
    }
    ways
}

/// The event of a way so many steps from its anchor.
fn at<'n>(way: &[&'n str], step: usize, asked: &Asked) -> Option<&'n str> {
    match asked.backwards {
        true => way.len().checked_sub(step + 1).map(|at| way[at]),
        false => way.get(step).copied(),
    }
}

/// What is counted, how often, and who is behind it.
type Counted<K> = BTreeMap<K, (u64, BTreeSet<u8>)>;

fn add<K: Ord>(counted: &mut Counted<K>, key: K, person: u8) {
    let entry = counted.entry(key).or_default();
    entry.0 += 1;
    entry.1.insert(person);
}

fn check(world: &World, asked: &Asked) {
    let paths: Paths = serde_json::from_value(asked.question()).unwrap();
    let (view, cancel) = (world.view(), Cancel::default());
    let answer = paths.ask(&view, &TimeZone::UTC, &cancel).unwrap();
    let answer = serde_json::to_value(answer).unwrap();

    let people = world.people();
    let ways = people.iter().map(|(person, events)| (*person, ways(events, asked)));
    let ways: Vec<(u8, Vec<&str>)> =
        ways.flat_map(|(person, ways)| ways.into_iter().map(move |way| (person, way))).collect();
    let mut nodes: Counted<(usize, &str)> = BTreeMap::new();
    for (person, way) in &ways {
        for step in 0..way.len() {
            add(&mut nodes, (step, at(way, step, asked).unwrap()), *person);
        }
    }
    let top = |step: usize| -> Vec<&str> {
        let of_step = nodes.iter().filter(|((of, _), _)| *of == step);
        let mut names: Vec<_> = of_step.map(|((_, name), (count, _))| (*count, *name)).collect();
        names.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
        names.into_iter().take(asked.top).map(|(_, name)| name).collect()
    };
    let shown = |step: usize, name| if top(step).contains(&name) { name } else { "(other)" };
    let (mut folded, mut links, mut sequences) =
        (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    for (person, way) in &ways {
        for step in 0..way.len() {
            let here = shown(step, at(way, step, asked).unwrap());
            add(&mut folded, (step, here), *person);
            if step + 1 < way.len() {
                let next = shown(step + 1, at(way, step + 1, asked).unwrap());
                let (from, to) = if asked.backwards { (next, here) } else { (here, next) };
                add(&mut links, (step, from, to), *person);
            }
        }
        add(&mut sequences, way.clone(), *person);
    }
    let sorted = |list: &Json| {
        let mut list: Vec<String> = list.as_array().unwrap().iter().map(Json::to_string).collect();
        list.sort();
        list
    };
    let expected: Json = folded
        .iter()
        .map(|((step, event), (count, _))| json!({"step": step, "event": event, "count": count}))
        .collect();
    assert_eq!(sorted(&answer["nodes"]), sorted(&expected), "{asked:?}");
    let expected: Json = links.iter().map(|((step, from, to), (count, _))| {
        json!({"step": step, "from": from, "to": to, "count": count})
    }).collect();
    assert_eq!(sorted(&answer["links"]), sorted(&expected), "{asked:?}");
    let mut in_order: Vec<_> = sequences.iter().collect();
    in_order.sort_by(|(a, (x, _)), (b, (y, _))| y.cmp(x).then_with(|| a.cmp(b)));
    let expected: Json = in_order
        .into_iter()
        .take(asked.sequences)
        .map(|(events, (count, _))| json!({"events": events, "count": count}))
        .collect();
    assert_eq!(answer["sequences"], expected, "{asked:?}");

    let folded = folded.into_iter();
    let folded =
        folded.map(|((step, event), found)| (json!({"step": step, "event": event}), found));
    let links = links
        .into_iter()
        .map(|((step, from, to), found)| (json!({"step": step, "from": from, "to": to}), found));
    let whole = sequences.into_iter().map(|(events, found)| (json!({"events": events}), found));
    for (cell, (_, behind)) in folded.chain(links).chain(whole) {
        let cell: paths::Cell = serde_json::from_value(cell).unwrap();
        let found = paths.people(&cell, &view, &TimeZone::UTC, &cancel).unwrap();
        let mut behind: Vec<_> = behind.into_iter().map(id).collect();
        behind.sort();
        assert_eq!(found, behind, "{asked:?} {cell:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn paths_agree(world in world(), asked in asked()) {
        check(&busy(world), &asked);
    }
}
