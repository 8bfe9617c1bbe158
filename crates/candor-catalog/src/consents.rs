//! What people said, as a history.

use candor_event::{AccountId, ConsentChange, PersonId};
use sqlx::Row;

use crate::database::Catalog;
use crate::error::Error;

/// One thing that a person said.
pub type Consent = ConsentChange;

impl Catalog {
    /// All that a person said, oldest first.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be read.
    pub async fn consents(
        &self,
        account: &AccountId,
        person: PersonId,
    ) -> Result<Vec<Consent>, Error> {
        let rows = sqlx::query(
            "SELECT document FROM consents WHERE account_id = ? AND person = ? ORDER BY at, rowid",
        )
        .bind(account.as_str())
        .bind(person.0.as_slice())
        .fetch_all(&self.pool)
        .await
        .map_err(Error::database("list consents"))?;
        rows.iter().map(consent).collect()
    }

    /// Calls `put` with all that everyone of a publisher said, oldest first.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be read.
    pub async fn all_consents(
        &self,
        account: &AccountId,
        mut put: impl FnMut(Consent),
    ) -> Result<(), Error> {
        let rows = sqlx::query("SELECT document FROM consents WHERE account_id = ? ORDER BY rowid")
            .bind(account.as_str())
            .fetch_all(&self.pool)
            .await
            .map_err(Error::database("list consents"))?;
        for row in &rows {
            put(consent(row)?);
        }
        Ok(())
    }
}

fn consent(row: &sqlx::sqlite::SqliteRow) -> Result<Consent, Error> {
    let document: String = row.get(0);
    serde_json::from_str(&document).map_err(|_| Error::Corrupt("consent"))
}
