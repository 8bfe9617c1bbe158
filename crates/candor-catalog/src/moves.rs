//! Deliveries are moved on under a lease, and those of all workers together: whoever has the turn
//! to write moves what waits for everyone, in one transaction with one sync.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use candor_event::Timestamp;
use serde_json::json;
use sqlx::sqlite::SqliteConnection;
use sqlx::{Connection, Row, Sqlite, Transaction};
use tokio::sync::oneshot;

use crate::database::Catalog;
use crate::deliveries::{DeliveryState, count};
use crate::error::Error;
use crate::leases::{Lease, held};

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
pub struct Cap {
    /// By which channel.
    pub channel: &'static str,
    /// At most so many messages since a moment that each step names.
    pub messages: u32,
}

/// The reason of a message that would have been one too many.
pub const FREQUENCY_CAP: &str = "frequency_cap";

/// All that is said of a step but whose it is and what the provider calls it.
type Way<'m> = (
    DeliveryState,
    DeliveryState,
    Option<&'m str>,
    Option<&'m str>,
    u32,
    Timestamp,
    // When: the outcome that is told carries the same moment, and a repeat is known by it.
    Timestamp,
);

impl Moved {
    fn way(&self, now: Timestamp) -> Way<'_> {
        (self.from, self.to, self.reason, self.code.as_deref(), self.attempts, self.due, now)
    }

    /// The same, dropped because the person would get one too many.
    fn spared(&self) -> Moved {
        let reason = Some(FREQUENCY_CAP);
        Moved { to: DeliveryState::Dropped, reason, code: None, ..self.clone() }
    }
}

/// The places of those who would get one too many; none where another worker has the lease.
type Answer = Option<Vec<u32>>;

/// What waits for somebody's turn.
#[derive(Debug, Default)]
pub(crate) struct Waiting(Mutex<Vec<Job>>);

/// Steps of one lease.
#[derive(Debug)]
struct Job {
    lease: Lease,
    moved: Vec<Moved>,
    cap: Option<Cap>,
    now: Timestamp,
    done: oneshot::Sender<Result<Answer, Error>>,
}

impl Waiting {
    fn jobs(&self) -> std::sync::MutexGuard<'_, Vec<Job>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const FAILED: &str = "move deliveries";

impl Catalog {
    /// Moves deliveries of a lease on, all or none, in a transaction and a sync shared with whoever
    /// does so at the moment. What is handed over although the person would get one too many is
    /// dropped instead: the places of those. None when another worker has the lease; nothing
    /// changed then.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be written, [`Error::Corrupt`] when one of them
    /// does not stand where it is thought to; nothing of this lease changed then.
    pub async fn move_deliveries(
        &self,
        lease: &Lease,
        moved: Vec<Moved>,
        cap: Option<Cap>,
        now: Timestamp,
    ) -> Result<Option<Vec<u32>>, Error> {
        if moved.is_empty() {
            return Ok(Some(Vec::new()));
        }
        let (done, mut told) = oneshot::channel();
        self.moves.jobs().push(Job { lease: lease.clone(), moved, cap, now, done });
        let gone = |_| Error::database(FAILED)(sqlx::Error::WorkerCrashed);
        let mut writer = tokio::select! {
            biased;
            answer = &mut told => return answer.unwrap_or_else(|lost| Err(gone(lost))),
            writer = self.writer.acquire() => writer.map_err(Error::database(FAILED))?,
        };
        let mut jobs = std::mem::take(&mut *self.moves.jobs());
        // Whoever does not listen any more was told that it failed, or is gone.
        jobs.retain(|job| !job.done.is_closed());
        move_all(&mut writer, jobs).await;
        drop(writer);
        told.await.unwrap_or_else(|lost| Err(gone(lost)))
    }
}

/// Moves for everyone. Where one is wrong about its messages, for each alone, so that nobody fails
/// for another; where the file fails, it is not asked again: all of them fail.
async fn move_all(writer: &mut SqliteConnection, jobs: Vec<Job>) {
    match move_together(writer, &jobs).await {
        Ok(answers) => {
            for (job, answer) in jobs.into_iter().zip(answers) {
                let _ = job.done.send(Ok(answer));
            }
        }
        Err(Error::Corrupt(_)) if jobs.len() > 1 => {
            for job in jobs {
                let alone = move_together(writer, std::slice::from_ref(&job)).await;
                let _ = job.done.send(alone.map(|mut answers| answers.pop().flatten()));
            }
        }
        Err(error) => {
            let mut error = Some(error);
            for job in jobs {
                let shared = || Error::database(FAILED)(sqlx::Error::WorkerCrashed);
                let _ = job.done.send(Err(error.take().unwrap_or_else(shared)));
            }
        }
    }
}

async fn move_together(writer: &mut SqliteConnection, jobs: &[Job]) -> Result<Vec<Answer>, Error> {
    let failed = || Error::database(FAILED);
    let mut one = writer.begin_with("BEGIN IMMEDIATE").await.map_err(failed())?;
    let leases: Vec<&Lease> = jobs.iter().map(|job| &job.lease).collect();
    let held = held(&mut one, &leases).await.map_err(failed())?;
    let mut answers = Vec::with_capacity(jobs.len());
    let mut steps = Steps::default();
    for (job, held) in jobs.iter().zip(held) {
        if !held {
            answers.push(None);
            continue;
        }
        let mut spared = Vec::new();
        if let Some(cap) = job.cap {
            // What goes before counts.
            steps.go(&mut one).await?;
            spared = capped(&mut one, job, cap).await.map_err(failed())?;
        }
        steps.add(job, &spared);
        answers.push(Some(spared));
    }
    steps.go(&mut one).await?;
    steps.tally(&mut one).await.map_err(failed())?;
    one.commit().await.map_err(failed())?;
    Ok(answers)
}

/// Steps of several leases.
#[derive(Default)]
struct Steps<'j> {
    waiting: Vec<(i64, Timestamp, Cow<'j, Moved>)>,
    /// By account, run, state and reason, so many more.
    tallies: BTreeMap<(&'j str, &'j str, &'static str, &'static str), i64>,
    /// Hand-overs that were made again, by account and run.
    repeated: BTreeMap<(&'j str, &'j str), i64>,
}

impl<'j> Steps<'j> {
    fn add(&mut self, job: &'j Job, spared: &[u32]) {
        let (account, run) = (job.lease.account.as_str(), job.lease.run.as_str());
        for step in &job.moved {
            let step = match spared.contains(&step.place) {
                true => Cow::Owned(step.spared()),
                false => Cow::Borrowed(step),
            };
            *self.tallies.entry((account, run, step.from.word(), "")).or_default() -= 1;
            let reason = step.reason.filter(|_| step.to.is_settled()).unwrap_or_default();
            *self.tallies.entry((account, run, step.to.word(), reason)).or_default() += 1;
            let handing_over = DeliveryState::HandingOver;
            if step.from == handing_over && step.to == handing_over {
                *self.repeated.entry((account, run)).or_default() += 1;
            }
            self.waiting.push((job.lease.first + i64::from(step.place), job.now, step));
        }
    }

    /// Moves what waits. Most go the same way: one statement for each way, which finds every row by
    /// its slot.
    async fn go(&mut self, one: &mut Transaction<'_, Sqlite>) -> Result<(), Error> {
        let failed = || Error::database(FAILED);
        let waiting = std::mem::take(&mut self.waiting);
        let mut ways: BTreeMap<Way<'_>, Vec<i64>> = BTreeMap::new();
        for (slot, now, step) in &waiting {
            ways.entry(step.way(*now)).or_default().push(*slot);
        }
        for (way, slots) in &ways {
            let rows = go(one, way, slots).await.map_err(failed())?;
            if rows != slots.len() as u64 {
                return Err(Error::Corrupt("state of a delivery"));
            }
        }
        let named =
            waiting.iter().filter_map(|(slot, _, step)| Some((slot, step.provider_id.as_ref()?)));
        let named: Vec<_> = named.collect();
        if !named.is_empty() {
            name(one, &named).await.map_err(failed())?;
        }
        Ok(())
    }

    /// Counts steps: one less where each stood, one more where it stands.
    async fn tally(&self, one: &mut Transaction<'_, Sqlite>) -> Result<(), sqlx::Error> {
        for ((account, run), more) in &self.repeated {
            sqlx::query("UPDATE runs SET repeated = repeated + ? WHERE account_id = ? AND run = ?")
                .bind(more)
                .bind(account)
                .bind(run)
                .execute(&mut **one)
                .await?;
        }
        let changes = self.tallies.iter().filter(|(_, change)| **change != 0);
        let changes: Vec<_> = changes
            .map(|((account, run, state, reason), change)| {
                (*account, *run, *state, *reason, *change)
            })
            .collect();
        count(one, &changes).await
    }
}

/// The steps of those who got as many messages as they may.
async fn capped(
    one: &mut Transaction<'_, Sqlite>,
    job: &Job,
    cap: Cap,
) -> Result<Vec<u32>, sqlx::Error> {
    let since = |step: &Moved| {
        let goes = step.to == DeliveryState::HandingOver;
        step.counts_since.filter(|_| goes).map(|since| json!([step.place, since.0]))
    };
    let asked: Vec<_> = job.moved.iter().filter_map(since).collect();
    if asked.is_empty() {
        return Ok(Vec::new());
    }
    let rows = sqlx::query(
        "SELECT value ->> 0 FROM json_each(?1) JOIN deliveries d ON d.slot = ?2 + (value ->> 0) \
         WHERE (SELECT count(*) FROM deliveries o JOIN runs r ON r.number = o.slot >> 36 \
           WHERE o.person = d.person AND o.sent_at >= value ->> 1 AND o.id <> d.id \
             AND r.account_id = ?3 AND r.channel = ?4) >= ?5",
    )
    .bind(json!(asked).to_string())
    .bind(job.lease.first)
    .bind(job.lease.account.as_str())
    .bind(cap.channel)
    .bind(cap.messages)
    .fetch_all(&mut **one)
    .await?;
    Ok(rows.iter().map(|row| row.get::<i64, _>(0) as u32).collect())
}

/// Moves deliveries one way; how many there were.
async fn go(
    one: &mut Transaction<'_, Sqlite>,
    (from, to, reason, code, attempts, due, now): &Way<'_>,
    slots: &[i64],
) -> Result<u64, sqlx::Error> {
    let done = sqlx::query(
        "UPDATE deliveries SET state = ?1, reason = ?2, code = ?3, attempts = ?4, due = ?5, \
           changed_at = ?6, \
           sent_at = CASE ?1 WHEN 'handing_over' THEN ?6 WHEN 'planned' THEN NULL \
             WHEN 'failed' THEN NULL WHEN 'dropped' THEN NULL ELSE sent_at END \
         WHERE slot IN (SELECT value FROM json_each(?7)) AND state = ?8",
    )
    .bind(to.word())
    .bind(*reason)
    .bind(*code)
    .bind(*attempts)
    .bind(due.0)
    .bind(now.0)
    .bind(json!(slots).to_string())
    .bind(from.word())
    .execute(&mut **one)
    .await?;
    Ok(done.rows_affected())
}

/// Keeps what the provider calls messages.
async fn name(
    one: &mut Transaction<'_, Sqlite>,
    named: &[(&i64, &String)],
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE deliveries SET provider_id = named.value ->> 1 FROM json_each(?) named \
         WHERE slot = named.value ->> 0",
    )
    .bind(json!(named).to_string())
    .execute(&mut **one)
    .await?;
    Ok(())
}
