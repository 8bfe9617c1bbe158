//! A server of its own on a folder of its own: started, asked, and stopped by its pid.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// How long a server may take to start, also over a long log.
const START_MAX: Duration = Duration::from_secs(120);
/// How long it may take to stop; then it is killed.
const STOP_MAX: Duration = Duration::from_secs(15);
/// How long an answer to a question may take.
const ANSWER_MAX: Duration = Duration::from_secs(60);

/// With what a publisher's senders come.
#[derive(Clone, Default)]
pub struct Credentials {
    pub account: String,
    pub account_token: String,
    pub api_token: String,
}

/// A running server; killed when dropped.
pub struct Server {
    candor: PathBuf,
    pub data: PathBuf,
    pub address: String,
    pub credentials: Credentials,
    child: Child,
}

/// How long a start took.
pub struct Started {
    pub ready: Duration,
    pub answered: Duration,
}

impl Server {
    /// Makes a publisher whose policy keeps everything, and serves it.
    pub async fn start(candor: &Path, data: &Path) -> anyhow::Result<Server> {
        let mut server = Server {
            credentials: create_publisher(candor, data)?,
            candor: candor.to_owned(),
            data: data.to_owned(),
            address: String::new(),
            child: serve(candor, data)?,
        };
        server.wait_ready().await?;
        Ok(server)
    }

    /// Serves a folder that holds a publisher already.
    pub async fn open(
        candor: &Path,
        data: &Path,
        credentials: Credentials,
    ) -> anyhow::Result<(Server, Started)> {
        let started = Instant::now();
        let mut server = Server {
            credentials,
            candor: candor.to_owned(),
            data: data.to_owned(),
            address: String::new(),
            child: serve(candor, data)?,
        };
        server.wait_ready().await?;
        let ready = started.elapsed();
        server.count(YEARS).await?;
        Ok((server, Started { ready, answered: started.elapsed() }))
    }

    /// Kills it without a warning and starts it again.
    pub async fn kill_and_open(mut self) -> anyhow::Result<(Server, Started)> {
        self.child.kill().context("kill the server")?;
        self.child.wait().context("wait for the killed server")?;
        Server::open(&self.candor, &self.data, self.credentials.clone()).await
    }

    async fn wait_ready(&mut self) -> anyhow::Result<()> {
        let started = Instant::now();
        let said = self.child.stdout.take().context("the server's output is read")?;
        // The line comes when it serves; a server that ends closes its output.
        let line = tokio::task::spawn_blocking(move || {
            let mut line = String::new();
            BufReader::new(said).read_line(&mut line).map(|_| line)
        });
        let line =
            tokio::time::timeout(START_MAX, line).await.context("the server's start")???;
        let Some((_, address)) = line.trim().split_once("//") else {
            let why = fs::read_to_string(traces(&self.data)).unwrap_or_default();
            bail!("the server did not start: {why}");
        };
        self.address = address.to_owned();
        while started.elapsed() < START_MAX {
            if self.ask("GET", "/ready", "").await.is_ok_and(|(status, _)| status == 200) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        bail!("the server is not ready after {START_MAX:?}")
    }

    async fn ask(&self, method: &str, path: &str, body: &str) -> anyhow::Result<(u16, String)> {
        let asked = format!(
            "{method} {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            self.credentials.api_token,
            body.len()
        );
        let answer = async {
            let mut stream = TcpStream::connect(&self.address).await?;
            stream.write_all(asked.as_bytes()).await?;
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).await?;
            Ok::<_, std::io::Error>(String::from_utf8_lossy(&answer).into_owned())
        };
        let answer = tokio::time::timeout(ANSWER_MAX, answer).await.context(path.to_owned())??;
        let status = answer.get(9..12).and_then(|status| status.parse().ok());
        let (_, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
        Ok((status.context("an answer has a status")?, body.to_owned()))
    }

    /// How many events a trend counts over so much time.
    pub async fn count(&self, over: Duration) -> anyhow::Result<u64> {
        let (now, over) = (jiff::Timestamp::now(), jiff::SignedDuration::try_from(over)?);
        let (from, to) = (now - over, now + jiff::SignedDuration::from_hours(24));
        let question = json!({
            "event": "*", "measure": "total", "interval": "month",
            "from": from.to_string(), "to": to.to_string(),
        });
        let path = "/api/v1/insights/trend";
        let (status, answer) = self.ask("POST", path, &question.to_string()).await?;
        ensure!(status == 200, "a trend was answered {status}: {answer}");
        let answer: Value = serde_json::from_str(&answer).context("read a trend")?;
        let total = answer["series"][0]["total"].as_f64();
        Ok(total.unwrap_or_default() as u64)
    }

    /// The numbers of `/metrics`, by name, labels left out.
    pub async fn metrics(&self) -> anyhow::Result<BTreeMap<String, u64>> {
        let (_, text) = self.ask("GET", "/metrics", "").await?;
        let read = |line: &str| {
            let (name, value) = line.rsplit_once(' ')?;
            let name = name.split('{').next()?.trim_start_matches("candor_");
            Some((name.to_owned(), value.parse().ok()?))
        };
        Ok(text.lines().filter_map(read).collect())
    }

    /// A line of `/proc/PID/status` in KiB: `VmRSS`, `VmHWM`.
    pub fn memory_kib(&self, name: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
    }

    /// Seconds of processor time since its start, by the name of the thread.
    pub fn cpu_seconds(&self) -> BTreeMap<String, f64> {
        let mut by_name = BTreeMap::new();
        let tasks = fs::read_dir(format!("/proc/{}/task", self.child.id()));
        for task in tasks.into_iter().flatten().flatten() {
            let name = fs::read_to_string(task.path().join("comm")).unwrap_or_default();
            let stat = fs::read_to_string(task.path().join("stat")).unwrap_or_default();
            *by_name.entry(name.trim().to_owned()).or_insert(0.0) += seconds_of(&stat);
        }
        by_name
    }

    /// Bytes of the publishers' folders.
    pub fn parts_bytes(&self) -> u64 {
        bytes_of(&self.data.join("publishers"))
    }

    /// Asks it to stop, and waits for it.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        let pid = Pid::from_raw(self.child.id() as i32).context("a process has a pid")?;
        kill_process(pid, Signal::TERM).context("stop the server")?;
        let asked = Instant::now();
        while asked.elapsed() < STOP_MAX {
            if self.child.try_wait()?.is_some() {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        bail!("the server did not stop within {STOP_MAX:?}")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Longer than any event is old.
pub const YEARS: Duration = Duration::from_secs(4 * 366 * 86_400);

/// Makes a publisher.
pub fn create_publisher(candor: &Path, data: &Path) -> anyhow::Result<Credentials> {
    let made = Command::new(candor)
        .args(["publisher", "create", "--name", "Bench", "--policy", "open", "--data"])
        .arg(data)
        .output()
        .with_context(|| format!("run {}", candor.display()))?;
    ensure!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let made: Value = serde_json::from_slice(&made.stdout).context("read the new publisher")?;
    let text = |name: &str| made[name].as_str().unwrap_or_default().to_owned();
    Ok(Credentials {
        account: text("account_id"),
        account_token: text("account_token"),
        api_token: text("api_token"),
    })
}

fn traces(data: &Path) -> PathBuf {
    data.with_extension("traces")
}

fn serve(candor: &Path, data: &Path) -> anyhow::Result<Child> {
    let errors = File::create(traces(data)).context("make a file for the server's traces")?;
    Command::new(candor)
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(data)
        .stdout(Stdio::piped())
        .stderr(errors)
        .spawn()
        .with_context(|| format!("run {}", candor.display()))
}

/// Bytes of all files below a folder.
pub fn bytes_of(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let of_one = |entry: fs::DirEntry| match entry.metadata() {
        Ok(about) if about.is_dir() => bytes_of(&entry.path()),
        Ok(about) => about.len(),
        Err(_) => 0,
    };
    entries.map(of_one).sum()
}

/// User and system time in a line of `/proc/…/stat`, which counts in hundredths.
pub fn seconds_of(stat: &str) -> f64 {
    // The name in brackets may hold anything; what follows it is numbers.
    let (_, numbers) = stat.rsplit_once(") ").unwrap_or_default();
    let ticks = |place: usize| numbers.split(' ').nth(place)?.parse::<f64>().ok();
    (ticks(11).unwrap_or(0.0) + ticks(12).unwrap_or(0.0)) / 100.0
}
