//! Who takes the batches in: the data folder opened here, or the running server of it.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use candor_event::{Properties, TraitOp, Value};
use candor_ingest::decode::{Body, Incoming};
use candor_ingest::{Door, Receipt};
use candor_log::Log;
use jiff::tz::TimeZone;
use serde_json::{Map, Value as Json, json};

use super::files::Batch;
use crate::append::Kept;
use crate::command::IMPORT_BYTES_MAX;
use crate::config::Config;
use crate::reach::{Reached, asked_to_end, nobody, reach};
use crate::refusal::Refusal;
use crate::server::{Sent, Server, Tenant};
use crate::threads::{Threads, cores};

/// Records of one frame, and about how many bytes they may take.
const FRAME_ROWS: usize = 1_000;
const FRAME_BYTES_MAX: usize = 8 << 20;

/// About how many bytes may be on their way to the log, whose queue takes twice as many.
const UNDER_WAY_BYTES: usize = 32 << 20;

/// Bytes of the log that the store may lie behind before the door waits for it.
const BEHIND_BYTES_MAX: u64 = 3 << 20;

/// How long the door then waits before it looks again.
const BEHIND_PAUSE: Duration = Duration::from_millis(5);

/// A volume's rows that are written as one part: a bulk load is not cut into small ones.
const FLUSH_ROWS: usize = 1 << 20;

/// What became of a batch that the log holds.
#[derive(Default)]
pub struct Outcome {
    pub accepted: u64,
    /// Line, code, message.
    pub rejected: Vec<(u64, String, String)>,
    /// Property and reason.
    pub stripped: Vec<(String, String)>,
    pub rows_read: u64,
    pub bytes_read: u64,
}

/// Hears of outcomes in the order of the batches.
type Note<'a> = &'a mut dyn FnMut(Outcome) -> anyhow::Result<()>;

pub enum Target {
    Here(Box<Here>),
    There(There),
}

/// The folder, opened by this process alone.
pub struct Here {
    runtime: tokio::runtime::Runtime,
    server: Arc<Server>,
    tenant: Arc<Tenant>,
    door: Arc<Door>,
    threads: Threads,
    under_way: VecDeque<UnderWay>,
}

/// A batch on its way to the log.
struct UnderWay {
    /// Its frames; the line of each of a frame's records.
    frames: Vec<(Receipt, Kept, Vec<u64>)>,
    bytes: usize,
    /// What is known of it before.
    outcome: Outcome,
}

/// The running server of the folder.
pub struct There {
    account: String,
    zone: TimeZone,
    write: UnixStream,
    read: BufReader<UnixStream>,
    _runtime: tokio::runtime::Runtime,
}

impl Target {
    /// Opens the folder, or a way to the server that has it open.
    pub fn open(data: &Path, account: &str, mut config: Config) -> anyhow::Result<Target> {
        config.store.flush_rows = FLUSH_ROWS;
        config.store.bulk = true;
        config.store.threads = cores();
        match reach(data, config)? {
            Reached::There(runtime, write) => {
                let read = BufReader::new(write.try_clone().context("ask the running server")?);
                let account = account.to_owned();
                let zone = TimeZone::UTC;
                let mut there = There { account, zone, write, read, _runtime: runtime };
                // Nobody there by that account is said before the first row is read.
                let told = there.ask(&Vec::new())?;
                let zone = told["timezone"].as_str().and_then(|name| candor_query::zone(name).ok());
                there.zone = zone.unwrap_or(TimeZone::UTC);
                Ok(Target::There(there))
            }
            Reached::Here(runtime, server) => {
                let tenant = server.tenant(account).with_context(|| nobody(account))?;
                let door = runtime.block_on(tenant.door())?.clone();
                let threads = Threads::start(&server, runtime.handle())?;
                let under_way = VecDeque::new();
                let here = Here { runtime, server, tenant, door, threads, under_way };
                Ok(Target::Here(Box::new(here)))
            }
        }
    }

    /// The publisher's time zone.
    pub fn zone(&self) -> TimeZone {
        match self {
            Target::Here(here) => here.tenant.zone.clone(),
            Target::There(there) => there.zone.clone(),
        }
    }

    /// Takes one batch in; tells of those that the log holds by now.
    pub fn take(&mut self, batch: Batch, note: Note<'_>) -> anyhow::Result<()> {
        match self {
            Target::Here(here) => here.take(batch, note),
            Target::There(there) => there.take(batch, note),
        }
    }

    /// Waits until the log holds all that was taken.
    pub fn settle(&mut self, note: Note<'_>) -> anyhow::Result<()> {
        match self {
            Target::Here(here) => here.settle(0, note),
            Target::There(_) => Ok(()),
        }
    }

    /// Ends; where the folder was opened here all rows are in parts then.
    pub fn close(self) -> anyhow::Result<()> {
        match self {
            Target::Here(here) => here.close(),
            Target::There(_) => Ok(()),
        }
    }
}

impl Here {
    fn behind(&self) -> u64 {
        self.server.log.end().0.saturating_sub(self.tenant.store.applied())
    }

    fn take(&mut self, mut batch: Batch, note: Note<'_>) -> anyhow::Result<()> {
        while self.behind() > BEHIND_BYTES_MAX && !asked_to_end() {
            std::thread::sleep(BEHIND_PAUSE);
        }
        let _entered = self.runtime.enter();
        // What somebody allows holds from its row on, by whatever id they are named before.
        if batch.records.iter().any(Incoming::says_consent) {
            batch.one_by_one();
        }
        let Batch { mut records, mut lines, sheet, sheet_lines, bad, rows_read, bytes_read } =
            batch;
        let (mut frames, mut bytes) = (Vec::new(), sheet.bytes());
        if !sheet.is_empty() {
            let offered = self.server.offer_sheet(&self.door, sheet).map_err(refused)?;
            // Those that the gate looks at one by one, in their order.
            lines.extend(offered.others.iter().map(|record| sheet_lines[record.index]));
            records.extend(offered.others);
            in_order(&mut lines, &mut records);
            frames.push((offered.receipt, offered.kept, Vec::new()));
        }
        while !records.is_empty() {
            let mut of_frame = 0;
            let fits = |record: &&Incoming| {
                of_frame += record.bytes();
                of_frame < FRAME_BYTES_MAX
            };
            let count = records.iter().take(FRAME_ROWS).take_while(fits).count().max(1);
            bytes += of_frame;
            let rest = records.split_off(count);
            let others = lines.split_off(records.len());
            for (index, record) in records.iter_mut().enumerate() {
                record.index = index;
            }
            let offered = self.server.offer(&self.door, records, Vec::new(), Sent::default());
            let (receipt, kept) = offered.map_err(refused)?;
            frames.push((receipt, kept, lines));
            (records, lines) = (rest, others);
        }
        let bad = bad.into_iter().map(|(line, code, message)| (line, code.to_owned(), message));
        let rejected = bad.collect();
        let outcome = Outcome { rejected, rows_read, bytes_read, ..Outcome::default() };
        // One that is empty is told of, too.
        self.under_way.push_back(UnderWay { frames, bytes: bytes.max(1), outcome });
        self.settle(UNDER_WAY_BYTES, note)
    }

    fn settle(&mut self, left: usize, note: Note<'_>) -> anyhow::Result<()> {
        while self.under_way.iter().map(|batch| batch.bytes).sum::<usize>() > left {
            let Some(UnderWay { frames, mut outcome, .. }) = self.under_way.pop_front() else {
                break;
            };
            for (receipt, kept, lines) in frames {
                let kept = self.runtime.block_on(kept).context("wait for the log")?;
                kept.map_err(|error| not_taken(&error.to_string()))?;
                let refused = receipt.refused.into_iter().map(|refused| {
                    let line = lines.get(refused.index).copied().unwrap_or_default();
                    (line, refused.code.word().to_owned(), refused.message)
                });
                let stripped = receipt.stripped.into_iter();
                let stripped =
                    stripped.map(|(_, s)| (s.property.to_string(), s.reason.word().to_owned()));
                outcome.accepted += receipt.accepted as u64;
                outcome.rejected.extend(refused);
                outcome.stripped.extend(stripped);
            }
            note(outcome)?;
        }
        Ok(())
    }

    fn close(self) -> anyhow::Result<()> {
        // The log has it all: who asks to end need not wait for the parts.
        while self.behind() > 0 && !asked_to_end() {
            std::thread::sleep(BEHIND_PAUSE);
        }
        // Nothing comes any more: the threads end while it is written.
        self.server.stop();
        if let Err(error) = self.server.flush(self.runtime.handle()) {
            tracing::warn!(error = format!("{error:#}"), "parts were not written; the log has it");
        }
        self.threads.end(&self.server, self.runtime.handle());
        Ok(())
    }
}

fn refused(refusal: Refusal) -> anyhow::Error {
    not_taken(&format!("{refusal:?}"))
}

fn not_taken(why: &str) -> anyhow::Error {
    anyhow::anyhow!("the log did not take a batch ({why}); the same command goes on from here")
}

impl There {
    fn ask(&mut self, records: &[Json]) -> anyhow::Result<Json> {
        let asked = json!({"import": {"account": self.account, "records": records}});
        let line = format!("{asked}\n");
        self.write.write_all(line.as_bytes()).context("ask the running server")?;
        let mut answer = String::new();
        self.read.read_line(&mut answer).context("read the running server's answer")?;
        let answer: Json =
            serde_json::from_str(&answer).context("read the running server's answer")?;
        match answer.get("error").and_then(Json::as_str) {
            Some(error) => bail!("{error}"),
            None => Ok(answer),
        }
    }

    fn take(&mut self, mut batch: Batch, note: Note<'_>) -> anyhow::Result<()> {
        // Its socket takes records.
        batch.one_by_one();
        let mut outcome = Outcome {
            rows_read: batch.rows_read,
            bytes_read: batch.bytes_read,
            ..Outcome::default()
        };
        let bad = batch.bad.into_iter();
        outcome.rejected.extend(bad.map(|(line, code, message)| (line, code.to_owned(), message)));
        let records: Vec<Json> = batch.records.iter().map(record_json).collect();
        let mut rows = records.as_slice();
        let mut first = 0;
        while !rows.is_empty() {
            // As many as fit into one line, and at least one.
            let mut bytes = 0;
            let fits = |record: &&Json| {
                bytes += record.to_string().len() + 1;
                bytes < IMPORT_BYTES_MAX / 2
            };
            let count = rows.iter().take_while(fits).count().max(1);
            let answer = self.ask(&rows[..count])?;
            let text =
                |value: &Json, field: &str| value[field].as_str().unwrap_or_default().to_owned();
            outcome.accepted += answer["accepted"].as_u64().unwrap_or_default();
            for one in answer["rejected"].as_array().into_iter().flatten() {
                let index = first + one["index"].as_u64().unwrap_or_default() as usize;
                let line = batch.lines.get(index).copied().unwrap_or_default();
                outcome.rejected.push((line, text(one, "code"), text(one, "message")));
            }
            for one in answer["stripped"].as_array().into_iter().flatten() {
                outcome.stripped.push((text(one, "property"), text(one, "reason")));
            }
            first += count;
            rows = &rows[count..];
        }
        note(outcome)
    }
}

impl Batch {
    /// Makes the events of its sheet records, all in the order of their lines.
    fn one_by_one(&mut self) {
        let sheet = std::mem::take(&mut self.sheet);
        self.records.extend((0..sheet.len()).map(|at| sheet.record(at)));
        self.lines.append(&mut self.sheet_lines);
        in_order(&mut self.lines, &mut self.records);
    }
}

/// Puts records into the order of their lines.
fn in_order(lines: &mut Vec<u64>, records: &mut Vec<Incoming>) {
    if !lines.is_sorted() {
        let mut both: Vec<_> = lines.drain(..).zip(records.drain(..)).collect();
        both.sort_by_key(|(line, _)| *line);
        (*lines, *records) = both.into_iter().unzip();
    }
}

/// A record as `POST /api/v1/events` takes it.
fn record_json(record: &Incoming) -> Json {
    let mut json = Map::new();
    let mut put = |name: &str, value: Json| drop(json.insert(name.to_owned(), value));
    if let Some(identity) = &record.ids.identity {
        put("identity", identity.as_str().into());
    }
    if let Some(guid) = &record.ids.guid {
        put("guid", guid.as_str().into());
    }
    if let Some(at) = record.at {
        put("at", text_of_time(at.0));
    }
    if let Some(id) = &record.id {
        put("id", id.as_str().into());
    }
    match &record.body {
        Body::Event { name, properties } => {
            put("type", "event".into());
            put("name", name.as_ref().into());
            put("properties", json!(properties));
        }
        Body::Profile(changes) => {
            put("type", "profile".into());
            let of = |wanted: fn(&TraitOp) -> Option<Value>| -> Properties {
                let chosen = changes.iter();
                chosen.filter_map(|(name, op)| Some((name.clone(), wanted(op)?))).collect()
            };
            let set = of(|op| match op {
                TraitOp::Set(value) => Some(value.clone()),
                _ => None,
            });
            let add = of(|op| match op {
                TraitOp::Add(values) => Some(Value::List(values.clone())),
                _ => None,
            });
            let remove = of(|op| match op {
                TraitOp::Remove(values) => Some(Value::List(values.clone())),
                _ => None,
            });
            let increment = of(|op| match op {
                TraitOp::Increment(by) => Some(Value::Float(*by)),
                _ => None,
            });
            let unset = changes.iter().filter(|(_, op)| *op == TraitOp::Unset);
            put("set", json!(set));
            put("unset", unset.map(|(name, _)| Json::from(name.as_ref())).collect());
            put("add", json!(add));
            put("remove", json!(remove));
            put("increment", json!(increment));
        }
    }
    Json::Object(json)
}

/// Numbers below 10^11 would be read as seconds.
fn text_of_time(ms: i64) -> Json {
    jiff::Timestamp::from_millisecond(ms).map_or(ms.into(), |at| at.to_string().into())
}
