//! Visits: messages that were opened and links that were followed, by people or by machines.

use candor_event::{AccountId, Timestamp};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::database::Catalog;
use crate::error::Error;

/// Visits of one message that are kept; more tell nothing new.
const VISITS_MAX: i64 = 100;

/// One opening, or one link that was followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visit {
    /// Whose.
    pub account: AccountId,
    /// Of which message.
    pub message: [u8; 16],
    /// Counts the message's visits.
    pub number: u32,
    /// Of which run.
    pub run: String,
    /// Which link was followed; none: it was opened.
    pub link: Option<u16>,
    /// When.
    pub at: Timestamp,
    /// Whether a machine did it; nobody knows yet.
    pub machine: Option<bool>,
}

/// What people, not machines, did with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VisitKind {
    /// They opened it; following a link opens.
    Opened,
    /// They followed a link of it.
    Clicked,
}

impl VisitKind {
    /// The one of a name, as in a report.
    pub fn read(word: &str) -> Option<VisitKind> {
        match word {
            "opened" => Some(VisitKind::Opened),
            "clicked" => Some(VisitKind::Clicked),
            _ => None,
        }
    }
}

/// How many messages of a run were opened and followed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VisitTally {
    /// Messages that people opened; following a link opens.
    pub opened: u64,
    /// Messages of which people followed a link.
    pub clicked: u64,
    /// Openings by machines.
    pub machine_opens: u64,
    /// Links that machines followed.
    pub machine_clicks: u64,
    /// People's messages by link.
    pub links: Vec<(u16, u64)>,
}

const VISIT: &str = "account_id, message, number, run, kind, link, at, machine";

impl Catalog {
    /// Keeps a visit of a message; `machine` where that is known at once. False when the message
    /// has so many that one more tells nothing.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be written.
    pub async fn visit(&self, visit: &Visit) -> Result<bool, Error> {
        let done = sqlx::query(
            "INSERT INTO visits SELECT ?1, ?2, n, ?3, ?4, ?5, ?6, ?7 FROM \
             (SELECT coalesce(max(number), 0) + 1 AS n FROM visits \
              WHERE account_id = ?1 AND message = ?2) WHERE n <= ?8",
        )
        .bind(visit.account.as_str())
        .bind(visit.message.as_slice())
        .bind(&visit.run)
        .bind(if visit.link.is_some() { "click" } else { "open" })
        .bind(visit.link.unwrap_or_default())
        .bind(visit.at.0)
        .bind(visit.machine)
        .bind(VISITS_MAX)
        .execute(&self.writer)
        .await
        .map_err(Error::database("keep a visit"))?;
        Ok(done.rows_affected() == 1)
    }

    /// Visits until a moment that nobody judged yet, the earliest first; at most `limit`.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be read.
    pub async fn visits_waiting(&self, by: Timestamp, limit: usize) -> Result<Vec<Visit>, Error> {
        let query = format!(
            "SELECT {VISIT} FROM visits WHERE machine IS NULL AND at <= ? ORDER BY at LIMIT ?"
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(by.0)
            .bind(limit as i64)
            .fetch_all(&self.pool)
            .await
            .map_err(Error::database("list visits to judge"))?;
        rows.iter().map(read).collect()
    }

    /// All visits of one message, in the order in which they came.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be read.
    pub async fn visits_of(
        &self,
        account: &AccountId,
        message: [u8; 16],
    ) -> Result<Vec<Visit>, Error> {
        let query = format!(
            "SELECT {VISIT} FROM visits WHERE account_id = ? AND message = ? ORDER BY number"
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(account.as_str())
            .bind(message.as_slice())
            .fetch_all(&self.pool)
            .await
            .map_err(Error::database("list visits of a message"))?;
        rows.iter().map(read).collect()
    }

    /// Says who made visits, all or none, with one sync.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be written; nothing changed then.
    pub async fn judge_visits(&self, judged: &[(Visit, bool)]) -> Result<(), Error> {
        let failed = || Error::database("judge visits");
        let mut one = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(failed())?;
        for (visit, machine) in judged {
            sqlx::query(
                "UPDATE visits SET machine = ? WHERE account_id = ? AND message = ? AND number = ?",
            )
            .bind(machine)
            .bind(visit.account.as_str())
            .bind(visit.message.as_slice())
            .bind(visit.number)
            .execute(&mut *one)
            .await
            .map_err(failed())?;
        }
        one.commit().await.map_err(failed())
    }

    /// How many messages of a run were opened and followed.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be read.
    pub async fn visits_of_run(&self, account: &AccountId, run: &str) -> Result<VisitTally, Error> {
        let failed = || Error::database("count visits");
        // Left alone, SQLite reads the visits of all runs.
        let row = sqlx::query(
            "SELECT count(DISTINCT message) FILTER (WHERE machine = 0), \
               count(DISTINCT message) FILTER (WHERE machine = 0 AND kind = 'click'), \
               count(*) FILTER (WHERE machine = 1 AND kind = 'open'), \
               count(*) FILTER (WHERE machine = 1 AND kind = 'click') \
             FROM visits INDEXED BY visits_of_a_run WHERE account_id = ? AND run = ?",
        )
        .bind(account.as_str())
        .bind(run)
        .fetch_one(&self.pool)
        .await
        .map_err(failed())?;
        let count = |at: usize| row.get::<i64, _>(at) as u64;
        let links = sqlx::query(
            "SELECT link, count(DISTINCT message) FROM visits INDEXED BY visits_of_a_run \
             WHERE account_id = ? AND run = ? AND machine = 0 AND kind = 'click' \
             GROUP BY link ORDER BY 2 DESC, 1",
        )
        .bind(account.as_str())
        .bind(run)
        .fetch_all(&self.pool)
        .await
        .map_err(failed())?;
        let link = |row: &SqliteRow| (row.get::<i64, _>(0) as u16, row.get::<i64, _>(1) as u64);
        Ok(VisitTally {
            opened: count(0),
            clicked: count(1),
            machine_opens: count(2),
            machine_clicks: count(3),
            links: links.iter().map(link).collect(),
        })
    }
}

fn read(row: &SqliteRow) -> Result<Visit, Error> {
    let message: &[u8] = row.get(1);
    let link = row.get::<i64, _>(5) as u16;
    Ok(Visit {
        account: AccountId::new(row.get(0)).ok_or(Error::Corrupt("account id of a visit"))?,
        message: message.try_into().map_err(|_| Error::Corrupt("message of a visit"))?,
        number: row.get::<i64, _>(2) as u32,
        run: row.get(3),
        link: (row.get::<&str, _>(4) == "click").then_some(link),
        at: Timestamp(row.get(6)),
        machine: row.get(7),
    })
}
