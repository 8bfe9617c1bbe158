//! What lets campaigns fire and messages go out: every moment it looks what is due, fixes whom a
//! run is for, gives out leases, ends what is done, and judges who opened and followed.
//!
//! All of it is durable in the catalog; this only looks. After a crash it looks again.
//!
//! Read in this order: `fire`, `plans`, `lanes`, `visits`.

mod fire;
mod lanes;
mod plans;
mod visits;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, RwLock};
use std::time::Duration;

use anyhow::Context;
use candor_catalog::{Lane, Publisher};
use candor_engage::dispatch::{Flow, Halts, Health, Sender, Suppressed, Switches};
use candor_event::AccountId;
use candor_ingest::{Door, Outcome, Request};
use candor_keys::PublisherKeys;
use candor_log::EmbeddedLog;
use candor_query::segment::Sample;
use candor_store::Store;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

pub use plans::{Published, Sent};

use crate::append::append;
use crate::server::Server;

/// How long it waits before it looks again, where nobody wakes it.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// After a failed look.
const FAILED_PAUSE: Duration = Duration::from_secs(1);
/// At the end of the server, how long hand-overs may take to end.
const END_WAIT: Duration = Duration::from_secs(5);

/// The kind and id of the document that holds a publisher's settings of this.
pub const ENGAGEMENT: &str = "engagement";

/// What a publisher decided for all of its campaigns.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Engagement {
    /// Campaigns for more people than this are approved by a second person.
    pub approval_above: Option<u64>,
    /// This part in 100 of all people never gets anything, to compare with.
    pub control_percent: Option<f64>,
    /// What is switched off.
    pub stopped: Switches,
}

impl Engagement {
    /// Who never gets anything.
    pub fn control(&self) -> Option<Sample> {
        let percent = self.control_percent.filter(|percent| *percent > 0.0)?;
        Some(Sample { percent, salt: "control of all campaigns".to_owned() })
    }
}

/// What the looking remembers; all of it can be had again.
#[derive(Default)]
pub struct Engine {
    wake: Notify,
    lanes: Mutex<HashMap<Lane, lanes::State>>,
    plans: Mutex<HashMap<(AccountId, String), plans::Seen>>,
    sent: Mutex<HashMap<plans::Version, Arc<Sent>>>,
    /// Flows by lane, for people to look at.
    flows: RwLock<HashMap<Lane, Arc<Flow>>>,
}

impl Engine {
    /// Looks at once: something is due.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// Somebody changed a provider: whatever it said before, it is asked at once.
    pub fn renew(&self, lane: &Lane) {
        lanes::renew(self, lane);
        self.wake();
    }

    /// How a provider stands; none where nothing went by it since the start.
    pub fn health(&self, lane: &Lane, now: candor_event::Timestamp) -> Option<Health> {
        let flows = self.flows.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        flows.get(lane).map(|flow| flow.health(now))
    }
}

/// What a sender is made of.
pub struct Opened<'o> {
    pub publisher: &'o Publisher,
    pub zone: &'o TimeZone,
    pub keys: &'o PublisherKeys,
}

/// What sending needs of a publisher that is being opened.
pub async fn sender(
    server: &Server,
    opened: Opened<'_>,
    door: &Arc<Door>,
    store: &Arc<Store>,
) -> anyhow::Result<Sender> {
    let account = opened.publisher.account_id.clone();
    let saved = server.catalog.definition(&account, ENGAGEMENT, ENGAGEMENT).await?;
    let saved = saved.map(|saved| serde_json::from_str::<Engagement>(&saved.document));
    let engagement = saved.transpose().context("read what was decided of campaigns")?;
    let engagement = engagement.unwrap_or_default();
    let halts = Halts::default();
    halts.set(engagement.stopped.clone());
    let suppressed = Suppressed::read(&server.catalog, &account).await?;
    let people = store.clone();
    Ok(Sender {
        account,
        zone: opened.zone.clone(),
        base: server.config.base(),
        catalog: server.catalog.clone(),
        door: door.clone(),
        keys: opened.keys.clone(),
        clock: server.clock.clone(),
        traits: Box::new(move |person| candor_query::traits(&people.view(), person)),
        tell: teller(server, door),
        suppressed,
        halts,
        control: RwLock::new(engagement.control()),
    })
}

/// Takes outcomes in by the front door.
fn teller(server: &Server, door: &Arc<Door>) -> candor_engage::dispatch::Tell {
    let (log, door, clock) = (server.log.clone(), door.clone(), server.clock.clone());
    Box::new(move |outcomes| {
        let (log, door, now) = (log.clone(), door.clone(), clock.now());
        Box::pin(async move { tell(&log, &door, outcomes, now).await })
    })
}

async fn tell(
    log: &Arc<EmbeddedLog>,
    door: &Arc<Door>,
    outcomes: Vec<Outcome>,
    now: candor_event::Timestamp,
) -> Result<(), String> {
    let request = Request { now, ..Request::default() };
    let (append, kept) = append(log, door);
    door.tell(outcomes, &request, append).map_err(|error| error.to_string())?;
    let kept = kept.await.map_err(|_| "the log's writer ended".to_owned())?;
    kept.map_err(|error| error.to_string())
}

/// Looks what is due until the server ends.
pub async fn run(server: Arc<Server>) {
    let mut closing = server.closing.subscribe();
    if let Err(error) = server.catalog.end_leases().await {
        tracing::warn!(%error, "leases of the process before run out by themselves");
    }
    while !*closing.borrow() {
        if let Err(error) = look(&server).await {
            tracing::error!(error = format!("{error:#}"), "campaigns stand still");
            tokio::time::sleep(FAILED_PAUSE).await;
        }
        tokio::select! {
            _ = closing.wait_for(|closing| *closing) => break,
            () = server.engine.wake.notified() => {}
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
    for tenant in server.tenants() {
        if let Ok(sender) = tenant.sender().await {
            sender.halts.close();
        }
    }
    let until = tokio::time::Instant::now() + END_WAIT;
    while lanes::working(&server) && tokio::time::Instant::now() < until {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// One look.
async fn look(server: &Arc<Server>) -> anyhow::Result<()> {
    fire::campaigns(server).await?;
    fire::begin(server).await?;
    lanes::lease(server).await?;
    fire::finish(server).await?;
    visits::judge(server).await
}
