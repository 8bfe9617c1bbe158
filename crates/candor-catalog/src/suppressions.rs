//! Addresses that are never written to.

use candor_event::{AccountId, Timestamp};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::database::Catalog;
use crate::error::Error;

/// Why an address is left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SuppressionReason {
    /// Its server said that there is no such address.
    HardBounce,
    /// Its reader called a message spam: no marketing any more.
    Complaint,
    /// Somebody of the publisher's put it here.
    Manual,
}

impl SuppressionReason {
    const ALL: [SuppressionReason; 3] =
        [SuppressionReason::HardBounce, SuppressionReason::Complaint, SuppressionReason::Manual];

    /// What it is called outside.
    pub fn word(self) -> &'static str {
        match self {
            SuppressionReason::HardBounce => "hard_bounce",
            SuppressionReason::Complaint => "complaint",
            SuppressionReason::Manual => "manual",
        }
    }

    fn read(word: &str) -> Result<SuppressionReason, Error> {
        let found = SuppressionReason::ALL.into_iter().find(|reason| reason.word() == word);
        found.ok_or(Error::Corrupt("reason of a suppression"))
    }
}

/// One address that is left alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suppression {
    /// By which channel.
    pub channel: String,
    /// The address's keyed hash.
    pub hash: [u8; 16],
    /// Why.
    pub reason: SuppressionReason,
    /// The address, sealed; none of who was erased.
    pub address: Option<Vec<u8>>,
    /// Since when.
    pub at: Timestamp,
    /// Who said so.
    pub actor: String,
}

const SUPPRESSION: &str = "channel, hash, reason, address, at, actor";

impl Catalog {
    /// Leaves an address alone from now on. A complaint stays one where the address is also
    /// unknown, and everything else counts for more than a complaint.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be written.
    pub async fn suppress(&self, account: &AccountId, new: &Suppression) -> Result<(), Error> {
        sqlx::query(
            "INSERT INTO suppressions VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE \
             SET reason = excluded.reason, address = excluded.address, at = excluded.at, \
             actor = excluded.actor WHERE reason = 'complaint' AND excluded.reason <> 'complaint'",
        )
        .bind(account.as_str())
        .bind(&new.channel)
        .bind(new.hash.as_slice())
        .bind(new.reason.word())
        .bind(&new.address)
        .bind(new.at.0)
        .bind(&new.actor)
        .execute(&self.writer)
        .await
        .map_err(Error::database("suppress an address"))?;
        Ok(())
    }

    /// Lets an address be written to again; false when it was not suppressed.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be written.
    pub async fn unsuppress(
        &self,
        account: &AccountId,
        channel: &str,
        hash: [u8; 16],
    ) -> Result<bool, Error> {
        let done = sqlx::query(
            "DELETE FROM suppressions WHERE account_id = ? AND channel = ? AND hash = ?",
        )
        .bind(account.as_str())
        .bind(channel)
        .bind(hash.as_slice())
        .execute(&self.writer)
        .await
        .map_err(Error::database("let an address be written to again"))?;
        Ok(done.rows_affected() > 0)
    }

    /// Addresses that are left alone, in a fixed order after one of them; at most `limit`.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be read.
    pub async fn suppressions(
        &self,
        account: &AccountId,
        after: Option<(&str, [u8; 16])>,
        limit: usize,
    ) -> Result<Vec<Suppression>, Error> {
        let (channel, hash) = after.unwrap_or(("", [0; 16]));
        let query = format!(
            "SELECT {SUPPRESSION} FROM suppressions \
             WHERE account_id = ? AND (channel, hash) > (?, ?) ORDER BY channel, hash LIMIT ?"
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(account.as_str())
            .bind(channel)
            .bind(hash.as_slice())
            .bind(limit as i64)
            .fetch_all(&self.pool)
            .await
            .map_err(Error::database("list suppressions"))?;
        rows.iter().map(read).collect()
    }
}

fn read(row: &SqliteRow) -> Result<Suppression, Error> {
    let hash: &[u8] = row.get(1);
    Ok(Suppression {
        channel: row.get(0),
        hash: hash.try_into().map_err(|_| Error::Corrupt("hash of a suppression"))?,
        reason: SuppressionReason::read(row.get(2))?,
        address: row.get(3),
        at: Timestamp(row.get(4)),
        actor: row.get(5),
    })
}
