//! The archive: single messages, by person, campaign or state, and what is said of them later.

use candor_event::{AccountId, PersonId, Timestamp};
use sqlx::{QueryBuilder, Row, Sqlite, Transaction};

use crate::database::Catalog;
use crate::deliveries::{DELIVERY, Delivery, DeliveryState, count, delivery};
use crate::error::Error;
use crate::lists::{bytes, people};
use crate::slots;
use crate::visits::VisitKind;

/// Which messages are looked for.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// To whom; each under the id that they had when they were written to.
    pub people: Vec<PersonId>,
    /// Of which runs; none: of all.
    pub runs: Option<Vec<String>>,
    /// In which state.
    pub state: Option<DeliveryState>,
    /// For which reason.
    pub reason: Option<String>,
    /// What people did with them.
    pub visit: Option<VisitKind>,
}

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
        let query = format!("{DELIVERY} WHERE d.id = ? AND r.account_id = ?");
        let row = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(id.as_slice())
            .bind(account.as_str())
            .fetch_optional(&self.pool)
            .await
            .map_err(Error::database("find a message"))?;
        row.as_ref().map(delivery).transpose()
    }

    /// Messages in the order of their runs after a slot, at most `limit`; and the slot to go on
    /// after where there may be more.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be read.
    pub async fn messages(
        &self,
        account: &AccountId,
        wanted: &Wanted,
        after: i64,
        limit: usize,
    ) -> Result<(Vec<Delivery>, Option<i64>), Error> {
        let failed = || Error::database("list messages");
        let mut ranges = vec![((0, i64::MAX), None)];
        if let Some(runs) = &wanted.runs {
            ranges.clear();
            for run in runs {
                let range = slots::of(&self.pool, account, run).await.map_err(failed())?;
                ranges.extend(range.map(|range| (range, Some(run.as_str()))));
            }
            ranges.sort_unstable();
        }
        let mut found = Vec::new();
        for ((first, last), run) in ranges {
            let first = first.max(after.saturating_add(1));
            if first > last || found.len() >= limit {
                continue;
            }
            let mut query = QueryBuilder::<Sqlite>::new(DELIVERY);
            query.push(" WHERE r.account_id = ").push_bind(account.as_str());
            query.push(" AND d.slot BETWEEN ").push_bind(first).push(" AND ").push_bind(last);
            if !wanted.people.is_empty() {
                to(&mut query, &wanted.people);
            }
            if let Some(state) = wanted.state {
                query.push(" AND d.state = ").push_bind(state.word());
            }
            if let Some(reason) = &wanted.reason {
                query.push(" AND d.reason = ").push_bind(reason);
            }
            if let Some(kind) = wanted.visit {
                visited(&mut query, account, run, kind);
            }
            query.push(" ORDER BY d.slot LIMIT ").push_bind((limit - found.len()) as i64);
            found.extend(query.build().fetch_all(&self.pool).await.map_err(failed())?);
        }
        let last = found.last().filter(|_| found.len() == limit).map(|row| row.get(1));
        Ok((found.iter().map(delivery).collect::<Result<_, _>>()?, last))
    }

    /// The messages to people whose state changed last, the latest first.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be read.
    pub async fn latest_messages(
        &self,
        account: &AccountId,
        people: &[PersonId],
        limit: usize,
    ) -> Result<Vec<Delivery>, Error> {
        let mut query = QueryBuilder::<Sqlite>::new(DELIVERY);
        query.push(" WHERE r.account_id = ").push_bind(account.as_str());
        to(&mut query, people);
        query.push(" ORDER BY d.changed_at DESC, d.slot DESC LIMIT ").push_bind(limit as i64);
        let rows = query.build().fetch_all(&self.pool).await;
        rows.map_err(Error::database("list messages"))?.iter().map(delivery).collect()
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
        let mut one = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(failed())?;
        let found = sqlx::query(
            "SELECT r.run, d.state, d.slot FROM deliveries d \
             JOIN runs r ON r.number = d.slot >> 36 WHERE d.id = ? AND r.account_id = ?",
        )
        .bind(id.as_slice())
        .bind(account.as_str())
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
            "UPDATE deliveries SET state = ?, reason = ?, code = ?, changed_at = ? WHERE slot = ?",
        )
        .bind(to.word())
        .bind(reason)
        .bind(code)
        .bind(now.0)
        .bind(found.get::<i64, _>(2))
        .execute(&mut *one)
        .await
        .map_err(failed())?;
        let account = account.as_str();
        let changes =
            [(account, run, was, "", -1), (account, run, to.word(), reason.unwrap_or_default(), 1)];
        count(&mut one, &changes).await.map_err(failed())?;
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
        let mut one = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(failed())?;
        let range = slots::of(&mut *one, account, run).await.map_err(failed())?;
        let Some((first, last)) = range else { return Ok(0) };
        // Whom they are for stands in the deliveries; a part only says that there is work.
        sqlx::query(
            "INSERT INTO audience (account_id, run, chunk, due, people, epoch, leased_until) \
             SELECT DISTINCT ?1, ?2, slot >> 12 & 0xffffff, ?4, x'', 0, 0 FROM deliveries \
             WHERE slot BETWEEN ?5 AND ?6 AND state = 'failed' AND reason = ?3 \
             ON CONFLICT DO UPDATE SET due = min(due, excluded.due)",
        )
        .bind(account.as_str())
        .bind(run)
        .bind(reason)
        .bind(now.0)
        .bind(first)
        .bind(last)
        .execute(&mut *one)
        .await
        .map_err(failed())?;
        let done = sqlx::query(
            "UPDATE deliveries SET state = 'planned', reason = NULL, attempts = 0, due = ?2, \
               changed_at = ?2 \
             WHERE slot BETWEEN ?3 AND ?4 AND state = 'failed' AND reason = ?1",
        )
        .bind(reason)
        .bind(now.0)
        .bind(first)
        .bind(last)
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
        let (account, anew) = (account.as_str(), done.rows_affected());
        let changes = [
            (account, run, "failed", reason, -(anew as i64)),
            (account, run, "planned", "", anew as i64),
        ];
        count(&mut one, &changes).await.map_err(failed())?;
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
               JOIN runs r ON r.number = d.slot >> 36 \
               JOIN runs own ON own.account_id = r.account_id AND own.run = ?2 \
               WHERE r.account_id = ?1 AND d.person = ?3 AND d.state <> 'dropped' \
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

/// Of these people alone.
fn to(query: &mut QueryBuilder<Sqlite>, people: &[PersonId]) {
    query.push(" AND d.person IN (");
    let mut list = query.separated(", ");
    people.iter().for_each(|person| {
        list.push_bind(person.0.to_vec());
    });
    query.push(")");
}

/// Those alone that people visited so, counted as a report counts them.
fn visited(
    query: &mut QueryBuilder<Sqlite>,
    account: &AccountId,
    run: Option<&str>,
    kind: VisitKind,
) {
    query.push(" AND d.id IN (SELECT message FROM visits");
    if run.is_some() {
        query.push(" INDEXED BY visits_of_a_run");
    }
    query.push(" WHERE account_id = ").push_bind(account.as_str().to_owned());
    if let Some(run) = run {
        query.push(" AND run = ").push_bind(run.to_owned());
    }
    query.push(" AND machine = 0");
    if kind == VisitKind::Clicked {
        query.push(" AND kind = 'click'");
    }
    query.push(")");
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
         (SELECT id FROM deliveries WHERE person = ?2)",
    )
    .bind(account)
    .bind(id)
    .execute(&mut **one)
    .await?;
    // Ids are keyed by publisher: nobody else has this one.
    sqlx::query("UPDATE deliveries SET person = ? WHERE person = ?")
        .bind(PersonId::NOBODY.0.as_slice())
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
