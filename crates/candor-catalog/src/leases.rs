//! Leases: who works on a part of an audience has it for a while; whose lease was taken over
//! commits nothing any more.

use candor_event::{AccountId, PersonId, Timestamp};
use serde_json::json;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, Sqlite, Transaction};

use crate::database::Catalog;
use crate::error::Error;
use crate::lists::people;
use crate::slots;

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
    /// The slot of its first message.
    pub(crate) first: i64,
    /// Who is in it.
    pub people: Vec<PersonId>,
    /// Whoever had it before did not give it back.
    pub torn: bool,
}

/// One way by which messages of a publisher go.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Lane {
    /// Whose.
    pub account: AccountId,
    /// The channel.
    pub channel: String,
    /// The provider.
    pub provider: String,
}

/// Runs with work left: those that send, and those that were stopped.
const GOES_ON: &str = "r.state IN ('running', 'stopped')";
const IS_STOPPED: &str = "r.state = 'stopped'";
/// A part of it is due by `?1` that nobody has.
const HAS_DUE: &str = "EXISTS (SELECT 1 FROM audience d WHERE d.account_id = r.account_id \
                       AND d.run = r.run AND d.due <= ?1 AND d.leased_until <= ?1)";

impl Catalog {
    /// The channels and providers by which something is due that nobody has, of all publishers,
    /// each with the runs that it is of.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be read.
    pub async fn lanes_due(&self, now: Timestamp) -> Result<Vec<(Lane, Vec<String>)>, Error> {
        let query = format!(
            "SELECT r.account_id, r.channel, r.provider, r.run FROM runs r \
             WHERE {GOES_ON} AND {HAS_DUE} ORDER BY r.account_id, r.channel, r.provider"
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(now.0)
            .fetch_all(&self.pool)
            .await
            .map_err(Error::database("look what is due"))?;
        let mut lanes: Vec<(Lane, Vec<String>)> = Vec::new();
        for row in &rows {
            let account = AccountId::new(row.get(0));
            let account = account.ok_or(Error::Corrupt("account id of a run"))?;
            let lane = Lane { account, channel: row.get(1), provider: row.get(2) };
            match lanes.last_mut() {
                Some((last, runs)) if *last == lane => runs.push(row.get(3)),
                _ => lanes.push((lane, vec![row.get(3)])),
            }
        }
        Ok(lanes)
    }

    /// Takes a part of an audience that is due and that nobody has: of the run that the fewest work
    /// on, the earliest first. Those of stopped runs are among them: their people are told what
    /// became of their messages.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be written.
    pub async fn lease(
        &self,
        lane: &Lane,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<Lease>, Error> {
        self.lease_of(GOES_ON, lane, now, until).await
    }

    /// The same of stopped runs alone: while nothing may go out, there is still something to tell.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be written.
    pub async fn lease_stopped(
        &self,
        lane: &Lane,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<Lease>, Error> {
        self.lease_of(IS_STOPPED, lane, now, until).await
    }

    async fn lease_of(
        &self,
        which: &'static str,
        lane: &Lane,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<Lease>, Error> {
        let failed = || Error::database("lease a part of an audience");
        let query = format!(
            "UPDATE audience SET epoch = epoch + 1, torn = leased_until > 0, leased_until = ?2 \
             WHERE (account_id, run, chunk) = ( \
               SELECT a.account_id, a.run, a.chunk FROM audience a \
               WHERE a.account_id = ?3 AND a.due <= ?1 AND a.leased_until <= ?1 AND a.run = ( \
                 SELECT r.run FROM runs r WHERE {which} AND {HAS_DUE} \
                   AND r.account_id = ?3 AND r.channel = ?4 AND r.provider = ?5 \
                 ORDER BY (SELECT count(*) FROM audience o WHERE o.account_id = ?3 \
                   AND o.run = r.run AND o.leased_until > ?1), r.due LIMIT 1) \
               ORDER BY a.due LIMIT 1) \
             RETURNING account_id, run, chunk, epoch, people, torn, ( \
               SELECT r.number FROM runs r \
               WHERE r.account_id = audience.account_id AND r.run = audience.run)"
        );
        let row = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(now.0)
            .bind(until.0)
            .bind(lane.account.as_str())
            .bind(&lane.channel)
            .bind(&lane.provider)
            .fetch_optional(&self.writer)
            .await
            .map_err(failed())?;
        row.as_ref().map(leased).transpose()
    }

    /// Gives up what a process that is gone had leased: at its start, a server is the only one.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be written.
    pub async fn end_leases(&self) -> Result<(), Error> {
        let ended = sqlx::query("UPDATE audience SET leased_until = 1 WHERE leased_until > 1");
        ended.execute(&self.writer).await.map_err(Error::database("end leases"))?;
        Ok(())
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
        .execute(&self.writer)
        .await
        .map_err(Error::database("keep a lease"))?;
        Ok(done.rows_affected() == 1)
    }

    /// Gives a lease back. `due`: when there is more to do; none, and it is done for good: whom it
    /// was for is in the deliveries alone from then on.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be written.
    pub async fn release(&self, lease: &Lease, due: Option<Timestamp>) -> Result<bool, Error> {
        let query = match due {
            Some(_) => {
                "UPDATE audience SET leased_until = 0, due = ?5 \
                 WHERE account_id = ?1 AND run = ?2 AND chunk = ?3 AND epoch = ?4"
            }
            None => {
                "DELETE FROM audience \
                 WHERE account_id = ?1 AND run = ?2 AND chunk = ?3 AND epoch = ?4"
            }
        };
        let done = sqlx::query(query)
            .bind(lease.account.as_str())
            .bind(&lease.run)
            .bind(lease.chunk)
            .bind(lease.epoch as i64);
        let done = match due {
            Some(due) => done.bind(due.0),
            None => done,
        };
        let done =
            done.execute(&self.writer).await.map_err(Error::database("give a lease back"))?;
        Ok(done.rows_affected() == 1)
    }

    /// Whether every part of a run's audience is done.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be read.
    pub async fn is_done(&self, account: &AccountId, run: &str) -> Result<bool, Error> {
        let row = sqlx::query(
            "SELECT NOT EXISTS (SELECT 1 FROM audience WHERE account_id = ? AND run = ?)",
        )
        .bind(account.as_str())
        .bind(run)
        .fetch_one(&self.pool)
        .await
        .map_err(Error::database("look whether a run is done"))?;
        Ok(row.get(0))
    }
}

/// Whether each of these leases is still its holder's.
pub(crate) async fn held(
    one: &mut Transaction<'_, Sqlite>,
    leases: &[&Lease],
) -> Result<Vec<bool>, sqlx::Error> {
    let key = |lease: &&Lease| json!([lease.account.as_str(), lease.run, lease.chunk, lease.epoch]);
    let keys: Vec<_> = leases.iter().map(key).collect();
    let rows = sqlx::query(
        "SELECT EXISTS (SELECT 1 FROM audience \
           WHERE account_id = value ->> 0 AND run = value ->> 1 AND chunk = value ->> 2 \
             AND epoch = value ->> 3) \
         FROM json_each(?) ORDER BY key",
    )
    .bind(json!(keys).to_string())
    .fetch_all(&mut **one)
    .await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

fn leased(row: &SqliteRow) -> Result<Lease, Error> {
    let chunk = row.get::<i64, _>(2) as u32;
    Ok(Lease {
        account: AccountId::new(row.get(0)).ok_or(Error::Corrupt("account id of a run"))?,
        run: row.get(1),
        chunk,
        epoch: row.get::<i64, _>(3) as u64,
        first: slots::of_part(row.get(6), chunk),
        people: people(row.get(4)),
        torn: row.get(5),
    })
}
