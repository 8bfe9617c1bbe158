//! Who may log in: users and their sessions. Only hashes are kept.

use candor_event::{AccountId, Timestamp};
use sqlx::Row;

use crate::database::Catalog;
use crate::error::Error;

/// A login of the dashboard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Its number.
    pub id: i64,
    /// Whose data it sees.
    pub account_id: AccountId,
    /// Its e-mail.
    pub email: String,
    /// Its password, as an Argon2id string.
    pub password_hash: String,
    /// What it may do: `admin`.
    pub role: String,
}

fn user(row: &sqlx::sqlite::SqliteRow) -> Result<User, Error> {
    let account: String = row.get("account_id");
    Ok(User {
        id: row.get("id"),
        account_id: AccountId::new(&account).ok_or(Error::Corrupt("account id"))?,
        email: row.get("email"),
        password_hash: row.get("password_hash"),
        role: row.get("role"),
    })
}

impl Catalog {
    /// The user of an e-mail.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be read.
    pub async fn user(&self, email: &str) -> Result<Option<User>, Error> {
        let row = sqlx::query("SELECT * FROM users WHERE email = ?")
            .bind(email)
            .fetch_optional(&self.pool)
            .await
            .map_err(Error::database("find a user"))?;
        row.as_ref().map(user).transpose()
    }

    /// Opens a session under the hash of its cookie, and forgets sessions that are over.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be written.
    pub async fn open_session(
        &self,
        hash: &[u8],
        user: i64,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<(), Error> {
        sqlx::query("DELETE FROM sessions WHERE expires_at <= ?")
            .bind(now.0)
            .execute(&self.writer)
            .await
            .map_err(Error::database("forget sessions"))?;
        sqlx::query("INSERT INTO sessions VALUES (?, ?, ?)")
            .bind(hash)
            .bind(user)
            .bind(expires_at.0)
            .execute(&self.writer)
            .await
            .map_err(Error::database("open a session"))?;
        Ok(())
    }

    /// The user of a session that is not over.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be read.
    pub async fn session(&self, hash: &[u8], now: Timestamp) -> Result<Option<User>, Error> {
        let row = sqlx::query(
            "SELECT users.* FROM users JOIN sessions ON users.id = user_id \
             WHERE hash = ? AND expires_at > ?",
        )
        .bind(hash)
        .bind(now.0)
        .fetch_optional(&self.pool)
        .await
        .map_err(Error::database("find a session"))?;
        row.as_ref().map(user).transpose()
    }

    /// Ends a session.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be written.
    pub async fn end_session(&self, hash: &[u8]) -> Result<(), Error> {
        sqlx::query("DELETE FROM sessions WHERE hash = ?")
            .bind(hash)
            .execute(&self.writer)
            .await
            .map_err(Error::database("end a session"))?;
        Ok(())
    }
}
