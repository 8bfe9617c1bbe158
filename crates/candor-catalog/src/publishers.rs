//! Publishers: the tenants.

use candor_event::{AccountId, Timestamp};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::database::Catalog;
use crate::error::Error;

/// A publisher.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publisher {
    /// The public id that SDKs carry.
    pub account_id: AccountId,
    /// The name that people read.
    pub name: String,
    /// Where its data is kept, as a code.
    pub region: String,
    /// IANA name of its time zone.
    pub timezone: String,
    /// SHA-256 of the account token.
    pub token_hash: Vec<u8>,
    /// SHA-256 of the passcode of the REST API.
    pub passcode_hash: Vec<u8>,
}

/// Everything that comes into being with a publisher.
#[derive(Clone, Debug)]
pub struct NewPublisher {
    /// The publisher.
    pub publisher: Publisher,
    /// Its first API token: SHA-256, and scopes separated by spaces.
    pub api_token: (Vec<u8>, String),
    /// Its first user: e-mail and password hash.
    pub admin: (String, String),
    /// Its first policy, as a document.
    pub policy: String,
}

impl Catalog {
    /// Makes a publisher with its first token, user and policy, all or nothing.
    ///
    /// # Errors
    /// [`Error::Exists`] when the account id or the admin's e-mail is taken.
    pub async fn create_publisher(&self, new: &NewPublisher, now: Timestamp) -> Result<(), Error> {
        let failed = || Error::database("make a publisher");
        let mut one = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(failed())?;
        let publisher = &new.publisher;
        let account = publisher.account_id.as_str();
        let made = sqlx::query(
            "INSERT INTO publishers VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        )
        .bind(account)
        .bind(&publisher.name)
        .bind(&publisher.region)
        .bind(&publisher.timezone)
        .bind(&publisher.token_hash)
        .bind(&publisher.passcode_hash)
        .bind(now.0)
        .execute(&mut *one)
        .await
        .map_err(failed())?;
        if made.rows_affected() == 0 {
            return Err(Error::Exists("a publisher with this account id"));
        }
        sqlx::query(
            "INSERT INTO api_tokens (hash, account_id, name, scopes, created_at, id) \
             VALUES (?, ?, 'first', ?, ?, lower(hex(randomblob(8))))",
        )
        .bind(&new.api_token.0)
        .bind(account)
        .bind(&new.api_token.1)
        .bind(now.0)
        .execute(&mut *one)
        .await
        .map_err(failed())?;
        let made = sqlx::query(
            "INSERT INTO users (account_id, email, password_hash, role) VALUES (?, ?, ?, 'admin') \
             ON CONFLICT DO NOTHING",
        )
        .bind(account)
        .bind(&new.admin.0)
        .bind(&new.admin.1)
        .execute(&mut *one)
        .await
        .map_err(failed())?;
        if made.rows_affected() == 0 {
            return Err(Error::Exists("a user with this e-mail"));
        }
        sqlx::query("INSERT INTO policies VALUES (?, 1, ?, 'publisher create', ?)")
            .bind(account)
            .bind(now.0)
            .bind(&new.policy)
            .execute(&mut *one)
            .await
            .map_err(failed())?;
        one.commit().await.map_err(failed())
    }

    /// All publishers.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be read.
    pub async fn publishers(&self) -> Result<Vec<Publisher>, Error> {
        let failed = Error::database("list publishers");
        let rows = sqlx::query("SELECT * FROM publishers ORDER BY account_id")
            .fetch_all(&self.pool)
            .await
            .map_err(failed)?;
        rows.iter().map(publisher).collect()
    }
}

fn publisher(row: &SqliteRow) -> Result<Publisher, Error> {
    let account: String = row.get("account_id");
    Ok(Publisher {
        account_id: AccountId::new(&account).ok_or(Error::Corrupt("account id"))?,
        name: row.get("name"),
        region: row.get("region"),
        timezone: row.get("timezone"),
        token_hash: row.get("token_hash"),
        passcode_hash: row.get("passcode_hash"),
    })
}
