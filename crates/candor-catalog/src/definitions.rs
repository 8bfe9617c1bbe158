//! Named documents (segments and what else people save) that the catalog does not interpret.

use candor_event::{AccountId, Timestamp};
use sqlx::Row;

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
    /// When it was saved last.
    pub changed_at: Timestamp,
}

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
            "SELECT id, name, document, changed_at FROM definitions \
             WHERE account_id = ? AND kind = ? ORDER BY name, id",
        )
        .bind(account.as_str())
        .bind(kind)
        .fetch_all(&self.pool)
        .await
        .map_err(Error::database("list definitions"))?;
        let definition = |row: &sqlx::sqlite::SqliteRow| Definition {
            id: row.get(0),
            name: row.get(1),
            document: row.get(2),
            changed_at: Timestamp(row.get(3)),
        };
        Ok(rows.iter().map(definition).collect())
    }

    /// Saves a document under its id.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be written.
    pub async fn put_definition(
        &self,
        account: &AccountId,
        kind: &str,
        definition: &Definition,
    ) -> Result<(), Error> {
        sqlx::query("INSERT OR REPLACE INTO definitions VALUES (?, ?, ?, ?, ?, ?)")
            .bind(account.as_str())
            .bind(kind)
            .bind(&definition.id)
            .bind(&definition.name)
            .bind(&definition.document)
            .bind(definition.changed_at.0)
            .execute(&self.pool)
            .await
            .map_err(Error::database("save a definition"))?;
        Ok(())
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
                .execute(&self.pool)
                .await
                .map_err(Error::database("remove a definition"))?;
        Ok(done.rows_affected() > 0)
    }
}
