//! One publisher, open: what answers from its store alone does so at once, and whatever must know
//! who is who waits until its door is open.

use std::fmt;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, PoisonError, RwLock};

use anyhow::Context;
use candor_catalog::Publisher;
use candor_engage::dispatch::Sender;
use candor_event::{AccountId, DataClass, Record};
use candor_ingest::gate::{Classes, Policy};
use candor_ingest::{Door, FrameOpener, Home, Tally, decode};
use candor_keys::{PublisherKeys, Sealer};
use candor_store::{Ahead, Store, StoreConfig};
use jiff::tz::TimeZone;
use serde_json::{Map, Value};
use tokio::sync::{Notify, Semaphore, SetOnce};

use super::Server;
use crate::engine;
use crate::http::define::variables_of;
use crate::http::live::Live;
use crate::http::segments::members::Members;
use crate::providers::Providers;

/// As many pages as CleverTap reads for one account at once.
const PAGES_AT_ONCE: usize = 3;

/// One publisher, open.
pub struct Tenant {
    pub publisher: Publisher,
    pub zone: TimeZone,
    pub keys: PublisherKeys,
    pub store: Arc<Store>,
    /// Its parts could not be written the last time.
    pub unwritten: AtomicBool,
    /// Held by the one who changes definitions.
    pub defining: tokio::sync::Mutex<()>,
    /// Seals the cursors of the REST API.
    pub cursors: Sealer,
    /// Pages of cursors that are read at once.
    pub pages: Semaphore,
    /// What its statements of SQL may take of what there is for all.
    pub sql: Arc<candor_sql::Share>,
    /// What happens right now.
    pub live: Live,
    /// Who is in saved segments.
    pub members: Members,
    /// The ways that messages go out by.
    pub providers: Providers,
    variables: RwLock<Arc<Map<String, Value>>>,
    /// Opens what the log holds.
    opener: Arc<FrameOpener>,
    /// Has a policy and classes from the first moment, and knows nobody until `open` is set.
    entry: Arc<Door>,
    /// None where it never opens.
    open: SetOnce<Option<Open>>,
    /// Told where somebody waits for it.
    wanted: Arc<Notify>,
}

/// What knows who is who, and what they said.
pub(super) struct Open {
    door: Arc<Door>,
    sender: Arc<Sender>,
}

/// Who is who could not be read. The server ends for it, and whoever waited for a door is told.
#[derive(Debug)]
pub struct NeverOpens;

impl fmt::Display for NeverOpens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the server ends: who is who cannot be read")
    }
}

impl std::error::Error for NeverOpens {}

impl Tenant {
    /// Opens what answers from the store: its keys, policy and parts. The door stays closed.
    /// Its files may be read ahead.
    pub(super) async fn new(
        server: &Server,
        publisher: Publisher,
        ahead: Option<Arc<Ahead>>,
    ) -> anyhow::Result<Tenant> {
        let account = &publisher.account_id;
        let keys = (server.keys_of)(account)
            .with_context(|| format!("open the keys of {}", account.as_str()))?;
        let versions = server.catalog.policies(account).await?;
        let version = versions.first().context("a publisher has a policy")?;
        let policy: Policy = serde_json::from_str(&version.document).context("read the policy")?;
        let classes = server.catalog.classes(account).await?;
        let entry = Arc::new(Door::new(keys.clone(), policy, classes));
        let mut config = StoreConfig::new(server.data.join("publishers").join(account.as_str()));
        config.volumes = server.config.store.volumes;
        config.flush_rows = server.config.store.flush_rows;
        config.tail_rows_max = (config.flush_rows / 32).clamp(2_048, 16_384);
        config.bulk = server.config.store.bulk;
        config.ahead = ahead;
        config.threads = server.config.store.threads;
        let (of_class, clock, opened) = (entry.clone(), server.clock.clone(), keys.clone());
        let class_of =
            move |name: &str| of_class.classes().class_of(name).unwrap_or(DataClass::Behaviour);
        let store = tokio::task::spawn_blocking(move || {
            Store::open(config, opened, Arc::new(class_of), clock)
        });
        let variables = variables_of(server, account).await?;
        let store = store.await?.with_context(|| format!("open {}", account.as_str()))?;
        let tenant = Tenant {
            zone: candor_query::zone(&publisher.timezone).unwrap_or(TimeZone::UTC),
            publisher,
            opener: Arc::new(FrameOpener::new(keys.clone())),
            cursors: keys.sealer(DataClass::Identity),
            keys,
            store: Arc::new(store),
            unwritten: AtomicBool::default(),
            defining: tokio::sync::Mutex::default(),
            pages: Semaphore::new(PAGES_AT_ONCE),
            sql: server.sql.share(),
            live: Live::default(),
            members: Members::default(),
            providers: Providers::default(),
            variables: RwLock::default(),
            entry,
            open: SetOnce::new(),
            wanted: server.doors_wanted.clone(),
        };
        tenant.set_variables(&variables);
        Ok(tenant)
    }

    /// Reads who is who from the catalog and from `fresh`, what the log holds beyond it, and what
    /// of people is left to be read of their files.
    pub(super) async fn read(
        &self,
        server: &Server,
        fresh: &[(AccountId, Record)],
    ) -> anyhow::Result<Open> {
        let (account, door) = (&self.publisher.account_id, &self.entry);
        let catalog = &server.catalog;
        let mut links = catalog.links(account);
        while links.next(|kind, id, person| door.link(kind, id, person)).await? {}
        for merge in catalog.merges(account).await? {
            door.replay(&Record::Merge(merge));
        }
        catalog.first_seen(account, |first| door.replay(&Record::FirstSeen(first))).await?;
        catalog.all_consents(account, |said| door.replay(&Record::Consent(said))).await?;
        for (_, record) in fresh.iter().filter(|(of, _)| of == account) {
            door.replay(record);
        }
        let store = self.store.clone();
        let traits = tokio::task::spawn_blocking(move || store.read_traits()).await?;
        traits.with_context(|| format!("read what is known of people of {}", account.as_str()))?;
        let opened =
            engine::Opened { publisher: &self.publisher, zone: &self.zone, keys: &self.keys };
        let sender = Arc::new(engine::sender(server, opened, door, &self.store).await?);
        Ok(Open { door: door.clone(), sender })
    }

    /// Lets in whoever waits.
    pub(super) fn open(&self, open: Open) {
        assert!(self.open.set(Some(open)).is_ok(), "a door is opened once");
    }

    /// Whoever waits for the door waits no longer, and in vain.
    pub(super) fn give_up(&self) {
        let _ = self.open.set(None);
    }

    async fn opened(&self) -> Result<&Open, NeverOpens> {
        if !self.open.initialized() {
            self.wanted.notify_one();
        }
        self.open.wait().await.as_ref().ok_or(NeverOpens)
    }

    /// The way in, which knows who is who and what they said: there once that is read, a moment
    /// after the server's start.
    ///
    /// # Errors
    /// [`NeverOpens`] when it cannot be read.
    pub async fn door(&self) -> Result<&Arc<Door>, NeverOpens> {
        Ok(&self.opened().await?.door)
    }

    /// What sending needs. It asks the door, and is there with it.
    ///
    /// # Errors
    /// As [`Tenant::door`].
    pub async fn sender(&self) -> Result<&Arc<Sender>, NeverOpens> {
        Ok(&self.opened().await?.sender)
    }

    /// Where what the log holds of it goes.
    pub(super) fn home(&self) -> Home {
        Home::new(&self.entry, self.opener.clone(), self.store.clone())
    }

    /// The policy in force.
    pub fn policy(&self) -> Policy {
        self.entry.policy()
    }

    /// The classes in force.
    pub fn classes(&self) -> Arc<Classes> {
        self.entry.classes()
    }

    /// Puts a policy and classes in force for the next request.
    pub fn set_policy(&self, policy: Policy, classes: Vec<(String, DataClass)>) {
        self.entry.set_policy(policy, classes);
    }

    /// What came, was refused and was taken out since the start.
    pub fn tally(&self) -> Tally {
        self.entry.tally()
    }

    /// The values of variables that apps are told, by dotted name.
    pub fn variables(&self) -> Arc<Map<String, Value>> {
        self.variables.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts variables in force for the next app that asks.
    pub fn set_variables(&self, variables: &decode::define::Variables) {
        let values = Arc::new(decode::define::values(variables));
        *self.variables.write().unwrap_or_else(PoisonError::into_inner) = values;
    }
}
