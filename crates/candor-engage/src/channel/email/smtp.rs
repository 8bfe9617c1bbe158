//! A mail server and a few connections to it.
//!
//! lettre's transport was looked at first: it asks for each reply before the next command, asks
//! `NOOP` before each reuse, and its network error is the same before and after the last dot, so it
//! cannot tell `Later` from `Unknown`.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustls::ClientConfig;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use rustls_platform_verifier::Verifier;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::sleep;
use tokio_rustls::TlsConnector;

use super::super::{Answer, BadSetting, Secret};
use super::line::{Line, Passed, Waiting};
use super::message::ascii_domain;
use super::session::{Asked, Envelope, Handed, Session};

const CONNECTIONS_MAX: usize = 1000;

/// How the connection is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// Not at all; a password then goes out as it is.
    None,
    /// After a greeting in the clear, usually on port 587; refused where it is not offered.
    StartTls,
    /// From the first byte, usually on port 465.
    Implicit,
}

/// Name and password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// Often an address.
    pub username: String,
    /// Never shown.
    pub password: Secret<String>,
}

/// Where mail is handed over, and how.
#[derive(Clone, Debug)]
pub struct SmtpSettings {
    /// Name or address of the server.
    pub host: String,
    /// 25, 465, 587 or another.
    pub port: u16,
    /// How the connection is encrypted.
    pub tls: Tls,
    /// Certificates (PEM) trusted besides the machine's own, for a server inside.
    pub authorities: Option<String>,
    /// None where the server knows us by our address.
    pub login: Option<Login>,
    /// What we call ourselves in `EHLO`.
    pub hello_name: String,
    /// How many messages go out side by side, 1 to 1,000.
    pub connections: usize,
    /// After so many messages a connection is left for a new one. A server that wants fewer says so
    /// and gets fewer.
    pub messages_per_session: u32,
    /// A connection unused for longer is not tried again; servers close it after 5 minutes or so.
    pub idle_max: Duration,
    /// For the connection and for the TLS handshake, each.
    pub connect_timeout: Duration,
    /// For each reply but the last one.
    pub command_timeout: Duration,
    /// For the reply to the message. Servers check it meanwhile: RFC 5321 asks for 10 minutes, and
    /// whoever waits less sends some messages twice.
    pub message_timeout: Duration,
}

impl SmtpSettings {
    /// `host` at `port` with everything else as it usually is: no login, `STARTTLS`, 4 connections.
    pub fn new(host: &str, port: u16) -> SmtpSettings {
        SmtpSettings {
            host: host.to_owned(),
            port,
            tls: Tls::StartTls,
            authorities: None,
            login: None,
            hello_name: "localhost".to_owned(),
            connections: 4,
            messages_per_session: 1000,
            idle_max: Duration::from_secs(60),
            connect_timeout: Duration::from_secs(15),
            command_timeout: Duration::from_secs(60),
            message_timeout: Duration::from_secs(600),
        }
    }
}

/// A mail server, with its open connections.
pub(super) struct Smtp {
    settings: Arc<SmtpSettings>,
    tls: TlsConnector,
    places: Arc<Semaphore>,
    line: Line,
    idle: Mutex<Vec<Session>>,
}

/// How long a message waits for the connection that is about to be passed to it; the server may be
/// silent about the message before.
const PASS_WAITS_MAX: Duration = Duration::from_secs(1);

/// Whether a message is still to go, as whoever sends it says.
type Still<E> = Arc<dyn Fn() -> Result<(), E> + Send + Sync>;

/// One message on its way, and the one to which its connection goes on.
struct Flight<'f, E> {
    line: &'f Line,
    still: &'f Still<E>,
    next: Option<Waiting>,
}

impl<E> Asked for Flight<'_, E> {
    fn still(&self) -> bool {
        (self.still)().is_ok()
    }

    fn next(&mut self) -> Option<Envelope<'_>> {
        self.next = self.line.next();
        self.next.as_ref().map(|next| (next.from.as_str(), next.to.as_str(), next.length))
    }
}

/// What a message goes by.
enum Way {
    /// A connection that its envelope went to already.
    Passed(Box<Passed>),
    /// One that is idle, or a new one.
    Place(OwnedSemaphorePermit),
}

impl Smtp {
    pub(super) fn new(settings: SmtpSettings) -> Result<Smtp, BadSetting> {
        let hello_name = settings.hello_name.trim_start_matches('[').trim_end_matches(']');
        let is_address = hello_name.parse::<std::net::IpAddr>().is_ok();
        if ascii_domain(hello_name).is_none() && !is_address {
            return Err(BadSetting::new("hello_name", "is not a domain name"));
        }
        if !(1..=CONNECTIONS_MAX).contains(&settings.connections) {
            return Err(BadSetting::new("connections", "must be 1 to 1000"));
        }
        if settings.messages_per_session == 0 {
            return Err(BadSetting::new("messages_per_session", "must be 1 or more"));
        }
        let tls = tls(settings.authorities.as_deref())?;
        let places = Arc::new(Semaphore::new(settings.connections));
        let (line, idle) = (Line::default(), Mutex::new(Vec::new()));
        Ok(Smtp { settings: Arc::new(settings), tls, places, line, idle })
    }

    /// Hands one message over, by a connection that is open or a new one, if it is `still` to go
    /// once there is one.
    pub(super) async fn hand_over<E: 'static>(
        &self,
        mail: (&str, &str, &[u8]),
        still: impl Fn() -> Result<(), E> + Send + Sync + 'static,
    ) -> Result<Answer, E> {
        let still: Still<E> = Arc::new(still);
        let mut place = match self.way(mail, &still).await? {
            None => return Ok(Answer::later("closed")),
            Some(Way::Place(place)) => place,
            Some(Way::Passed(passed)) => {
                let Passed { session, place } = *passed;
                match self.over((session, place), mail, &still).await? {
                    Ok(answer) => return Ok(answer),
                    Err(back) => back,
                }
            }
        };
        // A connection that is over before it says anything of this message costs nothing but
        // another connection; a second one in a row would be an answer.
        if let Some(session) = self.take().await {
            if let Err(why_not) = still() {
                self.keep(session);
                return Err(why_not);
            }
            match self.over((session, place), mail, &still).await? {
                Ok(answer) => return Ok(answer),
                Err(back) => place = back,
            }
        }
        let session = match Session::open(&self.settings, &self.tls).await {
            Ok(session) => session,
            Err(answer) => return Ok(answer),
        };
        if let Err(why_not) = still() {
            self.keep(session);
            return Err(why_not);
        }
        let answer = self.over((session, place), mail, &still).await?;
        Ok(answer.unwrap_or_else(|_| Answer::later("connection closed")))
    }

    /// Waits for a connection: a free place, or what a message before passes on. None when there
    /// will be none any more.
    ///
    /// # Errors
    /// Those of `still`.
    async fn way<E: 'static>(
        &self,
        (from, to, message): (&str, &str, &[u8]),
        still: &Still<E>,
    ) -> Result<Option<Way>, E> {
        let mut spare = self.places.clone().try_acquire_owned().ok();
        let free = self.places.clone().acquire_owned();
        tokio::pin!(free);
        let mut behind = true;
        while spare.is_none() {
            let asked = still.clone();
            let goes = move || asked().is_ok();
            let (ticket, mut passes) = self.line.join((from, to, message.len()), goes, behind);
            behind = false;
            loop {
                tokio::select! {
                    biased;
                    passed = &mut passes => match passed {
                        Ok(passed) => return Ok(Some(Way::Passed(Box::new(passed)))),
                        // It broke, or the message is not to go any more.
                        Err(_) => {
                            still()?;
                            break;
                        }
                    },
                    place = &mut free, if spare.is_none() => {
                        let Ok(place) = place else { return Ok(None) };
                        spare = Some(place);
                        // Where a connection is on its way, it has the envelope already.
                        if ticket.leave() {
                            break;
                        }
                    }
                    () = sleep(PASS_WAITS_MAX) => {
                        if !ticket.waits() {
                            break;
                        }
                    }
                }
            }
        }
        Ok(spare.map(Way::Place))
    }

    /// Hands a message over by a connection, and passes the connection on or keeps it. Gives the
    /// place back if the connection was over before it began with this message.
    ///
    /// # Errors
    /// Those of `still`, where it came too late for the envelope and in time for the message.
    async fn over<E>(
        &self,
        (mut session, place): (Session, OwnedSemaphorePermit),
        (from, to, message): (&str, &str, &[u8]),
        still: &Still<E>,
    ) -> Result<Result<Answer, OwnedSemaphorePermit>, E> {
        let mut flight = Flight { line: &self.line, still, next: None };
        match session.hand_over(from, to, message, &mut flight).await {
            Handed::Ready(answer) => {
                match flight.next {
                    Some(next) => next.pass(session, place),
                    None => self.keep(session),
                }
                Ok(Ok(answer))
            }
            Handed::Spent(answer) => Ok(Ok(answer)),
            Handed::Recalled => {
                still()?;
                // It was not to go for a moment only: later.
                Ok(Ok(Answer::later("recalled")))
            }
            Handed::Over => {
                session.quit().await;
                Ok(Err(place))
            }
        }
    }

    fn keep(&self, session: Session) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        // Those at the bottom are not asked for any more when there is less to do.
        if idle.first().is_some_and(|oldest| oldest.idle() > self.settings.idle_max) {
            idle.remove(0);
        }
        idle.push(session);
    }

    async fn take(&self) -> Option<Session> {
        loop {
            // The one used last: the others may grow old.
            let session = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()?;
            let spent = session.handed() >= self.settings.messages_per_session;
            if !spent && session.idle() <= self.settings.idle_max {
                return Some(session);
            }
            session.quit().await;
        }
    }

    /// Leaves the server.
    pub(super) async fn close(&self) {
        let sessions =
            std::mem::take(&mut *self.idle.lock().unwrap_or_else(PoisonError::into_inner));
        for session in sessions {
            session.quit().await;
        }
    }
}

fn tls(authorities: Option<&str>) -> Result<TlsConnector, BadSetting> {
    let bad = |reason: &str| BadSetting::new("authorities", reason);
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let extra = CertificateDer::pem_slice_iter(authorities.unwrap_or_default().as_bytes());
    let extra: Vec<_> = extra.collect::<Result<_, _>>().map_err(|_| bad("are not PEM"))?;
    if authorities.is_some() && extra.is_empty() {
        return Err(bad("hold no certificate"));
    }
    let verifier = Verifier::new_with_extra_roots(extra, provider.clone())
        .map_err(|_| bad("the machine's certificates cannot be read"))?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|_| bad("no TLS version is left"))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}
