//! The binary under test, and the smallest client that it needs.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value as Json;

use crate::described;
use crate::power::Disk;

pub const BINARY: &str = env!("CARGO_BIN_EXE_candor");

/// A server that ends with the test.
pub struct Server {
    child: Child,
    address: String,
    lines: Option<BufReader<ChildStdout>>,
}

/// A publisher's ids and secrets, as `publisher create` prints them.
pub fn create(data: &Path, more: &[&str]) -> Json {
    let output = run(&[&["publisher", "create", "--data", data.to_str().unwrap()], more].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

pub fn run(arguments: &[&str]) -> Output {
    Command::new(BINARY).args(arguments).output().unwrap()
}

impl Server {
    pub fn start(data: &Path) -> Server {
        Server::start_with(data, "warn", Stdio::null())
    }

    /// With settings of its own.
    pub fn start_configured(data: &Path, settings: &str) -> Server {
        let file = data.join("settings.toml");
        std::fs::write(&file, settings).unwrap();
        let (data, file) = (data.to_str().unwrap(), file.to_str().unwrap());
        Server::run(&["serve", "--data", data, "--config", file], "warn", Stdio::null())
    }

    /// Traces everything to a file.
    pub fn start_traced(data: &Path, trace: &Path) -> Server {
        let trace = std::fs::File::create(trace).unwrap();
        Server::start_with(data, "trace", trace.into())
    }

    /// Writes parts as often as it can, so that a kill meets every state of the files.
    pub fn start_flushing(data: &Path) -> Server {
        let folder = data.to_str().unwrap();
        let settings =
            [("CANDOR_STORE__FLUSH_ROWS", "20"), ("CANDOR_LOG__FILE_BYTES_MAX", "65536")];
        Server::run_with(&["serve", "--data", folder], "warn", Stdio::null(), &settings)
    }

    /// On a disk that can lose its power; parts are written as often as can be.
    pub fn start_on(disk: &Disk, data: &Path) -> Server {
        let folder = data.to_str().unwrap();
        let layer = disk.layer();
        let mut settings =
            vec![("CANDOR_STORE__FLUSH_ROWS", "20"), ("CANDOR_LOG__FILE_BYTES_MAX", "65536")];
        settings.extend(layer.iter().map(|(name, value)| (*name, value.as_str())));
        Server::run_with(&["serve", "--data", folder], "warn", Stdio::null(), &settings)
    }

    fn start_with(data: &Path, level: &str, errors: Stdio) -> Server {
        Server::run(&["serve", "--data", data.to_str().unwrap()], level, errors)
    }

    /// A small demo with its log-in.
    pub fn demo(data: &Path) -> (Server, Json) {
        let folder = data.to_str().unwrap();
        let small = ["demo", "--data", folder, "--people", "300", "--days", "10"];
        let mut server = Server::run(&small, "warn", Stdio::null());
        let mut token = String::new();
        let mut lines = server.lines.take().unwrap();
        while !token.starts_with("api token") {
            token.clear();
            lines.read_line(&mut token).unwrap();
        }
        let token = token.split_whitespace().last().unwrap();
        server.lines = Some(lines);
        (server, serde_json::json!({ "api_token": token }))
    }

    fn run(line: &[&str], level: &str, errors: Stdio) -> Server {
        Server::run_with(line, level, errors, &[])
    }

    fn run_with(line: &[&str], level: &str, errors: Stdio, settings: &[(&str, &str)]) -> Server {
        let mut child = Command::new(BINARY)
            .args(line)
            .args(["--listen", "127.0.0.1:0"])
            .env("CANDOR_TRACE", level)
            .envs(settings.iter().copied())
            .stdout(Stdio::piped())
            .stderr(errors)
            .spawn()
            .unwrap();
        let mut first = String::new();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        lines.read_line(&mut first).unwrap();
        let address = first.trim().rsplit('/').next().unwrap().to_owned();
        assert!(address.contains(':'), "the server did not start: {first:?}");
        Server { child, address, lines: Some(lines) }
    }

    /// Where it listens, as host and port.
    pub fn address(&self) -> &str {
        &self.address
    }

    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// kill -9 while others still send.
    pub fn hang_up(&self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-KILL", &pid]).status().unwrap().success());
    }

    /// SIGTERM; the exit status.
    pub fn stop(mut self) -> Option<i32> {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        self.child.wait().unwrap().code()
    }

    /// Waits until it ends by itself; the exit status.
    pub fn ended(mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }

    /// Status and body; none when the connection broke.
    pub fn send(&self, method: &str, path: &str, token: &str, body: &str) -> Option<(u16, Json)> {
        let mut stream = TcpStream::connect(&self.address).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let length = body.len();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n{token}\
             Content-Length: {length}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).ok()?;
        // The server may answer before it has read all.
        let _ = stream.write_all(body.as_bytes());
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let text = String::from_utf8_lossy(&answer).into_owned();
        let (head, body) = text.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        let answer = serde_json::from_str(body).unwrap_or(Json::String(body.to_owned()));
        described::check(method, path, status, &answer);
        Some((status, answer))
    }

    pub fn post(&self, path: &str, publisher: &Json, body: &Json) -> (u16, Json) {
        self.send("POST", path, &bearer(publisher), &body.to_string()).unwrap()
    }

    pub fn get(&self, path: &str, publisher: &Json) -> (u16, Json) {
        self.send("GET", path, &bearer(publisher), "").unwrap()
    }

    /// Asks again until the answer is as it should be: what is acknowledged is visible in 1 s.
    pub fn eventually(&self, what: impl Fn(&Server) -> Json, good: impl Fn(&Json) -> bool) -> Json {
        let started = Instant::now();
        loop {
            let answer = what(self);
            // Longer than the promise: a loaded machine must not fail a test.
            if good(&answer) || started.elapsed() > Duration::from_secs(20) {
                return answer;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn bearer(publisher: &Json) -> String {
    format!("Authorization: Bearer {}\r\n", publisher["api_token"].as_str().unwrap())
}
