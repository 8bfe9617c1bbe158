//! Deliveries: what became of each person's message of a run. They are moved on under a lease.

use std::collections::BTreeMap;

use candor_event::{AccountId, PersonId, Timestamp};
use serde_json::json;
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row, Sqlite, Transaction};

use crate::database::Catalog;
use crate::error::Error;
use crate::leases::{Lease, holds};

/// Where a message stands (the contract's words).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DeliveryState {
    /// Not gone out yet.
    Planned,
    /// On its way to the provider: after a crash nobody knows whether it went.
    HandingOver,
    /// The provider has it.
    Accepted,
    /// It arrived.
    Delivered,
    /// It never will arrive.
    Failed,
    /// It was not to go out; the reason says why.
    Dropped,
    /// Nobody knows, and it is not tried again.
    Unknown,
}

impl DeliveryState {
    const ALL: [DeliveryState; 7] = [
        DeliveryState::Planned,
        DeliveryState::HandingOver,
        DeliveryState::Accepted,
        DeliveryState::Delivered,
        DeliveryState::Failed,
        DeliveryState::Dropped,
        DeliveryState::Unknown,
    ];

    /// What it is called outside.
    pub fn word(self) -> &'static str {
        match self {
            DeliveryState::Planned => "planned",
            DeliveryState::HandingOver => "handing_over",
            DeliveryState::Accepted => "accepted",
            DeliveryState::Delivered => "delivered",
            DeliveryState::Failed => "failed",
            DeliveryState::Dropped => "dropped",
            DeliveryState::Unknown => "unknown",
        }
    }

    /// The state of that word.
    pub fn read(word: &str) -> Option<DeliveryState> {
        DeliveryState::ALL.into_iter().find(|state| state.word() == word)
    }

    /// Whether nothing more is to be done by the sender.
    pub fn is_settled(self) -> bool {
        !matches!(self, DeliveryState::Planned | DeliveryState::HandingOver)
    }
}

/// One person's message of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Its run.
    pub run: String,
    /// Its part of the audience.
    pub chunk: u32,
    /// Its place in that part.
    pub place: u32,
    /// The message's id: the same at every attempt.
    pub id: [u8; 16],
    /// Whose it is.
    pub person: PersonId,
    /// Where it stands.
    pub state: DeliveryState,
    /// Why it was dropped or failed.
    pub reason: Option<String>,
    /// What the provider said.
    pub code: Option<String>,
    /// What the provider calls it.
    pub provider_id: Option<String>,
    /// Attempts that count.
    pub attempts: u32,
    /// Not before.
    pub due: Timestamp,
    /// When its state changed last.
    pub changed_at: Timestamp,
    /// When it was handed over, if it was and did not fail.
    pub sent_at: Option<Timestamp>,
}

/// A step of one delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// Which of the lease.
    pub place: u32,
    /// From where.
    pub from: DeliveryState,
    /// To where.
    pub to: DeliveryState,
    /// Why, from a closed list of the caller's.
    pub reason: Option<&'static str>,
    /// What the provider said.
    pub code: Option<String>,
    /// What the provider calls it.
    pub provider_id: Option<String>,
    /// Attempts that count, by now.
    pub attempts: u32,
    /// Not before, where it is planned again.
    pub due: Timestamp,
    /// Where it is handed over and people are not written to too often: the moment since which the
    /// person's messages count.
    pub counts_since: Option<Timestamp>,
}

/// How often people are written to by one channel.
#[derive(Clone, Copy, Debug)]
pub struct Cap<'a> {
    /// By which channel.
    pub channel: &'a str,
    /// At most so many messages since a moment that each step names.
    pub messages: u32,
}

/// The reason of a message that would have been one too many.
pub const FREQUENCY_CAP: &str = "frequency_cap";

/// All that is said of a step but whose it is.
type Way<'m> = (
    DeliveryState,
    DeliveryState,
    Option<&'m str>,
    Option<&'m str>,
    Option<&'m str>,
    u32,
    Timestamp,
);

impl Moved {
    fn way(&self) -> Way<'_> {
        let (code, provider_id) = (self.code.as_deref(), self.provider_id.as_deref());
        (self.from, self.to, self.reason, code, provider_id, self.attempts, self.due)
    }

    /// The same, dropped because the person would get one too many.
    fn spared(&self) -> Moved {
        let reason = Some(FREQUENCY_CAP);
        Moved { to: DeliveryState::Dropped, reason, code: None, ..self.clone() }
    }
}

/// How many deliveries of a run are in each state, and why.
pub type Tally = BTreeMap<(String, String), u64>;

pub(crate) const DELIVERY: &str = "run, chunk, place, id, person, state, reason, code, \
                                   provider_id, attempts, due, changed_at, sent_at";

/// Rows of one statement.
const ROWS_PER_STATEMENT: usize = 1_000;

impl Catalog {
    /// The deliveries of a lease, made when it is leased for the first time: `id` names the message
    /// of a person, `due` when it may go. None when another worker has it.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be written.
    pub async fn deliveries_of(
        &self,
        lease: &Lease,
        now: Timestamp,
        id: impl Fn(PersonId) -> [u8; 16] + Sync,
        due: impl Fn(PersonId) -> Timestamp + Sync,
    ) -> Result<Option<Vec<Delivery>>, Error> {
        let failed = || Error::database("read the deliveries of a lease");
        let mut one = self.pool.begin_with("BEGIN IMMEDIATE").await.map_err(failed())?;
        if !holds(&mut one, lease).await.map_err(failed())? {
            return Ok(None);
        }
        let query = format!(
            "SELECT {DELIVERY} FROM deliveries \
             WHERE account_id = ? AND run = ? AND chunk = ? ORDER BY place"
        );
        let read = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(lease.account.as_str())
            .bind(&lease.run)
            .bind(lease.chunk)
            .fetch_all(&mut *one)
            .await
            .map_err(failed())?;
        if !read.is_empty() {
            return read.iter().map(delivery).collect::<Result<_, _>>().map(Some);
        }
        let planned = |(place, person): (usize, &PersonId)| Delivery {
            run: lease.run.clone(),
            chunk: lease.chunk,
            place: place as u32,
            id: match *person {
                PersonId::NOBODY => nobodys(id(*person), lease.chunk, place as u32),
                person => id(person),
            },
            person: *person,
            state: DeliveryState::Planned,
            reason: None,
            code: None,
            provider_id: None,
            attempts: 0,
            due: due(*person),
            changed_at: now,
            sent_at: None,
        };
        let planned: Vec<Delivery> = lease.people.iter().enumerate().map(planned).collect();
        for some in planned.chunks(ROWS_PER_STATEMENT) {
            let mut insert = QueryBuilder::new(
                "INSERT INTO deliveries (account_id, run, chunk, place, id, person, state, \
                 attempts, due, changed_at) ",
            );
            insert.push_values(some, |mut row, new| {
                row.push_bind(lease.account.as_str())
                    .push_bind(&lease.run)
                    .push_bind(new.chunk)
                    .push_bind(new.place)
                    .push_bind(new.id.as_slice())
                    .push_bind(new.person.0.as_slice())
                    .push_bind(new.state.word())
                    .push_bind(0)
                    .push_bind(new.due.0)
                    .push_bind(new.changed_at.0);
            });
            insert.build().execute(&mut *one).await.map_err(failed())?;
        }
        one.commit().await.map_err(failed())?;
        Ok(Some(planned))
    }

    /// Moves deliveries of a lease on, all or none, with one sync. What is handed over although the
    /// person would get one too many is dropped instead: the places of those. None when another
    /// worker has the lease; nothing changed then.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be written, [`Error::Corrupt`] when one of them
    /// does not stand where it is thought to; nothing changed then.
    pub async fn move_deliveries(
        &self,
        lease: &Lease,
        moved: &[Moved],
        cap: Option<Cap<'_>>,
        now: Timestamp,
    ) -> Result<Option<Vec<u32>>, Error> {
        let failed = || Error::database("move deliveries");
        if moved.is_empty() {
            return Ok(Some(Vec::new()));
        }
        let mut one = self.pool.begin_with("BEGIN IMMEDIATE").await.map_err(failed())?;
        if !holds(&mut one, lease).await.map_err(failed())? {
            return Ok(None);
        }
        let capped = match cap {
            Some(cap) => capped(&mut one, lease, moved, cap).await.map_err(failed())?,
            None => Vec::new(),
        };
        let spared;
        let moved = match capped.is_empty() {
            true => moved,
            false => {
                spared = moved.iter().map(|step| match capped.contains(&step.place) {
                    true => step.spared(),
                    false => step.clone(),
                });
                &*spared.collect::<Vec<_>>()
            }
        };
        // Most go the same way: one statement for each way, which finds every row by its key.
        let mut ways: BTreeMap<Way<'_>, Vec<u32>> = BTreeMap::new();
        for step in moved {
            ways.entry(step.way()).or_default().push(step.place);
        }
        for (way, places) in &ways {
            let rows = go(&mut one, lease, way, places, now).await.map_err(failed())?;
            if rows != places.len() as u64 {
                return Err(Error::Corrupt("state of a delivery"));
            }
        }
        tally(&mut one, lease, moved).await.map_err(failed())?;
        one.commit().await.map_err(failed())?;
        Ok(Some(capped))
    }

    /// How many deliveries of a run are in each state.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be read.
    pub async fn tally(&self, account: &AccountId, run: &str) -> Result<Tally, Error> {
        let rows = sqlx::query(
            "SELECT state, reason, deliveries FROM tallies \
             WHERE account_id = ? AND run = ? AND deliveries <> 0",
        )
        .bind(account.as_str())
        .bind(run)
        .fetch_all(&self.pool)
        .await
        .map_err(Error::database("count deliveries"))?;
        let count = |row: &SqliteRow| ((row.get(0), row.get(1)), row.get::<i64, _>(2) as u64);
        Ok(rows.iter().map(count).collect())
    }
}

/// People who were erased before their turn have no ids to tell their messages apart by: each
/// is named by its place.
fn nobodys(mut id: [u8; 16], chunk: u32, place: u32) -> [u8; 16] {
    id[8..12].copy_from_slice(&chunk.to_be_bytes());
    id[12..].copy_from_slice(&place.to_be_bytes());
    id
}

/// The steps of those who got as many messages as they may.
async fn capped(
    one: &mut Transaction<'_, Sqlite>,
    lease: &Lease,
    moved: &[Moved],
    cap: Cap<'_>,
) -> Result<Vec<u32>, sqlx::Error> {
    let mut capped = Vec::new();
    for step in moved.iter().filter(|step| step.to == DeliveryState::HandingOver) {
        let Some(since) = step.counts_since else { continue };
        let row = sqlx::query(
            "SELECT count(*) FROM deliveries d \
             JOIN deliveries o ON o.account_id = d.account_id AND o.person = d.person \
             JOIN runs r ON r.account_id = o.account_id AND r.run = o.run \
             WHERE d.account_id = ? AND d.run = ? AND d.chunk = ? AND d.place = ? \
               AND o.sent_at >= ? AND o.id <> d.id AND r.channel = ?",
        )
        .bind(lease.account.as_str())
        .bind(&lease.run)
        .bind(lease.chunk)
        .bind(step.place)
        .bind(since.0)
        .bind(cap.channel)
        .fetch_one(&mut **one)
        .await?;
        if row.get::<i64, _>(0) >= i64::from(cap.messages) {
            capped.push(step.place);
        }
    }
    Ok(capped)
}

/// Moves the deliveries of some places one way; how many there were.
async fn go(
    one: &mut Transaction<'_, Sqlite>,
    lease: &Lease,
    (from, to, reason, code, provider_id, attempts, due): &Way<'_>,
    places: &[u32],
    now: Timestamp,
) -> Result<u64, sqlx::Error> {
    let done = sqlx::query(
        "UPDATE deliveries SET state = ?1, reason = ?2, code = ?3, \
           provider_id = coalesce(?4, provider_id), attempts = ?5, due = ?6, changed_at = ?7, \
           sent_at = CASE ?1 WHEN 'handing_over' THEN ?7 WHEN 'planned' THEN NULL \
             WHEN 'failed' THEN NULL WHEN 'dropped' THEN NULL ELSE sent_at END \
         WHERE account_id = ?8 AND run = ?9 AND chunk = ?10 AND state = ?11 \
           AND place IN (SELECT value FROM json_each(?12))",
    )
    .bind(to.word())
    .bind(*reason)
    .bind(*code)
    .bind(*provider_id)
    .bind(*attempts)
    .bind(due.0)
    .bind(now.0)
    .bind(lease.account.as_str())
    .bind(&lease.run)
    .bind(lease.chunk)
    .bind(from.word())
    .bind(json!(places).to_string())
    .execute(&mut **one)
    .await?;
    Ok(done.rows_affected())
}

/// Counts steps: one less where each stood, one more where it stands.
async fn tally(
    one: &mut Transaction<'_, Sqlite>,
    lease: &Lease,
    moved: &[Moved],
) -> Result<(), sqlx::Error> {
    let mut changes: BTreeMap<(&str, &str), i64> = BTreeMap::new();
    let mut repeated = 0;
    for step in moved {
        *changes.entry((step.from.word(), "")).or_default() -= 1;
        let reason = step.reason.filter(|_| step.to.is_settled()).unwrap_or_default();
        *changes.entry((step.to.word(), reason)).or_default() += 1;
        let handing_over = DeliveryState::HandingOver;
        repeated += i64::from(step.from == handing_over && step.to == handing_over);
    }
    if repeated > 0 {
        sqlx::query("UPDATE runs SET repeated = repeated + ? WHERE account_id = ? AND run = ?")
            .bind(repeated)
            .bind(lease.account.as_str())
            .bind(&lease.run)
            .execute(&mut **one)
            .await?;
    }
    let changes: Vec<_> =
        changes.into_iter().map(|((state, reason), n)| (state, reason, n)).collect();
    count(one, &lease.account, &lease.run, &changes).await
}

pub(crate) async fn count(
    one: &mut Transaction<'_, Sqlite>,
    account: &AccountId,
    run: &str,
    changes: &[(&str, &str, i64)],
) -> Result<(), sqlx::Error> {
    for (state, reason, change) in changes {
        if *change == 0 {
            continue;
        }
        sqlx::query(
            "INSERT INTO tallies (account_id, run, state, reason, deliveries) \
             VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE \
             SET deliveries = deliveries + excluded.deliveries",
        )
        .bind(account.as_str())
        .bind(run)
        .bind(state)
        .bind(reason)
        .bind(change)
        .execute(&mut **one)
        .await?;
    }
    Ok(())
}

pub(crate) fn delivery(row: &SqliteRow) -> Result<Delivery, Error> {
    let bytes = |at: usize| -> Result<[u8; 16], Error> {
        row.get::<&[u8], _>(at).try_into().map_err(|_| Error::Corrupt("id of a delivery"))
    };
    Ok(Delivery {
        run: row.get(0),
        chunk: row.get::<i64, _>(1) as u32,
        place: row.get::<i64, _>(2) as u32,
        id: bytes(3)?,
        person: PersonId(bytes(4)?),
        state: DeliveryState::read(row.get(5)).ok_or(Error::Corrupt("state of a delivery"))?,
        reason: row.get(6),
        code: row.get(7),
        provider_id: row.get(8),
        attempts: row.get::<i64, _>(9) as u32,
        due: Timestamp(row.get(10)),
        changed_at: Timestamp(row.get(11)),
        sent_at: row.get::<Option<i64>, _>(12).map(Timestamp),
    })
}
