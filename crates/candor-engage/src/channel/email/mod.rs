//! Mail: from a message to signed bytes, over SMTP to a server, and what comes back from there.
//!
//! [`Email::compose`] works and does not wait; [`Email::hand_over`] waits and does not work. What
//! the server said at once is the [`Answer`]; what others say later comes as mail to the
//! [`BounceAddress`] and is read by [`bounce::read`].

use std::convert::Infallible;
use std::fmt;

pub mod bounce;
mod dkim;
mod line;
mod message;
mod mime;
mod parts;
mod reply;
mod session;
mod smtp;
mod verp;

pub use dkim::DkimKey;
pub use message::{EmailMessage, Mailbox, Unsubscribe};
pub use smtp::{Login, SmtpSettings, Tls};
pub use verp::BounceAddress;

use super::{Answer, BadSetting};

/// Whether a text is a domain name, of letters beyond ASCII also.
pub fn is_domain(text: &str) -> bool {
    message::ascii_domain(text).is_some()
}

/// What a mail of ours says, read back from its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadBack {
    /// Names and values in their order, each in one line and as they are written.
    pub headers: Vec<(String, String)>,
    /// The HTML, where there is one.
    pub html: Option<String>,
    /// The plain text, where there is one.
    pub text: Option<String>,
}

/// Reads what [`Composed::bytes`] gave.
pub fn read_back(bytes: &[u8]) -> ReadBack {
    let (head, parts) = parts::read(bytes);
    let header = |line: &str| {
        let (name, value) = line.split_once(':')?;
        Some((name.to_owned(), value.trim().to_owned()))
    };
    let text = |kind: &str| {
        let part = parts.iter().find(|part| part.kind == kind)?;
        Some(String::from_utf8_lossy(&part.body).into_owned())
    };
    ReadBack {
        headers: head.lines().filter_map(header).collect(),
        html: text("text/html"),
        text: text("text/plain"),
    }
}

/// Writes mails: the keys that sign, and the address bounces go to.
#[derive(Debug)]
pub struct Composer {
    keys: Vec<DkimKey>,
    bounces: BounceAddress,
}

impl Composer {
    /// A message is signed with each of `keys`; one RSA and one Ed25519 key reach old and new
    /// receivers.
    pub fn new(keys: Vec<DkimKey>, bounces: BounceAddress) -> Composer {
        Composer { keys, bounces }
    }

    /// The address bounces of its mails go to.
    pub fn bounces(&self) -> &BounceAddress {
        &self.bounces
    }

    /// Writes and signs a message, or says why it can never go out. An RSA signature takes about
    /// half a millisecond: call it away from the threads that wait.
    pub fn compose(&self, message: &EmailMessage) -> Result<Composed, Answer> {
        let (to, unsigned) = message.bytes(self.bounces.domain())?;
        let mut bytes = dkim::signatures(&self.keys, &unsigned, message.date)
            .ok_or_else(|| Answer::later("signing failed"))?
            .into_bytes();
        bytes.extend_from_slice(unsigned.as_bytes());
        Ok(Composed { from: self.bounces.address(message.id), to, bytes })
    }
}

/// One way to send mail: a server, and who writes for it.
pub struct Email {
    smtp: smtp::Smtp,
    composer: Composer,
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Email").field("composer", &self.composer).finish_non_exhaustive()
    }
}

/// A mail as it goes out, with its envelope.
#[derive(Clone, PartialEq, Eq)]
pub struct Composed {
    from: String,
    to: String,
    bytes: Vec<u8>,
}

impl fmt::Debug for Composed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Composed").field("bytes", &self.bytes.len()).finish_non_exhaustive()
    }
}

impl Composed {
    /// The signed message, with CR LF line ends.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes of [`Composed::bytes`], to keep.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// The envelope sender, which names the message.
    pub fn from(&self) -> &str {
        &self.from
    }
}

impl Email {
    /// Nothing is connected yet; `keys` and `bounces` as for [`Composer::new`].
    pub fn new(
        settings: SmtpSettings,
        keys: Vec<DkimKey>,
        bounces: BounceAddress,
    ) -> Result<Email, BadSetting> {
        let composer = Composer::new(keys, bounces);
        Ok(Email { smtp: smtp::Smtp::new(settings)?, composer })
    }

    /// Who writes the mails.
    pub fn composer(&self) -> &Composer {
        &self.composer
    }

    /// As [`Composer::compose`].
    pub fn compose(&self, message: &EmailMessage) -> Result<Composed, Answer> {
        self.composer.compose(message)
    }

    /// Hands a message to the server and waits for its answer; at most as many at a time as there
    /// are connections, the others wait. Dropping the future gives the connection up, and leaves
    /// unknown whether the message went.
    pub async fn hand_over(&self, message: &Composed) -> Answer {
        let Ok(answer) = self.hand_over_if(message, || Ok::<(), Infallible>(())).await;
        answer
    }

    /// The same, unless the message is not to go any more once there is a connection for it: what
    /// `still` says then is the answer, and no byte of the message went. It is asked twice: before
    /// the envelope, and before the message.
    ///
    /// # Errors
    /// Those of `still`.
    pub async fn hand_over_if<E: 'static>(
        &self,
        message: &Composed,
        still: impl Fn() -> Result<(), E> + Send + Sync + 'static,
    ) -> Result<Answer, E> {
        self.smtp.hand_over((&message.from, &message.to, &message.bytes), still).await
    }

    /// Takes leave of the server; connections are opened anew when there is more to send.
    pub async fn close(&self) {
        self.smtp.close().await;
    }
}
