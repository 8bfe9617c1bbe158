//! What stops messages at once: a kill switch for everything or one channel, and runs whose state
//! somebody changed. Asked in memory before each hand-over; what is durable of it is the catalog's.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};

use serde::{Deserialize, Serialize};

/// What is switched off, as it is saved.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Switches {
    /// Nothing goes out at all.
    pub all: bool,
    /// Nothing goes out by these channels.
    pub channels: BTreeSet<String>,
}

/// One publisher's stops.
#[derive(Debug, Default)]
pub struct Halts {
    switches: RwLock<Switches>,
    changes: RwLock<HashMap<String, u64>>,
    of_all: AtomicU64,
    closed: AtomicBool,
}

impl Halts {
    /// Switches off, or on again.
    pub fn set(&self, switches: Switches) {
        *self.switches.write().unwrap_or_else(PoisonError::into_inner) = switches;
    }

    /// The server ends: nothing more goes out until it starts again.
    pub fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
    }

    /// What is switched off.
    pub fn switches(&self) -> Switches {
        self.switches.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether nothing goes out by a channel.
    pub fn is_off(&self, channel: &str) -> bool {
        if self.closed.load(Ordering::Relaxed) {
            return true;
        }
        let switches = self.switches.read().unwrap_or_else(PoisonError::into_inner);
        switches.all || switches.channels.contains(channel)
    }

    /// Somebody changed where a run stands: whoever works on it looks again.
    pub fn changed(&self, run: &str) {
        let mut changes = self.changes.write().unwrap_or_else(PoisonError::into_inner);
        *changes.entry(run.to_owned()).or_default() += 1;
    }

    /// Somebody changed what every run may go by: whoever works on any looks again.
    pub fn all_changed(&self) {
        self.of_all.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts how often a run changed since the start.
    pub fn changes(&self, run: &str) -> u64 {
        let changes = self.changes.read().unwrap_or_else(PoisonError::into_inner);
        changes.get(run).copied().unwrap_or_default() + self.of_all.load(Ordering::Relaxed)
    }
}
