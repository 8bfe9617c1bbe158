//! What was acknowledged is there exactly once, whatever happens to the server or its disk.

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value as Json, json};

use crate::power::Disk;
use crate::server::{Server, bearer, create};

const SENDERS: usize = 4;
const EVENTS: usize = 10;

/// Batches of one question: an answer shows up to 1,000 groups.
const BATCHES_ASKED: usize = 900;

/// Events of a batch lie a second apart, each batch after the one before.
fn second(number: usize, at: usize) -> String {
    let start: jiff::Timestamp = "2026-05-01T00:00:00Z".parse().unwrap();
    let second = start.as_second() + (number * EVENTS + at) as i64;
    jiff::Timestamp::from_second(second).unwrap().to_string()
}

fn batch(number: usize) -> Json {
    let record = |at: usize| {
        json!({"type": "event", "identity": format!("u{}", number % 50), "name": "Sent",
               "id": format!("{number}-{at}"), "at": second(number, at),
               "properties": {"batch": number}})
    };
    json!({"records": (0..EVENTS).map(record).collect::<Vec<_>>()})
}

/// Batches by how many of their events are there.
fn kept(server: &Server, shop: &Json, batches: usize) -> Vec<(usize, f64)> {
    let mut kept = Vec::new();
    for first in (0..batches).step_by(BATCHES_ASKED) {
        let question = json!({"event": "Sent", "from": second(first, 0),
                              "to": second(first + BATCHES_ASKED, 0), "breakdown": "batch",
                              "limit": 1000, "interval": "month"});
        let (status, answer) = server.post("/api/v1/insights/trend", shop, &question);
        assert_eq!(status, 200, "{answer}");
        let series = answer["series"].as_array().unwrap().iter();
        let batch = |series: &Json| {
            let number = series["key"][0].as_u64().unwrap() as usize;
            (number, series["total"].as_f64().unwrap())
        };
        let named = series.filter(|series| !series["key"].as_array().unwrap().is_empty());
        kept.extend(named.map(batch));
    }
    kept
}

/// Sends batches from several sides until the server is gone.
fn send_until_killed(
    server: &Server,
    shop: &Json,
    next: &AtomicUsize,
    acknowledged: &Mutex<BTreeSet<usize>>,
) {
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let body = batch(number).to_string();
        match server.send("POST", "/api/v1/events", &bearer(shop), &body) {
            Some((200, _)) => acknowledged.lock().unwrap().insert(number),
            _ => return,
        };
        // Some come twice, as an SDK that heard no answer sends them.
        if number.is_multiple_of(7) {
            server.send("POST", "/api/v1/events", &bearer(shop), &body);
        }
    }
}

#[test]
fn kills_under_load_lose_nothing_and_double_nothing() {
    killed_under_load(10, Server::start_flushing, || {});
}

#[test]
fn power_cuts_under_load_lose_nothing_and_double_nothing() {
    let disk: OnceCell<Disk> = OnceCell::new();
    let start = |data: &Path| Server::start_on(disk.get_or_init(|| Disk::of(data)), data);
    killed_under_load(6, start, || disk.get().unwrap().lose());
}

/// `KILLS` says how many, or `usual`; `SEED` repeats a run. After each kill comes `after`.
fn killed_under_load(usual: u64, start: impl Fn(&Path) -> Server, after: impl Fn()) {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let kills = number("KILLS").unwrap_or(usual);
    let mut seed = number("SEED").unwrap_or_else(|| u64::from(std::process::id()));
    eprintln!("KILLS={kills} SEED={seed}");
    let data = tempfile::tempdir().unwrap();
    let shop = create(data.path(), &["--name", "Shop", "--policy", "open"]);
    let acknowledged: Mutex<BTreeSet<usize>> = Mutex::default();
    let next = AtomicUsize::new(0);
    for _ in 0..kills {
        let server = start(data.path());
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let moment = Duration::from_millis(10 + (seed >> 33) % 300);
        std::thread::scope(|scope| {
            for _ in 0..SENDERS {
                scope.spawn(|| send_until_killed(&server, &shop, &next, &acknowledged));
            }
            std::thread::sleep(moment);
            server.hang_up();
        });
        server.kill();
        after();
    }
    let acknowledged = acknowledged.into_inner().unwrap();
    let sent = next.into_inner();
    eprintln!("{} batches sent, {} acknowledged", sent, acknowledged.len());
    assert!(acknowledged.len() as u64 > kills, "the load was real: {}", acknowledged.len());
    let server = Server::start(data.path());
    let all = |kept: &[(usize, f64)]| {
        let whole = kept.iter().filter(|(_, events)| *events == EVENTS as f64);
        let whole: BTreeSet<usize> = whole.map(|(number, _)| *number).collect();
        acknowledged.is_subset(&whole)
    };
    let answer = server.eventually(
        |s| json!(kept(s, &shop, sent)),
        |answer| all(&serde_json::from_value::<Vec<_>>(answer.clone()).unwrap()),
    );
    let kept: Vec<(usize, f64)> = serde_json::from_value(answer).unwrap();
    assert!(all(&kept), "every acknowledged batch is there");
    // A batch that was not acknowledged may be there, whole; nothing is there twice or in part.
    assert!(kept.iter().all(|(_, events)| *events == EVENTS as f64), "{kept:?}");
}

#[test]
fn a_full_disk_is_refused_and_recovers_by_itself() {
    let inside = std::env::var_os("FULL_DISK_FOLDER");
    match inside {
        Some(folder) => full_disk(Path::new(&folder)),
        None => in_a_small_disk(),
    }
}

/// Runs this test again where a file system of 3 MiB is mounted.
fn in_a_small_disk() {
    let folder = tempfile::tempdir().unwrap();
    let mount = folder.path().to_str().unwrap();
    let binary = std::env::current_exe().unwrap();
    let script = format!(
        "mount -t tmpfs -o size=3m none {mount} && FULL_DISK_FOLDER={mount} {} --exact \
         durable::a_full_disk_is_refused_and_recovers_by_itself",
        binary.display()
    );
    let unshare = |script: &str| {
        let mut command = std::process::Command::new("unshare");
        command.args(["--user", "--map-root-user", "--mount", "sh", "-c", script]);
        command.status()
    };
    if !unshare("true").is_ok_and(|status| status.success()) {
        eprintln!("SKIP a full disk: this machine does not let us mount in a namespace of our own");
        return;
    }
    assert!(unshare(&script).unwrap().success());
}

fn full_disk(folder: &Path) {
    let data = folder.join("data");
    let shop = create(&data, &["--name", "Shop", "--policy", "open"]);
    let server = Server::start(&data);
    let send = |number: usize| {
        server.send("POST", "/api/v1/events", &bearer(&shop), &batch(number).to_string()).unwrap().0
    };
    assert_eq!(send(0), 200);
    // Another file takes what is left of the disk.
    let hog = folder.join("hog");
    let filled = std::process::Command::new("sh")
        .args(["-c", &format!("head -c 3m /dev/zero > {}", hog.display())])
        .stderr(std::process::Stdio::null())
        .status();
    assert!(filled.is_ok());
    let mut number = 0;
    let refused = loop {
        number += 1;
        match send(number) {
            200 if number < 500 => continue,
            status => break status,
        }
    };
    assert_eq!(refused, 503);
    // What the catalog keeps is refused alike, and the operator can see why.
    let class = json!({"class": "behaviour"}).to_string();
    let classed =
        || server.send("PUT", "/api/v1/properties/colour", &bearer(&shop), &class).unwrap();
    let (status, answer) = classed();
    assert_eq!((status, &answer["code"]), (503, &json!("catalog_unavailable")), "{answer}");
    std::fs::remove_file(&hog).unwrap();
    assert_eq!(send(number), 200, "it recovers by itself");
    assert_eq!(classed().0, 200);
    let whole = |kept: &Json| kept.as_array().unwrap().len() == number + 1;
    let kept = server.eventually(|s| json!(kept(s, &shop, number + 1)), whole);
    assert!(whole(&kept), "{} of {}", kept.as_array().unwrap().len(), number + 1);
}
