//! Measures how much the server takes in, and prints one JSON object for each step.
//!
//! `bench-ingest CANDOR FOLDER [NAME=NUMBER|generated=DIR|STEP]…`; `run` builds what it needs and
//! calls it. README.md says what each figure means.

mod bodies;
mod ceiling;
mod machine;
mod people;
mod random;
mod sender;
mod server;
mod steps;

use std::path::PathBuf;

use anyhow::{Context, bail};
use tokio::signal::unix::{SignalKind, signal};

use crate::bodies::Way;
use crate::steps::{Plan, tell};

const STEPS: [&str; 5] = ["events", "mobile", "identities", "soak", "import"];

/// What the product promises on two cores, in records a second.
const EVENTS_REQUIRED: u64 = 100_000;
const MOBILE_REQUIRED: u64 = 50_000;
const IDENTITIES_REQUIRED: u64 = 10_000;

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let first = arguments.next().context("the first argument is the candor binary")?;
    if first == ceiling::ARGUMENT {
        return ceiling::serve();
    }
    let folder = arguments.next().context("the second argument is an empty folder")?;
    let mut plan = Plan {
        candor: PathBuf::from(first),
        folder: PathBuf::from(folder),
        connections: 32,
        seconds: 8,
        soak_seconds: 30,
        soak_rate: EVENTS_REQUIRED / 2,
        sample_seconds: 30,
        generated: None,
    };
    let mut steps = Vec::new();
    for argument in arguments {
        match argument.split_once('=') {
            Some(("generated", folder)) => plan.generated = Some(PathBuf::from(folder)),
            Some((name, number)) => set(&mut plan, name, number)?,
            None if STEPS.contains(&argument.as_str()) => steps.push(argument),
            None => bail!("{argument:?} is not one of the steps {STEPS:?}"),
        }
    }
    if steps.is_empty() {
        steps = STEPS.map(str::to_owned).to_vec();
    }
    // One thread: the sender shares the cores with the server.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(tokio::task::LocalSet::new().run_until(async {
        // Whoever ends this early leaves no server behind: it is killed when it is dropped.
        let mut terminate = signal(SignalKind::terminate())?;
        tokio::select! {
            done = run(&plan, &steps) => done,
            _ = terminate.recv() => bail!("asked to stop"),
            _ = tokio::signal::ctrl_c() => bail!("asked to stop"),
        }
    }))
}

fn set(plan: &mut Plan, name: &str, number: &str) -> anyhow::Result<()> {
    let number: u64 = number.parse().with_context(|| format!("{name} is a number"))?;
    match name {
        "connections" => plan.connections = number as usize,
        "seconds" => plan.seconds = number,
        "soak-seconds" => plan.soak_seconds = number,
        "soak-rate" => plan.soak_rate = number,
        "sample-seconds" => plan.sample_seconds = number,
        _ => bail!("there is no setting {name:?}"),
    }
    Ok(())
}

async fn run(plan: &Plan, steps: &[String]) -> anyhow::Result<()> {
    tell(&machine::machine());
    tell(&machine::sync(&plan.folder)?);
    for step in steps {
        match step.as_str() {
            "events" => plan.way_in("events", Way::Events, EVENTS_REQUIRED).await,
            "mobile" => plan.way_in("mobile", Way::Mobile, MOBILE_REQUIRED).await,
            "identities" => plan.identities(IDENTITIES_REQUIRED).await,
            "soak" => plan.soak().await,
            _ => plan.import().await,
        }
        .with_context(|| format!("step {step}"))?;
    }
    Ok(())
}
