//! The archive: single messages, by person, campaign or state, and what is said of them later.

use candor_event::{AccountId, PersonId, Timestamp};
use sqlx::{QueryBuilder, Row, Sqlite, Transaction};

use crate::database::Catalog;
use crate::deliveries::{DELIVERY, Delivery, DeliveryState, count, delivery};
use crate::error::Error;
use crate::lists::{bytes, people};

/// Which messages are looked for.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// To whom; each under the id that they had when they were written to.
    pub people: Vec<PersonId>,
    /// Of which run.
    pub run: Option<String>,
    /// In which state.
    pub state: Option<DeliveryState>,
    /// For which reason.
    pub reason: Option<String>,
}

/// Where a list of messages goes on: the place of the last one.
pub type MessageCursor = (String, u32, u32);

impl Catalog {
    /// The message of an id; none where there is none.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be read.
    pub async fn message(
        &self,
        account: &AccountId,
        id: [u8; 16],
    ) -> Result<Option<Delivery>, Error> {
        let query = format!("SELECT {DELIVERY} FROM deliveries WHERE id = ? AND account_id = ?");
        let row = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(id.as_slice())
            .bind(account.as_str())
            .fetch_optional(&self.pool)
            .await
            .map_err(Error::database("find a message"))?;
        row.as_ref().map(delivery).transpose()
    }

    /// Messages in a fixed order after a place; at most `limit`.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be read.
    pub async fn messages(
        &self,
        account: &AccountId,
        wanted: &Wanted,
        after: Option<&MessageCursor>,
        limit: usize,
    ) -> Result<Vec<Delivery>, Error> {
        let mut query =
            QueryBuilder::<Sqlite>::new(format!("SELECT {DELIVERY} FROM deliveries WHERE "));
        query.push("account_id = ").push_bind(account.as_str());
        if !wanted.people.is_empty() {
            query.push(" AND person IN (");
            let mut list = query.separated(", ");
            for person in &wanted.people {
                list.push_bind(person.0.as_slice());
            }
            query.push(")");
        }
        if let Some(run) = &wanted.run {
            query.push(" AND run = ").push_bind(run);
        }
        if let Some(state) = wanted.state {
            query.push(" AND state = ").push_bind(state.word());
        }
        if let Some(reason) = &wanted.reason {
            query.push(" AND reason = ").push_bind(reason);
        }
        if let Some((run, chunk, place)) = after {
            query.push(" AND (run, chunk, place) > (").push_bind(run);
            query.push(", ").push_bind(*chunk).push(", ").push_bind(*place).push(")");
        }
        query.push(" ORDER BY run, chunk, place LIMIT ").push_bind(limit as i64);
        let rows = query.build().fetch_all(&self.pool).await;
        let rows = rows.map_err(Error::database("list messages"))?;
        rows.iter().map(delivery).collect()
    }

    /// What a provider said later about a message that it had accepted: that it arrived, or that it
    /// will not. Where it stands then, and whether that is news.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be written; nothing changed then.
    pub async fn settle(
        &self,
        account: &AccountId,
        id: [u8; 16],
        to: DeliveryState,
        reason: Option<&str>,
        code: &str,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let failed = || Error::database("keep what a provider said");
        let mut one = self.pool.begin_with("BEGIN IMMEDIATE").await.map_err(failed())?;
        let found =
            sqlx::query("SELECT run, state FROM deliveries WHERE account_id = ? AND id = ?")
                .bind(account.as_str())
                .bind(id.as_slice())
                .fetch_optional(&mut *one)
                .await
                .map_err(failed())?;
        let Some(found) = found else { return Ok(false) };
        let (run, was): (&str, &str) = (found.get(0), found.get(1));
        let goes_on = match DeliveryState::read(was) {
            Some(DeliveryState::Accepted | DeliveryState::Unknown) => true,
            Some(DeliveryState::Delivered) => to == DeliveryState::Failed,
            _ => false,
        };
        if !goes_on {
            return Ok(false);
        }
        sqlx::query(
            "UPDATE deliveries SET state = ?, reason = ?, code = ?, changed_at = ? \
             WHERE account_id = ? AND id = ?",
        )
        .bind(to.word())
        .bind(reason)
        .bind(code)
        .bind(now.0)
        .bind(account.as_str())
        .bind(id.as_slice())
        .execute(&mut *one)
        .await
        .map_err(failed())?;
        let changes = [(was, "", -1), (to.word(), reason.unwrap_or_default(), 1)];
        count(&mut one, account, run, &changes).await.map_err(failed())?;
        one.commit().await.map_err(failed())?;
        Ok(true)
    }

    /// Plans the messages of a run that failed for a reason anew, under the ids that they have: the
    /// run goes on until `until`, and asks every gate again. How many there are.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be written; nothing changed then.
    pub async fn redrive(
        &self,
        account: &AccountId,
        run: &str,
        reason: &str,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<u64, Error> {
        let failed = || Error::database("plan messages anew");
        let mut one = self.pool.begin_with("BEGIN IMMEDIATE").await.map_err(failed())?;
        // Whom they are for stands in the deliveries; a part only says that there is work.
        sqlx::query(
            "INSERT INTO audience (account_id, run, chunk, due, people, epoch, leased_until) \
             SELECT DISTINCT account_id, run, chunk, ?4, x'', 0, 0 FROM deliveries \
             WHERE account_id = ?1 AND run = ?2 AND state = 'failed' AND reason = ?3 \
             ON CONFLICT DO UPDATE SET due = min(due, excluded.due)",
        )
        .bind(account.as_str())
        .bind(run)
        .bind(reason)
        .bind(now.0)
        .execute(&mut *one)
        .await
        .map_err(failed())?;
        let done = sqlx::query(
            "UPDATE deliveries SET state = 'planned', reason = NULL, attempts = 0, due = ?4, \
               changed_at = ?4 \
             WHERE account_id = ?1 AND run = ?2 AND state = 'failed' AND reason = ?3",
        )
        .bind(account.as_str())
        .bind(run)
        .bind(reason)
        .bind(now.0)
        .execute(&mut *one)
        .await
        .map_err(failed())?;
        let anew = done.rows_affected();
        if anew == 0 {
            return Ok(0);
        }
        sqlx::query(
            "UPDATE runs SET state = 'running', until = max(until, ?3), changed_at = ?4 \
             WHERE account_id = ?1 AND run = ?2 AND state IN ('finished', 'running', 'paused')",
        )
        .bind(account.as_str())
        .bind(run)
        .bind(until.0)
        .bind(now.0)
        .execute(&mut *one)
        .await
        .map_err(failed())?;
        let changes = [("failed", reason, -(anew as i64)), ("planned", "", anew as i64)];
        count(&mut one, account, run, &changes).await.map_err(failed())?;
        one.commit().await.map_err(failed())?;
        Ok(anew)
    }

    /// Whether a person has a message of a later run of the same campaign that was not dropped.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be read.
    pub async fn has_newer(
        &self,
        account: &AccountId,
        run: &str,
        person: PersonId,
    ) -> Result<bool, Error> {
        let row = sqlx::query(
            "SELECT EXISTS (SELECT 1 FROM deliveries d \
               JOIN runs r ON r.account_id = d.account_id AND r.run = d.run \
               JOIN runs own ON own.account_id = ?1 AND own.run = ?2 \
               WHERE d.account_id = ?1 AND d.person = ?3 AND d.state <> 'dropped' \
                 AND r.campaign = own.campaign AND r.due > own.due)",
        )
        .bind(account.as_str())
        .bind(run)
        .bind(person.0.as_slice())
        .fetch_one(&self.pool)
        .await
        .map_err(Error::database("look for a newer message"))?;
        Ok(row.get(0))
    }
}

/// Takes a person out of messages and audiences: nobody stands in their place. Of an address that
/// is left alone only the hash stays.
pub(crate) async fn forget(
    one: &mut Transaction<'_, Sqlite>,
    account: &str,
    person: PersonId,
) -> Result<(), sqlx::Error> {
    let id = person.0.as_slice();
    sqlx::query(
        "DELETE FROM visits WHERE account_id = ?1 AND message IN \
         (SELECT id FROM deliveries WHERE account_id = ?1 AND person = ?2)",
    )
    .bind(account)
    .bind(id)
    .execute(&mut **one)
    .await?;
    sqlx::query("UPDATE deliveries SET person = ? WHERE account_id = ? AND person = ?")
        .bind(PersonId::NOBODY.0.as_slice())
        .bind(account)
        .bind(id)
        .execute(&mut **one)
        .await?;
    sqlx::query(
        "UPDATE suppressions SET address = NULL WHERE account_id = ?1 AND hash IN \
         (SELECT hash FROM links WHERE account_id = ?1 AND person = ?2)",
    )
    .bind(account)
    .bind(id)
    .execute(&mut **one)
    .await?;
    let rows = sqlx::query(
        "SELECT run, chunk, people FROM audience WHERE account_id = ? AND instr(people, ?) > 0",
    )
    .bind(account)
    .bind(id)
    .fetch_all(&mut **one)
    .await?;
    for row in rows {
        let blank = |other| if other == person { PersonId::NOBODY } else { other };
        let left: Vec<PersonId> = people(row.get(2)).into_iter().map(blank).collect();
        sqlx::query(
            "UPDATE audience SET people = ? WHERE account_id = ? AND run = ? AND chunk = ?",
        )
        .bind(bytes(&left))
        .bind(account)
        .bind(row.get::<&str, _>(0))
        .bind(row.get::<i64, _>(1))
        .execute(&mut **one)
        .await?;
    }
    Ok(())
}
