//! Mails a second into Postfix's smtp-sink, ours beside Postfix's own smtp-source, and what
//! composing and signing costs: `cargo bench -p candor-engage --bench mails`.
//!
//! All of it runs on the same cores, the sink among it. The rates are the middle of three rounds.

#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use candor_engage::channel::email::{
    BounceAddress, Composed, DkimKey, Email, EmailMessage, Mailbox, SmtpSettings, Tls, Unsubscribe,
};
use candor_engage::channel::{Answer, MessageId};
use candor_event::Timestamp;

const MAILS: usize = 20_000;
const SIGNED: usize = 6_000;
const CONNECTIONS: usize = 8;
const ROUNDS: usize = 3;
/// As long as the messages of smtp-source are made.
const BYTES: usize = 2_000;

fn root() -> PathBuf {
    let home = PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(".cache/candor");
    let cache = std::env::var_os("CACHE").map_or(home, PathBuf::from);
    cache.join("servers/mail/root")
}

fn postfix(program: &str) -> Command {
    let mut command = Command::new(root().join("usr/sbin").join(program));
    command.env("LD_LIBRARY_PATH", root().join("usr/lib/postfix")).stdout(Stdio::null());
    command
}

struct Sink(Child, u16);

impl Drop for Sink {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn sink() -> Sink {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut command = postfix("smtp-sink");
    // As root it insists on being somebody else, and otherwise it cannot be.
    if std::fs::metadata("/proc/self").is_ok_and(|this| this.uid() == 0) {
        command.args(["-u", "nobody"]);
    }
    command.args(["-h", "sink.test", &format!("127.0.0.1:{port}"), "500"]);
    let sink = Sink(command.spawn().unwrap(), port);
    let since = Instant::now();
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(since.elapsed() < Duration::from_secs(10), "smtp-sink does not listen");
        std::thread::sleep(Duration::from_millis(10));
    }
    sink
}

fn message(number: usize) -> EmailMessage {
    EmailMessage {
        id: MessageId(number as u128),
        date: Timestamp::from_seconds(1_795_614_000),
        from: Mailbox { name: Some("The Shop".to_owned()), address: "news@local.test".to_owned() },
        reply_to: None,
        to: Mailbox { name: Some("Ada".to_owned()), address: format!("ada{number}@home.test") },
        subject: "Five offers of today".to_owned(),
        html: "<p>Everything at half its price until tonight.</p>\n".repeat(20),
        text: "Everything at half its price.\n".repeat(4),
        unsubscribe: Some(Unsubscribe {
            url: format!("https://shop.test/leave/{number:032x}"),
            mailto: None,
        }),
        list_id: Some("news.local.test".to_owned()),
        feedback_id: None,
    }
}

fn email(port: u16, keys: Vec<DkimKey>) -> Email {
    let bounces = BounceAddress::new("bounce.test", |_| [7; 8]).unwrap();
    let settings = SmtpSettings {
        tls: Tls::None,
        connections: CONNECTIONS,
        messages_per_session: u32::MAX,
        ..SmtpSettings::new("127.0.0.1", port)
    };
    Email::new(settings, keys, bounces).unwrap()
}

fn key(algorithm: &str) -> DkimKey {
    let mut command = Command::new("openssl");
    command.args(["genpkey", "-algorithm", algorithm]);
    if algorithm == "rsa" {
        command.args(["-pkeyopt", "rsa_keygen_bits:2048"]);
    }
    let pem = command.stderr(Stdio::null()).output().unwrap().stdout;
    DkimKey::from_pem("local.test", algorithm, &String::from_utf8(pem).unwrap()).unwrap()
}

/// The middle rate of the rounds.
fn rate(count: usize, mut round: impl FnMut()) -> f64 {
    let mut rates: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let since = Instant::now();
            round();
            count as f64 / since.elapsed().as_secs_f64()
        })
        .collect();
    rates.sort_by(f64::total_cmp);
    rates[ROUNDS / 2]
}

/// Sends all mails over all connections; each task composes its own where none is given.
fn send(
    runtime: &tokio::runtime::Runtime,
    email: &Arc<Email>,
    count: usize,
    one: Option<Composed>,
) {
    let next = Arc::new(AtomicUsize::new(0));
    let senders: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            let (email, next, one) = (email.clone(), next.clone(), one.clone());
            runtime.spawn(async move {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        return;
                    }
                    let composed = one.clone().map_or_else(|| email.compose(&message(number)), Ok);
                    let answer = email.hand_over(&composed.unwrap()).await;
                    assert!(matches!(answer, Answer::Accepted { .. }), "{answer:?}");
                }
            })
        })
        .collect();
    for sender in senders {
        runtime.block_on(sender).unwrap();
    }
}

fn main() {
    if !root().join("usr/sbin/smtp-sink").exists() {
        return println!("SKIP: there is no smtp-sink (scripts/mail-peers fetches it)");
    }
    let plain = email(25, vec![]);
    let length = plain.compose(&message(1)).unwrap().bytes().len();
    println!("a mail has {length} bytes; {CONNECTIONS} connections");
    let compose = |name: &str, email: &Email, count: usize| {
        let rate = rate(count, || {
            for number in 0..count {
                std::hint::black_box(email.compose(&message(number)).unwrap());
            }
        });
        println!("compose, {name}, one thread: {rate:.0}/s");
    };
    compose("unsigned", &plain, MAILS);
    compose("RSA-2048", &email(25, vec![key("rsa")]), SIGNED / 2);
    compose("Ed25519", &email(25, vec![key("ed25519")]), SIGNED);
    compose("both", &email(25, vec![key("rsa"), key("ed25519")]), SIGNED / 2);

    let sink = sink();
    let source = rate(MAILS, || {
        let mut command = postfix("smtp-source");
        command.args(["-d", "-s", &CONNECTIONS.to_string(), "-m", &MAILS.to_string()]);
        command.args(["-l", &BYTES.to_string(), "-f", "a@local.test", "-t", "b@home.test"]);
        assert!(command.arg(format!("127.0.0.1:{}", sink.1)).status().unwrap().success());
    });
    println!("smtp-source: {source:.0}/s");
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let unsigned = Arc::new(email(sink.1, vec![]));
    let signed = Arc::new(email(sink.1, vec![key("rsa"), key("ed25519")]));
    let one = unsigned.compose(&message(1)).unwrap();
    let runs = [
        ("handed over, composed before", &unsigned, MAILS, Some(one)),
        ("composed and handed over", &unsigned, MAILS, None),
        ("composed, signed with both and handed over", &signed, SIGNED, None),
    ];
    for (name, email, count, one) in runs {
        let ours = rate(count, || send(&runtime, email, count, one.clone()));
        println!("{name}: {ours:.0}/s, {:.0} % of smtp-source", ours * 100.0 / source);
    }
}
