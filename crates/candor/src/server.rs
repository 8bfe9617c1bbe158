//! Where everything is wired: one data folder, its log, catalog, and a tenant per publisher.

mod intake;
mod tenant;
mod upkeep;

use std::collections::HashMap;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use candor_catalog::{Catalog, Publisher};
use candor_event::{AccountId, Clock, PersonId, Record, SystemClock, Timestamp};
use candor_ingest::{Home, read};
use candor_keys::PublisherKeys;
use candor_log::{EmbeddedLog, Log, LogConfig, Offset};
use candor_query::Turns;
use candor_store::Ahead;
use tokio::sync::{Notify, watch};

use crate::config::Config;
use crate::country::Countries;
use crate::engine::Engine;
use crate::http::attempts::Attempts;
use crate::threads::cores;

pub use tenant::{NeverOpens, Tenant};

/// How long the loader waits for more before it looks whether to stop.
const LOAD_WAIT: Duration = Duration::from_millis(200);
/// Pause after a step, so that a busy log is taken in larger steps.
const LOAD_PAUSE: Duration = Duration::from_millis(20);
/// Bytes of the log behind which the loader makes no pause.
const LOAD_AT_ONCE: u64 = 1 << 20;
/// Pause after a failed step or flush.
const FAILED_PAUSE: Duration = Duration::from_secs(1);
/// So long after a start doors stay closed where nobody waits at one: questions have the cores.
pub const DOORS_WAIT: Duration = Duration::from_millis(250);

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
    /// Told by whoever waits at a closed door.
    doors_wanted: Arc<Notify>,
    /// By which questions share the cores.
    pub turns: Arc<Turns>,
    /// Answers SQL.
    pub sql: candor_sql::Engine,
    /// Lets campaigns fire and messages go out.
    pub engine: Engine,
    stop: AtomicBool,
    /// Where the replay ended, for the loader to go on once the doors are open.
    follower: Mutex<Option<Follower>>,
    _lock: File,
}

/// The doors of all publishers that a start found, still closed. Where this is dropped without
/// [`Doors::open`] having succeeded, whoever waits at one is told that it never opens.
#[must_use = "nothing comes in before they are open"]
pub struct Doors {
    server: Arc<Server>,
    /// One that is made meanwhile has opened its own.
    tenants: Vec<Arc<Tenant>>,
    follower: Follower,
}

impl Doors {
    /// Waits until somebody stands at one, or for so long. Returns whether somebody does.
    pub async fn wanted(&self, patience: Duration) -> bool {
        let wanted = self.server.doors_wanted.notified();
        tokio::time::timeout(patience, wanted).await.is_ok()
    }

    /// Opens them. The loader and whatever sends begin after that: nothing is written to files or
    /// trimmed while it is not known that the catalog can be read.
    ///
    /// # Errors
    /// What cannot be read, by its name.
    pub async fn open(mut self) -> anyhow::Result<()> {
        let (server, started) = (&self.server, Instant::now());
        // All at once: no loader follows the log before.
        let mut read = Vec::new();
        for tenant in &self.tenants {
            let open = tenant.read(server, &self.follower.fresh).await?;
            read.push((open, tenant));
        }
        read.into_iter().for_each(|(open, tenant)| tenant.open(open));
        let follower = Follower::at(self.follower.next, self.follower.folded);
        let follower = std::mem::replace(&mut self.follower, follower);
        *server.follower.lock().unwrap_or_else(PoisonError::into_inner) = Some(follower);
        let ms = started.elapsed().as_millis();
        tracing::info!(ms, "it is known who is who: everything is taken in");
        Ok(())
    }
}

impl Drop for Doors {
    fn drop(&mut self) {
        self.tenants.iter().for_each(|tenant| tenant.give_up());
    }
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
    /// Opens a data folder: every publisher's parts, what the log holds beyond them, and the doors.
    ///
    /// # Errors
    /// What cannot be read, by its name.
    pub async fn open(data: &Path, config: Config) -> anyhow::Result<Arc<Server>> {
        let (server, doors) = Server::begin(data, config).await?;
        doors.open().await?;
        Ok(server)
    }

    /// The same with the doors still closed: questions about behaviour are answered, and whatever
    /// must know who is who waits until they are opened.
    ///
    /// # Errors
    /// As [`Server::open`].
    pub async fn begin(data: &Path, config: Config) -> anyhow::Result<(Arc<Server>, Doors)> {
        let folder = keys_folder(data);
        let keys_of = move |account: &AccountId| PublisherKeys::open(&folder, account);
        Server::begin_by(data, config, Box::new(keys_of)).await
    }

    /// The same with the keys of a test, for the one publisher that there is.
    #[cfg(test)]
    pub async fn begin_with(
        data: &Path,
        config: Config,
        keys: PublisherKeys,
    ) -> anyhow::Result<(Arc<Server>, Doors)> {
        Server::begin_by(data, config, Box::new(move |_| Ok(keys.clone()))).await
    }

    async fn begin_by(
        data: &Path,
        config: Config,
        keys_of: KeysOf,
    ) -> anyhow::Result<(Arc<Server>, Doors)> {
        let lock = lock(data)?;
        let mut log = LogConfig::new(data.join("log"));
        log.log_bytes_max = config.log.bytes_max;
        log.file_bytes_max = config.log.file_bytes_max;
        let log = Arc::new(EmbeddedLog::open(log).context("open the log")?);
        let folders = fs::read_dir(data.join("publishers")).into_iter().flatten().flatten();
        // As the catalog tells publishers.
        let mut folders: Vec<PathBuf> = folders.map(|folder| folder.path()).collect();
        folders.sort_unstable();
        let ahead = Arc::new(Ahead::of(folders));
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
            doors_wanted: Arc::default(),
            engine: Engine::default(),
            stop: AtomicBool::new(false),
            follower: Mutex::default(),
            _lock: lock,
        });
        for publisher in server.catalog.publishers().await? {
            server.insert(Tenant::new(&server, publisher, Some(ahead.clone())).await?);
        }
        drop(ahead);
        let replayed = Arc::clone(&server);
        let runtime = tokio::runtime::Handle::current();
        let from = server.follower().await?;
        // From the first moment on: who holds the log back is named, whatever happens.
        server.log.follow(FOLLOWER, from.next);
        let replay = move || replayed.replay(from, &runtime);
        let follower = tokio::task::spawn_blocking(replay).await??;
        let tenants = server.tenants();
        Ok((server.clone(), Doors { server, tenants, follower }))
    }

    /// Opens a publisher that was made while the server runs, its door included.
    ///
    /// # Errors
    /// What cannot be read, by its name.
    pub async fn admit(&self, publisher: Publisher) -> anyhow::Result<()> {
        let tenant = Tenant::new(self, publisher, None).await?;
        tenant.open(tenant.read(self, &[]).await?);
        self.insert(tenant);
        Ok(())
    }

    fn insert(&self, tenant: Tenant) {
        let mut tenants = self.tenants.write().unwrap_or_else(PoisonError::into_inner);
        tenants.insert(tenant.publisher.account_id.clone(), Arc::new(tenant));
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
        let home = |tenant: Arc<Tenant>| (tenant.publisher.account_id.clone(), tenant.home());
        self.tenants().into_iter().map(home).collect()
    }

    async fn follower(&self) -> anyhow::Result<Follower> {
        let folded = self.catalog.folded().await?;
        let covered = self.tenants().iter().map(|tenant| tenant.store.covered()).min();
        let first = folded.min(covered.unwrap_or(folded));
        let next = Offset(first).max(self.log.start());
        Ok(Follower::at(next, folded))
    }

    /// Takes into the stores what the log holds beyond them.
    fn replay(
        &self,
        mut follower: Follower,
        runtime: &tokio::runtime::Handle,
    ) -> anyhow::Result<Follower> {
        // Nobody is served yet: all cores are free.
        while self.step(&mut follower, runtime, cores())? {}
        Ok(follower)
    }

    /// One step of the loader; whether there was anything.
    fn step(
        &self,
        follower: &mut Follower,
        runtime: &tokio::runtime::Handle,
        threads: usize,
    ) -> anyhow::Result<bool> {
        let mut step = read(self.log.as_ref(), follower.next, || self.homes(), threads)?;
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
        let applied = step.apply();
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
            match self.step(&mut follower, runtime, self.config.store.threads) {
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
