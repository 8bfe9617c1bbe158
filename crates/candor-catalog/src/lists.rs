//! Lists of people: who was in a segment at a moment, or was named in a file.

use candor_event::{AccountId, PersonId};
use sqlx::{Row, Sqlite, Transaction};

use crate::database::Catalog;
use crate::error::Error;

/// People in one row.
pub(crate) const PEOPLE_PER_ROW: usize = 4_096;

impl Catalog {
    /// Keeps a list under an id, in place of what was there; `people` ascending, each once.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be written; the list is as it was then.
    pub async fn put_list(
        &self,
        account: &AccountId,
        list: &str,
        people: &[PersonId],
    ) -> Result<(), Error> {
        assert!(people.is_sorted(), "a list is found by the first of each row");
        let failed = || Error::database("keep a list");
        let mut one = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(failed())?;
        remove(&mut one, account, list).await.map_err(failed())?;
        for row in people.chunks(PEOPLE_PER_ROW) {
            sqlx::query("INSERT INTO lists (account_id, list, first, people) VALUES (?, ?, ?, ?)")
                .bind(account.as_str())
                .bind(list)
                .bind(row[0].0.as_slice())
                .bind(bytes(row))
                .execute(&mut *one)
                .await
                .map_err(failed())?;
        }
        one.commit().await.map_err(failed())
    }

    /// The people of a list, ascending; none when there is no such list.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be read.
    pub async fn list(&self, account: &AccountId, list: &str) -> Result<Vec<PersonId>, Error> {
        let rows = sqlx::query(
            "SELECT people FROM lists WHERE account_id = ? AND list = ? ORDER BY first",
        )
        .bind(account.as_str())
        .bind(list)
        .fetch_all(&self.pool)
        .await
        .map_err(Error::database("read a list"))?;
        Ok(rows.iter().flat_map(|row| people(row.get(0))).collect())
    }

    /// Removes a list, if it is there.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be written.
    pub async fn remove_list(&self, account: &AccountId, list: &str) -> Result<(), Error> {
        let failed = || Error::database("remove a list");
        let mut one = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(failed())?;
        remove(&mut one, account, list).await.map_err(failed())?;
        one.commit().await.map_err(failed())
    }
}

async fn remove(
    one: &mut Transaction<'_, Sqlite>,
    account: &AccountId,
    list: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM lists WHERE account_id = ? AND list = ?")
        .bind(account.as_str())
        .bind(list)
        .execute(&mut **one)
        .await?;
    Ok(())
}

/// Takes a person, and whoever was merged into them, off all lists of a publisher and out of its
/// messages; that a message went stays counted.
pub(crate) async fn forget(
    one: &mut Transaction<'_, Sqlite>,
    account: &str,
    person: PersonId,
) -> Result<(), sqlx::Error> {
    let rows = sqlx::query(
        "WITH RECURSIVE same(person) AS (SELECT ?2 UNION SELECT loser FROM merges JOIN same \
         ON winner = same.person WHERE account_id = ?1 AND split_at IS NULL) \
         SELECT person FROM same",
    )
    .bind(account)
    .bind(person.0.as_slice())
    .fetch_all(&mut **one)
    .await?;
    for id in rows.iter().flat_map(|row| people(row.get(0))) {
        forget_one(one, account, id).await?;
        crate::messages::forget(one, account, id).await?;
    }
    Ok(())
}

async fn forget_one(
    one: &mut Transaction<'_, Sqlite>,
    account: &str,
    person: PersonId,
) -> Result<(), sqlx::Error> {
    let rows = sqlx::query(
        "SELECT lists.list, lists.first, lists.people FROM lists \
         JOIN (SELECT list, MAX(first) AS first FROM lists \
               WHERE account_id = ?1 AND first <= ?2 GROUP BY list) AS near \
         ON lists.list = near.list AND lists.first = near.first WHERE lists.account_id = ?1",
    )
    .bind(account)
    .bind(person.0.as_slice())
    .fetch_all(&mut **one)
    .await?;
    for row in rows {
        let (list, first): (&str, &[u8]) = (row.get(0), row.get(1));
        let mut left = people(row.get(2));
        let before = left.len();
        left.retain(|other| *other != person);
        if left.len() == before {
            continue;
        }
        sqlx::query("DELETE FROM lists WHERE account_id = ? AND list = ? AND first = ?")
            .bind(account)
            .bind(list)
            .bind(first)
            .execute(&mut **one)
            .await?;
        if let Some(first) = left.first() {
            sqlx::query("INSERT INTO lists (account_id, list, first, people) VALUES (?, ?, ?, ?)")
                .bind(account)
                .bind(list)
                .bind(first.0.as_slice())
                .bind(bytes(&left))
                .execute(&mut **one)
                .await?;
        }
    }
    Ok(())
}

pub(crate) fn bytes(people: &[PersonId]) -> Vec<u8> {
    people.iter().flat_map(|person| person.0).collect()
}

pub(crate) fn people(bytes: &[u8]) -> Vec<PersonId> {
    bytes.as_chunks().0.iter().map(|id| PersonId(*id)).collect()
}
