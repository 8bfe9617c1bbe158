//! Who sends the next event: people as `bench/generator` makes them. Some come once, some by the
//! thousand, about 72 events each; their sessions lie over the whole run.

use crate::random::{Random, mix, zipf};

/// The generator's window, in days: lifetimes are shares of it.
const DAYS: f64 = 90.0;
/// Events of a session, on average (the generator's set of a million has 12.67).
pub const EVENTS_PER_SESSION: f64 = 12.67;
/// Sessions that go on at once. At 100,000 events a second neighbours are of different people.
const SESSIONS_OPEN: usize = 4096;

/// A session that goes on.
#[derive(Clone, Debug)]
pub struct Session {
    pub person: u64,
    /// When it began, in seconds since 1970.
    pub began: u64,
    /// The time of its last event: milliseconds since 1970.
    pub last_ms: u64,
    left: u32,
}

impl Session {
    /// The first session of someone.
    pub fn of(person: u64, now_ms: u64) -> Session {
        Session { person, began: now_ms / 1000, last_ms: now_ms, left: 0 }
    }
}

/// The people of a run, in the order in which they come.
pub struct People {
    random: Random,
    /// Whose sessions begin, one after the other.
    order: Vec<u32>,
    next: usize,
    /// People before this round: who runs through the order gets new ones.
    before: u64,
    in_round: u64,
    open: Vec<Session>,
    /// Of each person of this round, the last event's time; 0 for who did not come yet. A person's
    /// times are unique, as in the generator: else the busiest would send repeats.
    last_ms: Vec<u64>,
    seen_before: u64,
}

impl People {
    /// People for about so many events; more get further people of the same kind.
    pub fn new(seed: u64, events: u64) -> People {
        let mut random = Random::new(seed);
        let wanted = (events as f64 / EVENTS_PER_SESSION) as usize + 1;
        let mut sessions: Vec<(f32, u32)> = Vec::with_capacity(wanted);
        let mut person = 0;
        while sessions.len() < wanted {
            sessions_of(person, &mut random, &mut sessions);
            person += 1;
        }
        sessions.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let order = sessions.into_iter().map(|(_, person)| person).collect();
        let last_ms = vec![0; person as usize];
        let in_round = u64::from(person);
        let open = Vec::new();
        People { random, order, next: 0, before: 0, in_round, open, last_ms, seen_before: 0 }
    }

    /// The next session that begins.
    pub fn begin(&mut self, now_ms: u64) -> Session {
        self.next_round();
        let person = self.order[self.next];
        self.next += 1;
        let last_ms = &mut self.last_ms[person as usize];
        *last_ms = (*last_ms).max(1);
        let left = 1.0 - self.random.unit().ln() * (EVENTS_PER_SESSION - 0.5);
        Session {
            person: self.before + u64::from(person),
            began: now_ms / 1000,
            last_ms: 0,
            left: left as u32,
        }
    }

    /// The session of the next event, at its time.
    pub fn event(&mut self, now_ms: u64) -> Session {
        self.next_round();
        let open = self.open.len();
        let mut place = self.random.below(SESSIONS_OPEN);
        if open < SESSIONS_OPEN {
            let session = self.begin(now_ms);
            self.open.push(session);
            place = open;
        } else if self.open[place].left == 0 {
            self.open[place] = self.begin(now_ms);
        }
        let session = &mut self.open[place];
        session.left -= 1;
        let last_ms = &mut self.last_ms[(session.person - self.before) as usize];
        *last_ms = now_ms.max(*last_ms + 1);
        session.last_ms = *last_ms;
        session.clone()
    }

    /// New people when all sessions of those of this round have begun.
    fn next_round(&mut self) {
        if self.next == self.order.len() {
            self.seen_before = self.seen();
            self.before += self.in_round;
            self.next = 0;
            self.last_ms.fill(0);
            self.open.clear();
        }
    }

    /// How many people have come.
    pub fn seen(&self) -> u64 {
        self.seen_before + self.last_ms.iter().filter(|last_ms| **last_ms > 0).count() as u64
    }
}

/// When a person's sessions begin, as shares of the run: `chunk` of the generator.
fn sessions_of(person: u32, random: &mut Random, sessions: &mut Vec<(f32, u32)>) {
    let known_before = random.unit() < 0.40;
    let came = random.unit();
    let came = if known_before { -60.0 / DAYS * came } else { came };
    let stays = (1.0 - came).min(8.0 / DAYS / random.unit());
    let many = (1.05 / random.unit().powf(1.0 / 1.12)).min(1500.0);
    let count = (many * stays.clamp(0.25, 1.0) * 3.1).max(1.0) as usize;
    let times = (0..count).map(|_| came + stays * random.unit().powf(1.4));
    sessions.extend(times.filter(|at| *at >= 0.0).map(|at| (at as f32, person)));
}

/// What stays the same of a person.
pub struct Traits {
    /// Digits of which ids are made.
    pub id: u64,
    pub country: [u8; 2],
    pub os: &'static str,
    pub plan: &'static str,
}

impl Traits {
    pub fn of(person: u64) -> Traits {
        let id = mix(person + 1);
        let mut random = Random::new(id);
        let country = zipf(random.unit(), 60, 1.05);
        let share = |unit: f64, shares: &[f64]| shares.iter().filter(|upto| unit >= **upto).count();
        Traits {
            id,
            country: [b"ABCDEFGHIJ"[country / 6], b"EILNRU"[country % 6]],
            os: ["Android", "iOS", "Web", "Windows", "macOS"]
                [share(random.unit(), &[0.52, 0.80, 0.92, 0.98])],
            plan: ["free", "basic", "pro", "enterprise"]
                [share(random.unit(), &[0.80, 0.93, 0.985])],
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn people_have_about_72_events_and_some_have_thousands() {
        let events = 1_000_000;
        let mut people = People::new(1, events);
        let (mut of, mut last) = (HashMap::new(), HashMap::new());
        for number in 0..events {
            let session = people.event(number / 100);
            *of.entry(session.person).or_insert(0u64) += 1;
            let before = last.insert(session.person, session.last_ms);
            assert!(before < Some(session.last_ms));
        }
        assert_eq!(people.seen(), of.len() as u64);
        let mean = events as f64 / of.len() as f64;
        assert!((55.0..90.0).contains(&mean), "{mean}");
        let mut counts: Vec<u64> = of.into_values().collect();
        counts.sort_unstable();
        // The generator's set of a million: 19 and 845.
        let (median, p99) = (counts[counts.len() / 2], counts[counts.len() * 99 / 100]);
        assert!((12..30).contains(&median), "{median}");
        assert!((400..1700).contains(&p99), "{p99}");
    }

    #[test]
    fn who_runs_through_all_people_gets_new_ones() {
        let mut people = People::new(1, 1000);
        let first: Vec<u64> = (0..79).map(|_| people.begin(0).person).collect();
        let more = (0..10_000).map(|_| people.begin(0).person);
        assert!(more.max() > first.iter().max().copied());
    }
}
