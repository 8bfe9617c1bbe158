//! From the log to the stores: frames in order, opened, sorted out by publisher.

use std::collections::HashMap;
use std::sync::Arc;

use candor_event::{AccountId, Record};
use candor_log::{Log, Offset, Record as Framed};
use candor_store::Store;

use crate::error::Error;
use crate::seal::{FrameOpener, account_of};

/// Bytes of frames that one step reads: enough that the catalog's commit does not count, little
/// enough that the memory of one step serves the next.
const BYTES_PER_STEP: usize = 2 << 20;

/// Fewer frames are not worth a thread.
const FRAMES_PER_THREAD_MIN: usize = 8;

/// Where a publisher's records go.
#[derive(Clone)]
pub struct Home {
    /// Opens its frames.
    pub opener: Arc<FrameOpener>,
    /// Keeps its events.
    pub store: Arc<Store>,
}

/// What one step reads.
pub struct Step {
    /// The offset after it.
    pub next: Offset,
    /// Records about who is who, consents and erasures, for the catalog, each with its frame's
    /// offset.
    pub joins: Vec<(Offset, AccountId, Record)>,
    /// False at the end of the log.
    pub moved: bool,
    /// What the stores do not hold yet, frame by frame.
    unapplied: HashMap<AccountId, Vec<Vec<Record>>>,
}

/// Reads on from an offset. Frames of publishers that are not there are passed over; `threads` open
/// the others.
///
/// # Errors
/// Damage in the log, or a missing key.
pub fn read(
    log: &dyn Log,
    from: Offset,
    homes: &HashMap<AccountId, Home>,
    threads: usize,
    seen: &mut dyn FnMut(&AccountId, &Record),
) -> Result<Step, Error> {
    let batch = log.read(from, BYTES_PER_STEP)?;
    let moved = !batch.records.is_empty();
    let mut joins = Vec::new();
    let mut unapplied: HashMap<AccountId, Vec<Vec<Record>>> = HashMap::new();
    let mut frames = Vec::with_capacity(batch.records.len());
    for frame in batch.records {
        if let Some(home) = homes.get(&account_of(&frame.payload)?) {
            frames.push((frame, home));
        }
    }
    for (frame, home, records) in open(frames, threads)? {
        let account = home.opener.account();
        for record in &records {
            seen(account, record);
            if !matches!(record, Record::Event(_) | Record::Trait(_)) {
                joins.push((frame.offset, account.clone(), record.clone()));
            }
        }
        if frame.offset.0 >= home.store.applied() {
            unapplied.entry(account.clone()).or_default().push(records);
        }
    }
    Ok(Step { next: batch.next, joins, moved, unapplied })
}

impl Step {
    /// Applies what was read to the stores.
    ///
    /// # Errors
    /// Damage in a part. Reading the same again and applying that is harmless.
    pub fn apply(&mut self, homes: &HashMap<AccountId, Home>) -> Result<(), Error> {
        for (account, home) in homes {
            let frames = self.unapplied.remove(account).unwrap_or_default();
            if self.next.0 > home.store.applied() {
                home.store.apply(frames.into_iter().flatten(), self.next.0)?;
            }
        }
        Ok(())
    }
}

type Opened<'h> = (Framed, &'h Home, Vec<Record>);

/// Opens frames, a part of them on each thread; in their order.
fn open<'h>(frames: Vec<(Framed, &'h Home)>, threads: usize) -> Result<Vec<Opened<'h>>, Error> {
    let open = |frames: &[(Framed, &'h Home)]| -> Result<Vec<Vec<Record>>, Error> {
        frames.iter().map(|(frame, home)| home.opener.open(&frame.payload)).collect()
    };
    let parts = frames.chunks(frames.len().div_ceil(threads.max(1)).max(FRAMES_PER_THREAD_MIN));
    let opened: Result<Vec<_>, Error> = std::thread::scope(|scope| {
        let mut parts = parts.into_iter();
        let first = parts.next().unwrap_or_default();
        let others: Vec<_> = parts.map(|part| scope.spawn(move || open(part))).collect();
        let others = others.into_iter().map(|thread| match thread.join() {
            Ok(opened) => opened,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        std::iter::once(open(first)).chain(others).collect()
    });
    let records = opened?.into_iter().flatten();
    Ok(frames
        .into_iter()
        .zip(records)
        .map(|((frame, home), records)| (frame, home, records))
        .collect())
}
