//! `candor demo`: a shop's people, history and live traffic, from a seed. Everything goes through
//! the gate and the log like real traffic; nothing is written past them.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use candor_engage::channel::Channel;
use candor_engage::provider::{ProviderSettings, Sender, TriedOut};
use candor_event::{ConsentChange, DataClass, PersonId, Properties, Purpose, Timestamp, Value};
use candor_ingest::Ids;
use candor_ingest::decode::{Body, Incoming};

use crate::providers;
use crate::server::{Sent, Server, Tenant};

const DAY_MS: i64 = 86_400_000;

/// Records that go into one frame of the log.
const BATCH: usize = 500;

/// Pause between two looks at who does something now.
const LIVE_PAUSE: Duration = Duration::from_millis(250);

/// Sessions that begin in a second of live traffic.
const LIVE_SESSIONS_PER_SECOND: f64 = 3.0;

/// The classes that the shop gave to its own properties.
pub const CLASSES: [(&str, DataClass); 5] = [
    ("Product", DataClass::Behaviour),
    ("Category", DataClass::Behaviour),
    ("Amount", DataClass::Behaviour),
    ("Query", DataClass::Behaviour),
    ("Plan", DataClass::Behaviour),
];

/// (country, share in per cent, hours ahead of UTC)
const COUNTRIES: [(&str, u64, i64); 8] = [
    ("IN", 46, 5),
    ("ID", 12, 7),
    ("AE", 9, 4),
    ("SG", 8, 8),
    ("GB", 8, 0),
    ("DE", 7, 1),
    ("US", 6, -6),
    ("KE", 4, 3),
];
const SYSTEMS: [(&str, &str, &str); 5] = [
    ("Android", "Samsung", "Galaxy A54"),
    ("Android", "Xiaomi", "Redmi Note 12"),
    ("iOS", "Apple", "iPhone 14"),
    ("Android", "Vivo", "Y28"),
    ("iOS", "Apple", "iPhone 12"),
];
const CATEGORIES: [&str; 6] = ["Shoes", "Watches", "Phones", "Books", "Kitchen", "Toys"];

/// SplitMix64 (Steele, Lea and Flood 2014): the same seed gives the same shop on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 up to, not including, 1.
    fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
}

/// One of the shop's people.
struct Shopper {
    guid: String,
    identity: Option<String>,
    country: usize,
    system: usize,
    /// Sessions a day.
    keen: f64,
    /// The first day on which they come, counted back from today.
    since: i64,
    consents: (bool, bool, bool),
}

/// The shop: its people, and chance.
pub struct Shop {
    random: Random,
    people: Vec<Shopper>,
}

impl Shop {
    /// A shop of so many people, each new on one of the days.
    pub fn new(seed: u64, people: usize, days: i64) -> Shop {
        let mut random = Random(seed);
        let people = (0..people).map(|number| Shopper::new(&mut random, number, days)).collect();
        Shop { random, people }
    }

    /// Everyone's answer to the banner: most say yes to analytics, fewer to the rest, some to
    /// nothing.
    async fn say(&self, server: &Server, tenant: &Arc<Tenant>) -> anyhow::Result<()> {
        let mut last = None;
        let door = tenant.door().await?;
        for shopper in &self.people {
            let (analytics, personal, mail) = shopper.consents;
            let answers = [
                ("analytics", analytics),
                ("personalisation", personal),
                ("marketing:email", mail),
            ];
            let purposes: BTreeMap<Purpose, bool> = answers
                .into_iter()
                .filter_map(|(purpose, yes)| Some((Purpose::new(purpose)?, yes)))
                .collect();
            let change = ConsentChange {
                person: PersonId([0; 16]),
                at: Timestamp(server.now().0 - (shopper.since + 1) * DAY_MS),
                purposes,
                notice: Some(("shop".into(), "1".into(), "en".into())),
                method: "banner".to_owned(),
            };
            let ids = Ids { guid: Some(shopper.guid.clone()), ..Ids::default() };
            let (append, kept) = server.append(door);
            door.consent(&ids, change, append).context("record a consent")?;
            last = Some(kept);
        }
        if let Some(last) = last {
            last.await.context("wait for the log")??;
        }
        Ok(())
    }

    /// Fills the days before now, the newest first; `told` hears the day and the events so far.
    pub async fn history(
        &mut self,
        server: &Server,
        tenant: &Arc<Tenant>,
        days: i64,
        told: impl Fn(i64, u64),
    ) -> anyhow::Result<()> {
        self.say(server, tenant).await?;
        let mut events = 0;
        for day in 0..days {
            let mut batch = Vec::with_capacity(BATCH);
            for at in 0..self.people.len() {
                let shopper = &self.people[at];
                // Weekends are busier.
                let now = server.now().0;
                let weekday = (now / DAY_MS - day + 3).rem_euclid(7);
                let busy = if weekday >= 5 { 1.3 } else { 0.9 };
                if shopper.since < day || self.random.share() > shopper.keen * busy {
                    continue;
                }
                let midnight = (now / DAY_MS - day) * DAY_MS;
                let start = midnight + self.hour_of_day(at) + self.random.below(3_600_000) as i64;
                let visit = self.session(at, start, shopper_is_new(&self.people[at], day));
                // What lies ahead of now is not history.
                batch.extend(visit.into_iter().filter(|record| record.at <= Some(Timestamp(now))));
                if batch.len() >= BATCH {
                    events += batch.len() as u64;
                    send(server, tenant, std::mem::take(&mut batch)).await?;
                }
            }
            events += batch.len() as u64;
            send(server, tenant, batch).await?;
            told(day, events);
        }
        Ok(())
    }

    /// Goes on for ever, with sessions that begin now.
    pub async fn live(&mut self, server: &Server, tenant: &Arc<Tenant>) -> anyhow::Result<()> {
        let mut waiting: Vec<Incoming> = Vec::new();
        loop {
            let now = server.now();
            let begin = LIVE_SESSIONS_PER_SECOND * LIVE_PAUSE.as_secs_f64();
            if self.random.share() < begin {
                let at = self.random.below(self.people.len() as u64) as usize;
                waiting.extend(self.session(at, now.0, false));
            }
            let due = |record: &Incoming| record.at.is_some_and(|at| at <= now);
            let (ready, rest) = waiting.into_iter().partition(due);
            waiting = rest;
            // A full log is told to the traces; the shop goes on.
            if let Err(error) = send(server, tenant, ready).await {
                tracing::warn!(error = format!("{error:#}"), "live traffic was not taken in");
            }
            tokio::time::sleep(LIVE_PAUSE).await;
        }
    }

    /// The hour (in ms, UTC) at which someone comes: evenings of their own country most of all.
    fn hour_of_day(&mut self, at: usize) -> i64 {
        let (a, b) = (self.random.below(10), self.random.below(10));
        let local = 8 + (a.max(b) + self.random.below(6)) as i64;
        let ahead = COUNTRIES[self.people[at].country].2;
        (local - ahead).rem_euclid(24) * 3_600_000
    }

    /// One visit: look around, perhaps put something in the cart, perhaps pay.
    fn session(&mut self, at: usize, start: i64, first: bool) -> Vec<Incoming> {
        let (mut time, mut records) = (start, Vec::new());
        let shopper = &self.people[at];
        let random = &mut self.random;
        let base = shopper.properties(start / 1000);
        let ids = Ids { guid: Some(shopper.guid.clone()), ..Ids::default() };
        let mut add = |time: i64, body: Body| {
            let (ids, at) = (ids.clone(), Some(Timestamp(time / 1000 * 1000)));
            records.push(Incoming { index: 0, ids, at, id: None, body });
        };
        let event = |name: &str, more: &[(&str, Value)]| {
            let mut properties = base.clone();
            properties.extend(more.iter().map(|(name, value)| (*name, value.clone())));
            Body::Event { name: name.into(), properties }
        };
        add(time, event("App Launched", &[]));
        if let (true, Some(identity)) = (first, &shopper.identity) {
            let set = |name: &str, value: Value| (name.into(), candor_event::TraitOp::Set(value));
            let plan = if random.share() < 0.2 { "gold" } else { "free" };
            // Kept of those who allowed that somebody writes to them.
            let email = format!("{identity}@example.com");
            let told = [("Identity", identity.as_str()), ("Plan", plan), ("Email", &email)];
            let told = told.map(|(name, value)| set(name, value.into()));
            add(time + 1000, Body::Profile(told.into()));
        }
        let category = CATEGORIES[random.below(6) as usize];
        if random.share() < 0.3 {
            time += 4_000 + random.below(9_000) as i64;
            add(
                time,
                event("Search Performed", &[("Query", category.to_lowercase().as_str().into())]),
            );
        }
        let views = 1 + random.below(4);
        for _ in 0..views {
            time += 5_000 + random.below(60_000) as i64;
            let product = format!("{category} {}", 1 + random.below(40));
            let about = [("Category", category.into()), ("Product", product.as_str().into())];
            add(time, event("Product Viewed", &about));
            if random.share() > 0.22 {
                continue;
            }
            let price = 199 + random.below(4_800) as i64;
            let about = [&about[..], &[("Amount", price.into())]].concat();
            time += 8_000 + random.below(40_000) as i64;
            add(time, event("Added To Cart", &about));
            if random.share() > 0.55 {
                continue;
            }
            time += 20_000 + random.below(90_000) as i64;
            add(time, event("Checkout Started", &about));
            time += 30_000 + random.below(200_000) as i64;
            match random.share() {
                paid if paid < 0.66 => add(time, event("Charged", &about)),
                paid if paid < 0.76 => add(time, event("Payment Failed", &about)),
                _ => {}
            }
        }
        records
    }
}

fn shopper_is_new(shopper: &Shopper, day: i64) -> bool {
    // The history runs backwards: the first visit is the one on the first day, or near it.
    day >= shopper.since - 3
}

impl Shopper {
    fn new(random: &mut Random, number: usize, days: i64) -> Shopper {
        let mut left = random.below(100);
        let country = COUNTRIES.iter().position(|(_, share, _)| {
            let here = left < *share;
            left = left.saturating_sub(*share);
            here
        });
        // A few come daily, most now and then.
        let keen = 0.08 + 0.6 * random.share().powi(4);
        let (yes, more) = (random.share(), random.share());
        Shopper {
            guid: format!("__{:016x}{:016x}", random.next(), random.next()),
            identity: (random.share() < 0.6).then(|| format!("shopper-{number}")),
            country: country.unwrap_or(0),
            system: random.below(SYSTEMS.len() as u64) as usize,
            keen,
            since: random.below(days.max(1) as u64 * 2) as i64,
            consents: (yes < 0.84, yes < 0.84 && more < 0.7, yes < 0.84 && more < 0.4),
        }
    }

    fn properties(&self, session: i64) -> Properties {
        let (system, make, model) = SYSTEMS[self.system];
        let pairs: [(&str, Value); 5] = [
            ("OS", system.into()),
            ("Make", make.into()),
            ("Model", model.into()),
            ("country", COUNTRIES[self.country].0.into()),
            ("session", session.into()),
        ];
        pairs.into_iter().collect()
    }
}

async fn send(
    server: &Server,
    tenant: &Arc<Tenant>,
    mut records: Vec<Incoming>,
) -> anyhow::Result<()> {
    if records.is_empty() {
        return Ok(());
    }
    for (index, record) in records.iter_mut().enumerate() {
        record.index = index;
    }
    let taken = server.accept(tenant, records, Vec::new(), Sent::default()).await;
    taken.map_err(|refusal| anyhow::anyhow!("the log did not take it: {refusal:?}"))?;
    Ok(())
}

/// Makes a provider of every channel whose messages stay in the house.
pub async fn outboxes(server: &Server, tenant: &Arc<Tenant>) -> anyhow::Result<()> {
    for channel in Channel::ALL {
        let from = (channel == Channel::Email).then(|| Sender {
            name: Some("Demo shop".to_owned()),
            address: "news@shop.example".to_owned(),
        });
        let kept = ProviderSettings::Outbox(TriedOut { from });
        providers::save(server, tenant, (channel, "outbox"), &kept, "candor demo").await?;
    }
    Ok(())
}

/// The folder of a demo: the one that was named, or a new one of this process.
pub fn folder(named: Option<&Path>) -> std::path::PathBuf {
    let own = || std::env::temp_dir().join(format!("candor-demo-{}", std::process::id()));
    named.map_or_else(own, Path::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_shop() {
        let visit = |seed| {
            let mut shop = Shop::new(seed, 50, 10);
            (0..50).flat_map(|at| shop.session(at, 1_795_500_000_000, true)).collect::<Vec<_>>()
        };
        assert_eq!(visit(1), visit(1));
        assert_ne!(visit(1), visit(2));
    }
}
