//! One connection to a mail server, over which messages go one after the other.
//!
//! Where the server can (RFC 2920), `MAIL`, `RCPT` and `DATA` go out in one write, and those of the
//! next message right behind the last dot (its section 3.1), so that a message costs one round trip
//! and one system call for writing. What matters most is kept apart here: a failure before the last
//! dot went out means that the server has not got the message, and one after it that nobody knows.

use std::io;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::super::Answer;
use super::reply::{self, Reply, Stage};
use super::smtp::{SmtpSettings, Tls};

/// More than any sequence of replies needs.
const UNREAD_BYTES_MAX: usize = 512 * 1024;
const QUIT_TIMEOUT: Duration = Duration::from_secs(1);

trait Io: AsyncRead + AsyncWrite + Send + Sync + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Sync + Unpin> Io for T {}

/// Why a reply did not come.
#[derive(Debug)]
enum Broken {
    Closed,
    Slow,
    Malformed,
    Io(io::ErrorKind),
}

impl Broken {
    fn brief(&self) -> String {
        match self {
            Broken::Closed => "connection closed".to_owned(),
            Broken::Slow => "timeout".to_owned(),
            Broken::Malformed => "not SMTP".to_owned(),
            Broken::Io(kind) => kind.to_string(),
        }
    }
}

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Broken {
        Broken::Io(error.kind())
    }
}

/// An envelope: sender, recipient, and how many bytes its message has.
pub(super) type Envelope<'e> = (&'e str, &'e str, usize);

/// What a hand-over asks of whoever wants it.
pub(super) trait Asked {
    /// Whether the message is still to go; asked right before its first byte.
    fn still(&self) -> bool;
    /// The message that this connection is for after this one, if there is one. Its envelope goes
    /// out with this message; what is handed over next must be it.
    fn next(&mut self) -> Option<Envelope<'_>>;
}

/// How a hand-over over this connection ended.
pub(super) enum Handed {
    /// The connection can carry another message.
    Ready(Answer),
    /// It cannot.
    Spent(Answer),
    /// The message was not to go any more: no byte of it did. The connection cannot carry another.
    Recalled,
    /// The connection had been used before and was over before it judged this message.
    Over,
}

/// A connection past its greeting, encryption and login.
pub(super) struct Session {
    stream: Box<dyn Io>,
    unread: Vec<u8>,
    out: Vec<u8>,
    settings: Arc<SmtpSettings>,
    pipelining: bool,
    takes_size: bool,
    /// The last message left a transaction open.
    reset: bool,
    /// What was said for the next message already, and not answered yet.
    ahead: Vec<Stage>,
    handed: u32,
    used_at: Instant,
}

impl Session {
    /// Connects, encrypts and logs in, as the settings say.
    pub(super) async fn open(
        settings: &Arc<SmtpSettings>,
        tls: &TlsConnector,
    ) -> Result<Session, Answer> {
        let address = (settings.host.as_str(), settings.port);
        let stream = timeout(settings.connect_timeout, TcpStream::connect(address))
            .await
            .map_err(|_| Answer::later("connect: timeout"))?
            .map_err(|error| Answer::later(format!("connect: {}", error.kind())))?;
        // Whole groups of commands are written at once: nothing is gained by waiting for more.
        let _ = stream.set_nodelay(true);
        let mut session = Session {
            stream: Box::new(stream),
            unread: Vec::with_capacity(1024),
            out: Vec::with_capacity(8 * 1024),
            settings: settings.clone(),
            pipelining: false,
            takes_size: false,
            reset: false,
            ahead: Vec::new(),
            handed: 0,
            used_at: Instant::now(),
        };
        if settings.tls == Tls::Implicit {
            session.encrypt(tls).await?;
        }
        let greeting = session.reply().await.map_err(|broken| Answer::later(broken.brief()))?;
        if !greeting.is_positive() {
            return Err(greeting.answer(Stage::Greeting));
        }
        let mut offers = session.hello().await?;
        if settings.tls == Tls::StartTls {
            if !offers.iter().any(|offer| offer == "STARTTLS") {
                return Err(Answer::bad_credentials("STARTTLS is not offered"));
            }
            session.say("STARTTLS", Stage::Greeting).await?;
            // What came before the handshake could have been put there by anybody.
            if !session.unread.is_empty() {
                return Err(Answer::later("STARTTLS: unexpected bytes"));
            }
            session.encrypt(tls).await?;
            offers = session.hello().await?;
        }
        session.pipelining = offers.iter().any(|offer| offer == "PIPELINING");
        session.takes_size = offers.iter().any(|offer| offer.split(' ').next() == Some("SIZE"));
        session.log_in(&offers).await?;
        Ok(session)
    }

    async fn encrypt(&mut self, tls: &TlsConnector) -> Result<(), Answer> {
        let name = ServerName::try_from(self.settings.host.clone())
            .map_err(|_| Answer::bad_credentials("the host is not a name"))?;
        let plain = std::mem::replace(&mut self.stream, Box::new(tokio::io::empty()));
        let encrypted = timeout(self.settings.connect_timeout, tls.connect(name, plain))
            .await
            .map_err(|_| Answer::later("TLS: timeout"))?
            .map_err(|error| Answer::later(format!("TLS: {}", error.kind())))?;
        self.stream = Box::new(encrypted);
        Ok(())
    }

    /// Says who we are and returns what the server offers, in capitals.
    async fn hello(&mut self) -> Result<Vec<String>, Answer> {
        let name = self.settings.hello_name.clone();
        let broken = |broken: Broken| Answer::later(broken.brief());
        let reply = self.ask(&format!("EHLO {name}")).await.map_err(broken)?;
        if reply.is_positive() {
            return Ok(reply.text.lines().skip(1).map(str::to_ascii_uppercase).collect());
        }
        if reply.code < 500 {
            return Err(reply.answer(Stage::Greeting));
        }
        self.say(&format!("HELO {name}"), Stage::Greeting).await?;
        Ok(Vec::new())
    }

    async fn log_in(&mut self, offers: &[String]) -> Result<(), Answer> {
        let Some(login) = self.settings.login.clone() else { return Ok(()) };
        let offers = offers.iter().filter_map(|offer| offer.strip_prefix("AUTH"));
        let mechanisms: Vec<&str> = offers.flat_map(|offer| offer.split([' ', '='])).collect();
        let (username, password) = (&login.username, &login.password.0);
        if mechanisms.contains(&"PLAIN") {
            let secret = STANDARD.encode(format!("\0{username}\0{password}"));
            self.say(&format!("AUTH PLAIN {secret}"), Stage::Login).await
        } else if mechanisms.contains(&"LOGIN") {
            self.expect("AUTH LOGIN", 300..=399, Stage::Login).await?;
            self.expect(&STANDARD.encode(username), 300..=399, Stage::Login).await?;
            self.say(&STANDARD.encode(password), Stage::Login).await
        } else {
            Err(Answer::bad_credentials("neither AUTH PLAIN nor LOGIN is offered"))
        }
    }

    async fn say(&mut self, line: &str, stage: Stage) -> Result<(), Answer> {
        self.expect(line, 200..=299, stage).await
    }

    async fn expect(
        &mut self,
        line: &str,
        codes: RangeInclusive<u16>,
        stage: Stage,
    ) -> Result<(), Answer> {
        let reply = self.ask(line).await.map_err(|broken| Answer::later(broken.brief()))?;
        match reply.code {
            code if codes.contains(&code) => Ok(()),
            // Another question, or an answer to none.
            200..=399 => Err(Answer::later(reply.brief())),
            _ => Err(reply.answer(stage)),
        }
    }

    async fn ask(&mut self, line: &str) -> Result<Reply, Broken> {
        self.out.clear();
        self.out.extend_from_slice(line.as_bytes());
        self.out.extend_from_slice(b"\r\n");
        self.write().await?;
        self.reply().await
    }

    /// How many messages this connection was asked to take.
    pub(super) fn handed(&self) -> u32 {
        self.handed
    }

    pub(super) fn idle(&self) -> Duration {
        self.used_at.elapsed()
    }

    /// Hands one message over. `message` has CR LF line ends and ends with one.
    pub(super) async fn hand_over(
        &mut self,
        from: &str,
        to: &str,
        message: &[u8],
        asked: &mut (impl Asked + Send),
    ) -> Handed {
        self.used_at = Instant::now();
        let replies = match self.envelope((from, to, message.len())).await {
            Ok(replies) => replies,
            Err(_) if self.handed > 0 => return Handed::Over,
            Err(broken) => return Handed::Spent(Answer::later(broken.brief())),
        };
        let refused = replies.iter().find(|(_, reply)| !reply.is_positive());
        let opened = replies.last().is_some_and(|(_, reply)| reply.code == 354);
        if let Some((stage, reply)) = refused {
            let answer = reply.answer(*stage);
            if reply.ends_the_session() {
                let used = self.handed > 0;
                return if used { Handed::Over } else { Handed::Spent(answer) };
            }
            // RFC 2920, 3.1: a server that opened the data although it refused gets an empty
            // message; it has nobody to give it to.
            if opened && self.ask(".").await.is_err() {
                return Handed::Spent(answer);
            }
            self.reset = !opened;
            self.handed += 1;
            return Handed::Ready(answer);
        }
        if !opened {
            return Handed::Spent(Answer::later("DATA was not answered with 354"));
        }
        // Where the envelope went a while ago.
        if !asked.still() {
            return Handed::Recalled;
        }
        self.data(message, asked).await
    }

    /// What is said before a message, and of what each is.
    fn commands(&self, (from, to, length): Envelope<'_>) -> [(Stage, String); 3] {
        let size = if self.takes_size { format!(" SIZE={length}") } else { String::new() };
        [
            (Stage::Sender, format!("MAIL FROM:<{from}>{size}")),
            (Stage::Recipient, format!("RCPT TO:<{to}>")),
            (Stage::Message, "DATA".to_owned()),
        ]
    }

    /// `MAIL`, `RCPT` and `DATA`, and what was said to each: all of them, or up to the first
    /// refusal where they cannot go out together.
    async fn envelope(&mut self, envelope: Envelope<'_>) -> Result<Vec<(Stage, Reply)>, Broken> {
        let mut replies = Vec::with_capacity(4);
        if !self.ahead.is_empty() {
            for stage in std::mem::take(&mut self.ahead) {
                let reply = self.reply().await?;
                let last = reply.code == 421;
                replies.push((stage, reply));
                if last {
                    break;
                }
            }
            return Ok(replies);
        }
        let reset = std::mem::take(&mut self.reset);
        let reset = reset.then(|| (Stage::Greeting, "RSET".to_owned()));
        let commands: Vec<_> = reset.into_iter().chain(self.commands(envelope)).collect();
        if self.pipelining {
            self.out.clear();
            for (_, command) in &commands {
                self.out.extend_from_slice(command.as_bytes());
                self.out.extend_from_slice(b"\r\n");
            }
            self.write().await?;
        }
        for (stage, command) in commands {
            let reply = match self.pipelining {
                true => self.reply().await?,
                false => self.ask(&command).await?,
            };
            // 421 is the last thing a server says.
            let last = reply.code == 421 || (!self.pipelining && !reply.is_positive());
            replies.push((stage, reply));
            if last {
                break;
            }
        }
        Ok(replies)
    }

    /// The message itself, with its dots doubled, and the last dot; then what the next message
    /// begins with.
    async fn data(&mut self, message: &[u8], asked: &mut (impl Asked + Send)) -> Handed {
        self.out.clear();
        let mut from = 0;
        let first = message.starts_with(b".").then_some(0);
        let others = memchr::memmem::find_iter(message, b"\n.").map(|end| end + 1);
        for dot in first.into_iter().chain(others) {
            self.out.extend_from_slice(&message[from..=dot]);
            from = dot;
        }
        self.out.extend_from_slice(&message[from..]);
        self.out.extend_from_slice(b".\r\n");
        let whole = self.out.len();
        if self.pipelining
            && self.handed + 1 < self.settings.messages_per_session
            && let Some(next) = asked.next()
        {
            for (stage, command) in self.commands(next) {
                self.out.extend_from_slice(command.as_bytes());
                self.out.extend_from_slice(b"\r\n");
                self.ahead.push(stage);
            }
        }
        let mut written = 0;
        let writing = async {
            while written < self.out.len() {
                match self.stream.write(&self.out[written..]).await? {
                    0 => return Err(io::ErrorKind::WriteZero.into()),
                    some => written += some,
                }
            }
            Ok::<_, io::Error>(())
        };
        let broken = match timeout(self.settings.command_timeout, writing).await {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(Broken::from(error)),
            Err(_) => Some(Broken::Slow),
        };
        match broken {
            // The dot did not go: the server cannot have the message.
            Some(broken) if written < whole => {
                return Handed::Spent(Answer::later(broken.brief()));
            }
            Some(broken) => return Handed::Spent(Answer::unknown(broken.brief())),
            None => {}
        }
        let flushed = timeout(self.settings.command_timeout, self.stream.flush()).await;
        if !matches!(flushed, Ok(Ok(()))) {
            return Handed::Spent(Answer::unknown("connection lost after the message"));
        }
        let reply = match self.reply_within(self.settings.message_timeout).await {
            Ok(reply) => reply,
            Err(broken) => return Handed::Spent(Answer::unknown(broken.brief())),
        };
        self.used_at = Instant::now();
        let answer = reply.answer(Stage::Message);
        if reply.code == 421 {
            return Handed::Spent(answer);
        }
        self.handed += 1;
        Handed::Ready(answer)
    }

    /// Leaves politely, without waiting long.
    pub(super) async fn quit(mut self) {
        let _ = timeout(QUIT_TIMEOUT, self.ask("QUIT")).await;
    }

    async fn write(&mut self) -> Result<(), Broken> {
        let writing = async {
            self.stream.write_all(&self.out).await?;
            self.stream.flush().await
        };
        timeout(self.settings.command_timeout, writing).await.map_err(|_| Broken::Slow)??;
        Ok(())
    }

    async fn reply(&mut self) -> Result<Reply, Broken> {
        self.reply_within(self.settings.command_timeout).await
    }

    async fn reply_within(&mut self, limit: Duration) -> Result<Reply, Broken> {
        let reading = async {
            loop {
                if let Some((reply, length)) =
                    reply::read(&self.unread).map_err(|_| Broken::Malformed)?
                {
                    self.unread.drain(..length);
                    return Ok(reply);
                }
                if self.unread.len() > UNREAD_BYTES_MAX {
                    return Err(Broken::Malformed);
                }
                if self.stream.read_buf(&mut self.unread).await? == 0 {
                    return Err(Broken::Closed);
                }
            }
        };
        timeout(limit, reading).await.map_err(|_| Broken::Slow)?
    }
}
