//! Log-ins that fail: slowed down by e-mail, and bounded in the work they may cause.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use candor_event::Timestamp;
use tokio::sync::Semaphore;

use crate::command::sha256;

/// Failures of one e-mail in a row before each next one has to wait.
const FAILURES_FREE: u32 = 10;
/// How long one failure counts.
const FAILURE_MS: i64 = 30_000;
/// E-mails that are remembered; beyond, those that failed longest ago are forgotten.
const EMAILS_MAX: usize = 10_000;
/// Passwords that are checked at once: each costs 19 MiB and some 20 ms of a core.
const CHECKS_AT_ONCE: usize = 2;

/// Who failed lately: by the hash of the e-mail, when all its failures will be forgotten.
#[derive(Debug)]
pub struct Attempts {
    until: Mutex<HashMap<Vec<u8>, i64>>,
    /// Held while a password is checked.
    pub checks: Semaphore,
}

impl Default for Attempts {
    fn default() -> Attempts {
        Attempts { until: Mutex::default(), checks: Semaphore::new(CHECKS_AT_ONCE) }
    }
}

impl Attempts {
    /// Counts an attempt as failed until [`Attempts::succeeded`] says otherwise.
    ///
    /// # Errors
    /// In how many seconds to come again.
    pub fn begin(&self, email: &str, now: Timestamp) -> Result<(), u32> {
        let mut until = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        if until.len() >= EMAILS_MAX {
            until.retain(|_, until| *until > now.0);
        }
        if until.len() >= EMAILS_MAX {
            // Half of them at once, so that a flood of e-mails does not sort at each.
            let mut ends: Vec<i64> = until.values().copied().collect();
            let middle = ends.len() / 2;
            let (_, middle, _) = ends.select_nth_unstable(middle);
            let middle = *middle;
            until.retain(|_, until| *until > middle);
        }
        let counted = until.entry(sha256(&email.trim().to_lowercase())).or_insert(now.0);
        let from = (*counted).max(now.0);
        let wait = from - now.0 - i64::from(FAILURES_FREE - 1) * FAILURE_MS;
        if wait > 0 {
            return Err(u32::try_from(wait / 1000 + 1).unwrap_or(u32::MAX));
        }
        *counted = from + FAILURE_MS;
        Ok(())
    }

    /// The password was right: nothing counts against the e-mail any more.
    pub fn succeeded(&self, email: &str) {
        let mut until = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        until.remove(&sha256(&email.trim().to_lowercase()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_failures_are_free_and_the_next_waits() {
        let attempts = Attempts::default();
        let at = |second: i64| Timestamp(second * 1000);
        for _ in 0..FAILURES_FREE {
            assert_eq!(attempts.begin("a@x.test", at(0)), Ok(()));
        }
        assert_eq!(attempts.begin(" A@X.test ", at(0)), Err(31));
        assert_eq!(attempts.begin("b@x.test", at(0)), Ok(()));
        assert_eq!(attempts.begin("a@x.test", at(31)), Ok(()));
        assert!(attempts.begin("a@x.test", at(31)).is_err());
        attempts.succeeded("a@x.test");
        assert_eq!(attempts.begin("a@x.test", at(31)), Ok(()));
    }

    #[test]
    fn a_flood_of_emails_stays_in_bounds() {
        let attempts = Attempts::default();
        for n in 0..3 * EMAILS_MAX as i64 {
            assert_eq!(attempts.begin(&format!("{n}@x.test"), Timestamp(n)), Ok(()));
        }
        assert!(attempts.until.lock().unwrap().len() <= EMAILS_MAX);
    }
}
