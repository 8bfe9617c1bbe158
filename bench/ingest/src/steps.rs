//! What is measured, one after the other; each prints lines of JSON.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use serde_json::{Value, json};

use crate::bodies::{Bodies, Way};
use crate::ceiling::Ceiling;
use crate::machine::rounded;
use crate::sender::{Load, Sent, send};
use crate::server::{Credentials, Server, Started, YEARS, bytes_of, create_publisher};

/// What the product wants to hold: bytes for each event in memory, beside what it needs anyway.
const BYTES_PER_EVENT: u64 = 20;
const BYTES_ANYWAY: u64 = 512 << 20;

/// Events a second on two cores are fewer than this: for so many the people are drawn beforehand.
const PER_SECOND_MAX: u64 = 250_000;

/// How long all that was sent may take to be in answers.
const VISIBLE_MAX: Duration = Duration::from_secs(180);
/// How long an import may take.
const IMPORT_MAX: Duration = Duration::from_secs(1200);

/// What to measure and for how long.
pub struct Plan {
    pub candor: PathBuf,
    pub folder: PathBuf,
    pub connections: usize,
    /// Of a step.
    pub seconds: u64,
    pub soak_seconds: u64,
    pub soak_rate: u64,
    pub sample_seconds: u64,
    /// Generated Parquet files.
    pub generated: Option<PathBuf>,
}

/// Prints a step's figures.
pub fn tell(figures: &Value) {
    let _ = writeln!(std::io::stdout(), "{figures}");
}

impl Plan {
    fn load(&self, rate: Option<u64>) -> Load {
        let time = Duration::from_secs(self.seconds);
        Load { connections: self.connections, time, rate }
    }

    fn bodies(&self, way: Way, credentials: &Credentials) -> Bodies {
        Bodies::new(way, credentials, self.seconds * PER_SECOND_MAX)
    }

    async fn server(&self, name: &str) -> anyhow::Result<Server> {
        Server::start(&self.candor, &self.folder.join(name)).await
    }

    /// A way in: the parse-only ceiling, then the server as fast as it goes, then at a rate.
    pub async fn way_in(&self, name: &str, way: Way, rate: u64) -> anyhow::Result<()> {
        let ceiling = Ceiling::start()?;
        let bodies = self.bodies(way, &Credentials::default());
        let load = Load { time: Duration::from_secs(self.seconds.min(5)), ..self.load(None) };
        let (sent, _) = send(&ceiling.address, bodies, load, &Cell::new(0)).await?;
        drop(ceiling);
        let highest = sent.per_second();
        tell(&with(json!({"step": format!("{name}: parse only")}), [of_sender(&sent, &load)]));

        let server = self.server(name).await?;
        let bodies = self.bodies(way, &server.credentials);
        let load = self.load(None);
        let (sent, bodies, mut figures) = self.measured(&server, bodies, load).await?;
        figures["step"] = json!(format!("{name}: as fast as answers come"));
        figures["of_parse_only"] = json!(rounded(sent.per_second() / highest));
        tell(&figures);
        let (_, _, mut figures) = self.measured(&server, bodies, self.load(Some(rate))).await?;
        figures["step"] = json!(format!("{name}: at {rate} a second"));
        tell(&figures);
        server.stop().await
    }

    /// Nobody comes twice.
    pub async fn identities(&self, rate: u64) -> anyhow::Result<()> {
        let server = self.server("identities").await?;
        let bodies = self.bodies(Way::Identities, &server.credentials);
        let (_, _, mut figures) = self.measured(&server, bodies, self.load(Some(rate))).await?;
        figures["step"] = json!(format!("new identities: at {rate} a second"));
        tell(&figures);
        server.stop().await
    }

    /// Sends, waits until all is in answers, and says what it took.
    async fn measured(
        &self,
        server: &Server,
        bodies: Bodies,
        load: Load,
    ) -> anyhow::Result<(Sent, Bodies, Value)> {
        let before = Before::of(server, &bodies).await?;
        let (sent, bodies) = send(&server.address, bodies, load, &Cell::new(0)).await?;
        let figures = with(
            of_sender(&sent, &load),
            [
                before.of_server(server, &sent).await?,
                json!({"people": bodies.people() - before.people}),
            ],
        );
        Ok((sent, bodies, figures))
    }

    /// Half the required rate for long, then a kill and a start.
    pub async fn soak(&self) -> anyhow::Result<()> {
        let server = self.server("soak").await?;
        let events = self.soak_rate * self.soak_seconds;
        let bodies = Bodies::new(Way::Events, &server.credentials, events);
        let time = Duration::from_secs(self.soak_seconds);
        let load = Load { connections: self.connections, time, rate: Some(self.soak_rate) };
        let before = Before::of(&server, &bodies).await?;
        let (told, started) = (Cell::new(0), Instant::now());
        let sampled = async {
            let every = Duration::from_secs(self.sample_seconds);
            let mut at = every;
            while at < time {
                tokio::time::sleep_until((started + at).into()).await;
                let mut sample = memory(&server, server.metrics().await?["store_events"]);
                sample["step"] = json!("soak");
                sample["after_seconds"] = json!(at.as_secs());
                sample["events_sent"] = json!(told.get());
                tell(&sample);
                at += every;
            }
            Ok::<_, anyhow::Error>(())
        };
        let (sent, sampled) = tokio::join!(send(&server.address, bodies, load, &told), sampled);
        let (sent, bodies) = sent?;
        sampled?;
        let figures = with(
            json!({"step": format!("soak: {} s at {} a second", self.soak_seconds, self.soak_rate)}),
            [
                of_sender(&sent, &load),
                before.of_server(&server, &sent).await?,
                memory(&server, server.metrics().await?["store_events"]),
                json!({"people": bodies.people(), "parts_bytes": server.parts_bytes()}),
            ],
        );
        tell(&figures);
        restart("restart after the soak", server).await
    }

    /// `candor import` of the generator's set, and a start over it.
    pub async fn import(&self) -> anyhow::Result<()> {
        let skip = |why: &str| {
            let _ = writeln!(std::io::stdout(), "SKIP import: {why}");
            Ok(())
        };
        let Some(generated) = &self.generated else {
            return skip("there is no generated set (bench/generator/generate)");
        };
        let help = Command::new(&self.candor).args(["import", "--help"]).output()?;
        if !help.status.success() {
            return skip("this candor has no command import");
        }
        let data = self.folder.join("import");
        let credentials = create_publisher(&self.candor, &data)?;
        let (files, rows) = files_of(generated)?;
        let started = Instant::now();
        let mut import = Command::new(&self.candor)
            .args(["import", "--map", "identity=distinct_id,time=ts"])
            .args(["--account", &credentials.account, "--data"])
            .arg(&data)
            .args(&files)
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(self.folder.join("import.traces"))?)
            .spawn()?;
        let status = loop {
            if let Some(status) = import.try_wait()? {
                break status;
            }
            if started.elapsed() > IMPORT_MAX {
                import.kill()?;
                import.wait()?;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        };
        let seconds = started.elapsed().as_secs_f64();
        let said = std::fs::read_to_string(self.folder.join("import.traces")).unwrap_or_default();
        ensure!(status.success(), "candor import ended with {status}: {said}");
        let (server, first) = Server::open(&self.candor, &data, credentials).await?;
        tell(&json!({
            "step": "import", "rows": rows, "seconds": rounded(seconds),
            "rows_per_second": (rows as f64 / seconds) as u64,
            "bytes_per_event_on_disk": rounded(bytes_of(&data) as f64 / rows as f64),
            "bytes_per_event_in_parts": rounded(server.parts_bytes() as f64 / rows as f64),
            "bytes_of_files": files.iter().filter_map(|f| f.metadata().ok()).map(|f| f.len()).sum::<u64>(),
            "events_in_answers": server.count(YEARS).await?,
            "first_start_ms": rounded(first.answered.as_secs_f64() * 1e3),
        }));
        restart("restart after the import", server).await
    }
}

/// Kills the server, starts it again, and asks it.
async fn restart(name: &str, server: Server) -> anyhow::Result<()> {
    let (server, Started { ready, answered }) = server.kill_and_open().await?;
    let events = server.metrics().await?["store_events"];
    let figures = json!({
        "step": name,
        "ready_ms": rounded(ready.as_secs_f64() * 1e3),
        "answered_ms": rounded(answered.as_secs_f64() * 1e3),
        "server_cpu_seconds": rounded(server.cpu_seconds().values().sum()),
        "events_in_answers": server.count(YEARS).await?,
    });
    tell(&with(figures, [memory(&server, events)]));
    server.stop().await
}

/// How a server was before it was sent something.
struct Before {
    log_end: u64,
    counted: u64,
    cpu: BTreeMap<String, f64>,
    people: u64,
}

impl Before {
    async fn of(server: &Server, bodies: &Bodies) -> anyhow::Result<Before> {
        Ok(Before {
            log_end: server.metrics().await?["log_end_offset"],
            counted: server.count(YEARS).await?,
            cpu: server.cpu_seconds(),
            people: bodies.people(),
        })
    }

    /// Waits until all that was sent is in answers.
    async fn of_server(&self, server: &Server, sent: &Sent) -> anyhow::Result<Value> {
        let last = sent.last.context("something was sent")?;
        let cpu = server.cpu_seconds();
        let end = server.metrics().await?["log_end_offset"];
        let mut seen = None;
        while last.elapsed() < VISIBLE_MAX && seen.is_none() {
            if server.metrics().await?["store_applied_offset"] >= end {
                seen = Some(rounded(last.elapsed().as_secs_f64() * 1e3));
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let cpu_in_the_end = server.cpu_seconds();
        let counted = server.count(YEARS).await? - self.counted;
        let used = |at: &BTreeMap<String, f64>, each: f64| {
            let of_one = |(name, seconds): (&String, &f64)| {
                let used = seconds - self.cpu.get(name).unwrap_or(&0.0);
                (name.clone(), json!(rounded(used / each)))
            };
            at.iter().map(of_one).collect::<serde_json::Map<_, _>>()
        };
        Ok(json!({
            "log_bytes_per_record": rounded((end - self.log_end) as f64 / sent.records as f64),
            "visible_after_ms": seen,
            "events_sent": sent.events,
            "events_in_answers": counted,
            "server_cores": used(&cpu, sent.seconds),
            "server_us_per_record": used(&cpu_in_the_end, sent.records as f64 / 1e6),
            "rss_mib": server.memory_kib("VmRSS") / 1024,
        }))
    }
}

fn of_sender(sent: &Sent, load: &Load) -> Value {
    json!({
        "connections": load.connections,
        "seconds": rounded(sent.seconds),
        "records": sent.records,
        "records_per_second": sent.per_second() as u64,
        "ms_p50": sent.ms(0.5),
        "ms_p99": sent.ms(0.99),
        "ms_max": sent.ms(1.0),
        "sender_cores": rounded(sent.cpu_seconds / sent.seconds),
    })
}

fn memory(server: &Server, events: u64) -> Value {
    let (rss, peak) = (server.memory_kib("VmRSS"), server.memory_kib("VmHWM"));
    let bound = BYTES_ANYWAY + BYTES_PER_EVENT * events;
    json!({
        "rss_mib": rss / 1024,
        "rss_peak_mib": peak / 1024,
        "events_resident": events,
        "bound_mib": bound >> 20,
        "holds": rss * 1024 <= bound,
    })
}

/// The Parquet files of a generated set, and how many rows they hold.
fn files_of(generated: &Path) -> anyhow::Result<(Vec<PathBuf>, u64)> {
    let entries = std::fs::read_dir(generated).context("read the generated set")?;
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "parquet"));
    files.sort();
    let meta = std::fs::read_to_string(generated.join("meta.json")).context("read meta.json")?;
    let meta: Value = serde_json::from_str(&meta).context("read meta.json")?;
    Ok((files, meta["events"].as_u64().context("meta.json says how many events")?))
}

/// Figures with the fields of others.
fn with(mut figures: Value, more: impl IntoIterator<Item = Value>) -> Value {
    if let Value::Object(fields) = &mut figures {
        for other in more {
            if let Value::Object(other) = other {
                fields.extend(other);
            }
        }
    }
    figures
}
