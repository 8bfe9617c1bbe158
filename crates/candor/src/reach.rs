//! How a command gets at a data folder: by opening it alone, or by the server that has it open.

use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, bail};
use tokio::runtime::Runtime;

use crate::command;
use crate::config::Config;
use crate::server::Server;
use crate::threads::asked_to_stop;

/// Set once somebody asks the process to end.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Whether someone pressed Ctrl-C or asked the process to end, after [`reach`].
pub fn asked_to_end() -> bool {
    INTERRUPTED.load(Ordering::Relaxed)
}

/// A data folder within reach. The runtime lives as long as signals are to be heard.
pub enum Reached {
    /// Opened by this process alone.
    Here(Runtime, Arc<Server>),
    /// The running server takes commands there.
    There(Runtime, UnixStream),
}

/// Opens the folder, or a way to the server that has it open.
///
/// # Errors
/// Where there is no publisher, or another command has the folder.
pub fn reach(data: &Path, config: Config) -> anyhow::Result<Reached> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .context("start the runtime")?;
    runtime.spawn(async {
        asked_to_stop().await;
        INTERRUPTED.store(true, Ordering::Relaxed);
    });
    if let Ok(stream) = UnixStream::connect(command::socket(data)) {
        return Ok(Reached::There(runtime, stream));
    }
    if !crate::server::catalog_file(data).exists() {
        bail!("{} holds no publisher: make one with candor publisher create", data.display());
    }
    let server = runtime.block_on(Server::open(data, config))?;
    Ok(Reached::Here(runtime, server))
}

/// What is said where an account id is nobody's.
pub fn nobody(account: &str) -> String {
    format!("no publisher here has the account id {account:?}")
}
