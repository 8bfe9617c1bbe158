//! The database file.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};

use crate::error::Error;
use crate::tokens::RecentTokens;

const CONNECTIONS_MAX: u32 = 4;
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// The catalog of one data folder. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Catalog {
    pub(crate) pool: SqlitePool,
    pub(crate) recent_tokens: Arc<RecentTokens>,
}

impl Catalog {
    /// Opens the catalog in a file, making or migrating it.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be opened or is of a newer version.
    pub async fn open(file: &Path) -> Result<Catalog, Error> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT);
        let pool = SqlitePoolOptions::new()
            .max_connections(CONNECTIONS_MAX)
            .connect_with(options)
            .await
            .map_err(Error::database("open its file"))?;
        sqlx::migrate!("src/migrations")
            .run(&pool)
            .await
            .map_err(|e| Error::Database { what: "migrate its file", source: e.into() })?;
        Ok(Catalog { pool, recent_tokens: Arc::default() })
    }

    /// Finishes what is running and closes the file.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}
