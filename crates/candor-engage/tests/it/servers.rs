//! Handing over to aiosmtpd, encrypted in both ways, and to OpenSMTPD, which also bounces.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use candor_engage::channel::email::bounce::{self, Bounce, Kind};
use candor_engage::channel::email::{BounceAddress, Email, Login, SmtpSettings, Tls};
use candor_engage::channel::{Answer, MessageId, Secret};

use crate::peers::{self, Peer};

async fn send(email: &Email, number: u128, to: &str) -> Answer {
    email.hand_over(&email.compose(&peers::message(number, to)).unwrap()).await
}

fn said(answer: &Answer) -> String {
    format!("{answer:?}")
}

fn mails(folder: &Path) -> Vec<String> {
    let mut mails: Vec<String> = std::fs::read_dir(folder)
        .map(|entries| entries.map(|entry| entry.unwrap().path()).collect::<Vec<_>>())
        .unwrap_or_default()
        .into_iter()
        .filter(|path| path.is_file() && path.extension().is_none_or(|end| end != "part"))
        .filter_map(|path| std::fs::read_to_string(path).ok())
        .collect();
    mails.sort();
    mails
}

/// aiosmtpd on a free port; with a certificate where it is to encrypt.
fn aiosmtpd(what: &str, mode: &str, folder: &Path, port: u16) -> Option<(Peer, Option<String>)> {
    let python = peers::python(what)?;
    let mut command = Command::new(python);
    command.arg(peers::script("mail_server.py")).args([&port.to_string(), mode]).arg(folder);
    let mut authority = None;
    if mode != "plain" {
        let (certificate, key) = peers::certificate(what, folder)?;
        command.args([&certificate, &key]);
        authority = std::fs::read_to_string(&certificate).ok();
    }
    Some((Peer::when_ready(&mut command), authority))
}

#[tokio::test]
async fn every_refusal_of_aiosmtpd_has_its_answer() {
    let folder = tempfile::tempdir().unwrap();
    let port = peers::free_port();
    let Some((_peer, _)) = aiosmtpd("refusals", "plain", folder.path(), port) else { return };
    let settings = SmtpSettings {
        connections: 1,
        message_timeout: Duration::from_secs(1),
        ..peers::settings(port)
    };
    let email = peers::email(settings, vec![]);
    let table = [
        ("ada", "Accepted { provider_id: Some(\"QUEUE1\") }"),
        ("gone", "NoSuchAddress { code: \"550 5.1.1\", retire: true }"),
        ("refused", "NoSuchAddress { code: \"550\", retire: false }"),
        ("later", "Later { code: \"451 4.3.0\" }"),
        ("slower", "TooFast { code: \"450 4.7.1\", retry_after: None }"),
        ("spam", "BadContent { code: \"554 5.7.1\" }"),
        ("large", "BadContent { code: \"552 5.6.0\" }"),
        ("busy", "Later { code: \"451 4.3.2\" }"),
        ("hang", "Unknown { code: \"timeout\" }"),
        ("ada", "Accepted { provider_id: Some(\"QUEUE2\") }"),
    ];
    for (number, (name, expected)) in table.into_iter().enumerate() {
        let answer = send(&email, number as u128, &format!("{name}@far.test")).await;
        assert_eq!(said(&answer), expected, "{name}");
    }
    let mails = mails(folder.path());
    assert_eq!(mails.len(), 2);
    let sent = email.compose(&peers::message(0, "ada@far.test")).unwrap();
    assert_eq!(mails[0].as_bytes(), sent.bytes(), "arrives as it was signed");
}

#[tokio::test]
async fn encrypts_in_both_ways_and_logs_in() {
    for (mode, tls) in [("starttls", Tls::StartTls), ("implicit", Tls::Implicit)] {
        let folder = tempfile::tempdir().unwrap();
        let port = peers::free_port();
        let started = aiosmtpd(mode, mode, folder.path(), port);
        let Some((_peer, authorities)) = started else { return };
        let login = |password: &str| {
            let password = Secret(password.to_owned());
            Some(Login { username: "candor".to_owned(), password })
        };
        let right = SmtpSettings {
            host: "localhost".to_owned(),
            tls,
            authorities,
            login: login("secret"),
            ..peers::settings(port)
        };
        let email = peers::email(right.clone(), vec![]);
        for number in 0..3 {
            let answer = send(&email, number, "ada@far.test").await;
            assert!(matches!(answer, Answer::Accepted { .. }), "{mode}: {answer:?}");
        }
        let wrong = SmtpSettings { login: login("guess"), ..right.clone() };
        let answer = send(&peers::email(wrong, vec![]), 4, "ada@far.test").await;
        assert_eq!(said(&answer), "BadCredentials { code: \"535 5.7.8\" }", "{mode}");
        let stranger = SmtpSettings { authorities: None, ..right };
        let answer = send(&peers::email(stranger, vec![]), 5, "ada@far.test").await;
        assert!(matches!(answer, Answer::Later { .. }), "{mode}: {answer:?}");
        assert_eq!(mails(folder.path()).len(), 3, "nothing went to a server nobody vouches for");
    }
}

/// What smtp-sink does when it is told to fail at one command, by which option.
const FAULTS_OF_SMTP_SINK: [(&str, &str, &str); 9] = [
    ("-r", "rcpt", "Later { code: \"450 4.3.0\" }"),
    ("-f", "rcpt", "NoSuchAddress { code: \"500 5.3.0\", retire: false }"),
    ("-f", "mail", "BadContent { code: \"500 5.3.0\" }"),
    ("-q", "mail", "Later { code: \"connection closed\" }"),
    ("-q", "data", "Later { code: \"connection closed\" }"),
    ("-Q", "data", "Later { code: \"421 4.0.0\" }"),
    ("-r", ".", "Later { code: \"450 4.3.0\" }"),
    ("-Q", ".", "Later { code: \"421 4.0.0\" }"),
    ("-q", ".", "Unknown { code: \"connection closed\" }"),
];

#[tokio::test]
async fn every_fault_of_smtp_sink_has_its_answer() {
    let Some(program) = peers::part("root/usr/sbin/smtp-sink", "smtp-sink") else { return };
    let sink = |faults: &[&str]| {
        let port = peers::free_port();
        let mut command = Command::new(&program);
        command.env("LD_LIBRARY_PATH", peers::folder().join("root/usr/lib/postfix"));
        // As root it insists on being somebody else, and otherwise it cannot be.
        if std::fs::metadata("/proc/self").is_ok_and(|this| this.uid() == 0) {
            command.args(["-u", "nobody"]);
        }
        command.args(faults).args(["-h", "sink.test", &format!("127.0.0.1:{port}"), "100"]);
        let peer = Peer::start(&mut command);
        peer.listens(port);
        (peer, port)
    };
    for (option, place, expected) in FAULTS_OF_SMTP_SINK {
        let (_peer, port) = sink(&[option, place]);
        let email = peers::email(peers::settings(port), vec![]);
        let answer = send(&email, 1, "ada@far.test").await;
        assert_eq!(said(&answer), expected, "{option} {place}");
    }
    let (_peer, port) = sink(&[]);
    let email = Arc::new(peers::email(peers::settings(port), vec![]));
    let sending = (0..1000).map(|number| {
        let email = email.clone();
        tokio::spawn(async move { send(&email, number, "ada@far.test").await })
    });
    for answer in sending.collect::<Vec<_>>() {
        assert_eq!(answer.await.unwrap(), Answer::Accepted { provider_id: None });
    }
}

#[test]
fn opensmtpd_takes_delivers_and_bounces() {
    const WHAT: &str = "OpenSMTPD";
    if let Some(work) = peers::inside_namespaces() {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        return runtime.block_on(against_opensmtpd(&work));
    }
    if peers::part("root/usr/sbin/smtpd", WHAT).is_some() && peers::python(WHAT).is_some() {
        peers::run_in_namespaces(WHAT, "servers::opensmtpd_takes_delivers_and_bounces", 60);
    }
}

const CONFIGURATION: &str = "
bounce warn-interval 1s
table known { \"ok\" = \"nobody\", \"@\" = \"error:550 5.1.1 no such user\" }
table all { \"@\" = \"nobody\" }
listen on 127.0.0.1 port 2625
action \"local\" maildir \"WORK/mail/local\" virtual <known>
action \"bounces\" maildir \"WORK/mail/bounces\" virtual <all>
action \"relay\" relay host smtp://127.0.0.1:2626
match from any for domain \"local.test\" action \"local\"
match from any for domain \"bounce.test\" action \"bounces\"
match from any for domain \"far.test\" action \"relay\"
";

async fn against_opensmtpd(work: &Path) {
    let (_far, _) = aiosmtpd("OpenSMTPD", "plain", &work.join("far"), 2626).unwrap();
    let _server = peers::opensmtpd(work, CONFIGURATION);

    let email = Arc::new(peers::email(peers::settings(2625), vec![]));
    let since = Instant::now();
    let sending = (1000..2000).map(|number| {
        let email = email.clone();
        tokio::spawn(async move { send(&email, number, "ok@local.test").await })
    });
    for answer in sending.collect::<Vec<_>>() {
        let answer = answer.await.unwrap();
        assert!(matches!(&answer, Answer::Accepted { provider_id: Some(_) }), "{answer:?}");
    }
    let rate = 1000.0 / since.elapsed().as_secs_f64();
    eprintln!("OpenSMTPD took 1,000 mails, 100 a session, without an error: {rate:.0}/s");

    let gone = send(&email, 2, "nobody@local.test").await;
    assert_eq!(said(&gone), "NoSuchAddress { code: \"550 5.1.1\", retire: true }");
    for (number, name) in [(3, "gone"), (4, "later"), (5, "fine")] {
        let answer = send(&email, number, &format!("{name}@far.test")).await;
        assert!(matches!(answer, Answer::Accepted { .. }), "{answer:?}");
    }
    let bounces = bounces_of_opensmtpd(work).await;
    let of = |id| bounces.iter().filter(|bounce| bounce.id == MessageId(id)).collect::<Vec<_>>();
    let kind = Kind::Failed { retire: true };
    let gone = Bounce { id: MessageId(3), kind, code: "550 5.1.1".to_owned() };
    assert_eq!(of(3), [&gone]);
    let late = Bounce { id: MessageId(4), kind: Kind::Delayed, code: "4.0.0".to_owned() };
    assert_eq!(of(4), [&late]);
    assert_eq!(of(5), [] as [&Bounce; 0]);
}

/// What came back, once both the failed and the late message have and the others have arrived.
async fn bounces_of_opensmtpd(work: &Path) -> Vec<Bounce> {
    let stranger = BounceAddress::new("bounce.test", |_| [0; 8]).unwrap();
    let since = Instant::now();
    loop {
        let back = mails(&work.join("mail/bounces/new"));
        let read = |raw: &String| bounce::read(raw.as_bytes(), None, &peers::bounce_address());
        let bounces: Vec<Bounce> = back.iter().filter_map(read).collect();
        let failed = bounces.iter().any(|bounce| matches!(bounce.kind, Kind::Failed { .. }));
        let late = bounces.iter().any(|bounce| bounce.kind == Kind::Delayed);
        let arrived = [mails(&work.join("far")), mails(&work.join("mail/local/new"))];
        let arrived = arrived.map(|mails| mails.len());
        if failed && late && arrived == [1, 1000] {
            for raw in &back {
                assert_eq!(bounce::read(raw.as_bytes(), None, &stranger), None, "forged");
            }
            return bounces;
        }
        if since.elapsed() > Duration::from_secs(30) {
            let log = std::fs::read_to_string(work.join("log")).unwrap_or_default();
            let tail: Vec<&str> = log.lines().rev().take(30).collect();
            panic!("{arrived:?} arrived, {} came back: {bounces:#?}\n{tail:#?}", back.len());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
