//! Sends requests over kept-alive connections from one thread, and measures what comes back.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::bodies::{BATCH, Bodies};
use crate::server::seconds_of;

/// How long one answer may take before the run ends with an error.
const ANSWER_MAX: Duration = Duration::from_secs(20);

/// How long a run at a rate may take, for each second that it was to take.
const LATE_MAX: Duration = Duration::from_secs(2);

/// How to send.
#[derive(Clone, Copy)]
pub struct Load {
    pub connections: usize,
    pub time: Duration,
    /// Records a second; none: as fast as answers come.
    pub rate: Option<u64>,
}

/// What was sent, and what came back.
#[derive(Default)]
pub struct Sent {
    pub records: u64,
    pub events: u64,
    /// Of each request, in microseconds.
    latencies: Vec<u32>,
    pub seconds: f64,
    /// Processor time of this process: writing requests, sending, reading.
    pub cpu_seconds: f64,
    /// When the last answer came.
    pub last: Option<Instant>,
}

impl Sent {
    pub fn per_second(&self) -> f64 {
        self.records as f64 / self.seconds
    }

    /// Within how many milliseconds a share of requests was answered.
    pub fn ms(&self, share: f64) -> f64 {
        let last = self.latencies.len().saturating_sub(1);
        let place = ((self.latencies.len() as f64 * share) as usize).min(last);
        self.latencies.get(place).map_or(0.0, |us| f64::from(*us) / 1e3)
    }
}

/// What the connections share.
struct Shared {
    bodies: Bodies,
    load: Load,
    started: Instant,
    next: u64,
    sent: Sent,
}

/// Sends until the time is over; the number of events so far is told to `told`.
///
/// # Errors
/// An answer that is not 200, or that does not take every record.
pub async fn send(
    address: &str,
    bodies: Bodies,
    load: Load,
    told: &std::cell::Cell<u64>,
) -> anyhow::Result<(Sent, Bodies)> {
    let started = Instant::now();
    let shared = Shared { bodies, load, started, next: 0, sent: Sent::default() };
    let shared = Rc::new(RefCell::new(shared));
    let cpu = own_cpu_seconds();
    let mut connections = Vec::new();
    for _ in 0..load.connections {
        let stream = TcpStream::connect(address).await.context("connect to the server")?;
        stream.set_nodelay(true)?;
        connections.push(tokio::task::spawn_local(connection(stream, shared.clone())));
    }
    while connections.iter().any(|connection| !connection.is_finished()) {
        tokio::time::sleep(Duration::from_millis(5)).await;
        told.set(shared.borrow().sent.events);
    }
    for connection in connections {
        connection.await.context("a connection ended")??;
    }
    let shared = Rc::into_inner(shared).context("all connections ended")?.into_inner();
    let mut sent = shared.sent;
    told.set(sent.events);
    sent.seconds = sent.last.map_or(0.0, |last| (last - started).as_secs_f64());
    sent.cpu_seconds = own_cpu_seconds() - cpu;
    sent.latencies.sort_unstable();
    Ok((sent, shared.bodies))
}

async fn connection(mut stream: TcpStream, shared: Rc<RefCell<Shared>>) -> anyhow::Result<()> {
    let (mut request, mut answer) = (Vec::with_capacity(32 << 10), vec![0; 16 << 10]);
    loop {
        let due = {
            let mut shared = shared.borrow_mut();
            let number = shared.next;
            shared.next += 1;
            // At a given rate a request has its moment, and lateness counts as latency.
            let after = shared.load.rate.map(|rate| (number * BATCH) as f64 / rate as f64);
            let due = after.map(|after| shared.started + Duration::from_secs_f64(after));
            // Who cannot keep up with a rate is late, but not for ever.
            let time = shared.load.time;
            let over = due.unwrap_or_else(Instant::now) >= shared.started + time;
            if over || shared.started.elapsed() >= LATE_MAX * time.as_secs() as u32 {
                return Ok(());
            }
            due
        };
        if let Some(due) = due {
            tokio::time::sleep_until(due.into()).await;
        }
        let events = shared.borrow_mut().bodies.next(&mut request, now_ms());
        // Without a rate the clock starts once the request is written down.
        let due = due.unwrap_or_else(Instant::now);
        let answered = tokio::time::timeout(ANSWER_MAX, async {
            stream.write_all(&request).await?;
            read(&mut stream, &mut answer).await
        });
        answered.await.context("an answer did not come in time")??;
        let last = Instant::now();
        let sent = &mut shared.borrow_mut().sent;
        sent.latencies.push((last - due).as_micros() as u32);
        sent.records += BATCH;
        sent.events += events;
        sent.last = sent.last.max(Some(last));
    }
}

/// Reads one answer, which must be 200 and must refuse nothing.
async fn read(stream: &mut TcpStream, answer: &mut [u8]) -> anyhow::Result<()> {
    let (mut filled, mut wanted) = (0, usize::MAX);
    while filled < wanted {
        let more = stream.read(&mut answer[filled..]).await?;
        filled += more;
        if more == 0 {
            bail!("the server left, or its answer is larger than {} bytes", answer.len());
        }
        if wanted == usize::MAX
            && let Some(end) = answer[..filled].windows(4).position(|four| four == b"\r\n\r\n")
        {
            let head = String::from_utf8_lossy(&answer[..end]).to_lowercase();
            let (_, length) = head.split_once("content-length:").context("no length")?;
            let length = length.lines().next().unwrap_or_default().trim();
            wanted = end + 4 + length.parse::<usize>()?;
        }
    }
    let text = &answer[..filled];
    let refuses = |part: &[u8]| text.windows(part.len()).any(|window| window == part);
    if !text.starts_with(b"HTTP/1.1 200") || refuses(b"\"code\"") || refuses(b"\"reason\"") {
        bail!("a request was answered {}", String::from_utf8_lossy(text));
    }
    Ok(())
}

fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| since.as_millis() as u64)
}

fn own_cpu_seconds() -> f64 {
    seconds_of(&std::fs::read_to_string("/proc/self/stat").unwrap_or_default())
}
