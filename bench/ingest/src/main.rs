//! Sends batches of events over kept-alive connections and prints rate and latency as JSON.
//!
//! `bench-ingest ADDRESS API-TOKEN SECONDS CONNECTIONS [EVENTS-PER-SECOND [EVENTS-PER-PERSON]]`

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

const BATCH: u64 = 50;
const NAMES: [&str; 8] = [
    "App Launched",
    "Home Viewed",
    "Product Viewed",
    "Added To Cart",
    "Checkout Started",
    "Charged",
    "Search Performed",
    "Login",
];

fn body(batch: u64, per_person: u64, now_ms: u64) -> String {
    let mut body = String::with_capacity(BATCH as usize * 330);
    body.push_str("{\"records\":[");
    for place in 0..BATCH {
        let number = batch * BATCH + place;
        // People send in turns: the events of one lie far apart, as in life.
        let person = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) % (1 + number / per_person).max(1);
        let name = NAMES[(number % 8) as usize];
        let at = now_ms - (number % 60_000);
        let (price, item) = (number % 9973, number % 4999);
        let comma = if place == 0 { "" } else { "," };
        body.push_str(&format!(
            "{comma}{{\"type\":\"event\",\"identity\":\"user-{person}\",\"guid\":\"__{person:032x}\",\
             \"name\":\"{name}\",\"at\":{at},\"properties\":{{\"country\":\"IN\",\"OS\":\"Android\",\
             \"Version\":\"7.{}.0\",\"plan\":\"gold\",\"Amount\":{price}.25,\"item\":\"sku-{item}\",\
             \"session\":{}}}}}",
            number % 24,
            now_ms / 1000 - number % 900,
        ));
    }
    body.push_str("]}");
    body
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize, other: u64| {
        arguments.get(at).and_then(|text| text.parse().ok()).unwrap_or(other)
    };
    let (Some(address), Some(token)) = (arguments.first(), arguments.get(1)) else {
        let _ = writeln!(std::io::stderr(), "bench-ingest ADDRESS API-TOKEN SECONDS CONNECTIONS");
        std::process::exit(2);
    };
    let (seconds, connections, rate) = (number(2, 10), number(3, 32), number(4, u64::MAX));
    let per_person = number(5, 72);
    let next = AtomicU64::new(0);
    let started = Instant::now();
    let until = started + Duration::from_secs(seconds);
    let now_ms = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let now_ms = now_ms.map_or(0, |since| since.as_millis() as u64);
    let send = || -> std::io::Result<Vec<u64>> {
        let mut stream = BufReader::new(TcpStream::connect(address)?);
        stream.get_ref().set_nodelay(true)?;
        let mut latencies = Vec::new();
        while Instant::now() < until {
            let batch = next.fetch_add(1, Ordering::Relaxed);
            let body = body(batch, per_person, now_ms + started.elapsed().as_millis() as u64);
            // At a given rate a batch has its moment, and lateness counts as latency.
            let mut due = Instant::now();
            if rate != u64::MAX {
                due = started + Duration::from_secs_f64((batch * BATCH) as f64 / rate as f64);
                std::thread::sleep(due.saturating_duration_since(Instant::now()));
            }
            let head = format!(
                "POST /api/v1/events HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n\
                 Content-Length: {}\r\n\r\n",
                body.len()
            );
            stream.get_mut().write_all(&[head.as_bytes(), body.as_bytes()].concat())?;
            let (mut length, mut line) = (0, String::new());
            let mut good = false;
            while line != "\r\n" {
                line.clear();
                stream.read_line(&mut line)?;
                good |= line.starts_with("HTTP/1.1 200");
                if let Some(text) = line.to_lowercase().strip_prefix("content-length:") {
                    length = text.trim().parse().unwrap_or(0);
                }
            }
            let mut answer = vec![0; length];
            stream.read_exact(&mut answer)?;
            if !good {
                return Err(std::io::Error::other(String::from_utf8_lossy(&answer)));
            }
            latencies.push(due.elapsed().as_micros() as u64);
        }
        Ok(latencies)
    };
    let mut latencies: Vec<u64> = Vec::new();
    std::thread::scope(|scope| {
        let senders: Vec<_> = (0..connections).map(|_| scope.spawn(send)).collect();
        for sender in senders {
            match sender.join() {
                Ok(Ok(of_one)) => latencies.extend(of_one),
                Ok(Err(error)) => drop(writeln!(std::io::stderr(), "a sender ended: {error}")),
                Err(_) => {}
            }
        }
    });
    let elapsed = started.elapsed().as_secs_f64();
    latencies.sort_unstable();
    let at = |share: f64| {
        let place = (latencies.len() as f64 * share) as usize;
        latencies
            .get(place.min(latencies.len().saturating_sub(1)))
            .map_or(0.0, |us| *us as f64 / 1e3)
    };
    let events = latencies.len() as u64 * BATCH;
    let answer = serde_json::json!({
        "events": events,
        "events_per_second": events as f64 / elapsed,
        "ms_p50": at(0.5),
        "ms_p99": at(0.99),
        "ms_max": at(1.0),
    });
    let _ = writeln!(std::io::stdout(), "{answer}");
}
