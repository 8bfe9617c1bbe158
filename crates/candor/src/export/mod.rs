//! `candor export`: what a publisher owns as Parquet and JSON lines, that `candor import` takes.
//!
//! `walk` goes over one picture of the store, `rows` writes each file as a `table` of `columns`;
//! `source` is the way from there, in this process or from the running server, as `piece`s, and
//! `folder` is where they become files. What is in memory beside the store is some thousand rows.

mod columns;
mod folder;
mod piece;
mod rows;
mod source;
mod table;
mod walk;

use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::bar::Bar;
use crate::config::Config;
use crate::import::Stopped;
use folder::Folder;
pub use piece::Asked;
use piece::Piece;
pub use source::serve;

/// How often the bar moves.
const TOLD_EVERY: Duration = Duration::from_millis(500);

/// What to export, and where to.
#[derive(clap::Args)]
pub struct Export {
    /// The data folder, of a running server or not.
    #[arg(long)]
    data: PathBuf,
    /// The operator's settings, where no server has the folder open.
    #[arg(long)]
    config: Option<PathBuf>,
    /// The account id of the publisher whose people and events these are.
    #[arg(long)]
    account: String,
    /// Only the person of this identity.
    #[arg(long)]
    person: Option<String>,
    /// Where the files go: an empty folder, made when missing, or the one of an export that was
    /// interrupted.
    #[arg(long)]
    to: PathBuf,
    /// One of the two forms alone.
    #[arg(long, value_enum)]
    format: Option<Format>,
}

/// What files are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Apache Parquet.
    Parquet,
    /// A JSON object a line.
    Jsonl,
}

impl Format {
    fn ending(self) -> &'static str {
        match self {
            Format::Parquet => "parquet",
            Format::Jsonl => "jsonl",
        }
    }
}

/// Writes the files; all of them are whole when this returns.
pub fn export(asked: &Export) -> Result<(), Stopped> {
    let config = Config::of_process(asked.config.as_deref()).map_err(Stopped::Usage)?;
    let person = asked.person.as_deref();
    let mut folder = Folder::take(&asked.to, &asked.account, person).map_err(Stopped::Usage)?;
    let wanted = Asked {
        account: asked.account.clone(),
        person: asked.person.clone(),
        formats: asked.format.map_or(vec![Format::Parquet, Format::Jsonl], |one| vec![one]),
        had: folder.had(),
    };
    let (forms, began_before) = (wanted.formats.len() as u64, wanted.had.is_some());
    let started = Instant::now();
    let mut sum: Option<(u64, u64)> = None;
    let mut bar: Option<Bar> = None;
    let mut told = Instant::now();
    let mut tell = |piece: Piece| {
        match &piece {
            Piece::Plan(plan) => {
                sum = Some((plan.people, plan.events));
                if began_before && !plan.goes_on {
                    let mut out = std::io::stderr();
                    let _ = writeln!(out, "something changed since: the export begins again");
                }
                let all = Some((plan.people + plan.events) * forms);
                bar = Some(Bar::new("export", all, started));
            }
            Piece::Bytes { rows, .. } if told.elapsed() >= TOLD_EVERY => {
                told = Instant::now();
                bar.iter_mut().for_each(|bar| {
                    bar.at(*rows, *rows);
                    bar.draw();
                });
            }
            _ => {}
        }
        folder.put(piece)
    };
    let done = source::run(&asked.data, config, &wanted, &mut tell);
    bar.iter().for_each(Bar::end);
    match (done, sum) {
        (Ok(()), Some((people, events))) => {
            let (seconds, bytes) = (started.elapsed().as_secs_f64(), folder.bytes());
            let to = asked.to.display();
            let mut out = std::io::stdout();
            let _ = writeln!(
                out,
                "{people} people and {events} events in {seconds:.1} s: {bytes} bytes in {to}"
            );
            Ok(())
        }
        // Before the plan nothing was written.
        (Err(error), None) => Err(Stopped::Usage(error)),
        (Err(error), Some(_)) => Err(Stopped::Work(error)),
        (Ok(()), None) => Ok(()),
    }
}
