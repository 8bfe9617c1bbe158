//! What was acknowledged is there exactly once, whatever happens to the server or its disk.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value as Json, json};

use crate::server::{Server, bearer, create};

const SENDERS: usize = 4;

/// As many as one answer shows.
const BATCHES_MAX: usize = 990;

fn batch(number: usize) -> Json {
    let record = |at: usize| {
        let second = (number * 10 + at) % 86_400;
        let at =
            format!("2026-11-02T{:02}:{:02}:{:02}Z", second / 3600, second / 60 % 60, second % 60);
        json!({"type": "event", "identity": format!("u{}", number % 50), "name": "Sent",
               "id": format!("{number}-{at}"), "at": at, "properties": {"batch": number}})
    };
    json!({"records": (0..10).map(record).collect::<Vec<_>>()})
}

/// Batches by how many of their events are there.
fn kept(server: &Server, shop: &Json) -> Vec<(usize, f64)> {
    let question = json!({"event": "Sent", "from": "2026-11-01", "to": "2026-11-10",
                          "breakdown": "batch", "limit": 1000, "interval": "month"});
    let (status, answer) = server.post("/api/v1/insights/trend", shop, &question);
    assert_eq!(status, 200, "{answer}");
    let series = answer["series"].as_array().unwrap().iter();
    let batch = |series: &Json| {
        let number = series["key"][0].as_u64().unwrap() as usize;
        (number, series["total"].as_f64().unwrap())
    };
    series.filter(|series| !series["key"].as_array().unwrap().is_empty()).map(batch).collect()
}

#[test]
fn ten_kills_under_load_lose_nothing_and_double_nothing() {
    let data = tempfile::tempdir().unwrap();
    let shop = create(data.path(), &["--name", "Shop", "--policy", "open"]);
    let acknowledged: Mutex<BTreeSet<usize>> = Mutex::default();
    let next = AtomicUsize::new(0);
    for round in 0..10u64 {
        let server = Server::start(data.path());
        std::thread::scope(|scope| {
            for _ in 0..SENDERS {
                scope.spawn(|| {
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        if number >= BATCHES_MAX {
                            return;
                        }
                        let body = batch(number).to_string();
                        let sent = server.send("POST", "/api/v1/events", &bearer(&shop), &body);
                        match sent {
                            Some((200, _)) => acknowledged.lock().unwrap().insert(number),
                            _ => return,
                        };
                        // Some come twice, as an SDK that heard no answer sends them.
                        if number.is_multiple_of(7) {
                            server.send("POST", "/api/v1/events", &bearer(&shop), &body);
                        }
                    }
                });
            }
            // A moment that differs from round to round, also within the first flush.
            std::thread::sleep(Duration::from_millis(20 + (round * 37) % 50));
            server.hang_up();
        });
    }
    let acknowledged = acknowledged.into_inner().unwrap();
    assert!(acknowledged.len() > 10, "the load was real: {}", acknowledged.len());
    let server = Server::start(data.path());
    let all = |kept: &Vec<(usize, f64)>| {
        let whole: BTreeSet<usize> =
            kept.iter().filter(|(_, events)| *events == 10.0).map(|(number, _)| *number).collect();
        acknowledged.is_subset(&whole)
    };
    let answer = server.eventually(
        |s| json!(kept(s, &shop)),
        |answer| all(&serde_json::from_value(answer.clone()).unwrap()),
    );
    let kept: Vec<(usize, f64)> = serde_json::from_value(answer).unwrap();
    assert!(all(&kept), "every acknowledged batch is there");
    // A batch that was not acknowledged may be there, whole; nothing is there twice or in part.
    assert!(kept.iter().all(|(_, events)| *events == 10.0), "{kept:?}");
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
    std::fs::remove_file(&hog).unwrap();
    assert_eq!(send(number), 200, "it recovers by itself");
    let whole = |kept: &Json| kept.as_array().unwrap().len() == number + 1;
    let kept = server.eventually(|s| json!(kept(s, &shop)), whole);
    assert!(whole(&kept), "{} of {}", kept.as_array().unwrap().len(), number + 1);
}
