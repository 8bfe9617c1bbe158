//! Who is in saved segments, kept while things change, so that their numbers are there at once.
//! What is kept can be had again: nothing of it outlives the process.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use candor_event::Timestamp;
use candor_query::Definition;
use candor_query::segment::{Membership, Saved};
use candor_store::{Mark, What};

use crate::http::insights::read;
use crate::http::problem::Problem;
use crate::http::segments::known;
use crate::server::{Server, Tenant};

/// How often those that are kept follow.
const FOLLOW_EVERY: Duration = Duration::from_secs(1);
/// Of all time, one part in so many may go into following.
const SHARE: u32 = 10;

/// Whom a segment had at a moment.
#[derive(Clone, Copy)]
pub struct Counted {
    pub people: u64,
    pub as_of: Timestamp,
}

/// Of one publisher.
#[derive(Default)]
pub struct Members {
    /// By the segment's id.
    kept: Mutex<HashMap<String, Kept>>,
    /// Counts changes of segments: who was looked up before one is not kept after it.
    changes: AtomicU64,
    /// Held by the one who asks everybody; the others wait for it.
    asking: tokio::sync::Mutex<()>,
}

struct Kept {
    /// The segments that it is made of, itself among them.
    made_of: BTreeSet<String>,
    following: Arc<Mutex<Following>>,
    latest: Counted,
    bytes: usize,
    asked: Instant,
}

/// What follows the store.
struct Following {
    membership: Membership,
    mark: Mark,
    /// Lists are read as who people are now: they are read anew when that changes.
    of_lists: bool,
}

impl Following {
    fn latest(&self) -> Counted {
        Counted { people: self.membership.people(), as_of: self.membership.as_of() }
    }
}

impl Members {
    fn kept(&self) -> MutexGuard<'_, HashMap<String, Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number that is at hand.
    pub fn latest(&self, id: &str) -> Option<Counted> {
        self.kept().get(id).map(|kept| kept.latest)
    }

    /// A segment was changed or deleted: those that are made of it are others now.
    pub fn forget(&self, id: &str) {
        self.changes.fetch_add(1, Ordering::AcqRel);
        self.kept().retain(|_, kept| !kept.made_of.contains(id));
    }

    fn keep(&self, id: &str, kept: Kept, before: u64, bytes_max: usize) {
        let mut all = self.kept();
        if self.changes.load(Ordering::Acquire) != before {
            return;
        }
        all.insert(id.to_owned(), kept);
        let mut bytes: usize = all.values().map(|kept| kept.bytes).sum();
        while bytes > bytes_max {
            let oldest = all.iter().min_by_key(|(_, kept)| kept.asked);
            let Some(oldest) = oldest.map(|(id, _)| id.clone()) else { return };
            bytes -= all.remove(&oldest).map_or(0, |kept| kept.bytes);
        }
    }

    fn following(&self, id: &str, asked: Option<Instant>) -> Option<Arc<Mutex<Following>>> {
        let mut all = self.kept();
        let kept = all.get_mut(id)?;
        kept.asked = asked.unwrap_or(kept.asked);
        Some(kept.following.clone())
    }

    /// Takes in how far one has followed; not at all where it has to be looked up anew.
    fn followed(&self, id: &str, to: Option<(Counted, usize)>) {
        let mut all = self.kept();
        match (to, all.get_mut(id)) {
            (Some((latest, bytes)), Some(kept)) => (kept.latest, kept.bytes) = (latest, bytes),
            _ => drop(all.remove(id)),
        }
    }
}

/// Who is in a saved rule now.
///
/// # Errors
/// That of a question that took too long, and of the catalog.
pub async fn count(server: &Server, tenant: &Arc<Tenant>, id: &str) -> Result<Counted, Problem> {
    if let Some(counted) = follow(server, tenant, id, Some(Instant::now())).await? {
        return Ok(counted);
    }
    let _one = tenant.members.asking.lock().await;
    if let Some(counted) = follow(server, tenant, id, Some(Instant::now())).await? {
        return Ok(counted);
    }
    let before = tenant.members.changes.load(Ordering::Acquire);
    let segment = Definition::Segment(id.to_owned());
    let known = known(server, tenant, &segment, HashMap::new()).await?;
    let rule = segment.with_saved(&known, "")?;
    let of_lists = known.values().any(|saved| matches!(saved, Saved::List(_)));
    let (store, zone, now) = (tenant.store.clone(), tenant.zone.clone(), server.now());
    let (following, ..) = read(server, tenant, move |_, cancel| {
        let since = store.view_since(None);
        let membership = Membership::new(rule, &since.view, now, &zone, cancel)?;
        Ok(Following { membership, mark: since.mark, of_lists })
    })
    .await?;
    let (latest, bytes) = (following.latest(), following.membership.bytes());
    let kept = Kept {
        made_of: known.into_keys().collect(),
        following: Arc::new(Mutex::new(following)),
        latest,
        bytes,
        asked: Instant::now(),
    };
    tenant.members.keep(id, kept, before, server.config.members_bytes_max);
    Ok(latest)
}

/// Follows to now; none where the segment is not kept, or not any more. `asked` is when somebody
/// asked for it.
async fn follow(
    server: &Server,
    tenant: &Arc<Tenant>,
    id: &str,
    asked: Option<Instant>,
) -> Result<Option<Counted>, Problem> {
    let Some(following) = tenant.members.following(id, asked) else { return Ok(None) };
    let (store, clock) = (tenant.store.clone(), server.clock.clone());
    let (followed, ..) = read(server, tenant, move |_, cancel| {
        let mut following = following.lock().unwrap_or_else(PoisonError::into_inner);
        // To ask everybody again is too much where nobody waits for it.
        if asked.is_none() && following.membership.looks_at_everybody() {
            return Ok(Some((following.latest(), following.membership.bytes())));
        }
        let since = store.view_since(Some(following.mark));
        let touched = since.touched.as_deref();
        let who = touched.is_none_or(|all| all.iter().any(|one| one.what == What::Who));
        if who && following.of_lists {
            return Ok(None);
        }
        following.membership.follow(&since.view, touched, clock.now(), cancel)?;
        following.mark = since.mark;
        Ok(Some((following.latest(), following.membership.bytes())))
    })
    .await?;
    tenant.members.followed(id, followed);
    Ok(followed.map(|(latest, _)| latest))
}

/// Lets all that are kept follow until the server ends.
pub async fn run(server: Arc<Server>) {
    let mut closing = server.closing.subscribe();
    let mut pause = FOLLOW_EVERY;
    loop {
        tokio::select! {
            _ = closing.wait_for(|closing| *closing) => return,
            () = tokio::time::sleep(pause) => {}
        }
        let started = Instant::now();
        for tenant in server.tenants() {
            let ids: Vec<String> = tenant.members.kept().keys().cloned().collect();
            for id in ids {
                // One that took too long is tried again, or asked for.
                let _ = follow(&server, &tenant, &id, None).await;
            }
        }
        pause = FOLLOW_EVERY.max(started.elapsed() * (SHARE - 1));
    }
}
