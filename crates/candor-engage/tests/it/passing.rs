//! A connection passes from one message to the next, whose envelope goes out with the one before
//! (RFC 2920, 3.1): what that may cost, and what it may not.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use candor_engage::channel::Answer;
use candor_engage::channel::email::{Email, SmtpSettings};

use crate::faults::{Manners, PLAIN, Place, impatient, server};
use crate::peers;

/// A server that says nothing to a dot before it is told to, and notes each line as it comes.
struct Slow {
    port: u16,
    lines: Arc<Mutex<Vec<String>>>,
    go: Sender<()>,
}

fn slow() -> Slow {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let lines = Arc::new(Mutex::new(Vec::new()));
    let (go, wait) = channel();
    let (noted, wait) = (lines.clone(), Arc::new(Mutex::new(wait)));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (noted, wait) = (noted.clone(), wait.clone());
            std::thread::spawn(move || talk(stream.unwrap(), &noted, &wait));
        }
    });
    Slow { port, lines, go }
}

fn talk(stream: TcpStream, noted: &Mutex<Vec<String>>, go: &Mutex<Receiver<()>>) -> Option<()> {
    // What comes is noted although nobody reads it yet.
    let (line, lines) = channel();
    let input = stream.try_clone().ok()?;
    let noted_too = Arc::new(Mutex::new(Vec::new()));
    let shared = noted_too.clone();
    std::thread::spawn(move || {
        for text in BufReader::new(input).lines().map_while(Result::ok) {
            shared.lock().unwrap().push(text.clone());
            let _ = line.send(text);
        }
    });
    let say = |text: &str| (&stream).write_all(format!("{text}\r\n").as_bytes()).ok();
    let look = || noted.lock().unwrap().clone_from(&noted_too.lock().unwrap());
    say("220 test")?;
    loop {
        let line = lines.recv().ok()?;
        look();
        match line.split([' ', ':']).next()? {
            "EHLO" => say("250-test\r\n250 PIPELINING")?,
            "DATA" => {
                say("354 go on")?;
                while lines.recv().ok()? != "." {}
                while go.lock().unwrap().recv_timeout(Duration::from_millis(5)).is_err() {
                    look();
                }
                say("250 2.0.0 Ok")?;
            }
            "QUIT" => return say("221 bye"),
            _ => say("250 Ok")?,
        }
    }
}

fn one_connection(port: u16) -> Arc<Email> {
    let settings = SmtpSettings { message_timeout: Duration::from_secs(20), ..impatient(port) };
    Arc::new(peers::email(settings, vec![]))
}

type Sending = tokio::task::JoinHandle<Result<Answer, &'static str>>;

/// Sends a message for as long as it is not recalled.
fn begin(email: &Arc<Email>, number: u128, recalled: &Arc<AtomicBool>) -> Sending {
    let (email, recalled) = (email.clone(), recalled.clone());
    tokio::spawn(async move {
        let composed = email.compose(&peers::message(number, "ada@home.test")).unwrap();
        let still = move || match recalled.load(Ordering::SeqCst) {
            true => Err("recalled"),
            false => Ok(()),
        };
        email.hand_over_if(&composed, still).await
    })
}

async fn until(mut good: impl FnMut() -> bool) {
    for _ in 0..2_000 {
        if good() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("it did not come to that");
}

fn count(lines: &Mutex<Vec<String>>, start: &str) -> usize {
    lines.lock().unwrap().iter().filter(|line| line.starts_with(start)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_envelope_comes_before_the_answer_and_its_message_after_it() {
    let slow = slow();
    let email = one_connection(slow.port);
    let stays = Arc::new(AtomicBool::new(false));
    let first = begin(&email, 1, &stays);
    until(|| count(&slow.lines, "DATA") == 1).await;
    let others: Vec<Sending> = (2..=3).map(|number| begin(&email, number, &stays)).collect();
    // The first went before there was a next one; from the second on each brings the next.
    slow.go.send(()).unwrap();
    until(|| count(&slow.lines, "DATA") == 3).await;
    assert_eq!((count(&slow.lines, "MAIL"), count(&slow.lines, ".")), (3, 2));
    slow.go.send(()).unwrap();
    slow.go.send(()).unwrap();
    for sending in [first].into_iter().chain(others) {
        assert!(matches!(sending.await.unwrap(), Ok(Answer::Accepted { .. })));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_recalled_behind_its_envelope_does_not_go() {
    let slow = slow();
    let email = one_connection(slow.port);
    let (stays, recalled) = (Arc::default(), Arc::new(AtomicBool::new(false)));
    let first = begin(&email, 1, &stays);
    until(|| count(&slow.lines, "DATA") == 1).await;
    let second = begin(&email, 2, &stays);
    tokio::time::sleep(Duration::from_millis(50)).await;
    let third = begin(&email, 3, &recalled);
    tokio::time::sleep(Duration::from_millis(50)).await;
    slow.go.send(()).unwrap();
    until(|| count(&slow.lines, "DATA") == 3).await;
    recalled.store(true, Ordering::SeqCst);
    slow.go.send(()).unwrap();
    assert!(matches!(first.await.unwrap(), Ok(Answer::Accepted { .. })));
    assert!(matches!(second.await.unwrap(), Ok(Answer::Accepted { .. })));
    assert_eq!(third.await.unwrap(), Err("recalled"));
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(count(&slow.lines, "."), 2, "nothing of the third came");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_behind_a_silent_server_goes_another_way() {
    let slow = slow();
    let settings = SmtpSettings {
        connections: 2,
        message_timeout: Duration::from_secs(20),
        ..impatient(slow.port)
    };
    let email = Arc::new(peers::email(settings, vec![]));
    let stays = Arc::default();
    let all: Vec<Sending> = (0..6).map(|number| begin(&email, number, &stays)).collect();
    // One connection is never answered; five answers are enough for the others.
    (0..5).for_each(|_| slow.go.send(()).unwrap());
    until(|| all.iter().filter(|sending| sending.is_finished()).count() == 5).await;
    slow.go.send(()).unwrap();
    for sending in all {
        assert!(matches!(sending.await.unwrap(), Ok(Answer::Accepted { .. })));
    }
}

/// Many at once over one connection, and what each was told.
async fn all_of(manners: Manners, messages: u128) -> (Vec<Answer>, usize, usize) {
    let (port, seen) = server(manners);
    let email = Arc::new(peers::email(impatient(port), vec![]));
    let stays = Arc::default();
    let all: Vec<Sending> = (0..messages).map(|number| begin(&email, number, &stays)).collect();
    let mut answers = Vec::new();
    for sending in all {
        answers.push(sending.await.unwrap().unwrap());
    }
    let taken = seen.messages.lock().unwrap().len();
    (answers, taken, seen.sessions.load(Ordering::SeqCst))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_ends_with_a_message_costs_the_next_one_nothing() {
    let (answers, taken, sessions) = all_of(Manners { at: Place::ClosesBetween, ..PLAIN }, 6).await;
    let good = answers.iter().filter(|answer| matches!(answer, Answer::Accepted { .. })).count();
    assert_eq!((good, taken, sessions), (6, 6, 6), "{answers:?}");
    let (answers, taken, _) = all_of(Manners { at: Place::LeavesAtTheDot, ..PLAIN }, 6).await;
    let later = answers.iter().filter(|answer| matches!(answer, Answer::Later { .. })).count();
    assert_eq!((later, taken), (6, 0), "{answers:?}");
    let (answers, ..) = all_of(Manners { at: Place::ClosesAtTheDot, ..PLAIN }, 6).await;
    let doubted = answers.iter().filter(|answer| matches!(answer, Answer::Unknown { .. })).count();
    assert_eq!(doubted, 6, "each was taken, and nobody knows: {answers:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_behind_another_message_is_told_to_whom_it_concerns() {
    let recipient = "550 5.1.1 unknown";
    for opens_anyway in [false, true] {
        let (answers, taken, sessions) =
            all_of(Manners { recipient, opens_anyway, ..PLAIN }, 6).await;
        let gone = answers.iter().filter(|answer| matches!(answer, Answer::NoSuchAddress { .. }));
        assert_eq!((gone.count(), taken, sessions), (6, 0, 1), "{answers:?}");
    }
    let refusal = "452 4.5.3 too many messages";
    let (answers, taken, sessions) = all_of(Manners { session_max: 2, refusal, ..PLAIN }, 8).await;
    let good = answers.iter().filter(|answer| matches!(answer, Answer::Accepted { .. })).count();
    assert_eq!((good, taken, sessions), (8, 8, 4), "{answers:?}");
}
