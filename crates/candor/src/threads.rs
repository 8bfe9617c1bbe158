//! The threads that work beside the ways in: the loader, which follows the log, and the keeper,
//! which writes parts and trims the log behind them.

use std::sync::Arc;
use std::thread::JoinHandle;

use anyhow::Context;
use tokio::runtime::Handle;

use crate::server::Server;

/// How many can work at once.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, Into::into)
}

pub struct Threads([JoinHandle<()>; 2]);

impl Threads {
    pub fn start(server: &Arc<Server>, runtime: &Handle) -> anyhow::Result<Threads> {
        let (loader, keeper) = (Arc::clone(server), Arc::clone(server));
        let (of_loader, of_keeper) = (runtime.clone(), runtime.clone());
        let named = |name: &str| std::thread::Builder::new().name(name.to_owned());
        let started = named("loader").spawn(move || loader.load(&of_loader)).and_then(|loader| {
            Ok([loader, named("keeper").spawn(move || keeper.keep(&of_keeper))?])
        });
        Ok(Threads(started.context("start a thread")?))
    }

    /// Ends both, and writes what they had not written yet; blocks.
    pub fn end(self, server: &Server, runtime: &Handle) {
        server.stop();
        for thread in self.0 {
            let _ = thread.join();
        }
        // The log holds everything; parts make the next start quicker.
        if let Err(error) = server.flush(runtime) {
            tracing::warn!(error = format!("{error:#}"), "the last flush failed; the log has it");
        }
    }
}

/// Waits until the process is asked to end.
pub async fn asked_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => tokio::select! {
            _ = terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        },
        Err(_) => drop(tokio::signal::ctrl_c().await),
    }
}
