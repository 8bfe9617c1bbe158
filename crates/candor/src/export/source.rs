//! Where the pieces of an export come from: the data folder opened here, or the running server of
//! it by its socket, a line of JSON a piece, bytes behind theirs.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};
use candor_catalog::AuditEntry;
use candor_ingest::{Door, Ids};
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc;

use super::piece::{Asked, Piece, Tell};
use super::rows::produce;
use crate::config::Config;
use crate::reach::{Reached, asked_to_end, nobody, reach};
use crate::server::{Server, Tenant};

/// A walk over the store ends where a part of it cannot be read.
const UNREADABLE: &str = "the store cannot be read: what was traced above names the file";

/// Pieces that wait for the one who asked.
const PIECES_WAITING: usize = 4;

/// The longest piece, in bytes: a line of JSON is longer only by the names of all properties.
const PIECE_BYTES_MAX: u64 = 32 << 20;

/// Hands the pieces of an export on until it is whole.
pub fn run(data: &Path, config: Config, asked: &Asked, tell: Tell<'_>) -> anyhow::Result<()> {
    match reach(data, config)? {
        Reached::Here(runtime, server) => {
            let uid = std::fs::metadata("/proc/self").map(|facts| facts.uid()).ok();
            let (tenant, door) = runtime.block_on(admitted(&server, asked, uid))?;
            let work = || produce((&tenant, &door), asked, &|| !asked_to_end(), tell);
            let done = std::thread::scope(|scope| scope.spawn(work).join());
            done.map_err(|_| anyhow::anyhow!("{UNREADABLE}"))?
        }
        Reached::There(_runtime, stream) => receive(stream, asked, tell),
    }
}

/// Writes down who exports what, before anything is read.
async fn admitted(
    server: &Server,
    asked: &Asked,
    uid: Option<u32>,
) -> anyhow::Result<(Arc<Tenant>, Arc<Door>)> {
    let tenant = server.tenant(&asked.account).with_context(|| nobody(&asked.account))?;
    let door = tenant.door().await?.clone();
    let subject = match &asked.person {
        None => "everybody".to_owned(),
        Some(identity) => {
            let identity = Some(identity.clone());
            let ids = Ids { identity, ..Ids::default() };
            door.resolve(&ids).map(|person| person.to_string()).unwrap_or_default()
        }
    };
    let who = uid.map(|uid| format!(", user {uid} of the system")).unwrap_or_default();
    let actor = format!("command line{who}");
    let entry = AuditEntry { at: server.now(), actor, action: "export".to_owned(), subject };
    server.catalog.audit(&tenant.publisher.account_id, &entry).await?;
    Ok((tenant, door))
}

fn receive(mut stream: UnixStream, asked: &Asked, tell: Tell<'_>) -> anyhow::Result<()> {
    let ask = || "ask the running server";
    let line = format!("{}\n", json!({ "export": asked }));
    stream.write_all(line.as_bytes()).with_context(ask)?;
    let mut pieces = BufReader::new(stream);
    loop {
        if asked_to_end() {
            bail!("interrupted; the same command goes on from here");
        }
        let mut line = Vec::new();
        let read = (&mut pieces).take(PIECE_BYTES_MAX).read_until(b'\n', &mut line);
        read.context("read the running server's answer")?;
        if !line.ends_with(b"\n") {
            bail!("the running server ended; the same command goes on from here");
        }
        let piece: serde_json::Value =
            serde_json::from_slice(&line).context("read the running server's answer")?;
        if let Some(error) = piece.get("error").and_then(serde_json::Value::as_str) {
            bail!("{error}");
        }
        let mut piece = serde_json::from_value(piece).context("read the server's answer")?;
        if let Piece::Bytes { bytes, length, .. } = &mut piece {
            bytes.resize((*length).min(PIECE_BYTES_MAX as usize), 0);
            pieces.read_exact(bytes).context("read the running server's answer")?;
        }
        let done = matches!(piece, Piece::Done);
        tell(piece)?;
        if done {
            return Ok(());
        }
    }
}

/// Answers a command that asks the running server for an export.
pub async fn serve(
    server: &Arc<Server>,
    asked: Asked,
    uid: Option<u32>,
    write: &mut (impl AsyncWriteExt + Unpin),
) -> anyhow::Result<()> {
    let (tenant, door) = admitted(server, &asked, uid).await?;
    let (send, mut pieces) = mpsc::channel(PIECES_WAITING);
    let serving = Arc::clone(server);
    // It ends when nobody takes its pieces, or the server ends.
    let work = tokio::task::spawn_blocking(move || {
        let go_on = || !*serving.closing.borrow() && !send.is_closed();
        let sender = send.clone();
        let mut tell = move |piece| {
            let sent = sender.blocking_send(piece);
            sent.map_err(|_| anyhow::anyhow!("nobody takes more"))
        };
        produce((&tenant, &door), &asked, &go_on, &mut tell)
    });
    while let Some(piece) = pieces.recv().await {
        let line = format!("{}\n", serde_json::to_string(&piece)?);
        write.write_all(line.as_bytes()).await?;
        if let Piece::Bytes { bytes, .. } = &piece {
            write.write_all(bytes).await?;
        }
    }
    work.await.context(UNREADABLE)?
}
