//! Where everything is wired: one data folder, its log, catalog, and a tenant per publisher.

mod intake;
mod upkeep;

use std::collections::HashMap;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use candor_catalog::{Catalog, Publisher};
use candor_engage::dispatch::Sender;
use candor_event::{AccountId, Clock, DataClass, PersonId, Record, SystemClock, Timestamp};
use candor_ingest::gate::Policy;
use candor_ingest::{Door, FrameOpener, Home, decode, read};
use candor_keys::{PublisherKeys, Sealer};
use candor_log::{EmbeddedLog, Log, LogConfig, Offset};
use candor_query::Turns;
use candor_store::{Store, StoreConfig};
use jiff::tz::TimeZone;
use serde_json::{Map, Value};
use tokio::sync::{Semaphore, watch};

use crate::config::Config;
use crate::country::Countries;
use crate::engine::{self, Engine};
use crate::http::attempts::Attempts;
use crate::http::define::variables_of;
use crate::http::live::Live;
use crate::http::segments::members::Members;
use crate::providers::Providers;
use crate::threads::cores;

/// How long the loader waits for more before it looks whether to stop.
const LOAD_WAIT: Duration = Duration::from_millis(200);
/// Pause after a step, so that a busy log is taken in larger steps.
const LOAD_PAUSE: Duration = Duration::from_millis(20);
/// Bytes of the log behind which the loader makes no pause.
const LOAD_AT_ONCE: u64 = 1 << 20;
/// Pause after a failed step or flush.
const FAILED_PAUSE: Duration = Duration::from_secs(1);

/// How often the catalog hears how far the log was read and which ids are new. Nobody reads these
/// there before the next start, and each touches a page of its own: together they share pages,
/// transactions and syncs.
const FOLD_EVERY: Duration = Duration::from_secs(1);
/// As many new ids are not left to wait.
const FOLD_RECORDS_MAX: usize = 50_000;

/// How far the log was read, how far the catalog knows that it was, and what lies between.
struct Follower {
    next: Offset,
    folded: u64,
    told: Instant,
    fresh: Vec<(AccountId, Record)>,
    /// Something of it is looked up in the catalog.
    pressing: bool,
}

impl Follower {
    fn at(next: Offset, folded: u64) -> Follower {
        Follower { next, folded, told: Instant::now(), fresh: Vec::new(), pressing: false }
    }

    /// One more record for the catalog. Consents, merges and erasures are looked up there.
    fn take(&mut self, account: AccountId, record: Record) {
        self.pressing |= match &record {
            Record::FirstSeen(_) => false,
            Record::Link(link) => link.person == PersonId::NOBODY,
            _ => true,
        };
        self.fresh.push((account, record));
    }

    /// Whether the catalog must hear now.
    fn fold_due(&self) -> bool {
        let waited = self.told.elapsed() >= FOLD_EVERY;
        self.pressing || waited || self.fresh.len() >= FOLD_RECORDS_MAX
    }
}

/// The name under which the loader follows the log.
const FOLLOWER: &str = "store and catalog";

/// One publisher, open.
pub struct Tenant {
    pub publisher: Publisher,
    pub zone: TimeZone,
    pub keys: PublisherKeys,
    /// Opens what the log holds.
    pub opener: Arc<FrameOpener>,
    pub door: Arc<Door>,
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
    /// What sending needs.
    pub sender: Arc<Sender>,
    variables: RwLock<Arc<Map<String, Value>>>,
}

/// As many pages as CleverTap reads for one account at once.
const PAGES_AT_ONCE: usize = 3;

impl Tenant {
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

/// What came with a request beside its records.
#[derive(Default)]
pub struct Sent {
    /// The `Idempotency-Key`.
    pub idempotency_key: Option<String>,
    /// What the address and the device tell of every event, where they may be looked at.
    pub derived: Vec<(Arc<str>, candor_event::Value)>,
}

/// A data folder, open.
pub struct Server {
    pub config: Config,
    pub catalog: Catalog,
    pub log: Arc<EmbeddedLog>,
    pub clock: Arc<dyn Clock>,
    pub started: Instant,
    data: PathBuf,
    tenants: RwLock<HashMap<AccountId, Arc<Tenant>>>,
    pub countries: Countries,
    /// Log-ins that failed lately.
    pub attempts: Attempts,
    /// Turns true when no more requests are taken: answers without an end are to end.
    pub closing: watch::Sender<bool>,
    keys_of: KeysOf,
    /// By which questions share the cores.
    pub turns: Arc<Turns>,
    /// Answers SQL.
    pub sql: candor_sql::Engine,
    /// Lets campaigns fire and messages go out.
    pub engine: Engine,
    stop: AtomicBool,
    /// Where the replay ended, for the loader to go on.
    follower: Mutex<Option<Follower>>,
    _lock: File,
}

/// Where a publisher's keys come from.
type KeysOf = Box<dyn Fn(&AccountId) -> Result<PublisherKeys, candor_keys::Error> + Send + Sync>;

/// Takes a data folder for this process alone.
pub fn lock(data: &Path) -> anyhow::Result<File> {
    fs::create_dir_all(data).with_context(|| format!("make the folder {}", data.display()))?;
    let path = data.join("lock");
    let file = File::options().create(true).truncate(false).write(true).open(&path);
    let file = file.with_context(|| format!("open {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => bail!(
            "{} is in use by another candor process: stop it, or use another folder",
            data.display()
        ),
        Err(TryLockError::Error(e)) => Err(e).context(format!("lock {}", path.display())),
    }
}

/// Where a folder's catalog lies.
pub fn catalog_file(data: &Path) -> PathBuf {
    data.join("catalog.db")
}

/// Where a folder's keys lie.
pub fn keys_folder(data: &Path) -> PathBuf {
    data.join("keys")
}

impl Server {
    /// Opens a data folder: every publisher's parts, and what the log holds beyond them.
    pub async fn open(data: &Path, config: Config) -> anyhow::Result<Arc<Server>> {
        let folder = keys_folder(data);
        let keys_of = move |account: &AccountId| PublisherKeys::open(&folder, account);
        Server::open_by(data, config, Box::new(keys_of)).await
    }

    /// The same with the keys of a test, for the one publisher that there is.
    #[cfg(test)]
    pub async fn open_with(
        data: &Path,
        config: Config,
        keys: PublisherKeys,
    ) -> anyhow::Result<Arc<Server>> {
        Server::open_by(data, config, Box::new(move |_| Ok(keys.clone()))).await
    }

    async fn open_by(data: &Path, config: Config, keys_of: KeysOf) -> anyhow::Result<Arc<Server>> {
        let lock = lock(data)?;
        let mut log = LogConfig::new(data.join("log"));
        log.log_bytes_max = config.log.bytes_max;
        log.file_bytes_max = config.log.file_bytes_max;
        let log = Arc::new(EmbeddedLog::open(log).context("open the log")?);
        let server = Arc::new(Server {
            catalog: Catalog::open(&catalog_file(data)).await?,
            turns: Arc::new(Turns::new(cores())),
            sql: candor_sql::Engine::start(config.sql_memory_max).context("start SQL")?,
            config,
            log,
            clock: Arc::new(SystemClock),
            started: Instant::now(),
            data: data.to_owned(),
            tenants: RwLock::default(),
            countries: Countries::open(),
            attempts: Attempts::default(),
            closing: watch::Sender::new(false),
            keys_of,
            engine: Engine::default(),
            stop: AtomicBool::new(false),
            follower: Mutex::default(),
            _lock: lock,
        });
        for publisher in server.catalog.publishers().await? {
            server.admit(publisher).await?;
        }
        let replayed = Arc::clone(&server);
        let runtime = tokio::runtime::Handle::current();
        let from = server.follower().await?;
        // From the first moment on: who holds the log back is named, whatever happens.
        server.log.follow(FOLLOWER, from.next);
        let replay = move || replayed.replay(from, &runtime);
        let follower = tokio::task::spawn_blocking(replay).await??;
        *server.follower.lock().unwrap_or_else(PoisonError::into_inner) = Some(follower);
        Ok(server)
    }

    /// Opens a publisher: its keys, policy, who is who, and parts.
    pub async fn admit(self: &Arc<Self>, publisher: Publisher) -> anyhow::Result<Arc<Tenant>> {
        let account = publisher.account_id.clone();
        let keys = (self.keys_of)(&account)
            .with_context(|| format!("open the keys of {}", account.as_str()))?;
        let versions = self.catalog.policies(&account).await?;
        let version = versions.first().context("a publisher has a policy")?;
        let policy: Policy = serde_json::from_str(&version.document).context("read the policy")?;
        let classes = self.catalog.classes(&account).await?;
        let door = Arc::new(Door::new(keys.clone(), policy, classes));
        let mut config = StoreConfig::new(self.data.join("publishers").join(account.as_str()));
        config.volumes = self.config.store.volumes;
        config.flush_rows = self.config.store.flush_rows;
        config.tail_rows_max = (config.flush_rows / 32).clamp(2_048, 16_384);
        config.bulk = self.config.store.bulk;
        config.threads = self.config.store.threads;
        let (of_class, clock, opened) = (door.clone(), self.clock.clone(), keys.clone());
        let class_of =
            move |name: &str| of_class.classes().class_of(name).unwrap_or(DataClass::Behaviour);
        // What files hold and who is who are read side by side.
        let store = tokio::task::spawn_blocking(move || {
            Store::open(config, opened, Arc::new(class_of), clock)
        });
        self.catalog.links(&account, |kind, id, person| door.link(kind, id, person)).await?;
        for merge in self.catalog.merges(&account).await? {
            door.replay(&Record::Merge(merge));
        }
        self.catalog.first_seen(&account, |first| door.replay(&Record::FirstSeen(first))).await?;
        self.catalog.all_consents(&account, |said| door.replay(&Record::Consent(said))).await?;
        let store = Arc::new(store.await?.with_context(|| format!("open {}", account.as_str()))?);
        let zone = candor_query::zone(&publisher.timezone).unwrap_or(TimeZone::UTC);
        let cursors = keys.sealer(DataClass::Identity);
        let opened = engine::Opened { publisher: &publisher, zone: &zone, keys: &keys };
        let sender = Arc::new(engine::sender(self, opened, &door, &store).await?);
        let tenant = Arc::new(Tenant {
            publisher,
            zone,
            opener: Arc::new(FrameOpener::new(keys.clone())),
            keys,
            door,
            store,
            unwritten: AtomicBool::default(),
            defining: tokio::sync::Mutex::default(),
            cursors,
            pages: Semaphore::new(PAGES_AT_ONCE),
            sql: self.sql.share(),
            live: Live::default(),
            members: Members::default(),
            providers: Providers::default(),
            sender,
            variables: RwLock::default(),
        });
        tenant.set_variables(&variables_of(self, &account).await?);
        let mut tenants = self.tenants.write().unwrap_or_else(PoisonError::into_inner);
        tenants.insert(account, tenant.clone());
        Ok(tenant)
    }

    /// The publisher of an account id.
    pub fn tenant(&self, account: &str) -> Option<Arc<Tenant>> {
        let account = AccountId::new(account)?;
        self.tenants.read().unwrap_or_else(PoisonError::into_inner).get(&account).cloned()
    }

    /// All publishers.
    pub fn tenants(&self) -> Vec<Arc<Tenant>> {
        let tenants = self.tenants.read().unwrap_or_else(PoisonError::into_inner);
        tenants.values().cloned().collect()
    }

    fn homes(&self) -> HashMap<AccountId, Home> {
        let home = |tenant: Arc<Tenant>| {
            let (door, opener) = (tenant.door.clone(), tenant.opener.clone());
            let home = Home { door, opener, store: tenant.store.clone() };
            (tenant.publisher.account_id.clone(), home)
        };
        self.tenants().into_iter().map(home).collect()
    }

    async fn follower(&self) -> anyhow::Result<Follower> {
        let folded = self.catalog.folded().await?;
        let covered = self.tenants().iter().map(|tenant| tenant.store.covered()).min();
        let first = folded.min(covered.unwrap_or(folded));
        let next = Offset(first).max(self.log.start());
        Ok(Follower::at(next, folded))
    }

    /// Takes in what the log holds beyond catalog and parts.
    fn replay(
        &self,
        mut follower: Follower,
        runtime: &tokio::runtime::Handle,
    ) -> anyhow::Result<Follower> {
        let mut take = |account: &AccountId, record: &Record| {
            if let Some(tenant) = self.tenant(account.as_str()) {
                tenant.door.replay(record);
            }
        };
        // Nobody is served yet: all cores are free.
        while self.step(&mut follower, runtime, cores(), &mut take)? {}
        Ok(follower)
    }

    /// One step of the loader; whether there was anything.
    fn step(
        &self,
        follower: &mut Follower,
        runtime: &tokio::runtime::Handle,
        threads: usize,
        seen: &mut dyn FnMut(&AccountId, &Record),
    ) -> anyhow::Result<bool> {
        let homes = self.homes();
        let mut step = read(self.log.as_ref(), follower.next, &homes, threads, seen)?;
        // After a restart the stores may lie behind the catalog: what it holds is passed over.
        let joins = std::mem::take(&mut step.joins).into_iter();
        let folded = follower.folded;
        let fresh = joins.filter(|(offset, ..)| offset.0 >= folded);
        fresh.for_each(|(_, account, record)| follower.take(account, record));
        let due = step.next.0 > follower.folded && follower.fold_due();
        // Catalog and stores take in side by side.
        let folding = due.then(|| {
            let (catalog, next) = (self.catalog.clone(), step.next.0);
            let fresh = std::mem::take(&mut follower.fresh);
            runtime.spawn(async move { catalog.fold(&fresh, next).await })
        });
        let applied = step.apply(&homes);
        if let Some(folding) = folding {
            let folded = runtime.block_on(folding).map_err(anyhow::Error::from);
            if let Err(error) = folded.and_then(|folded| Ok(folded?)) {
                // All that the catalog does not hold is read again.
                *follower =
                    Follower::at(follower.next.min(Offset(follower.folded)), follower.folded);
                return Err(error);
            }
            follower.folded = step.next.0;
            (follower.told, follower.pressing) = (Instant::now(), false);
        }
        applied?;
        follower.next = step.next;
        Ok(step.moved)
    }

    /// Follows the log until the server stops; runs on a thread of its own.
    pub fn load(self: &Arc<Self>, runtime: &tokio::runtime::Handle) {
        let mut waiting = self.follower.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(mut follower) = waiting.take() else { return };
        drop(waiting);
        while !self.stop.load(Ordering::Relaxed) {
            match self.step(&mut follower, runtime, self.config.store.threads, &mut |_, _| {}) {
                Ok(false) => {
                    self.log.wait(follower.next, LOAD_WAIT);
                }
                // Steps of more cost less for each record; who lies behind has enough for one.
                Ok(true) if self.log.end().0 - follower.next.0 > LOAD_AT_ONCE => {}
                Ok(true) if self.config.store.bulk => {}
                Ok(true) => std::thread::sleep(LOAD_PAUSE),
                Err(error) => {
                    tracing::error!(error = format!("{error:#}"), "loading stands still");
                    std::thread::sleep(FAILED_PAUSE);
                }
            }
        }
        // The next start goes on from here.
        if follower.next.0 > follower.folded
            && let Err(error) =
                runtime.block_on(self.catalog.fold(&follower.fresh, follower.next.0))
        {
            tracing::warn!(%error, "the catalog was not told all of the log; the next start is");
        }
    }

    /// Writes what only the log holds to parts, and trims the log behind it.
    pub fn flush(&self, runtime: &tokio::runtime::Handle) -> anyhow::Result<()> {
        let tenants = self.tenants();
        // One that fails does not hold the others back, only the log's trimming.
        let written = |tenant: &Arc<Tenant>| {
            let written = tenant.store.flush().and_then(|()| tenant.store.compact());
            tenant.unwritten.store(written.is_err(), Ordering::Relaxed);
            let account = tenant.publisher.account_id.as_str();
            written.with_context(|| format!("write the parts of {account}"))
        };
        let written: Vec<_> = tenants.iter().map(written).collect();
        let covered = tenants.iter().map(|tenant| tenant.store.covered()).min();
        let folded = runtime.block_on(self.catalog.folded())?;
        self.log.follow(FOLLOWER, Offset(covered.unwrap_or(folded).min(folded)));
        self.log.trim()?;
        written.into_iter().collect()
    }

    /// Tells the threads to end.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// The present.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
}
