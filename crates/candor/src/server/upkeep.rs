//! What a server does for its stores beside everything else: files, order, memory.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::{FAILED_PAUSE, LOAD_WAIT, Server, Tenant};
use crate::memory;

/// So long must nothing have arrived before what is in memory is put in order.
const QUIET: Duration = Duration::from_secs(3);

/// Bytes that properties of events may take in memory.
fn columns_max(mib: usize) -> usize {
    if mib == 0 { (memory::total() / 4) as usize } else { mib << 20 }
}

/// Gives back what is too much, of each publisher as much as it has of all.
fn shrink(tenants: &[Arc<Tenant>], columns_max: usize) {
    let held: Vec<usize> = tenants.iter().map(|tenant| tenant.store.resident().columns).collect();
    let all: usize = held.iter().sum();
    if all > columns_max {
        for (tenant, held) in tenants.iter().zip(held) {
            tenant.store.shrink((held as u128 * columns_max as u128 / all as u128) as usize);
        }
    }
}

/// Since when nothing has arrived.
struct Quiet {
    /// Up to where the stores were.
    applied: u64,
    since: Instant,
}

impl Default for Quiet {
    fn default() -> Self {
        Quiet { applied: 0, since: Instant::now() }
    }
}

impl Quiet {
    /// Whether nothing has for [`QUIET`].
    fn lasts(&mut self, applied: u64) -> bool {
        if applied != self.applied {
            *self = Quiet { applied, since: Instant::now() };
        }
        self.since.elapsed() >= QUIET
    }
}

impl Server {
    /// Flushes, compacts and trims until the server stops, and once more then; runs on a thread of
    /// its own.
    pub fn keep(self: &Arc<Self>, runtime: &tokio::runtime::Handle) {
        let every = Duration::from_secs(self.config.store.flush_minutes * 60);
        let columns_max = columns_max(self.config.store.columns_mib);
        let (mut last, mut quiet) = (Instant::now(), Quiet::default());
        while !self.stop.load(Ordering::Relaxed) {
            std::thread::sleep(LOAD_WAIT);
            let tenants = self.tenants();
            let settles = quiet.lasts(tenants.iter().map(|tenant| tenant.store.applied()).sum())
                && tenants.iter().any(|tenant| tenant.store.settle_due());
            shrink(&tenants, columns_max);
            let due = last.elapsed() >= every || tenants.iter().any(|t| t.store.flush_due());
            if due || settles {
                last = Instant::now();
                let settled = || tenants.iter().try_for_each(|tenant| tenant.store.settle());
                let kept = self.flush(runtime).and_then(|()| match settles {
                    true => Ok(settled()?),
                    false => Ok(()),
                });
                if let Err(error) = kept {
                    tracing::error!(error = format!("{error:#}"), "a flush failed, tried again");
                    std::thread::sleep(FAILED_PAUSE);
                }
            }
        }
        // What lies in parts the next start need not read from the log.
        if self.tenants().iter().any(|tenant| tenant.store.settle_due())
            && let Err(error) = self.flush(runtime)
        {
            let error = format!("{error:#}");
            tracing::warn!(error, "a flush failed at the end; the next start reads the log");
        }
    }
}
