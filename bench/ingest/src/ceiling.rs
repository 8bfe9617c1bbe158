//! A server that reads a body, parses it and answers 200: what no way in can be faster than.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};

use anyhow::Context;
use axum::Router;
use axum::body::Bytes;
use axum::routing::post;

/// The ceiling in a process of its own, so that the sender's processor time is the sender's alone.
pub struct Ceiling {
    pub address: String,
    child: Child,
}

/// The argument that makes this binary the ceiling.
pub const ARGUMENT: &str = "parse-only";

impl Ceiling {
    pub fn start() -> anyhow::Result<Ceiling> {
        let own = std::env::current_exe().context("find this binary")?;
        let mut child = Command::new(own).arg(ARGUMENT).stdout(Stdio::piped()).spawn()?;
        let said = child.stdout.take();
        let mut ceiling = Ceiling { address: String::new(), child };
        let said = said.context("the output of the parse-only server is read")?;
        BufReader::new(said).read_line(&mut ceiling.address)?;
        ceiling.address.truncate(ceiling.address.trim_end().len());
        Ok(ceiling)
    }
}

impl Drop for Ceiling {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Serves until it is killed.
pub fn serve() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let router = Router::new().route("/api/v1/events", post(parse)).route("/a1", post(parse));
        let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        writeln!(std::io::stdout(), "{}", socket.local_addr()?)?;
        axum::serve(socket, router).await.context("serve")
    })
}

async fn parse(body: Bytes) -> Result<&'static str, axum::http::StatusCode> {
    match serde_json::from_slice::<serde_json::Value>(&body) {
        Ok(_) => Ok("{}"),
        Err(_) => Err(axum::http::StatusCode::BAD_REQUEST),
    }
}
