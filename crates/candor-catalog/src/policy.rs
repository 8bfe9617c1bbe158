//! Policies and property classes: every change of a policy is a new version.

use candor_event::{AccountId, DataClass, Timestamp};
use sqlx::Row;

use crate::database::Catalog;
use crate::error::Error;

/// One version of a policy, as a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyVersion {
    /// Its number, from 1.
    pub version: i64,
    /// Since when.
    pub at: Timestamp,
    /// Who changed it.
    pub actor: String,
    /// The policy.
    pub document: String,
}

impl Catalog {
    /// All versions of a publisher's policy, the newest first.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be read.
    pub async fn policies(&self, account: &AccountId) -> Result<Vec<PolicyVersion>, Error> {
        let rows = sqlx::query(
            "SELECT version, at, actor, document FROM policies WHERE account_id = ? \
             ORDER BY version DESC",
        )
        .bind(account.as_str())
        .fetch_all(&self.pool)
        .await
        .map_err(Error::database("list policies"))?;
        let version = |row: &sqlx::sqlite::SqliteRow| PolicyVersion {
            version: row.get(0),
            at: Timestamp(row.get(1)),
            actor: row.get(2),
            document: row.get(3),
        };
        Ok(rows.iter().map(version).collect())
    }

    /// Adds a version of a publisher's policy and returns its number.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be written.
    pub async fn put_policy(
        &self,
        account: &AccountId,
        document: &str,
        actor: &str,
        now: Timestamp,
    ) -> Result<i64, Error> {
        let row = sqlx::query(
            "INSERT INTO policies SELECT ?1, coalesce(max(version), 0) + 1, ?2, ?3, ?4 \
             FROM policies WHERE account_id = ?1 RETURNING version",
        )
        .bind(account.as_str())
        .bind(now.0)
        .bind(actor)
        .bind(document)
        .fetch_one(&self.writer)
        .await
        .map_err(Error::database("change a policy"))?;
        Ok(row.get(0))
    }

    /// The classes that a publisher gave to property names.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be read.
    pub async fn classes(&self, account: &AccountId) -> Result<Vec<(String, DataClass)>, Error> {
        let rows =
            sqlx::query("SELECT name, class FROM classes WHERE account_id = ? ORDER BY name")
                .bind(account.as_str())
                .fetch_all(&self.pool)
                .await
                .map_err(Error::database("list classes"))?;
        let class = |row: &sqlx::sqlite::SqliteRow| {
            let class: String = row.get(1);
            let class = DataClass::from_name(&class).ok_or(Error::Corrupt("data class"))?;
            Ok((row.get(0), class))
        };
        rows.iter().map(class).collect()
    }

    /// Gives a property name its class.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be written.
    pub async fn put_class(
        &self,
        account: &AccountId,
        name: &str,
        class: DataClass,
    ) -> Result<(), Error> {
        sqlx::query("INSERT OR REPLACE INTO classes VALUES (?, ?, ?)")
            .bind(account.as_str())
            .bind(name)
            .bind(class.name())
            .execute(&self.writer)
            .await
            .map_err(Error::database("class a property"))?;
        Ok(())
    }
}
