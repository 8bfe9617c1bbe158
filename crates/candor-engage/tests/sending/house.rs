//! A shop whose clock stands still until a test moves it.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, RwLock};

use candor_catalog::{
    Catalog, Group, Lane, Lease, NewPublisher, Publisher, Run, RunState, Standing,
};
use candor_engage::campaign::Campaign;
use candor_engage::channel::Channel;
use candor_engage::channel::outbox::Outbox;
use candor_engage::dispatch::{Flow, Halts, LEASE_MS, Plan, Sender, Suppressed, Traits, work};
use candor_engage::provider::{Place, Provider, ProviderSettings};
use candor_event::{AccountId, Clock as _, ManualClock, PersonId, Timestamp, Value};
use candor_ingest::gate::{Policy, Preset};
use candor_ingest::{Door, Outcome};
use candor_keys::PublisherKeys;
use jiff::tz::TimeZone;
use serde_json::{Value as Json, json};

pub struct House {
    pub catalog: Catalog,
    pub clock: Arc<ManualClock>,
    pub sender: Arc<Sender>,
    pub flow: Arc<Flow>,
    pub outbox: Arc<Outbox>,
    pub provider: Arc<Provider>,
    pub told: Arc<Mutex<Vec<Outcome>>>,
    people: Arc<Mutex<HashMap<PersonId, Traits>>>,
}

pub fn account() -> AccountId {
    AccountId::new("A-1").unwrap()
}

pub fn person(n: u8) -> PersonId {
    // All zeros are nobody.
    PersonId([n + 1; 16])
}

pub fn utc(text: &str) -> Timestamp {
    Timestamp(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
}

pub fn provider(settings: &Json, outbox: &Arc<Outbox>) -> Arc<Provider> {
    let settings: ProviderSettings = serde_json::from_value(settings.clone()).unwrap();
    let place = Place {
        channel: Channel::Email,
        name: "main".to_owned(),
        outbox: outbox.clone(),
        private_webhooks: false,
    };
    Arc::new(Provider::open(&settings, place, |_| [0; 8]).unwrap())
}

/// A campaign that says nothing but hello.
pub fn campaign(more: &Json) -> Campaign {
    let mut whole = json!({
        "name": "News", "channel": "email", "provider": "main",
        "audience": {"person": {"property": "Plan", "op": "eq", "value": "gold"}},
        "content": {"email": {"default_language": "en", "missing_translation": "fallback",
                              "languages": {"en": {"subject": "Hi", "html": "<p>Hello</p>"}}}},
    });
    for (name, value) in more.as_object().unwrap() {
        whole[name] = value.clone();
    }
    serde_json::from_value(whole).unwrap()
}

impl House {
    /// Opens at a moment, in New York.
    pub async fn open(folder: &Path, at: Timestamp) -> House {
        let catalog = Catalog::open(&folder.join("catalog.db")).await.unwrap();
        let new = NewPublisher {
            publisher: Publisher {
                account_id: account(),
                name: "Shop".into(),
                region: "in1".into(),
                timezone: "America/New_York".into(),
                token_hash: vec![1; 32],
                passcode_hash: vec![2; 32],
            },
            api_token: (vec![1], "ingest".into()),
            admin: ("a@x.test".into(), "$argon2id$".into()),
            policy: "{}".into(),
        };
        catalog.create_publisher(&new, Timestamp(0)).await.unwrap();
        House::beside(catalog, Arc::new(ManualClock::new(at)), Arc::default()).await
    }

    /// Another process on the same file, as far as anybody can tell.
    pub async fn beside(
        catalog: Catalog,
        clock: Arc<ManualClock>,
        people: Arc<Mutex<HashMap<PersonId, Traits>>>,
    ) -> House {
        let keys = PublisherKeys::for_tests(1);
        let door = Door::new(keys.clone(), Policy::preset(Preset::Open), Vec::new());
        let outbox: Arc<Outbox> = Arc::default();
        let told: Arc<Mutex<Vec<Outcome>>> = Arc::default();
        let (known, telling) = (people.clone(), told.clone());
        let sender = Sender {
            account: account(),
            zone: TimeZone::get("America/New_York").unwrap(),
            base: "https://mail.shop.test".to_owned(),
            catalog: catalog.clone(),
            door: Arc::new(door),
            keys,
            clock: clock.clone(),
            traits: Box::new(move |person| known.lock().unwrap().get(&person).cloned()),
            tell: Box::new(move |outcomes| {
                telling.lock().unwrap().extend(outcomes);
                Box::pin(async { Ok(()) })
            }),
            suppressed: Suppressed::default(),
            halts: Halts::default(),
            control: RwLock::default(),
        };
        House {
            catalog,
            clock,
            sender: Arc::new(sender),
            flow: Arc::new(Flow::new(None, Standing::default())),
            provider: provider(&json!({"kind": "outbox"}), &outbox),
            outbox,
            told,
            people,
        }
    }

    /// The same shop in another process that opened the same file.
    pub async fn another(&self, folder: &Path) -> House {
        let catalog = Catalog::open(&folder.join("catalog.db")).await.unwrap();
        House::beside(catalog, self.clock.clone(), self.people.clone()).await
    }

    pub fn knows(&self, n: u8, traits: &[(&str, &str)]) {
        let mut all: Traits =
            traits.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect();
        all.insert("Email".to_owned(), Value::from(format!("u{n}@x.test").as_str()));
        self.people.lock().unwrap().insert(person(n), all);
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub fn goes_to(&self, at: &str) {
        self.clock.advance_ms(utc(at).0 - self.now().0);
    }

    /// Fires a campaign now, for these people.
    pub async fn fires(&self, key: &str, campaign: &Campaign, people: &[u8]) {
        let run = Run {
            account: account(),
            run: key.to_owned(),
            campaign: key.split(' ').next().unwrap().to_owned(),
            version: 1,
            channel: "email".to_owned(),
            provider: "main".to_owned(),
            state: RunState::Scheduled,
            due: self.now(),
            until: campaign.until(self.now()),
            people: 0,
            as_of: Timestamp(0),
            changed_at: self.now(),
            repeated: 0,
            note: None,
        };
        assert!(self.catalog.plan_run(&run).await.unwrap());
        let people = people.iter().map(|n| person(*n)).collect();
        let groups = [Group { due: self.now(), people }];
        let (shop, now) = (account(), self.now());
        let fixed = self.catalog.fix_audience(&shop, key, &groups, now, now).await;
        assert!(fixed.unwrap());
    }

    pub async fn lease(&self) -> Option<Lease> {
        let lane = Lane { account: account(), channel: "email".into(), provider: "main".into() };
        let until = Timestamp(self.now().0 + LEASE_MS);
        self.catalog.lease(&lane, self.now(), until).await.unwrap()
    }

    pub async fn plan(&self, key: &str, campaign: &Campaign) -> Arc<Plan> {
        let run = self.catalog.run(&account(), key).await.unwrap().unwrap();
        let runs = self.catalog.runs(&account(), &run.campaign).await.unwrap();
        let newer = runs.iter().any(|other| other.due > run.due);
        let content = campaign.content.content().unwrap().compile().unwrap();
        let purpose = campaign.purpose().unwrap();
        let provider = self.provider.clone();
        Arc::new(Plan::new(run, campaign.clone(), purpose, content, provider, newer))
    }

    /// Works on all that is due now.
    pub async fn works(&self, campaign: &Campaign) {
        while let Some(lease) = self.lease().await {
            let plan = self.plan(&lease.run, campaign).await;
            work(&self.sender, &plan, &self.flow, &lease, 0, ()).await.unwrap();
        }
    }

    /// To whom messages went, by their numbers: messages go side by side, in no order.
    pub fn sent(&self) -> Vec<u8> {
        let number = |to: &str| to[1..].split('@').next().unwrap().parse().unwrap();
        let held = self.outbox.newest(1_000);
        let mut sent: Vec<u8> =
            held.iter().map(|held| number(held.to.as_deref().unwrap())).collect();
        sent.sort_unstable();
        sent
    }

    /// A run's messages, as words of state and reason.
    pub async fn tally(&self, key: &str) -> Vec<(String, u64)> {
        let tally = self.catalog.tally(&account(), key).await.unwrap();
        let word =
            |(state, reason): (String, String)| format!("{state} {reason}").trim().to_owned();
        tally.into_iter().map(|(of, count)| (word(of), count)).collect()
    }
}

/// Works on all that is due now, side by side.
pub async fn work_on_all(house: &House, campaign: &Campaign) {
    let mut working = tokio::task::JoinSet::new();
    while let Some(lease) = house.lease().await {
        let plan = house.plan(&lease.run, campaign).await;
        let (sender, flow) = (house.sender.clone(), house.flow.clone());
        working.spawn(async move { work(&sender, &plan, &flow, &lease, 0, ()).await });
    }
    while let Some(ended) = working.join_next().await {
        ended.unwrap().unwrap();
    }
}
