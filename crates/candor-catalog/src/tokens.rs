//! Tokens of the API. Only their hashes are kept.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use candor_event::{AccountId, Timestamp};
use sqlx::Row;

use crate::database::Catalog;
use crate::error::Error;

/// Who a token lets in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiToken {
    /// Whose data it opens.
    pub account_id: AccountId,
    /// The name that people gave it.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<String>,
}

/// A token as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedToken {
    /// By which it is taken back.
    pub id: String,
    /// The name that people gave it.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<String>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Tokens that came lately: each request carries one, and the file need not be asked each time. All
/// changes go through this process, so what stands here is as the file has it.
#[derive(Debug, Default)]
pub(crate) struct RecentTokens(RwLock<Recent>);

#[derive(Debug, Default)]
struct Recent {
    tokens: HashMap<Vec<u8>, ApiToken>,
    /// Counts the tokens that were taken back.
    changes: u64,
}

/// Tokens that are held, at most.
const TOKENS_HELD_MAX: usize = 10_000;

impl RecentTokens {
    /// The token of a hash, and what [`RecentTokens::put`] asks for.
    fn get(&self, hash: &[u8]) -> (Option<ApiToken>, u64) {
        let recent = self.0.read().unwrap_or_else(PoisonError::into_inner);
        (recent.tokens.get(hash).cloned(), recent.changes)
    }

    /// Holds a token that was read while nothing was taken back.
    fn put(&self, hash: &[u8], token: &ApiToken, changes: u64) {
        let mut recent = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if recent.changes == changes && recent.tokens.len() < TOKENS_HELD_MAX {
            recent.tokens.insert(hash.to_vec(), token.clone());
        }
    }

    fn forget(&self) {
        let mut recent = self.0.write().unwrap_or_else(PoisonError::into_inner);
        recent.tokens.clear();
        recent.changes += 1;
    }
}

fn scopes(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

impl Catalog {
    /// The API token of a hash.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be read.
    pub async fn api_token(&self, hash: &[u8]) -> Result<Option<ApiToken>, Error> {
        let (known, changes) = self.recent_tokens.get(hash);
        if known.is_some() {
            return Ok(known);
        }
        let row = sqlx::query("SELECT account_id, name, scopes FROM api_tokens WHERE hash = ?")
            .bind(hash)
            .fetch_optional(&self.pool)
            .await
            .map_err(Error::database("find a token"))?;
        let Some(row) = row else { return Ok(None) };
        let account_id = AccountId::new(row.get("account_id"));
        let account_id = account_id.ok_or(Error::Corrupt("account id"))?;
        let (name, scopes) = (row.get("name"), scopes(row.get("scopes")));
        let token = ApiToken { account_id, name, scopes };
        self.recent_tokens.put(hash, &token, changes);
        Ok(Some(token))
    }

    /// The tokens of a publisher, the oldest first.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be read.
    pub async fn api_tokens(&self, account: &AccountId) -> Result<Vec<ListedToken>, Error> {
        let rows = sqlx::query(
            "SELECT id, name, scopes, created_at FROM api_tokens WHERE account_id = ? \
             ORDER BY created_at, id",
        )
        .bind(account.as_str())
        .fetch_all(&self.pool)
        .await
        .map_err(Error::database("list tokens"))?;
        let token = |row: &sqlx::sqlite::SqliteRow| ListedToken {
            id: row.get("id"),
            name: row.get("name"),
            scopes: scopes(row.get("scopes")),
            created_at: Timestamp(row.get("created_at")),
        };
        Ok(rows.iter().map(token).collect())
    }

    /// Keeps a token under its hash.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be written.
    pub async fn add_api_token(
        &self,
        account: &AccountId,
        hash: &[u8],
        token: &ListedToken,
    ) -> Result<(), Error> {
        sqlx::query(
            "INSERT INTO api_tokens (hash, account_id, name, scopes, created_at, id) \
             VALUES (?, ?, ?, ?, ?, ?)",
        )
        .bind(hash)
        .bind(account.as_str())
        .bind(&token.name)
        .bind(token.scopes.join(" "))
        .bind(token.created_at.0)
        .bind(&token.id)
        .execute(&self.writer)
        .await
        .map_err(Error::database("keep a token"))?;
        Ok(())
    }

    /// Takes a token back; false when there is none of this id.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be written.
    pub async fn remove_api_token(&self, account: &AccountId, id: &str) -> Result<bool, Error> {
        let gone = sqlx::query("DELETE FROM api_tokens WHERE account_id = ? AND id = ?")
            .bind(account.as_str())
            .bind(id)
            .execute(&self.writer)
            .await
            .map_err(Error::database("take a token back"))?;
        self.recent_tokens.forget();
        Ok(gone.rows_affected() > 0)
    }
}
