//! Deliveries: what became of each person's message of a run.

use std::collections::BTreeMap;

use candor_event::{AccountId, PersonId, Timestamp};
use serde_json::json;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, Sqlite, Transaction};

use crate::database::Catalog;
use crate::error::Error;
use crate::leases::{Lease, held};
use crate::lists::{PEOPLE_PER_ROW, bytes};
use crate::slots;

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

/// How many deliveries of a run are in each state, and why.
pub type Tally = BTreeMap<(String, String), u64>;

/// What is read of a delivery; its run comes with it.
pub(crate) const DELIVERY: &str = "SELECT r.run, d.slot, d.id, d.person, d.state, d.reason, \
                                   d.code, d.provider_id, d.attempts, d.due, d.changed_at, \
                                   d.sent_at \
                                   FROM deliveries d JOIN runs r ON r.number = d.slot >> 36";

impl Catalog {
    /// The deliveries of a lease, made when it is leased for the first time: `id` names the message
    /// of a person, from `due` on it may go. None when another worker has it.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be written.
    pub async fn deliveries_of(
        &self,
        lease: &Lease,
        now: Timestamp,
        id: impl Fn(PersonId) -> [u8; 16] + Sync,
        due: Timestamp,
    ) -> Result<Option<Vec<Delivery>>, Error> {
        let failed = || Error::database("read the deliveries of a lease");
        let mut one = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(failed())?;
        if held(&mut one, &[lease]).await.map_err(failed())? != [true] {
            return Ok(None);
        }
        let query = format!("{DELIVERY} WHERE d.slot BETWEEN ? AND ? ORDER BY d.slot");
        let read = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(lease.first)
            .bind(lease.first + PEOPLE_PER_ROW as i64 - 1)
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
            due,
            changed_at: now,
            sent_at: None,
        };
        let planned: Vec<Delivery> = lease.people.iter().enumerate().map(planned).collect();
        let ids: Vec<u8> = planned.iter().flat_map(|new| new.id).collect();
        sqlx::query(
            "WITH RECURSIVE places(n) AS ( \
               SELECT 0 UNION ALL SELECT n + 1 FROM places WHERE n < ?1) \
             INSERT INTO deliveries (slot, id, person, state, attempts, due, changed_at) \
             SELECT ?2 + n, substr(?3, n * 16 + 1, 16), substr(?4, n * 16 + 1, 16), ?5, 0, ?6, ?7 \
             FROM places WHERE n <= ?1",
        )
        .bind(planned.len() as i64 - 1)
        .bind(lease.first)
        .bind(ids)
        .bind(bytes(&lease.people))
        .bind(DeliveryState::Planned.word())
        .bind(due.0)
        .bind(now.0)
        .execute(&mut *one)
        .await
        .map_err(failed())?;
        one.commit().await.map_err(failed())?;
        Ok(Some(planned))
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

/// Changes how many deliveries of a run are in a state for a reason.
pub(crate) type Change<'c> = (&'c str, &'c str, &'c str, &'c str, i64);

/// Counts: by account, run, state and reason, so many more.
pub(crate) async fn count(
    one: &mut Transaction<'_, Sqlite>,
    changes: &[Change<'_>],
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO tallies (account_id, run, state, reason, deliveries) \
         SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4 \
         FROM json_each(?) WHERE true ON CONFLICT DO UPDATE \
         SET deliveries = deliveries + excluded.deliveries",
    )
    .bind(json!(changes).to_string())
    .execute(&mut **one)
    .await?;
    Ok(())
}

pub(crate) fn delivery(row: &SqliteRow) -> Result<Delivery, Error> {
    let bytes = |at: usize| -> Result<[u8; 16], Error> {
        row.get::<&[u8], _>(at).try_into().map_err(|_| Error::Corrupt("id of a delivery"))
    };
    let (chunk, place) = slots::place_of(row.get(1));
    Ok(Delivery {
        run: row.get(0),
        chunk,
        place,
        id: bytes(2)?,
        person: PersonId(bytes(3)?),
        state: DeliveryState::read(row.get(4)).ok_or(Error::Corrupt("state of a delivery"))?,
        reason: row.get(5),
        code: row.get(6),
        provider_id: row.get(7),
        attempts: row.get::<i64, _>(8) as u32,
        due: Timestamp(row.get(9)),
        changed_at: Timestamp(row.get(10)),
        sent_at: row.get::<Option<i64>, _>(11).map(Timestamp),
    })
}
