//! `candor import`: rows of files through the gate and the log, like everything else.
//!
//! A thread reads rows (`files`), the door takes them in batches, here or in the running server of
//! the folder (`target`), and what the log holds is written down (`progress`), so that an import
//! that was stopped goes on where it was. A row that comes twice counts once.

mod files;
mod progress;
mod target;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use candor_ingest::decode::{Elsewhere, Product, Roles};

use crate::bar::Bar;
use crate::config::Config;
use crate::reach::asked_to_end;
use files::{Batch, Format, Input, Rows};
use progress::{Progress, Rejects};
use target::{Outcome, Target};

/// Batches that wait between the reader and the door.
const BATCHES_WAITING: usize = 8;

/// How often the bar moves and progress is written down.
const TOLD_EVERY: Duration = Duration::from_millis(500);

/// What to import, and how.
#[derive(clap::Args)]
pub struct Import {
    /// The data folder, of a running server or not.
    #[arg(long)]
    data: PathBuf,
    /// The operator's settings, where no server has the folder open.
    #[arg(long)]
    config: Option<PathBuf>,
    /// The account id of the publisher whose people these are.
    #[arg(long)]
    account: String,
    /// Which column is what: identity, guid, event, time, session, id, or the name of its property.
    /// For example identity=distinct_id,time=ts
    #[arg(long, value_delimiter = ',', value_parser = pair)]
    map: Vec<(String, String)>,
    /// Columns that are left out.
    #[arg(long, value_delimiter = ',')]
    without: Vec<String>,
    /// Each row is a person's traits, not an event.
    #[arg(long)]
    profiles: bool,
    /// The files are an export of another product: events or profiles, as JSON lines.
    #[arg(long, value_enum, conflicts_with_all = ["map", "without", "profiles"])]
    from: Option<Origin>,
    /// What happened, where the lines of another product's export do not name it.
    #[arg(long, requires = "from")]
    event: Option<String>,
    /// The IANA time zone of another product's clock, where it is not the publisher's.
    #[arg(long, requires = "from")]
    timezone: Option<String>,
    /// What the files are, where their names do not tell.
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Where line and reason of each bad row go, instead of FILE.rejects.jsonl
    #[arg(long)]
    rejects: Option<PathBuf>,
    /// Begin again where an import of the same file was completed or stopped.
    #[arg(long)]
    again: bool,
    /// JSON lines, CSV (both also packed: .gz) or Parquet; `-` reads standard input.
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

/// Whose export it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Origin {
    Clevertap,
    Mixpanel,
}

impl Import {
    /// How rows are read, as far as the command says it.
    fn rows(&self) -> anyhow::Result<Rows> {
        let Some(origin) = self.from else {
            let roles = Roles::new(&self.map, &self.without, self.profiles);
            return roles.map(Rows::Ours).map_err(|why| anyhow::anyhow!("--map: {why}"));
        };
        let product = match origin {
            Origin::Clevertap => Product::CleverTap,
            Origin::Mixpanel => Product::Mixpanel,
        };
        let zone = |name: &String| {
            let zone = candor_query::zone(name).ok();
            zone.with_context(|| format!("--timezone {name:?} is no IANA name like Asia/Kolkata"))
        };
        let zone = self.timezone.as_ref().map(zone).transpose()?;
        let event = self.event.as_deref().map(Into::into);
        Ok(Rows::Theirs(Elsewhere { product, event }, zone))
    }
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (role, column) = text.split_once('=').unwrap_or_default();
    match role.is_empty() || column.is_empty() {
        true => Err("pairs like identity=distinct_id".to_owned()),
        false => Ok((role.to_owned(), column.to_owned())),
    }
}

/// What an import came to.
#[derive(Default)]
struct Sum {
    accepted: u64,
    rejected: BTreeMap<String, u64>,
    stripped: BTreeMap<(String, String), u64>,
}

/// Names of properties that are listed apart when something was taken out of them.
const STRIPPED_LISTED_MAX: usize = 100;

impl Sum {
    fn rejected(&self) -> u64 {
        self.rejected.values().sum()
    }

    fn refuse(&mut self, code: &str) {
        *self.rejected.entry(code.to_owned()).or_default() += 1;
    }

    fn strip(&mut self, property: &str, reason: &str) {
        let mut key = (property.to_owned(), reason.to_owned());
        if !self.stripped.contains_key(&key) && self.stripped.len() >= STRIPPED_LISTED_MAX {
            key.0 = "(other)".to_owned();
        }
        *self.stripped.entry(key).or_default() += 1;
    }
}

/// Why an import or export ended early, and with which status.
pub enum Stopped {
    /// What was asked for cannot be: nothing was done.
    Usage(anyhow::Error),
    /// The work failed.
    Work(anyhow::Error),
}

/// Takes the files in; answers whether every row was accepted.
pub fn import(asked: &Import) -> Result<bool, Stopped> {
    let rows = asked.rows().map_err(Stopped::Usage)?;
    let inputs: anyhow::Result<Vec<Input>> =
        asked.files.iter().map(|file| Input::new(file, asked.format)).collect();
    let inputs = inputs.map_err(Stopped::Usage)?;
    if asked.rejects.is_some() && inputs.len() > 1 {
        let why = anyhow::anyhow!("--rejects names one file, and there are {}", inputs.len());
        return Err(Stopped::Usage(why));
    }
    let config = Config::of_process(asked.config.as_deref()).map_err(Stopped::Usage)?;
    let mut target = Target::open(&asked.data, &asked.account, config).map_err(Stopped::Usage)?;
    let rows = rows.in_zone(&target.zone());
    let mut sum = Sum::default();
    let started = Instant::now();
    let taken = inputs
        .into_iter()
        .try_for_each(|input| one(asked, &rows, input, &mut target, &mut sum, started));
    let closed = target.close();
    taken.and(closed).map_err(Stopped::Work)?;
    tell(&sum, started);
    Ok(sum.rejected() == 0)
}

fn one(
    asked: &Import,
    rows: &Rows,
    input: Input,
    target: &mut Target,
    sum: &mut Sum,
    started: Instant,
) -> anyhow::Result<()> {
    let mut progress = Progress::open(&asked.data, &asked.account, &input, asked.again)?;
    let name = input.name.clone();
    if progress.complete {
        let mut out = std::io::stderr();
        let _ = writeln!(out, "{name}: was imported before; --again takes it in once more");
        return Ok(());
    }
    let path = asked.rejects.clone().unwrap_or_else(|| input.rejects());
    let mut rejects = Rejects::new(path, progress.rows > 0);
    let (send, batches) = mpsc::sync_channel(BATCHES_WAITING);
    let bytes = input.bytes;
    std::thread::scope(|scope| {
        let skip = progress.rows;
        let reader = scope.spawn(move || files::read(input, rows, skip, &send));
        let mut bar = Bar::new(&name, bytes, started);
        let result = take(&batches, target, &mut progress, &mut rejects, sum, &mut bar);
        // A reader that still has rows must not wait for one who left.
        drop(batches);
        bar.end();
        let read = reader.join().map_err(|_| anyhow::anyhow!("the reader of {name} ended"));
        let written = rejects.finish();
        result?;
        read?.with_context(|| format!("import {name}"))?;
        written
    })?;
    progress.finish()
}

/// Hands batches on until the reader ends; what is certain is written down now and then.
fn take(
    batches: &mpsc::Receiver<Batch>,
    target: &mut Target,
    progress: &mut Progress,
    rejects: &mut Rejects,
    sum: &mut Sum,
    bar: &mut Bar,
) -> anyhow::Result<()> {
    let mut told = Instant::now();
    let mut note = |outcome: Outcome, progress: &mut Progress| -> anyhow::Result<()> {
        sum.accepted += outcome.accepted;
        for (line, code, message) in &outcome.rejected {
            sum.refuse(code);
            rejects.add(*line, code, message)?;
        }
        outcome.stripped.iter().for_each(|(property, reason)| sum.strip(property, reason));
        progress.rows = outcome.rows_read;
        bar.at(outcome.bytes_read, sum.accepted + sum.rejected());
        if told.elapsed() >= TOLD_EVERY {
            told = Instant::now();
            rejects.flush()?;
            progress.write()?;
            bar.draw();
        }
        Ok(())
    };
    while let Ok(batch) = batches.recv() {
        if asked_to_end() {
            target.settle(&mut |outcome| note(outcome, progress))?;
            progress.write()?;
            bail!("interrupted; the same command goes on from here");
        }
        target.take(batch, &mut |outcome| note(outcome, progress))?;
    }
    target.settle(&mut |outcome| note(outcome, progress))?;
    progress.write()
}

fn tell(sum: &Sum, started: Instant) {
    let mut out = std::io::stdout();
    let seconds = started.elapsed().as_secs_f64();
    let rows = sum.accepted + sum.rejected();
    let rate = rows as f64 / seconds.max(0.001);
    let _ = writeln!(
        out,
        "{} accepted, {} rejected in {seconds:.1} s ({rate:.0} rows a second)",
        sum.accepted,
        sum.rejected()
    );
    for (code, count) in &sum.rejected {
        let _ = writeln!(out, "  rejected {count}: {code}");
    }
    for ((property, reason), count) in &sum.stripped {
        let _ = writeln!(out, "  taken out of {count}: {property} ({reason})");
    }
    if sum.stripped.keys().any(|(_, reason)| reason == "unclassified") {
        let _ = writeln!(
            out,
            "a property without a class is not kept: give it one on the page Gate or by \
             PUT /api/v1/properties/NAME, then import with --again"
        );
    }
}
