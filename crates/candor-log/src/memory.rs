//! A log in memory, for tests of other rooms. Panics on misuse.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::error::Error;
use crate::{Appended, Batch, Done, Log, Offset, Record};

/// Keeps records in memory and answers appends at once.
#[derive(Debug, Default)]
pub struct MemoryLog {
    state: Mutex<State>,
    grew: Condvar,
}

#[derive(Debug, Default)]
struct State {
    records: BTreeMap<u64, Vec<u8>>,
    start: u64,
    end: u64,
    followers: BTreeMap<String, u64>,
}

impl MemoryLog {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Log for MemoryLog {
    fn append(&self, payload: Vec<u8>, done: Done) {
        assert!(!payload.is_empty(), "a record has at least a byte");
        let appended = {
            let mut state = self.lock();
            let at = state.end;
            state.end += payload.len() as u64;
            state.records.insert(at, payload);
            Appended { at: Offset(at), next: Offset(state.end) }
        };
        self.grew.notify_all();
        done(Ok(appended));
    }

    fn read(&self, from: Offset, bytes_max: usize) -> Result<Batch, Error> {
        let state = self.lock();
        if from.0 < state.start || from.0 > state.end {
            return Err(Error::NoSuchOffset(from.0));
        }
        let aligned = from.0 == state.end || state.records.contains_key(&from.0);
        assert!(aligned, "{} is not the offset of a record", from.0);
        let mut batch = Batch { records: Vec::new(), next: from };
        for (offset, payload) in state.records.range(from.0..) {
            let read = (batch.next.0 - from.0) as usize;
            if !batch.records.is_empty() && read + payload.len() > bytes_max {
                break;
            }
            batch.records.push(Record { offset: Offset(*offset), payload: payload.clone().into() });
            batch.next = Offset(offset + payload.len() as u64);
        }
        Ok(batch)
    }

    fn start(&self) -> Offset {
        Offset(self.lock().start)
    }

    fn end(&self) -> Offset {
        Offset(self.lock().end)
    }

    fn wait(&self, beyond: Offset, timeout: Duration) -> bool {
        let state = self.lock();
        let waited = self.grew.wait_timeout_while(state, timeout, |state| state.end <= beyond.0);
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }

    fn follow(&self, follower: &str, at: Offset) {
        let mut state = self.lock();
        assert!(at.0 <= state.end, "a follower cannot be ahead of the log");
        let before = state.followers.insert(follower.to_owned(), at.0);
        assert!(before.is_none_or(|before| before <= at.0), "a follower does not go back");
    }

    fn trim(&self) -> Result<u64, Error> {
        let mut state = self.lock();
        let Some(behind) = state.followers.values().min().copied() else { return Ok(0) };
        let freed = behind - state.start;
        state.records = state.records.split_off(&behind);
        state.start = behind;
        Ok(freed)
    }

    fn slowest_follower(&self) -> Option<(String, Offset)> {
        let state = self.lock();
        let slowest = state.followers.iter().min_by_key(|(_, at)| **at);
        slowest.map(|(name, at)| (name.clone(), Offset(*at)))
    }

    fn bytes(&self) -> u64 {
        let state = self.lock();
        state.end - state.start
    }

    fn poisoned(&self) -> Option<String> {
        None
    }
}
