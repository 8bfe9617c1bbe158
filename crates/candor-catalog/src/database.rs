//! The database file.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};

use crate::error::Error;
use crate::moves::Waiting;
use crate::tokens::RecentTokens;

const READERS_MAX: u32 = 4;
/// In KiB, as SQLite wants it: what a campaign writes to lies together, and the system has the rest
/// of the file at hand.
const WRITER_CACHE: &str = "-6144";
const READER_CACHE: &str = "-1024";
/// Of 4 KiB: pages that are written again and again are copied to the file less often.
const CHECKPOINT_PAGES: &str = "4000";
/// Rows that are read before who asked has taken them: each time they are full costs two switches
/// of threads.
const ROWS_AHEAD: usize = 1_024;
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// The catalog of one data folder. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Catalog {
    pub(crate) pool: SqlitePool,
    pub(crate) recent_tokens: Arc<RecentTokens>,
    /// The one connection that writes. SQLite has one writer, and lets others ask again after
    /// pauses that grow; here they queue, and its cache is never stale.
    pub(crate) writer: SqlitePool,
    pub(crate) moves: Arc<Waiting>,
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
            .busy_timeout(BUSY_TIMEOUT)
            .row_buffer_size(ROWS_AHEAD);
        let open = |connections| SqlitePoolOptions::new().max_connections(connections);
        let failed = || Error::database("open its file");
        let writing = options
            .clone()
            .pragma("cache_size", WRITER_CACHE)
            .pragma("wal_autocheckpoint", CHECKPOINT_PAGES);
        let writer = open(1).connect_with(writing).await.map_err(failed())?;
        let reading = options.pragma("query_only", "on").pragma("cache_size", READER_CACHE);
        let pool = open(READERS_MAX).connect_with(reading).await.map_err(failed())?;
        sqlx::migrate!("src/migrations")
            .run(&writer)
            .await
            .map_err(|e| Error::Database { what: "migrate its file", source: e.into() })?;
        Ok(Catalog { pool, recent_tokens: Arc::default(), writer, moves: Arc::default() })
    }

    /// Finishes what is running and closes the file.
    pub async fn close(&self) {
        self.pool.close().await;
        self.writer.close().await;
    }
}
