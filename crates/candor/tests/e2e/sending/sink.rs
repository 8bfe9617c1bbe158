//! A mail server of the tests' own: it notes what it takes, and misbehaves where it is told to.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Where in a hand-over the server is.
pub enum Stage<'a> {
    /// `MAIL`, after so many messages in this session.
    Sender(usize),
    /// `RCPT`.
    Recipient(&'a str),
    /// The last dot of a message for somebody.
    Dot(&'a str),
}

/// What the server does there.
pub enum Act {
    /// Goes on.
    Takes,
    /// Says this instead.
    Says(&'static str),
    /// Takes the message, and closes before it says so.
    TakesInSilence,
    /// Takes the message, and neither says so nor closes.
    Hangs,
}

/// A message that was taken, whether or not the client heard of it.
#[derive(Clone)]
pub struct Mail {
    /// Of its `Message-ID`, before the `@`.
    pub id: String,
    /// The envelope sender.
    pub from: String,
    pub to: String,
    pub at: Instant,
    pub text: String,
}

type Rule = dyn Fn(&Stage<'_>) -> Act + Send + Sync;

#[derive(Default)]
struct Seen {
    mails: Mutex<Vec<Mail>>,
    taken: AtomicUsize,
    sessions: AtomicUsize,
}

pub struct Sink {
    pub port: u16,
    seen: Arc<Seen>,
}

impl Sink {
    /// Takes everything.
    pub fn start() -> Sink {
        Sink::with(|_| Act::Takes)
    }

    pub fn with(rule: impl Fn(&Stage<'_>) -> Act + Send + Sync + 'static) -> Sink {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::new(Seen::default());
        let (shared, rule) = (seen.clone(), Arc::new(rule) as Arc<Rule>);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (stream, seen, rule) = (stream.unwrap(), shared.clone(), rule.clone());
                seen.sessions.fetch_add(1, Ordering::Relaxed);
                // A client that is killed in the middle is what many of the tests are about.
                std::thread::spawn(move || talk(&stream, &*rule, &seen));
            }
        });
        Sink { port, seen }
    }

    /// How many messages were taken.
    pub fn taken(&self) -> usize {
        self.seen.taken.load(Ordering::Acquire)
    }

    pub fn sessions(&self) -> usize {
        self.seen.sessions.load(Ordering::Acquire)
    }

    pub fn mails(&self) -> Vec<Mail> {
        self.seen.mails.lock().unwrap().clone()
    }

    /// The mails for one address.
    pub fn mails_to(&self, to: &str) -> Vec<Mail> {
        self.mails().into_iter().filter(|mail| mail.to == to).collect()
    }

    /// How often each message came.
    pub fn times(&self) -> BTreeMap<String, usize> {
        let mut times = BTreeMap::new();
        for mail in self.seen.mails.lock().unwrap().iter() {
            *times.entry(mail.id.clone()).or_default() += 1;
        }
        times
    }

    /// Messages that came more than once, each time after the first.
    pub fn repeated(&self) -> usize {
        self.times().values().map(|times| times - 1).sum()
    }

    /// Waits until so many were taken.
    pub fn reaches(&self, taken: usize, within: Duration) {
        let end = Instant::now() + within;
        while self.taken() < taken {
            assert!(Instant::now() < end, "{} of {taken} came", self.taken());
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

fn talk(stream: &TcpStream, rule: &Rule, seen: &Seen) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let mut input = BufReader::new(stream.try_clone().ok()?);
    let mut output = BufWriter::new(stream);
    output.write_all(b"220 sink.test\r\n").ok()?;
    let (mut from, mut to, mut carried) = (String::new(), None, 0);
    loop {
        // What came together is answered together.
        if input.buffer().is_empty() {
            output.flush().ok()?;
        }
        let line = line(&mut input)?;
        let mut said = match line.split([' ', ':']).next()? {
            "EHLO" => "250-sink.test\r\n250 PIPELINING",
            "QUIT" => {
                output.write_all(b"221 2.0.0 bye\r\n").ok()?;
                return output.flush().ok();
            }
            "RSET" => "250 2.0.0 Ok",
            "MAIL" => match rule(&Stage::Sender(carried)) {
                Act::Says(words) => words,
                _ => {
                    from = address(&line);
                    "250 2.1.0 Ok"
                }
            },
            "RCPT" if from.is_empty() => "503 5.5.1 MAIL first",
            "RCPT" => match rule(&Stage::Recipient(&address(&line))) {
                Act::Says(words) => words,
                _ => {
                    to = Some(address(&line));
                    "250 2.1.5 Ok"
                }
            },
            "DATA" if to.is_none() => "554 5.5.1 nobody",
            "DATA" => "354 go on",
            _ => "500 5.5.2 what",
        };
        if said == "354 go on" {
            output.write_all(b"354 go on\r\n").ok()?;
            output.flush().ok()?;
            let text = message(&mut input)?;
            let to = to.take()?;
            let act = rule(&Stage::Dot(&to));
            carried += 1;
            said = match act {
                Act::Says(words) => words,
                Act::Takes | Act::TakesInSilence | Act::Hangs => {
                    let id = text.split("\nMessage-ID: <").nth(1)?.split('@').next()?.to_owned();
                    let from = std::mem::take(&mut from);
                    let mail = Mail { id, from, to, at: Instant::now(), text };
                    seen.mails.lock().unwrap().push(mail);
                    seen.taken.fetch_add(1, Ordering::Release);
                    match act {
                        Act::TakesInSilence => return None,
                        // Until the other side goes, whatever else it says.
                        Act::Hangs => {
                            return std::io::copy(&mut input, &mut std::io::sink()).ok().and(None);
                        }
                        _ => {}
                    }
                    "250 2.0.0 Ok"
                }
            };
        }
        output.write_all(format!("{said}\r\n").as_bytes()).ok()?;
        if said.starts_with("421") {
            return output.flush().ok();
        }
        if said.starts_with(['4', '5']) {
            (from, to) = (String::new(), None);
        }
    }
}

fn line(input: &mut BufReader<TcpStream>) -> Option<String> {
    let mut line = String::new();
    (input.read_line(&mut line).ok()? > 0).then_some(())?;
    Some(line.trim_end().to_owned())
}

fn address(line: &str) -> String {
    let inside = line.split('<').nth(1).and_then(|rest| rest.split('>').next());
    inside.unwrap_or_default().to_owned()
}

/// A message without its last dot, as it was before its dots were doubled.
fn message(input: &mut BufReader<TcpStream>) -> Option<String> {
    let mut text = String::from("\n");
    loop {
        let line = line(input)?;
        if line == "." {
            return Some(text);
        }
        text.push_str(line.strip_prefix('.').unwrap_or(&line));
        text.push('\n');
    }
}
