//! One configured way of a channel: opened from its settings, it writes messages and hands them
//! over.
//!
//! A publisher names its providers (`email/main`), and a campaign says by which one it goes.
//! Whoever sends needs to know nothing of what is behind one: a mail server, a URL, or an outbox
//! where messages are only looked at.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use candor_event::Timestamp;

mod settings;

pub use settings::{
    DkimSettings, Doubt, Encryption, Hidden, MailServer, ProviderSettings, Sender, TriedOut,
    WebhookServer,
};

use crate::channel::email::{
    self, BounceAddress, Composer, Email, EmailMessage, Login, Mailbox, SmtpSettings, Unsubscribe,
};
use crate::channel::outbox::{Held, Outbox};
use crate::channel::webhook::{BODY_BYTES_MAX, Endpoint, SigningSecret, Webhook, WebhookSettings};
use crate::channel::{Answer, BadSetting, Channel, MessageId};

/// Stands in mails that never leave; no such domain can exist (RFC 6761).
const OUTBOX_DOMAIN: &str = "outbox.invalid";

/// A message before it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outgoing {
    /// For a provider of mail.
    Email(Box<OutgoingEmail>),
    /// For a provider of webhooks.
    Webhook {
        /// Stays the same at each attempt.
        id: MessageId,
        /// JSON.
        body: String,
    },
}

impl From<OutgoingEmail> for Outgoing {
    fn from(mail: OutgoingEmail) -> Outgoing {
        Outgoing::Email(Box::new(mail))
    }
}

/// A mail before it is written: what does not follow from the provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutgoingEmail {
    /// Stays the same at each attempt.
    pub id: MessageId,
    /// When it was written; the same at each attempt, so that the bytes are.
    pub date: Timestamp,
    /// The reader.
    pub to: Mailbox,
    /// The sender, if not the provider's.
    pub from: Option<Mailbox>,
    /// Line ends in it become spaces.
    pub subject: String,
    /// May be empty if there is a text.
    pub html: String,
    /// May be empty if there is HTML.
    pub text: String,
    /// Where one click leaves; left out of the headers where it is not `https`, which they need.
    pub unsubscribe: Option<Unsubscribe>,
    /// Groups complaints in the reports of providers, like `campaign:publisher:kind:sender`.
    pub feedback_id: Option<String>,
}

/// A message that can be handed over, by the provider that composed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Composed(Ready);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Ready {
    Mail(email::Composed),
    Post { id: MessageId, body: String },
    Kept { id: MessageId, to: Option<String>, subject: Option<String>, bytes: Vec<u8> },
}

/// Where a provider belongs.
#[derive(Clone, Debug)]
pub struct Place {
    /// Its channel.
    pub channel: Channel,
    /// What the publisher calls it.
    pub name: String,
    /// The publisher's outbox.
    pub outbox: Arc<Outbox>,
    /// Whether webhooks may go to addresses near this server, if their settings say so.
    pub private_webhooks: bool,
}

/// One configured way of a channel.
#[derive(Debug)]
pub struct Provider {
    place: Place,
    way: Way,
    per_second: Option<u32>,
    retries_unknown: bool,
}

#[derive(Debug)]
enum Way {
    Server { email: Email, head: Head },
    Url { client: Webhook, endpoint: Endpoint },
    Kept { composer: Composer, head: Head },
}

/// What stands at the top of every mail of a provider.
#[derive(Debug)]
struct Head {
    from: Mailbox,
    reply_to: Option<Mailbox>,
    list_id: Option<String>,
}

impl Provider {
    /// Opens a provider; nothing is connected yet. `mac` signs the addresses that bounces go to.
    /// Reads keys and the machine's certificates: call it away from the threads that wait.
    ///
    /// # Errors
    /// Names the setting that will not do.
    pub fn open(
        settings: &ProviderSettings,
        place: Place,
        mac: impl Fn(&[u8]) -> [u8; 8] + Send + Sync + 'static,
    ) -> Result<Provider, BadSetting> {
        let kinds = ProviderSettings::kinds(place.channel);
        if !kinds.contains(&settings.kind()) {
            let reason =
                format!("of the channel {} is {}", place.channel.word(), kinds.join(" or "));
            return Err(BadSetting::new("kind", reason));
        }
        let (way, per_second, retries_unknown) = match settings {
            ProviderSettings::Smtp(server) => {
                let way = server.open(BounceAddress::new(&server.bounce_domain, mac)?)?;
                (way, server.per_second, server.unknown == Doubt::Retry)
            }
            ProviderSettings::Outbox(kept) => {
                let bounces = BounceAddress::new(OUTBOX_DOMAIN, mac)?;
                (kept.open(bounces)?, None, true)
            }
            ProviderSettings::Webhook(server) => {
                (server.open(place.private_webhooks)?, server.per_second, true)
            }
        };
        Ok(Provider { place, way, per_second, retries_unknown })
    }

    /// Writes a message, or says why it can never go out. Works and does not wait, for up to half a
    /// millisecond and each key.
    ///
    /// # Errors
    /// What the message's answer is instead.
    pub fn compose(&self, message: Outgoing) -> Result<Composed, Answer> {
        let ready = match (&self.way, message) {
            (Way::Server { email, head }, Outgoing::Email(mail)) => {
                Ready::Mail(email.compose(&head.over(*mail))?)
            }
            (Way::Url { .. } | Way::Kept { .. }, Outgoing::Webhook { body, .. })
                if body.len() > BODY_BYTES_MAX =>
            {
                return Err(Answer::bad_content("body too long"));
            }
            (Way::Url { .. }, Outgoing::Webhook { id, body }) => Ready::Post { id, body },
            (Way::Kept { composer, head }, Outgoing::Email(mail)) => {
                let message = head.over(*mail);
                let bytes = composer.compose(&message)?.into_bytes();
                let (to, subject) = (Some(message.to.address), Some(message.subject));
                Ready::Kept { id: message.id, to, subject, bytes }
            }
            (Way::Kept { .. }, Outgoing::Webhook { id, body }) => {
                Ready::Kept { id, to: None, subject: None, bytes: body.into_bytes() }
            }
            (Way::Server { .. }, Outgoing::Webhook { .. })
            | (Way::Url { .. }, Outgoing::Email(_)) => {
                return Err(Answer::bad_content("of another channel"));
            }
        };
        Ok(Composed(ready))
    }

    /// Hands a message over and waits for the answer; `now` is the moment of this attempt. Dropping
    /// the future leaves unknown whether the message went.
    pub async fn hand_over(&self, message: &Composed, now: Timestamp) -> Answer {
        let Ok(answer) = self.hand_over_if(message, now, || Ok::<(), Infallible>(())).await;
        answer
    }

    /// The same, unless the message is not to go any more right before its first byte would, which
    /// may be a while later where many wait for a connection.
    ///
    /// # Errors
    /// Those of `still`; nothing went then.
    pub async fn hand_over_if<E: 'static>(
        &self,
        message: &Composed,
        now: Timestamp,
        still: impl Fn() -> Result<(), E> + Send + Sync + 'static,
    ) -> Result<Answer, E> {
        if let (Way::Server { email, .. }, Ready::Mail(mail)) = (&self.way, &message.0) {
            return email.hand_over_if(mail, still).await;
        }
        still()?;
        Ok(self.hand_over_now(message, now).await)
    }

    async fn hand_over_now(&self, message: &Composed, now: Timestamp) -> Answer {
        match (&self.way, &message.0) {
            (Way::Url { client, endpoint }, Ready::Post { id, body }) => {
                client.hand_over(endpoint, *id, now, body.as_bytes()).await
            }
            (Way::Kept { .. }, Ready::Kept { id, to, subject, bytes }) => {
                self.place.outbox.add(Held {
                    id: *id,
                    at: now,
                    channel: self.place.channel,
                    provider: self.place.name.clone(),
                    to: to.clone(),
                    subject: subject.clone(),
                    bytes: bytes.clone(),
                });
                Answer::Accepted { provider_id: None }
            }
            // Somebody changed the kind in between; it is composed anew.
            _ => Answer::later("composed for another provider"),
        }
    }

    /// At most so many messages in a second are wanted; none: as many as it takes.
    pub fn per_second(&self) -> Option<u32> {
        self.per_second
    }

    /// Whether a message of which nobody knows goes out again.
    pub fn retries_unknown(&self) -> bool {
        self.retries_unknown
    }

    /// By which bounces of its mails are read; none of a webhook.
    pub fn bounces(&self) -> Option<&BounceAddress> {
        match &self.way {
            Way::Server { email, .. } => Some(email.composer().bounces()),
            Way::Kept { composer, .. } => Some(composer.bounces()),
            Way::Url { .. } => None,
        }
    }

    /// Takes leave of a server; connections are opened anew when there is more to send.
    pub async fn close(&self) {
        if let Way::Server { email, .. } = &self.way {
            email.close().await;
        }
    }
}

impl Head {
    fn over(&self, mail: OutgoingEmail) -> EmailMessage {
        let https = |leave: &Unsubscribe| leave.url.starts_with("https://");
        EmailMessage {
            id: mail.id,
            date: mail.date,
            from: mail.from.unwrap_or_else(|| self.from.clone()),
            reply_to: self.reply_to.clone(),
            to: mail.to,
            subject: mail.subject,
            html: mail.html,
            text: mail.text,
            unsubscribe: mail.unsubscribe.filter(https),
            list_id: self.list_id.clone(),
            feedback_id: mail.feedback_id,
        }
    }
}

impl MailServer {
    fn open(&self, bounces: BounceAddress) -> Result<Way, BadSetting> {
        self.check()?;
        let login = match (&self.username, &self.password) {
            (Some(username), Some(Hidden::Text(password))) => {
                Some(Login { username: username.clone(), password: password.clone() })
            }
            _ => None,
        };
        if self.answer_seconds.is_some_and(|seconds| !(5..=600).contains(&seconds)) {
            return Err(BadSetting::new("answer_seconds", "must be 5 to 600"));
        }
        let usual = SmtpSettings::new(&self.host, self.port);
        let settings = SmtpSettings {
            tls: self.tls.into(),
            authorities: self.authorities.clone(),
            login,
            hello_name: self.hello_name.clone().unwrap_or_else(|| bounces.domain().to_owned()),
            connections: self.connections,
            messages_per_session: self.messages_per_session.unwrap_or(usual.messages_per_session),
            message_timeout: self.answer_seconds.map_or(usual.message_timeout, Duration::from_secs),
            ..usual
        };
        let keys = self.dkim.iter().map(DkimSettings::key).collect::<Result<_, _>>()?;
        let head = Head {
            from: self.from.mailbox(),
            reply_to: self.reply_to.as_ref().map(Sender::mailbox),
            list_id: self.list_id.clone(),
        };
        Ok(Way::Server { email: Email::new(settings, keys, bounces)?, head })
    }
}

impl TriedOut {
    fn open(&self, bounces: BounceAddress) -> Result<Way, BadSetting> {
        self.check()?;
        let nobody = || Mailbox {
            name: Some("Candor".to_owned()),
            address: format!("nobody@{OUTBOX_DOMAIN}"),
        };
        let from = self.from.as_ref().map_or_else(nobody, Sender::mailbox);
        let head = Head { from, reply_to: None, list_id: None };
        Ok(Way::Kept { composer: Composer::new(Vec::new(), bounces), head })
    }
}

impl WebhookServer {
    fn open(&self, private_webhooks: bool) -> Result<Way, BadSetting> {
        self.check()?;
        let secrets = self.secrets().map(SigningSecret::parse).collect::<Result<_, _>>()?;
        let endpoint = Endpoint::new(&self.url, secrets)?;
        let settings = WebhookSettings {
            allow_http: self.allow_http,
            allow_private: self.allow_private && private_webhooks,
            ..WebhookSettings::default()
        };
        Ok(Way::Url { client: Webhook::new(settings)?, endpoint })
    }
}

#[cfg(test)]
mod tests;
