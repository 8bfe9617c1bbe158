//! Leases: who works on a part of an audience has it for a while; whose lease was taken over
//! commits nothing any more.

use candor_event::{AccountId, PersonId, Timestamp};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, Sqlite, Transaction};

use crate::database::Catalog;
use crate::error::Error;
use crate::lists::people;
use crate::runs::RunState;

/// A part of an audience that one worker works on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Whose.
    pub account: AccountId,
    /// Of which run.
    pub run: String,
    /// Which part.
    pub chunk: u32,
    /// Counts who had it; a commit under an older one is refused.
    pub epoch: u64,
    /// Who is in it.
    pub people: Vec<PersonId>,
}

impl Catalog {
    /// Takes a part of a running audience that is due and that nobody has, the earliest first.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be written.
    pub async fn lease(&self, now: Timestamp, until: Timestamp) -> Result<Option<Lease>, Error> {
        let failed = || Error::database("lease a part of an audience");
        let row = sqlx::query(
            "UPDATE audience SET epoch = epoch + 1, leased_until = ?2 \
             WHERE (account_id, run, chunk) = ( \
               SELECT a.account_id, a.run, a.chunk FROM audience a \
               JOIN runs r ON r.account_id = a.account_id AND r.run = a.run \
               WHERE a.due <= ?1 AND a.leased_until <= ?1 AND r.state = ?3 \
               ORDER BY a.due LIMIT 1) \
             RETURNING account_id, run, chunk, epoch, people",
        )
        .bind(now.0)
        .bind(until.0)
        .bind(RunState::Running.word())
        .fetch_optional(&self.pool)
        .await
        .map_err(failed())?;
        row.as_ref().map(leased).transpose()
    }

    /// Keeps a lease for longer; false when another worker has it.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be written.
    pub async fn extend(&self, lease: &Lease, until: Timestamp) -> Result<bool, Error> {
        let done = sqlx::query(
            "UPDATE audience SET leased_until = ? \
             WHERE account_id = ? AND run = ? AND chunk = ? AND epoch = ?",
        )
        .bind(until.0)
        .bind(lease.account.as_str())
        .bind(&lease.run)
        .bind(lease.chunk)
        .bind(lease.epoch as i64)
        .execute(&self.pool)
        .await
        .map_err(Error::database("keep a lease"))?;
        Ok(done.rows_affected() == 1)
    }

    /// Gives a lease back. `due`: when there is more to do; none, and it is done for good.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be written.
    pub async fn release(&self, lease: &Lease, due: Option<Timestamp>) -> Result<bool, Error> {
        let done = sqlx::query(
            "UPDATE audience SET leased_until = 0, due = ? \
             WHERE account_id = ? AND run = ? AND chunk = ? AND epoch = ?",
        )
        .bind(due.map(|due| due.0))
        .bind(lease.account.as_str())
        .bind(&lease.run)
        .bind(lease.chunk)
        .bind(lease.epoch as i64)
        .execute(&self.pool)
        .await
        .map_err(Error::database("give a lease back"))?;
        Ok(done.rows_affected() == 1)
    }

    /// Whether every part of a run's audience is done.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be read.
    pub async fn is_done(&self, account: &AccountId, run: &str) -> Result<bool, Error> {
        let row = sqlx::query(
            "SELECT NOT EXISTS (SELECT 1 FROM audience \
             WHERE account_id = ? AND run = ? AND due IS NOT NULL)",
        )
        .bind(account.as_str())
        .bind(run)
        .fetch_one(&self.pool)
        .await
        .map_err(Error::database("look whether a run is done"))?;
        Ok(row.get(0))
    }
}

/// Whether a lease is still its holder's.
pub(crate) async fn holds(
    one: &mut Transaction<'_, Sqlite>,
    lease: &Lease,
) -> Result<bool, sqlx::Error> {
    let row = sqlx::query(
        "SELECT EXISTS (SELECT 1 FROM audience \
         WHERE account_id = ? AND run = ? AND chunk = ? AND epoch = ?)",
    )
    .bind(lease.account.as_str())
    .bind(&lease.run)
    .bind(lease.chunk)
    .bind(lease.epoch as i64)
    .fetch_one(&mut **one)
    .await?;
    Ok(row.get(0))
}

pub(crate) fn leased(row: &SqliteRow) -> Result<Lease, Error> {
    Ok(Lease {
        account: AccountId::new(row.get(0)).ok_or(Error::Corrupt("account id of a run"))?,
        run: row.get(1),
        chunk: row.get::<i64, _>(2) as u32,
        epoch: row.get::<i64, _>(3) as u64,
        people: people(row.get(4)),
    })
}
