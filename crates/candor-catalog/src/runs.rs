//! Runs: the firings of campaigns, and whom each is for.

use candor_event::{AccountId, PersonId, Timestamp};
use sqlx::Row;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use crate::database::Catalog;
use crate::error::Error;
use crate::lists::{PEOPLE_PER_ROW, bytes};

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunState {
    /// Its time has not come.
    Scheduled,
    /// Its people are fixed; messages go out.
    Running,
    /// No message goes out until somebody says so.
    Paused,
    /// Somebody ended it; what had not gone out never does.
    Stopped,
    /// What could be done for everyone was done.
    Finished,
    /// Its time passed while nobody was there.
    Missed,
}

impl RunState {
    const ALL: [RunState; 6] = [
        RunState::Scheduled,
        RunState::Running,
        RunState::Paused,
        RunState::Stopped,
        RunState::Finished,
        RunState::Missed,
    ];

    /// What it is called outside.
    pub fn word(self) -> &'static str {
        match self {
            RunState::Scheduled => "scheduled",
            RunState::Running => "running",
            RunState::Paused => "paused",
            RunState::Stopped => "stopped",
            RunState::Finished => "finished",
            RunState::Missed => "missed",
        }
    }

    fn read(word: &str) -> Result<RunState, Error> {
        let found = RunState::ALL.into_iter().find(|state| state.word() == word);
        found.ok_or(Error::Corrupt("state of a run"))
    }
}

/// One firing of a campaign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// Whose.
    pub account: AccountId,
    /// Its key: the campaign's id, and which of its occurrences.
    pub run: String,
    /// The campaign's id.
    pub campaign: String,
    /// The version of the campaign that fires.
    pub version: u64,
    /// By which channel.
    pub channel: String,
    /// By which of the channel's providers.
    pub provider: String,
    /// Where it stands.
    pub state: RunState,
    /// When it fires.
    pub due: Timestamp,
    /// After this moment nothing goes out.
    pub until: Timestamp,
    /// How many people it is for; 0 until they are fixed.
    pub people: u64,
    /// The moment that its people are exact for.
    pub as_of: Timestamp,
    /// When its state changed last.
    pub changed_at: Timestamp,
    /// Hand-overs that nobody knows the end of and that were made again.
    pub repeated: u64,
    /// Why it paused by itself.
    pub note: Option<String>,
}

/// People of an audience who are written to from a moment on.
#[derive(Clone, Debug)]
pub struct Group {
    /// From when on.
    pub due: Timestamp,
    /// Who, in an order of the caller's.
    pub people: Vec<PersonId>,
}

const RUN: &str = "account_id, run, campaign, version, state, due, until, people, as_of, \
                   changed_at, channel, provider, repeated, note";

impl Catalog {
    /// Plans a run, unless one of its key is there already; whether it was new.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be written.
    pub async fn plan_run(&self, run: &Run) -> Result<bool, Error> {
        let failed = || Error::database("plan a run");
        plan(&mut *self.writer.acquire().await.map_err(failed())?, run).await.map_err(failed())
    }

    /// Fixes whom a scheduled run is for and lets it run, in one step: nobody is written to before
    /// everyone is known. Where its campaign was paused meanwhile, so is the run. False when it was
    /// not scheduled any more; nothing changed then.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be written; nothing changed then.
    pub async fn fix_audience(
        &self,
        account: &AccountId,
        run: &str,
        groups: &[Group],
        as_of: Timestamp,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let failed = || Error::database("fix an audience");
        let mut one = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(failed())?;
        let people: usize = groups.iter().map(|group| group.people.len()).sum();
        let done = sqlx::query(
            "UPDATE runs SET people = ?, as_of = ?, changed_at = ?, state = CASE WHEN EXISTS ( \
               SELECT 1 FROM campaigns c WHERE c.account_id = runs.account_id \
                 AND c.campaign = runs.campaign AND c.state = 'paused') \
               THEN 'paused' ELSE 'running' END \
             WHERE account_id = ? AND run = ? AND state = ?",
        )
        .bind(people as i64)
        .bind(as_of.0)
        .bind(now.0)
        .bind(account.as_str())
        .bind(run)
        .bind(RunState::Scheduled.word())
        .execute(&mut *one)
        .await
        .map_err(failed())?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        let parts = |group: &Group| group.people.len().div_ceil(PEOPLE_PER_ROW);
        let mut chunk = 0;
        for group in groups {
            for part in 0..parts(group) {
                let first = part * PEOPLE_PER_ROW;
                let last = (first + PEOPLE_PER_ROW).min(group.people.len());
                sqlx::query(
                    "INSERT INTO audience \
                     (account_id, run, chunk, due, people, epoch, leased_until) \
                     VALUES (?, ?, ?, ?, ?, 0, 0)",
                )
                .bind(account.as_str())
                .bind(run)
                .bind(chunk)
                .bind(group.due.0)
                .bind(bytes(&group.people[first..last]))
                .execute(&mut *one)
                .await
                .map_err(failed())?;
                chunk += 1;
            }
        }
        sqlx::query(
            "INSERT INTO tallies (account_id, run, state, reason, deliveries) \
             VALUES (?, ?, 'planned', '', ?)",
        )
        .bind(account.as_str())
        .bind(run)
        .bind(people as i64)
        .execute(&mut *one)
        .await
        .map_err(failed())?;
        one.commit().await.map_err(failed())?;
        Ok(true)
    }

    /// Moves a run on if it stands where it is thought to; whether it did. `note` says why it
    /// paused by itself. What a stopped run still has to do is due at once.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be written; nothing changed then.
    pub async fn move_run(
        &self,
        run: &Run,
        to: RunState,
        note: Option<&str>,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let failed = || Error::database("move a run");
        let mut one = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(failed())?;
        let done = sqlx::query(
            "UPDATE runs SET state = ?, note = ?, changed_at = ? \
             WHERE account_id = ? AND run = ? AND state = ?",
        )
        .bind(to.word())
        .bind(note)
        .bind(now.0)
        .bind(run.account.as_str())
        .bind(&run.run)
        .bind(run.state.word())
        .execute(&mut *one)
        .await
        .map_err(failed())?;
        if to == RunState::Stopped {
            sqlx::query("UPDATE audience SET due = ? WHERE account_id = ? AND run = ? AND due > ?")
                .bind(now.0)
                .bind(run.account.as_str())
                .bind(&run.run)
                .bind(now.0)
                .execute(&mut *one)
                .await
                .map_err(failed())?;
        }
        one.commit().await.map_err(failed())?;
        Ok(done.rows_affected() == 1)
    }

    /// One run; none of that key.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be read.
    pub async fn run(&self, account: &AccountId, run: &str) -> Result<Option<Run>, Error> {
        let query = format!("SELECT {RUN} FROM runs WHERE account_id = ? AND run = ?");
        let row = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(account.as_str())
            .bind(run)
            .fetch_optional(&self.pool)
            .await
            .map_err(Error::database("find a run"))?;
        row.as_ref().map(read).transpose()
    }

    /// The runs of a campaign, the latest first.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be read.
    pub async fn runs(&self, account: &AccountId, campaign: &str) -> Result<Vec<Run>, Error> {
        let query = format!(
            "SELECT {RUN} FROM runs WHERE account_id = ? AND campaign = ? ORDER BY due DESC, run"
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(account.as_str())
            .bind(campaign)
            .fetch_all(&self.pool)
            .await
            .map_err(Error::database("list runs"))?;
        rows.iter().map(read).collect()
    }

    /// The runs of all publishers that stand so and were due by a moment, the earliest first.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be read.
    pub async fn runs_due(&self, state: RunState, by: Timestamp) -> Result<Vec<Run>, Error> {
        let query =
            format!("SELECT {RUN} FROM runs WHERE state = ? AND due <= ? ORDER BY due, run");
        let rows = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(state.word())
            .bind(by.0)
            .fetch_all(&self.pool)
            .await
            .map_err(Error::database("list runs that are due"))?;
        rows.iter().map(read).collect()
    }
}

/// Plans a run, unless one of its key is there already; whether it was new.
pub(crate) async fn plan(one: &mut SqliteConnection, run: &Run) -> Result<bool, sqlx::Error> {
    let done = sqlx::query(
        "INSERT INTO runs (account_id, run, campaign, version, state, due, until, people, as_of, \
         changed_at, channel, provider, repeated, note, number) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, \
           (SELECT coalesce(max(number), 0) + 1 FROM runs)) ON CONFLICT DO NOTHING",
    )
    .bind(run.account.as_str())
    .bind(&run.run)
    .bind(&run.campaign)
    .bind(run.version as i64)
    .bind(run.state.word())
    .bind(run.due.0)
    .bind(run.until.0)
    .bind(run.people as i64)
    .bind(run.as_of.0)
    .bind(run.changed_at.0)
    .bind(&run.channel)
    .bind(&run.provider)
    .bind(run.repeated as i64)
    .bind(&run.note)
    .execute(one)
    .await?;
    Ok(done.rows_affected() == 1)
}

fn read(row: &SqliteRow) -> Result<Run, Error> {
    Ok(Run {
        account: AccountId::new(row.get(0)).ok_or(Error::Corrupt("account id of a run"))?,
        run: row.get(1),
        campaign: row.get(2),
        version: row.get::<i64, _>(3) as u64,
        state: RunState::read(row.get(4))?,
        due: Timestamp(row.get(5)),
        until: Timestamp(row.get(6)),
        people: row.get::<i64, _>(7) as u64,
        as_of: Timestamp(row.get(8)),
        changed_at: Timestamp(row.get(9)),
        channel: row.get(10),
        provider: row.get(11),
        repeated: row.get::<i64, _>(12) as u64,
        note: row.get(13),
    })
}
