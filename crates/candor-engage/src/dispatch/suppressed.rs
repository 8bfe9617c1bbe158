//! Addresses that are never written to, held in memory: asked before each hand-over.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use candor_catalog::{Catalog, Error, SuppressionReason};
use candor_event::{AccountId, Purpose};

/// Addresses that are read at once at the start.
const PAGE: usize = 10_000;

/// One publisher's suppressed addresses, by channel and keyed hash.
#[derive(Debug, Default)]
pub struct Suppressed(RwLock<HashMap<String, HashMap<[u8; 16], SuppressionReason>>>);

impl Suppressed {
    /// What the catalog holds.
    ///
    /// # Errors
    /// [`Error::Database`] when it cannot be read.
    pub async fn read(catalog: &Catalog, account: &AccountId) -> Result<Suppressed, Error> {
        let suppressed = Suppressed::default();
        let mut after: Option<(String, [u8; 16])> = None;
        loop {
            let from = after.as_ref().map(|(channel, hash)| (channel.as_str(), *hash));
            let page = catalog.suppressions(account, from, PAGE).await?;
            after = page.last().map(|last| (last.channel.clone(), last.hash));
            let whole = page.len() == PAGE;
            for one in page {
                suppressed.add(&one.channel, one.hash, one.reason);
            }
            if !whole {
                return Ok(suppressed);
            }
        }
    }

    /// Leaves an address alone from now on.
    pub fn add(&self, channel: &str, hash: [u8; 16], reason: SuppressionReason) {
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let known = all.entry(channel.to_owned()).or_default().entry(hash).or_insert(reason);
        if reason != SuppressionReason::Complaint {
            *known = reason;
        }
    }

    /// Lets it be written to again.
    pub fn remove(&self, channel: &str, hash: [u8; 16]) {
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        all.entry(channel.to_owned()).or_default().remove(&hash);
    }

    /// Whether an address is left alone for a purpose: who called marketing spam may still get a
    /// receipt.
    pub fn holds(&self, channel: &str, hash: [u8; 16], purpose: &Purpose) -> bool {
        let all = self.0.read().unwrap_or_else(PoisonError::into_inner);
        match all.get(channel).and_then(|of_channel| of_channel.get(&hash)) {
            None => false,
            Some(SuppressionReason::Complaint) => purpose.as_str().starts_with("marketing:"),
            Some(SuppressionReason::HardBounce | SuppressionReason::Manual) => true,
        }
    }
}
