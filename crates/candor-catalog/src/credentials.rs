//! How the providers of channels are reached, sealed: the catalog cannot read what it keeps here.

use candor_event::{AccountId, Timestamp};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::database::Catalog;
use crate::error::Error;
use crate::leases::Lane;

/// The sealed settings of one provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// Of which channel.
    pub channel: String,
    /// What the publisher calls it.
    pub provider: String,
    /// The settings, as the publisher's keys sealed them.
    pub sealed: Vec<u8>,
    /// When they were saved last.
    pub changed_at: Timestamp,
    /// By whom.
    pub actor: String,
    /// How it stands since then.
    pub standing: Standing,
}

/// How a provider stands, beyond a restart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Since when nothing went by it.
    pub failing_since: Option<Timestamp>,
    /// Switched off for that.
    pub off: bool,
}

const COLUMNS: &str =
    "SELECT channel, provider, sealed, changed_at, actor, failing_since, off FROM credentials";

impl Catalog {
    /// All of a publisher, by channel and name.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be read.
    pub async fn credentials(&self, account: &AccountId) -> Result<Vec<Credential>, Error> {
        let all = format!("{COLUMNS} WHERE account_id = ? ORDER BY channel, provider");
        let rows = sqlx::query(sqlx::AssertSqlSafe(all))
            .bind(account.as_str())
            .fetch_all(&self.pool)
            .await
            .map_err(Error::database("list credentials"))?;
        Ok(rows.iter().map(credential).collect())
    }

    /// Those of one provider; none where there is no such.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be read.
    pub async fn credential(
        &self,
        account: &AccountId,
        channel: &str,
        provider: &str,
    ) -> Result<Option<Credential>, Error> {
        let one = format!("{COLUMNS} WHERE account_id = ? AND channel = ? AND provider = ?");
        let row = sqlx::query(sqlx::AssertSqlSafe(one))
            .bind(account.as_str())
            .bind(channel)
            .bind(provider)
            .fetch_optional(&self.pool)
            .await
            .map_err(Error::database("find credentials"))?;
        Ok(row.as_ref().map(credential))
    }

    /// Keeps the settings of a provider in place of those that were there; how it stands is open
    /// then.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be written.
    pub async fn put_credential(&self, account: &AccountId, new: &Credential) -> Result<(), Error> {
        sqlx::query("INSERT OR REPLACE INTO credentials VALUES (?, ?, ?, ?, ?, ?, NULL, 0)")
            .bind(account.as_str())
            .bind(&new.channel)
            .bind(&new.provider)
            .bind(&new.sealed)
            .bind(new.changed_at.0)
            .bind(&new.actor)
            .execute(&self.writer)
            .await
            .map_err(Error::database("keep credentials"))?;
        Ok(())
    }

    /// Keeps how a provider stands, where it is there.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be written.
    pub async fn stand(&self, lane: &Lane, standing: Standing) -> Result<(), Error> {
        sqlx::query(
            "UPDATE credentials SET failing_since = ?, off = ? \
             WHERE account_id = ? AND channel = ? AND provider = ?",
        )
        .bind(standing.failing_since.map(|since| since.0))
        .bind(standing.off)
        .bind(lane.account.as_str())
        .bind(&lane.channel)
        .bind(&lane.provider)
        .execute(&self.writer)
        .await
        .map_err(Error::database("keep how a provider stands"))?;
        Ok(())
    }

    /// Removes those of one provider; false when there were none.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be written.
    pub async fn remove_credential(
        &self,
        account: &AccountId,
        channel: &str,
        provider: &str,
    ) -> Result<bool, Error> {
        let gone = sqlx::query(
            "DELETE FROM credentials WHERE account_id = ? AND channel = ? AND provider = ?",
        )
        .bind(account.as_str())
        .bind(channel)
        .bind(provider)
        .execute(&self.writer)
        .await
        .map_err(Error::database("remove credentials"))?;
        Ok(gone.rows_affected() > 0)
    }
}

fn credential(row: &SqliteRow) -> Credential {
    Credential {
        channel: row.get(0),
        provider: row.get(1),
        sealed: row.get(2),
        changed_at: Timestamp(row.get(3)),
        actor: row.get(4),
        standing: Standing {
            failing_since: row.get::<Option<i64>, _>(5).map(Timestamp),
            off: row.get(6),
        },
    }
}
