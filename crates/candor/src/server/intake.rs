//! What is offered to a publisher's door, up to the log.

use std::sync::Arc;

use candor_ingest::decode::{Incoming, IncomingSheet, Refused};
use candor_ingest::{Accepted, Door, Receipt, Request};

use super::{Sent, Server, Tenant};
use crate::append::{Kept, append};
use crate::refusal::Refusal;

/// What became of a sheet.
pub struct OfferedSheet {
    /// Of the events that are kept; it holds once the log has them.
    pub receipt: Receipt,
    pub kept: Kept,
    /// Events that are to be offered one by one.
    pub others: Vec<Incoming>,
}

impl Server {
    /// Takes records in and waits until the log holds them.
    ///
    /// # Errors
    /// See [`Refusal`]; nothing was acknowledged then.
    pub async fn accept(
        &self,
        tenant: &Arc<Tenant>,
        incoming: Vec<Incoming>,
        refused: Vec<Refused>,
        sent: Sent,
    ) -> Result<Receipt, Refusal> {
        let (receipt, kept) = self.offer(tenant.door().await?, incoming, refused, sent)?;
        kept.await.map_err(|_| Refusal::Full)??;
        Ok(receipt)
    }

    /// Takes records in; the receipt holds once the log has them, which the second tells. Called
    /// within a runtime.
    ///
    /// # Errors
    /// As [`Server::accept`].
    pub fn offer(
        &self,
        door: &Arc<Door>,
        incoming: Vec<Incoming>,
        refused: Vec<Refused>,
        sent: Sent,
    ) -> Result<(Receipt, Kept), Refusal> {
        let request = self.request(sent);
        let (append, kept) = self.append(door);
        let receipt = door.accept(incoming, refused, &request, append)?;
        Ok((receipt, kept))
    }

    /// Takes the events of a sheet in that need nobody to look at them alone. Called within a
    /// runtime.
    ///
    /// # Errors
    /// As [`Server::accept`].
    pub fn offer_sheet(
        &self,
        door: &Arc<Door>,
        sheet: IncomingSheet,
    ) -> Result<OfferedSheet, Refusal> {
        let request = self.request(Sent::default());
        let (append, kept) = self.append(door);
        let (receipt, others) = door.accept_sheet(sheet, &request, append)?;
        Ok(OfferedSheet { receipt, kept, others })
    }

    fn request(&self, sent: Sent) -> Request {
        let days = i64::from(self.config.event_age_days_max);
        Request {
            now: self.now(),
            event_age_max_ms: days * 86_400_000,
            repeats_remembered_max: self.config.repeats_remembered_max,
            idempotency_key: sent.idempotency_key,
            derived: sent.derived,
        }
    }

    /// How a door appends to the log, and what became of it.
    pub fn append(&self, door: &Arc<Door>) -> (impl FnOnce(&mut Accepted) + use<>, Kept) {
        append(&self.log, door)
    }
}
