//! What is folded from the log: who is who, and consents.

use std::collections::BTreeMap;

use candor_event::{AccountId, FirstSeen, IdKind, Link, Merge, PersonId, Record, Split, Timestamp};
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row, Sqlite, Transaction};

use crate::database::Catalog;
use crate::error::Error;

const FOLD: &str = "people";

/// How long it is kept when a record came first.
const FIRST_SEEN_DAYS: i64 = 7;
const DAY_MS: i64 = 86_400_000;
const ROWS_PER_STATEMENT: usize = 1_000;
/// Half a MiB, and a few ms.
const LINKS_AT_ONCE: i64 = 16_384;

impl Catalog {
    /// The log offset up to which the catalog holds everything.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be read.
    pub async fn folded(&self) -> Result<u64, Error> {
        let row = sqlx::query("SELECT next FROM folds WHERE name = ?")
            .bind(FOLD)
            .fetch_optional(&self.pool)
            .await
            .map_err(Error::database("read its offset"))?;
        Ok(row.map_or(0, |row| row.get::<i64, _>(0) as u64))
    }

    /// Takes in records in the order of the log, together with the offset after them. Records that
    /// are not about who is who, consents or erasures are passed over.
    ///
    /// # Errors
    /// [`Error::Database`]: nothing was taken in; try again later.
    pub async fn fold(&self, records: &[(AccountId, Record)], next: u64) -> Result<(), Error> {
        let failed = || Error::database("fold records");
        let mut one = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(failed())?;
        // What came first and links come by the thousand: many rows to a statement, up to what
        // takes some of them away again.
        let mut waiting = Waiting::default();
        for (account, record) in records {
            match record {
                Record::FirstSeen(first) => waiting.firsts.push((account.as_str(), first)),
                Record::Link(link) if link.person != PersonId::NOBODY => {
                    waiting.links.push((account.as_str(), link));
                }
                Record::Link(_) | Record::Erase { .. } => {
                    waiting.keep(&mut one).await.map_err(failed())?;
                    fold_one(&mut one, account.as_str(), record).await.map_err(failed())?;
                }
                _ => fold_one(&mut one, account.as_str(), record).await.map_err(failed())?,
            }
        }
        waiting.keep(&mut one).await.map_err(failed())?;
        let mut latest: BTreeMap<&str, i64> = BTreeMap::new();
        for (account, record) in records {
            if let Record::FirstSeen(first) = record {
                let day = latest.entry(account.as_str()).or_insert(i64::MIN);
                *day = first.at.0.div_euclid(DAY_MS).max(*day);
            }
        }
        for (account, day) in latest {
            sqlx::query("DELETE FROM first_seen WHERE account_id = ? AND day < ?")
                .bind(account)
                .bind(day - FIRST_SEEN_DAYS)
                .execute(&mut *one)
                .await
                .map_err(failed())?;
        }
        sqlx::query("INSERT OR REPLACE INTO folds VALUES (?, ?)")
            .bind(FOLD)
            .bind(next as i64)
            .execute(&mut *one)
            .await
            .map_err(failed())?;
        one.commit().await.map_err(failed())
    }

    /// Calls `put` with what came first of a publisher's records in the last 7 days.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be read, [`Error::Corrupt`] for a damaged id.
    pub async fn first_seen(
        &self,
        account: &AccountId,
        mut put: impl FnMut(FirstSeen),
    ) -> Result<(), Error> {
        let failed = || Error::database("read what came first");
        let oldest_first =
            "SELECT person, fingerprint, at FROM first_seen WHERE account_id = ? ORDER BY day";
        let rows = sqlx::query(oldest_first)
            .bind(account.as_str())
            .fetch_all(&self.pool)
            .await
            .map_err(failed())?;
        for row in &rows {
            let (person, fingerprint) = (PersonId(bytes(row.get(0))?), row.get::<i64, _>(1) as u64);
            put(FirstSeen { person, fingerprint, at: Timestamp(row.get(2)) });
        }
        Ok(())
    }

    /// Merges into a person and of a person, the latest first, and when each was taken back.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be read, [`Error::Corrupt`] for a damaged id.
    pub async fn merges_of(
        &self,
        account: &AccountId,
        person: PersonId,
    ) -> Result<Vec<(Merge, Option<Timestamp>)>, Error> {
        let rows = sqlx::query(
            "SELECT loser, winner, at, reason, split_at FROM merges \
             WHERE account_id = ?1 AND (winner = ?2 OR loser = ?2) ORDER BY rowid DESC",
        )
        .bind(account.as_str())
        .bind(person.0.as_slice())
        .fetch_all(&self.pool)
        .await
        .map_err(Error::database("list merges"))?;
        let merge = |row: &SqliteRow| {
            let merge = Merge {
                loser: PersonId(bytes(row.get(0))?),
                winner: PersonId(bytes(row.get(1))?),
                at: Timestamp(row.get(2)),
                reason: row.get(3),
            };
            Ok((merge, row.get::<Option<i64>, _>(4).map(Timestamp)))
        };
        rows.iter().map(merge).collect()
    }

    /// The ids that are linked, and whose they are.
    pub fn links<'a>(&'a self, account: &'a AccountId) -> Links<'a> {
        Links { catalog: self, account, kind: None, after: String::new(), hash: Vec::new() }
    }

    /// The merges that are in force, oldest first.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be read, [`Error::Corrupt`] for a damaged id.
    pub async fn merges(&self, account: &AccountId) -> Result<Vec<Merge>, Error> {
        let rows = sqlx::query(
            "SELECT loser, winner, at, reason FROM merges \
             WHERE account_id = ? AND split_at IS NULL ORDER BY rowid",
        )
        .bind(account.as_str())
        .fetch_all(&self.pool)
        .await
        .map_err(Error::database("read who was merged"))?;
        let merge = |row: &SqliteRow| {
            Ok(Merge {
                loser: PersonId(bytes(row.get(0))?),
                winner: PersonId(bytes(row.get(1))?),
                at: Timestamp(row.get(2)),
                reason: row.get(3),
            })
        };
        rows.iter().map(merge).collect()
    }
}

/// The ids that are linked, read piece by piece.
pub struct Links<'a> {
    catalog: &'a Catalog,
    account: &'a AccountId,
    /// The kind whose turn it is, and its last hash that was read.
    kind: Option<IdKind>,
    hash: Vec<u8>,
    /// The name of the last kind that there was.
    after: String,
}

impl Links<'_> {
    /// Calls `put` with the kind and the hash of some more of them, and whose they are: a few
    /// milliseconds of work. Says whether there may be more.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be read, [`Error::Corrupt`] for a damaged id.
    pub async fn next(
        &mut self,
        mut put: impl FnMut(IdKind, [u8; 16], PersonId),
    ) -> Result<bool, Error> {
        let failed = || Error::database("read whose ids are linked");
        let (pool, account) = (&self.catalog.pool, self.account.as_str());
        let kind = match self.kind {
            Some(kind) => kind,
            None => {
                let next = "SELECT kind FROM links WHERE account_id = ? AND kind > ? ORDER BY kind \
                            LIMIT 1";
                let next = sqlx::query(next).bind(account).bind(&self.after);
                let next = next.fetch_optional(pool).await.map_err(failed())?;
                let Some(next) = next else { return Ok(false) };
                self.after = next.get(0);
                self.hash.clear();
                kind_of(&self.after)?
            }
        };
        // Many to a row: a row costs more than what is read for it. By one kind at a time, and in
        // the order in which they lie: grouped by kind they would all be sorted first.
        let row = sqlx::query(
            "SELECT count(*), CAST(group_concat(hash || person, '') AS BLOB) FROM \
             (SELECT hash, person FROM links WHERE account_id = ? AND kind = ? AND hash > ? \
             ORDER BY hash LIMIT ?)",
        )
        .bind(account)
        .bind(kind_name(kind))
        .bind(&self.hash)
        .bind(LINKS_AT_ONCE)
        .fetch_one(pool)
        .await
        .map_err(failed())?;
        let (links, pairs): (i64, Option<&[u8]>) = (row.get(0), row.get(1));
        let pairs = pairs.unwrap_or_default();
        if pairs.len() as i64 != links * 32 {
            return Err(Error::Corrupt("keyed id"));
        }
        for pair in pairs.chunks_exact(32) {
            put(kind, bytes(&pair[..16])?, PersonId(bytes(&pair[16..])?));
        }
        self.kind = (links == LINKS_AT_ONCE).then_some(kind);
        self.hash = pairs.chunks_exact(32).last().map_or(Vec::new(), |pair| pair[..16].to_vec());
        Ok(true)
    }
}

fn bytes(found: &[u8]) -> Result<[u8; 16], Error> {
    found.try_into().map_err(|_| Error::Corrupt("keyed id"))
}

/// Records that are written many at once, each with its account.
#[derive(Default)]
struct Waiting<'a> {
    firsts: Vec<(&'a str, &'a FirstSeen)>,
    links: Vec<(&'a str, &'a Link)>,
}

impl Waiting<'_> {
    /// Writes them all.
    async fn keep(&mut self, one: &mut Transaction<'_, Sqlite>) -> Result<(), sqlx::Error> {
        for some in self.firsts.chunks(ROWS_PER_STATEMENT) {
            let mut insert = QueryBuilder::new("INSERT OR REPLACE INTO first_seen ");
            insert.push_values(some, |mut row, (account, first)| {
                row.push_bind(*account)
                    .push_bind(first.at.0.div_euclid(DAY_MS))
                    .push_bind(first.fingerprint as i64)
                    .push_bind(first.person.0.as_slice())
                    .push_bind(first.at.0);
            });
            insert.build().execute(&mut **one).await?;
        }
        // In the order of the table, so that neighbours share pages; stable: the last one counts.
        self.links.sort_by_key(|(account, link)| (*account, kind_name(link.kind), link.hash));
        for some in self.links.chunks(ROWS_PER_STATEMENT) {
            let mut insert = QueryBuilder::new("INSERT OR REPLACE INTO links ");
            insert.push_values(some, |mut row, (account, link)| {
                row.push_bind(*account)
                    .push_bind(kind_name(link.kind))
                    .push_bind(link.hash.as_slice())
                    .push_bind(link.person.0.as_slice())
                    .push_bind(link.at.0);
            });
            insert.build().execute(&mut **one).await?;
        }
        self.firsts.clear();
        self.links.clear();
        Ok(())
    }
}

fn kind_of(name: &str) -> Result<IdKind, Error> {
    let known = [IdKind::Guid, IdKind::Identity, IdKind::Email, IdKind::Phone, IdKind::PushToken];
    known.into_iter().find(|kind| kind_name(*kind) == name).ok_or(Error::Corrupt("kind of id"))
}

fn kind_name(kind: IdKind) -> &'static str {
    match kind {
        IdKind::Guid => "guid",
        IdKind::Identity => "identity",
        IdKind::Email => "email",
        IdKind::Phone => "phone",
        IdKind::PushToken => "push_token",
    }
}

async fn fold_one(
    one: &mut Transaction<'_, Sqlite>,
    account: &str,
    record: &Record,
) -> Result<(), sqlx::Error> {
    match record {
        Record::Link(link) => {
            assert!(link.person == PersonId::NOBODY, "links to people are written many at once");
            sqlx::query("DELETE FROM links WHERE account_id = ? AND kind = ? AND hash = ?")
                .bind(account)
                .bind(kind_name(link.kind))
                .bind(link.hash.as_slice())
                .execute(&mut **one)
                .await?;
        }
        Record::Merge(Merge { winner, loser, at, reason }) => {
            sqlx::query("INSERT INTO merges VALUES (?, ?, ?, ?, ?, NULL)")
                .bind(account)
                .bind(loser.0.as_slice())
                .bind(winner.0.as_slice())
                .bind(at.0)
                .bind(reason)
                .execute(&mut **one)
                .await?;
        }
        Record::Split(Split { winner, loser, at }) => {
            sqlx::query(
                "UPDATE merges SET split_at = ? \
                 WHERE account_id = ? AND loser = ? AND winner = ? AND split_at IS NULL",
            )
            .bind(at.0)
            .bind(account)
            .bind(loser.0.as_slice())
            .bind(winner.0.as_slice())
            .execute(&mut **one)
            .await?;
        }
        Record::Consent(change) => {
            let document = serde_json::to_string(change).unwrap_or_default();
            sqlx::query("INSERT INTO consents VALUES (?, ?, ?, ?)")
                .bind(account)
                .bind(change.person.0.as_slice())
                .bind(change.at.0)
                .bind(document)
                .execute(&mut **one)
                .await?;
        }
        Record::Erase { person, .. } => {
            crate::lists::forget(one, account, *person).await?;
            let person = person.0.as_slice();
            sqlx::query("DELETE FROM links WHERE account_id = ? AND person = ?")
                .bind(account)
                .bind(person)
                .execute(&mut **one)
                .await?;
            sqlx::query("DELETE FROM merges WHERE account_id = ? AND (winner = ? OR loser = ?)")
                .bind(account)
                .bind(person)
                .bind(person)
                .execute(&mut **one)
                .await?;
            sqlx::query("DELETE FROM first_seen WHERE account_id = ? AND person = ?")
                .bind(account)
                .bind(person)
                .execute(&mut **one)
                .await?;
            sqlx::query("DELETE FROM consents WHERE account_id = ? AND person = ?")
                .bind(account)
                .bind(person)
                .execute(&mut **one)
                .await?;
        }
        Record::Event(_) | Record::Sheet(_) | Record::Trait(_) | Record::FirstSeen(_) => {}
    }
    Ok(())
}
