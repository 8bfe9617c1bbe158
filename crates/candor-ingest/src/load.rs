//! From the log to the stores: frames in order, opened, sorted out by publisher.

use std::collections::HashMap;
use std::sync::Arc;

use candor_event::{AccountId, Record};
use candor_log::{Log, Offset};
use candor_store::Store;

use crate::error::Error;
use crate::seal::{FrameOpener, account_of};

/// Bytes of frames that one step reads: enough that the catalog's commit does not count, little
/// enough that the memory of one step serves the next.
const BYTES_PER_STEP: usize = 2 << 20;

/// Where a publisher's records go.
#[derive(Clone)]
pub struct Home {
    /// Opens its frames.
    pub opener: Arc<FrameOpener>,
    /// Keeps its events.
    pub store: Arc<Store>,
}

/// What one step read.
pub struct Step {
    /// The offset after it.
    pub next: Offset,
    /// Records about who is who, consents and erasures, for the catalog, each with its frame's
    /// offset.
    pub joins: Vec<(Offset, AccountId, Record)>,
    /// False at the end of the log.
    pub moved: bool,
}

/// Reads on from an offset and applies what a store does not hold yet. Frames of publishers that
/// are not there are passed over.
///
/// # Errors
/// Damage in the log or a part, or a missing key; nothing of the step counts then.
pub fn step(
    log: &dyn Log,
    from: Offset,
    homes: &HashMap<AccountId, Home>,
    seen: &mut dyn FnMut(&AccountId, &Record),
) -> Result<Step, Error> {
    let batch = log.read(from, BYTES_PER_STEP)?;
    let moved = !batch.records.is_empty();
    let mut joins = Vec::new();
    let mut by_account: HashMap<AccountId, Vec<Vec<Record>>> = HashMap::new();
    for frame in batch.records {
        let account = account_of(&frame.payload)?;
        let Some(home) = homes.get(&account) else { continue };
        let records = home.opener.open(&frame.payload)?;
        for record in &records {
            seen(&account, record);
            if !matches!(record, Record::Event(_) | Record::Trait(_)) {
                joins.push((frame.offset, account.clone(), record.clone()));
            }
        }
        if frame.offset.0 >= home.store.applied() {
            by_account.entry(account).or_default().push(records);
        }
    }
    for (account, home) in homes {
        let frames = by_account.remove(account).unwrap_or_default();
        if batch.next.0 > home.store.applied() {
            home.store.apply(frames.into_iter().flatten(), batch.next.0)?;
        }
    }
    Ok(Step { next: batch.next, joins, moved })
}
