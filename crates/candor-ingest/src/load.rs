//! From the log to the stores: frames in order, opened, sorted out by publisher.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use candor_event::{AccountId, Record};
use candor_log::{Log, Offset, Record as Framed};
use candor_store::Store;

use crate::accept::Door;
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
    door: Arc<Door>,
    opener: Arc<FrameOpener>,
    store: Arc<Store>,
}

impl Home {
    /// The door has what it sealed a moment ago, and need not know who is who; the opener opens
    /// other frames, and the store keeps the events.
    pub fn new(door: &Arc<Door>, opener: Arc<FrameOpener>, store: Arc<Store>) -> Home {
        Home { door: door.clone(), opener, store }
    }
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
    homes: HashMap<AccountId, Home>,
    /// What the stores do not hold yet, frame by frame.
    pub unapplied: HashMap<AccountId, Vec<Vec<Record>>>,
}

/// A frame of the log, whose home is here.
struct Frame<'h> {
    at: Offset,
    home: &'h Home,
    payload: Bytes,
    /// What it says, once that is known.
    records: Option<Vec<Record>>,
}

/// Reads on from an offset. Frames of publishers that have no home are passed over; `homes` is
/// asked when the log was read: whoever has a frame in it is there by then. What the others say is
/// had from their doors, or else `threads` open them.
///
/// # Errors
/// Damage in the log, or a missing key.
pub fn read(
    log: &dyn Log,
    from: Offset,
    homes: impl FnOnce() -> HashMap<AccountId, Home>,
    threads: usize,
) -> Result<Step, Error> {
    let batch = log.read(from, BYTES_PER_STEP)?;
    let (moved, homes) = (!batch.records.is_empty(), homes());
    let mut joins = Vec::new();
    let mut unapplied: HashMap<AccountId, Vec<Vec<Record>>> = HashMap::new();
    let mut frames = Vec::with_capacity(batch.records.len());
    for Framed { offset: at, payload } in batch.records {
        if let Some(home) = homes.get(&account_of(&payload)?) {
            frames.push(Frame { at, home, payload, records: home.door.handed(at) });
        }
    }
    open(&mut frames, threads)?;
    for Frame { at, home, records, .. } in frames {
        let account = home.opener.account();
        let records = records.unwrap_or_default();
        for record in &records {
            if !matches!(record, Record::Event(_) | Record::Sheet(_) | Record::Trait(_)) {
                joins.push((at, account.clone(), record.clone()));
            }
        }
        if at.0 >= home.store.applied() {
            unapplied.entry(account.clone()).or_default().push(records);
        }
    }
    Ok(Step { next: batch.next, joins, moved, homes, unapplied })
}

impl Step {
    /// Applies what was read to the stores.
    ///
    /// # Errors
    /// Damage in a part. Reading the same again and applying that is harmless.
    pub fn apply(&mut self) -> Result<(), Error> {
        for (account, home) in &self.homes {
            let frames = self.unapplied.remove(account).unwrap_or_default();
            if self.next.0 > home.store.applied() {
                home.store.apply(frames.into_iter().flatten(), self.next.0)?;
            }
        }
        Ok(())
    }
}

/// Opens the frames of which it is not known what they say, a part of them on each thread.
fn open(frames: &mut [Frame<'_>], threads: usize) -> Result<(), Error> {
    let mut closed: Vec<_> = frames.iter_mut().filter(|frame| frame.records.is_none()).collect();
    let open = |part: &mut [&mut Frame<'_>]| -> Result<(), Error> {
        part.iter_mut().try_for_each(|frame| {
            frame.records = Some(frame.home.opener.open(&frame.payload)?);
            Ok(())
        })
    };
    let each = closed.len().div_ceil(threads.max(1)).max(FRAMES_PER_THREAD_MIN);
    std::thread::scope(|scope| {
        let mut parts = closed.chunks_mut(each);
        let first = parts.next().unwrap_or_default();
        let others: Vec<_> = parts.map(|part| scope.spawn(move || open(part))).collect();
        let first = open(first);
        let others = others.into_iter().map(|thread| match thread.join() {
            Ok(opened) => opened,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        std::iter::once(first).chain(others).collect()
    })
}
