//! Who read in clear, exported or changed what.

use candor_event::{AccountId, Timestamp};
use sqlx::Row;

use crate::database::Catalog;
use crate::error::Error;

/// One thing that a caller did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// When.
    pub at: Timestamp,
    /// Who: a user's e-mail, or `api token`.
    pub actor: String,
    /// What: one of a closed list of words.
    pub action: String,
    /// To whom or what: ids and names of ours, nothing that a person sent.
    pub subject: String,
}

/// Entries of one answer.
const ENTRIES_MAX: i64 = 1_000;

impl Catalog {
    /// Adds an entry. What is audited must not happen when this fails.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be written.
    pub async fn audit(&self, account: &AccountId, entry: &AuditEntry) -> Result<(), Error> {
        sqlx::query("INSERT INTO audit VALUES (?, ?, ?, ?, ?)")
            .bind(account.as_str())
            .bind(entry.at.0)
            .bind(&entry.actor)
            .bind(&entry.action)
            .bind(&entry.subject)
            .execute(&self.writer)
            .await
            .map_err(Error::database("add to the audit"))?;
        Ok(())
    }

    /// Entries with `from <= at < to`, the newest first, at most 1,000.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be read.
    pub async fn audited(
        &self,
        account: &AccountId,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<AuditEntry>, Error> {
        let rows = sqlx::query(
            "SELECT at, actor, action, subject FROM audit \
             WHERE account_id = ? AND at >= ? AND at < ? ORDER BY at DESC, rowid DESC LIMIT ?",
        )
        .bind(account.as_str())
        .bind(from.0)
        .bind(to.0)
        .bind(ENTRIES_MAX)
        .fetch_all(&self.pool)
        .await
        .map_err(Error::database("list the audit"))?;
        let entry = |row: &sqlx::sqlite::SqliteRow| AuditEntry {
            at: Timestamp(row.get(0)),
            actor: row.get(1),
            action: row.get(2),
            subject: row.get(3),
        };
        Ok(rows.iter().map(entry).collect())
    }
}
