//! Mail servers that misbehave at a chosen place: what the message's fate is called then.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use candor_engage::channel::Answer;
use candor_engage::channel::Secret;
use candor_engage::channel::email::{Email, Login, SmtpSettings};

use crate::peers;

/// What a server does where others would go on.
#[derive(Clone, Copy, Default)]
pub struct Manners {
    pub greeting: &'static str,
    /// What `EHLO` offers, besides the name.
    pub offers: &'static str,
    /// After so many messages a session gets `refusal` to `MAIL`.
    pub session_max: usize,
    pub refusal: &'static str,
    /// Said to `RCPT`, if anything.
    pub recipient: &'static str,
    /// Also `DATA` is opened after a refused recipient.
    pub opens_anyway: bool,
    pub at: Place,
}

#[derive(Clone, Copy, Default, PartialEq)]
pub enum Place {
    #[default]
    Nowhere,
    /// Closes instead of answering `DATA`.
    ClosesAtData,
    /// Closes when the first line of the message has come.
    ClosesInTheMessage,
    /// Closes when the last dot has come.
    ClosesAtTheDot,
    /// Says nothing when the last dot has come.
    HangsAtTheDot,
    /// Says `421` to the last dot.
    LeavesAtTheDot,
    /// Closes each session without a word after one message.
    ClosesBetween,
}

#[derive(Default)]
pub struct Seen {
    pub sessions: AtomicUsize,
    quits: AtomicUsize,
    pub messages: Mutex<Vec<String>>,
    commands: Mutex<Vec<String>>,
}

pub fn server(manners: Manners) -> (u16, Arc<Seen>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let seen = Arc::new(Seen::default());
    let shared = seen.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (stream, seen) = (stream.unwrap(), shared.clone());
            seen.sessions.fetch_add(1, Ordering::SeqCst);
            // A client that leaves in the middle is what some tests are about.
            std::thread::spawn(move || talk(stream, manners, &seen));
        }
    });
    (port, seen)
}

fn talk(stream: TcpStream, manners: Manners, seen: &Seen) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let mut lines = BufReader::new(stream.try_clone().ok()?).lines();
    let say = |text: &str| (&stream).write_all(format!("{text}\r\n").as_bytes()).ok();
    say(if manners.greeting.is_empty() { "220 test" } else { manners.greeting })?;
    let (mut carried, mut open, mut refused) = (0, false, false);
    loop {
        let line = lines.next()?.ok()?;
        seen.commands.lock().unwrap().push(line.clone());
        match line.split([' ', ':']).next()? {
            "EHLO" => {
                let offers = manners.offers.split_terminator('|');
                for offer in offers {
                    say(&format!("250-{offer}"))?;
                }
                say("250 HELP")?;
            }
            "AUTH" => say("535 5.7.8 no")?,
            "QUIT" => {
                seen.quits.fetch_add(1, Ordering::SeqCst);
                return say("221 2.0.0 bye");
            }
            "RSET" => {
                (open, refused) = (false, false);
                say("250 2.0.0 Ok")?;
            }
            "MAIL" if open => say("503 5.5.1 nested MAIL")?,
            "MAIL" if manners.session_max > 0 && carried >= manners.session_max => {
                say(manners.refusal)?;
                if manners.refusal.starts_with("421") {
                    return None;
                }
            }
            "MAIL" => {
                open = true;
                say("250 2.1.0 Ok")?;
            }
            "RCPT" if !open => say("503 5.5.1 MAIL first")?,
            "RCPT" if !manners.recipient.is_empty() => {
                refused = true;
                say(manners.recipient)?;
            }
            "RCPT" => say("250 2.1.5 Ok")?,
            "DATA" if manners.at == Place::ClosesAtData => return None,
            "DATA" if !open || (refused && !manners.opens_anyway) => say("554 5.5.1 nobody")?,
            "DATA" => {
                say("354 go on")?;
                let message = data(&mut lines, manners.at)?;
                if refused {
                    assert_eq!(message, "", "nothing of a refused message goes out");
                    say("554 5.5.1 nobody")?;
                    (open, refused) = (false, false);
                    continue;
                }
                match manners.at {
                    Place::ClosesAtTheDot => return None,
                    Place::HangsAtTheDot => std::thread::sleep(Duration::from_secs(60)),
                    Place::LeavesAtTheDot => return say("421 4.3.0 closing"),
                    _ => {}
                }
                seen.messages.lock().unwrap().push(message);
                carried += 1;
                open = false;
                say(&format!("250 2.0.0 Ok: queued as ID{carried:06}"))?;
                if manners.at == Place::ClosesBetween {
                    return None;
                }
            }
            _ => say("502 5.5.2 what?")?,
        }
    }
}

/// The lines of a message with single dots again.
fn data(lines: &mut impl Iterator<Item = std::io::Result<String>>, place: Place) -> Option<String> {
    let mut message = String::new();
    loop {
        let line = lines.next()?.ok()?;
        if line == "." {
            return Some(message);
        }
        if place == Place::ClosesInTheMessage {
            return None;
        }
        message.push_str(line.strip_prefix('.').unwrap_or(&line));
        message.push_str("\r\n");
    }
}

const PIPELINING: &str = "test|PIPELINING|SIZE 1000000|8BITMIME";
pub const PLAIN: Manners = Manners {
    greeting: "",
    offers: PIPELINING,
    session_max: 0,
    refusal: "",
    recipient: "",
    opens_anyway: false,
    at: Place::Nowhere,
};

pub fn impatient(port: u16) -> SmtpSettings {
    SmtpSettings {
        connections: 1,
        message_timeout: Duration::from_millis(500),
        command_timeout: Duration::from_secs(2),
        ..peers::settings(port)
    }
}

async fn send(email: &Email, number: u128) -> Answer {
    let composed = email.compose(&peers::message(number, "ada@home.test")).unwrap();
    email.hand_over(&composed).await
}

fn accepted(number: usize) -> Answer {
    Answer::Accepted { provider_id: Some(format!("ID{number:06}")) }
}

fn later(code: &str) -> Answer {
    Answer::Later { code: code.to_owned() }
}

#[tokio::test]
async fn a_session_carries_messages_byte_for_byte() {
    for offers in [PIPELINING, "test|SIZE 1000000", ""] {
        let (port, seen) = server(Manners { offers, ..PLAIN });
        let email = peers::email(impatient(port), vec![]);
        for number in 1..=20 {
            assert_eq!(send(&email, number as u128).await, accepted(number));
        }
        email.close().await;
        assert_eq!(seen.sessions.load(Ordering::SeqCst), 1);
        assert_eq!(seen.quits.load(Ordering::SeqCst), 1);
        let expected = |number| email.compose(&peers::message(number, "ada@home.test")).unwrap();
        let messages = seen.messages.lock().unwrap();
        for (number, message) in messages.iter().enumerate() {
            assert_eq!(message.as_bytes(), expected(number as u128 + 1).bytes());
        }
    }
}

#[tokio::test]
async fn a_failure_before_the_dot_is_later_and_after_it_unknown() {
    let unknown = |code: &str| Answer::Unknown { code: code.to_owned() };
    let table = [
        (Place::ClosesAtData, later("connection closed")),
        (Place::ClosesAtTheDot, unknown("connection closed")),
        (Place::HangsAtTheDot, unknown("timeout")),
        (Place::LeavesAtTheDot, later("421 4.3.0")),
    ];
    for (at, expected) in table {
        let (port, _) = server(Manners { at, ..PLAIN });
        assert_eq!(send(&peers::email(impatient(port), vec![]), 1).await, expected);
    }
    let nobody = peers::email(impatient(peers::free_port()), vec![]);
    assert_eq!(send(&nobody, 1).await, later("connect: connection refused"));
}

/// Too large for the buffers on the way, so that writing itself fails.
#[tokio::test]
async fn a_message_cut_off_in_the_middle_was_not_sent() {
    let (port, _) = server(Manners { at: Place::ClosesInTheMessage, ..PLAIN });
    let email = peers::email(impatient(port), vec![]);
    let mut message = peers::message(1, "ada@home.test");
    message.html = "long enough to fill every buffer on the way ".repeat(20_000);
    message.text = message.html.clone();
    // A buffer of the kernel may have taken all of it: then nobody knows.
    let answer = email.hand_over(&email.compose(&message).unwrap()).await;
    assert!(matches!(answer, Answer::Later { .. } | Answer::Unknown { .. }), "{answer:?}");
}

#[tokio::test]
async fn a_full_session_costs_another_connection_and_no_error() {
    for refusal in ["452 4.5.3 too many messages", "421 4.7.0 too many messages"] {
        let (port, seen) = server(Manners { session_max: 100, refusal, ..PLAIN });
        let email = Arc::new(peers::email(peers::settings(port), vec![]));
        let sending = (0..1000).map(|number| {
            let email = email.clone();
            tokio::spawn(async move { send(&email, number).await })
        });
        for answer in sending.collect::<Vec<_>>() {
            let answer = answer.await.unwrap();
            assert!(matches!(answer, Answer::Accepted { .. }), "{answer:?}");
        }
        assert_eq!(seen.messages.lock().unwrap().len(), 1000);
        let sessions = seen.sessions.load(Ordering::SeqCst);
        assert!((10..=25).contains(&sessions), "{sessions}");
    }
}

#[tokio::test]
async fn a_new_session_that_is_refused_is_too_fast() {
    let (port, seen) = server(Manners { recipient: "452 4.5.3 too many", ..PLAIN });
    let too_fast = |code: &str| Answer::TooFast { code: code.to_owned(), retry_after: None };
    let email = peers::email(impatient(port), vec![]);
    assert_eq!(send(&email, 1).await, too_fast("452 4.5.3"));
    assert_eq!(seen.sessions.load(Ordering::SeqCst), 1);
    let (port, _) = server(Manners { greeting: "421 4.7.0 slower", ..PLAIN });
    assert_eq!(send(&peers::email(impatient(port), vec![]), 1).await, too_fast("421 4.7.0"));
    let (port, _) = server(Manners { greeting: "554 5.7.1 not you", ..PLAIN });
    assert_eq!(send(&peers::email(impatient(port), vec![]), 1).await, later("554 5.7.1"));
}

#[tokio::test]
async fn a_session_closed_while_unused_is_replaced_in_silence() {
    let (port, seen) = server(Manners { at: Place::ClosesBetween, ..PLAIN });
    let email = peers::email(impatient(port), vec![]);
    for number in 0..5 {
        assert_eq!(send(&email, number).await, accepted(1));
    }
    assert_eq!(seen.sessions.load(Ordering::SeqCst), 5);
}

#[tokio::test]
async fn sessions_are_left_after_their_messages_and_after_their_time() {
    let (port, seen) = server(PLAIN);
    let settings = SmtpSettings { messages_per_session: 3, ..impatient(port) };
    let email = peers::email(settings, vec![]);
    for number in 0..7 {
        assert!(matches!(send(&email, number).await, Answer::Accepted { .. }));
    }
    assert_eq!(seen.sessions.load(Ordering::SeqCst), 3);
    assert_eq!(seen.quits.load(Ordering::SeqCst), 2);
    let (port, seen) = server(PLAIN);
    let settings = SmtpSettings { idle_max: Duration::ZERO, ..impatient(port) };
    let email = peers::email(settings, vec![]);
    for number in 0..3 {
        assert_eq!(send(&email, number).await, accepted(1));
    }
    assert_eq!(seen.sessions.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn a_refused_recipient_leaves_the_session_usable() {
    let gone = Answer::NoSuchAddress { code: "550 5.1.1".to_owned(), retire: true };
    for opens_anyway in [false, true] {
        for offers in [PIPELINING, ""] {
            let recipient = "550 5.1.1 <ada@home.test> unknown";
            let (port, seen) = server(Manners { recipient, opens_anyway, offers, ..PLAIN });
            let email = peers::email(impatient(port), vec![]);
            for number in 0..5 {
                assert_eq!(send(&email, number).await, gone);
            }
            assert_eq!(seen.sessions.load(Ordering::SeqCst), 1);
        }
    }
}

#[tokio::test]
async fn wrong_or_impossible_credentials_are_told_from_errors() {
    let credentials = |code: &str| Answer::BadCredentials { code: code.to_owned() };
    let login = Login { username: "candor".into(), password: Secret("secret".into()) };
    let check = async |offers: &'static str, expected: Answer| {
        let (port, seen) = server(Manners { offers, ..PLAIN });
        let settings = SmtpSettings { login: Some(login.clone()), ..impatient(port) };
        assert_eq!(send(&peers::email(settings, vec![]), 1).await, expected);
        assert!(seen.messages.lock().unwrap().is_empty());
    };
    check("test|AUTH PLAIN LOGIN", credentials("535 5.7.8")).await;
    check("test|AUTH LOGIN", credentials("535 5.7.8")).await;
    check("test", credentials("neither AUTH PLAIN nor LOGIN is offered")).await;
    let (port, seen) = server(PLAIN);
    let tls = candor_engage::channel::email::Tls::StartTls;
    let settings = SmtpSettings { tls, ..impatient(port) };
    let answer = send(&peers::email(settings, vec![]), 1).await;
    assert_eq!(answer, credentials("STARTTLS is not offered"));
    assert!(!seen.commands.lock().unwrap().iter().any(|line| line.starts_with("MAIL")));
}

#[tokio::test]
async fn the_envelope_names_the_message() {
    let (port, seen) = server(PLAIN);
    let email = peers::email(impatient(port), vec![]);
    send(&email, 0xfeed).await;
    let commands = seen.commands.lock().unwrap();
    let mail = commands.iter().find(|line| line.starts_with("MAIL FROM:<")).unwrap();
    let sender = mail["MAIL FROM:<".len()..].split('>').next().unwrap();
    let id = peers::bounce_address().message(sender);
    assert_eq!(id, Some(candor_engage::channel::MessageId(0xfeed)));
    assert!(commands.contains(&"RCPT TO:<ada@home.test>".to_owned()));
}
