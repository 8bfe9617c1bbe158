//! Named, versioned documents (segments, variables and what else people save) that the catalog does
//! not interpret.

use candor_event::{AccountId, Timestamp};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::database::Catalog;
use crate::error::Error;

/// A saved document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The document.
    pub document: String,
    /// Counts from 1; a change is the next one.
    pub version: u64,
    /// When it was saved last.
    pub changed_at: Timestamp,
    /// Who saved it last; empty where that was before versions were kept.
    pub actor: String,
}

/// A document to save.
#[derive(Clone, Copy, Debug)]
pub struct NewDefinition<'a> {
    /// What it is: `segment`, `variables`, …
    pub kind: &'a str,
    /// Under which id.
    pub id: &'a str,
    /// What people call it.
    pub name: &'a str,
    /// The document.
    pub document: &'a str,
    /// Who saves it.
    pub actor: &'a str,
}

/// One version of a document, without the document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefinitionChange {
    /// Counts from 1.
    pub version: u64,
    /// Its name then.
    pub name: String,
    /// When it was saved.
    pub at: Timestamp,
    /// Who saved it.
    pub actor: String,
}

/// Versions of one document that are kept; older ones go.
const VERSIONS_MAX: i64 = 100;

impl Catalog {
    /// The documents of a kind, by name.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be read.
    pub async fn definitions(
        &self,
        account: &AccountId,
        kind: &str,
    ) -> Result<Vec<Definition>, Error> {
        let rows = sqlx::query(
            "SELECT id, now.name, now.document, version, now.changed_at, actor \
             FROM definitions now LEFT JOIN definition_versions \
             USING (account_id, kind, id, version) \
             WHERE account_id = ? AND kind = ? ORDER BY now.name, id",
        )
        .bind(account.as_str())
        .bind(kind)
        .fetch_all(&self.pool)
        .await
        .map_err(Error::database("list definitions"))?;
        Ok(rows.iter().map(definition).collect())
    }

    /// The ids of the documents of a kind, by name: for kinds whose documents are long.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be read.
    pub async fn definition_ids(
        &self,
        account: &AccountId,
        kind: &str,
    ) -> Result<Vec<String>, Error> {
        let rows = sqlx::query(
            "SELECT id FROM definitions WHERE account_id = ? AND kind = ? ORDER BY name, id",
        )
        .bind(account.as_str())
        .bind(kind)
        .fetch_all(&self.pool)
        .await
        .map_err(Error::database("list ids of definitions"))?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    /// One document; none where there is no such.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be read.
    pub async fn definition(
        &self,
        account: &AccountId,
        kind: &str,
        id: &str,
    ) -> Result<Option<Definition>, Error> {
        let row = sqlx::query(
            "SELECT id, now.name, now.document, version, now.changed_at, actor \
             FROM definitions now LEFT JOIN definition_versions \
             USING (account_id, kind, id, version) \
             WHERE account_id = ? AND kind = ? AND id = ?",
        )
        .bind(account.as_str())
        .bind(kind)
        .bind(id)
        .fetch_optional(&self.pool)
        .await
        .map_err(Error::database("find a definition"))?;
        Ok(row.as_ref().map(definition))
    }

    /// The versions of one document that are kept, the newest first.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be read.
    pub async fn definition_versions(
        &self,
        account: &AccountId,
        kind: &str,
        id: &str,
    ) -> Result<Vec<Definition>, Error> {
        let rows = sqlx::query(
            "SELECT id, name, document, version, changed_at, actor FROM definition_versions \
             WHERE account_id = ? AND kind = ? AND id = ? ORDER BY version DESC",
        )
        .bind(account.as_str())
        .bind(kind)
        .bind(id)
        .fetch_all(&self.pool)
        .await
        .map_err(Error::database("list versions of a definition"))?;
        Ok(rows.iter().map(definition).collect())
    }

    /// One version of one document; none where it is not kept.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be read.
    pub async fn definition_version(
        &self,
        account: &AccountId,
        kind: &str,
        id: &str,
        version: u64,
    ) -> Result<Option<Definition>, Error> {
        let row = sqlx::query(
            "SELECT id, name, document, version, changed_at, actor FROM definition_versions \
             WHERE account_id = ? AND kind = ? AND id = ? AND version = ?",
        )
        .bind(account.as_str())
        .bind(kind)
        .bind(id)
        .bind(i64::try_from(version).unwrap_or(i64::MAX))
        .fetch_optional(&self.pool)
        .await
        .map_err(Error::database("find a version of a definition"))?;
        Ok(row.as_ref().map(definition))
    }

    /// Who saved which version of one document when, the newest first; of those that are kept.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be read.
    pub async fn definition_changes(
        &self,
        account: &AccountId,
        kind: &str,
        id: &str,
    ) -> Result<Vec<DefinitionChange>, Error> {
        let rows = sqlx::query(
            "SELECT version, name, changed_at, actor FROM definition_versions \
             WHERE account_id = ? AND kind = ? AND id = ? ORDER BY version DESC",
        )
        .bind(account.as_str())
        .bind(kind)
        .bind(id)
        .fetch_all(&self.pool)
        .await
        .map_err(Error::database("list changes of a definition"))?;
        let change = |row: &SqliteRow| DefinitionChange {
            version: row.get::<i64, _>(0) as u64,
            name: row.get(1),
            at: Timestamp(row.get(2)),
            actor: row.get(3),
        };
        Ok(rows.iter().map(change).collect())
    }

    /// Saves a document under its id; its version. The same again is no new version.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be written.
    pub async fn put_definition(
        &self,
        account: &AccountId,
        new: &NewDefinition<'_>,
        at: Timestamp,
    ) -> Result<u64, Error> {
        let failed = || Error::database("save a definition");
        // It reads before it writes: without the word it would fail when another writes between.
        let mut one = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(failed())?;
        let known = sqlx::query(
            "SELECT version, name = ? AND document = ? FROM definitions \
             WHERE account_id = ? AND kind = ? AND id = ?",
        )
        .bind(new.name)
        .bind(new.document)
        .bind(account.as_str())
        .bind(new.kind)
        .bind(new.id)
        .fetch_optional(&mut *one)
        .await
        .map_err(failed())?;
        let known = known.map(|row| (row.get::<i64, _>(0), row.get::<bool, _>(1)));
        if let Some((version, true)) = known {
            return Ok(version as u64);
        }
        let version = known.map_or(0, |(version, _)| version) + 1;
        sqlx::query(
            "INSERT OR REPLACE INTO definitions \
             (account_id, kind, id, name, document, changed_at, version) \
             VALUES (?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(account.as_str())
        .bind(new.kind)
        .bind(new.id)
        .bind(new.name)
        .bind(new.document)
        .bind(at.0)
        .bind(version)
        .execute(&mut *one)
        .await
        .map_err(failed())?;
        sqlx::query(
            "INSERT OR REPLACE INTO definition_versions \
             (account_id, kind, id, name, document, changed_at, version, actor) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(account.as_str())
        .bind(new.kind)
        .bind(new.id)
        .bind(new.name)
        .bind(new.document)
        .bind(at.0)
        .bind(version)
        .bind(new.actor)
        .execute(&mut *one)
        .await
        .map_err(failed())?;
        sqlx::query(
            "DELETE FROM definition_versions \
             WHERE account_id = ? AND kind = ? AND id = ? AND version <= ?",
        )
        .bind(account.as_str())
        .bind(new.kind)
        .bind(new.id)
        .bind(version - VERSIONS_MAX)
        .execute(&mut *one)
        .await
        .map_err(failed())?;
        one.commit().await.map_err(failed())?;
        Ok(version as u64)
    }

    /// Removes a document; false when there was none.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be written.
    pub async fn remove_definition(
        &self,
        account: &AccountId,
        kind: &str,
        id: &str,
    ) -> Result<bool, Error> {
        let done =
            sqlx::query("DELETE FROM definitions WHERE account_id = ? AND kind = ? AND id = ?")
                .bind(account.as_str())
                .bind(kind)
                .bind(id)
                .execute(&self.writer)
                .await
                .map_err(Error::database("remove a definition"))?;
        Ok(done.rows_affected() > 0)
    }
}

fn definition(row: &SqliteRow) -> Definition {
    Definition {
        id: row.get(0),
        name: row.get(1),
        document: row.get(2),
        version: row.get::<i64, _>(3) as u64,
        changed_at: Timestamp(row.get(4)),
        actor: row.get::<Option<String>, _>(5).unwrap_or_default(),
    }
}
