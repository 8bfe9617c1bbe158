//! What can go wrong with the catalog.

/// Why the catalog did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A publisher, user or definition of that name is there already.
    #[error("{0} exists already")]
    Exists(&'static str),
    /// A document in the catalog is not what this version writes: restore it from a backup.
    #[error("the catalog holds a damaged {0}")]
    Corrupt(&'static str),
    /// The database refused; a full disk or a lock may pass.
    #[error("the catalog could not {what}")]
    Database {
        /// What was attempted.
        what: &'static str,
        /// What the driver said.
        source: sqlx::Error,
    },
}

impl Error {
    /// Whether the same may work later as it is: the disk is full, or another writes.
    pub fn may_pass(&self) -> bool {
        // SQLITE_BUSY, SQLITE_LOCKED, SQLITE_IOERR, SQLITE_FULL: the low byte of the code.
        const PASSING: [i64; 4] = [5, 6, 10, 13];
        let Error::Database { source: sqlx::Error::Database(source), .. } = self else {
            return matches!(self, Error::Database { source: sqlx::Error::PoolTimedOut, .. });
        };
        let code = source.code().and_then(|code| code.parse::<i64>().ok());
        code.is_some_and(|code| PASSING.contains(&(code & 0xff)))
    }

    pub(crate) fn database(what: &'static str) -> impl FnOnce(sqlx::Error) -> Error {
        move |source| Error::Database { what, source }
    }
}
