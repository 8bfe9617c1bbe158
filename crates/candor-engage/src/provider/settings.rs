//! How a provider is reached, as a document that people write and that the catalog keeps sealed.

use std::fmt;

use serde::de::{self, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::channel::email::{DkimKey, Mailbox, Tls, is_domain};
use crate::channel::webhook::origin;
use crate::channel::{BadSetting, Channel, Secret};

/// Keys that sign one mail.
const DKIM_KEYS_MAX: usize = 4;
/// Side by side, to one server.
const CONNECTIONS_MAX: usize = 100;
const PER_SECOND_MAX: u32 = 100_000;

/// A secret in a document: its text, or `{"set": true}` for the one that is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Hidden {
    /// The secret itself.
    Text(Secret<String>),
    /// There is one, which is not told.
    #[default]
    Set,
}

impl Hidden {
    fn text(&self) -> Option<&str> {
        match self {
            Hidden::Text(Secret(text)) => Some(text),
            Hidden::Set => None,
        }
    }
}

impl Serialize for Hidden {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Hidden::Text(Secret(text)) => serializer.serialize_str(text),
            Hidden::Set => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry("set", &true)?;
                map.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Hidden {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OfADocument;

        impl<'de> Visitor<'de> for OfADocument {
            type Value = Hidden;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(r#"a text, or {"set": true} for the secret that is kept"#)
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Hidden, E> {
                Ok(Hidden::Text(Secret(text.to_owned())))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Hidden, A::Error> {
                let field: Option<(String, bool)> = map.next_entry()?;
                let more: Option<(String, bool)> = map.next_entry()?;
                match (field, more) {
                    (Some((name, true)), None) if name == "set" => Ok(Hidden::Set),
                    _ => Err(de::Error::invalid_type(de::Unexpected::Map, &self)),
                }
            }
        }
        deserializer.deserialize_any(OfADocument)
    }
}

/// Who writes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sender {
    /// As it is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Like `news@shop.example`.
    pub address: String,
}

impl Sender {
    pub(super) fn mailbox(&self) -> Mailbox {
        Mailbox { name: self.name.clone(), address: self.address.clone() }
    }

    fn check(&self, setting: &'static str) -> Result<(), BadSetting> {
        match self.mailbox().is_writable() {
            true => Ok(()),
            false => Err(BadSetting::new(setting, "is not an address like news@shop.example")),
        }
    }
}

/// A key that signs mail, and where its public half is published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DkimSettings {
    /// Whose word the signature is: the domain of the sender, or one above it.
    pub domain: String,
    /// Tells keys of one domain apart.
    pub selector: String,
    /// PEM.
    #[serde(default)]
    pub private_key: Hidden,
}

impl DkimSettings {
    pub(super) fn key(&self) -> Result<DkimKey, BadSetting> {
        let pem = self.private_key.text().unwrap_or_default();
        DkimKey::from_pem(&self.domain, &self.selector, pem)
    }
}

/// How the connection to a mail server is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Encryption {
    /// Not at all.
    None,
    /// After a greeting in the clear.
    StartTls,
    /// From the first byte.
    Implicit,
}

impl From<Encryption> for Tls {
    fn from(encryption: Encryption) -> Tls {
        match encryption {
            Encryption::None => Tls::None,
            Encryption::StartTls => Tls::StartTls,
            Encryption::Implicit => Tls::Implicit,
        }
    }
}

/// What is done with a message of which nobody knows whether the server took it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Doubt {
    /// It is left: nobody gets it twice, and somebody may not get it.
    #[default]
    Leave,
    /// It is sent again: everybody gets it, and somebody may get it twice.
    Retry,
}

/// A mail server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailServer {
    /// Name or address.
    pub host: String,
    /// 25, 465, 587 or another.
    pub port: u16,
    /// How the connection is encrypted.
    pub tls: Encryption,
    /// None where the server knows us by our address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// Goes with the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<Hidden>,
    /// Certificates (PEM) trusted besides the machine's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorities: Option<String>,
    /// What we call ourselves; else the bounce domain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hello_name: Option<String>,
    /// Messages that go out side by side, 1 to 100.
    #[serde(default = "four")]
    pub connections: usize,
    /// After so many a connection is left for a new one; else 1,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub messages_per_session: Option<u32>,
    /// At most so many messages in a second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_second: Option<u32>,
    /// How long the answer to a message may take, 5 to 600 s; else 600, as RFC 5321 asks
    /// (4.5.3.2.6). Then nobody knows whether the server took it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer_seconds: Option<u64>,
    /// Who writes, where a campaign does not say.
    pub from: Sender,
    /// Where answers go, if not to `from`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<Sender>,
    /// Receives mail for us; also stands in `Message-ID`.
    pub bounce_domain: String,
    /// Names the list for filters, like `news.shop.example`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list_id: Option<String>,
    /// Keys that sign; each signs each mail.
    #[serde(default)]
    pub dkim: Vec<DkimSettings>,
    /// What is done when no answer came.
    #[serde(default)]
    pub unknown: Doubt,
}

fn four() -> usize {
    4
}

/// Messages that stay in the house.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TriedOut {
    /// Who writes, where a campaign does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Sender>,
}

/// A server that takes webhooks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookServer {
    /// Where each message is posted.
    pub url: String,
    /// One, or two while the older one is being replaced, like `whsec_…`: each signs.
    #[serde(default)]
    pub secrets: Vec<Hidden>,
    /// Also a URL that begins with `http:`.
    #[serde(default)]
    pub allow_http: bool,
    /// Also an address near this server, where the server's own settings allow it.
    #[serde(default)]
    pub allow_private: bool,
    /// At most so many messages in a second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_second: Option<u32>,
}

/// How one provider is reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ProviderSettings {
    /// Mail over SMTP.
    Smtp(Box<MailServer>),
    /// Nothing leaves the house.
    Outbox(TriedOut),
    /// Signed JSON to one URL.
    Webhook(WebhookServer),
}

impl ProviderSettings {
    /// The names of the kinds that a channel has.
    pub fn kinds(channel: Channel) -> [&'static str; 2] {
        match channel {
            Channel::Email => ["smtp", "outbox"],
            Channel::Webhook => ["webhook", "outbox"],
        }
    }

    /// The kind's name.
    pub fn kind(&self) -> &'static str {
        match self {
            ProviderSettings::Smtp(_) => "smtp",
            ProviderSettings::Outbox(_) => "outbox",
            ProviderSettings::Webhook(_) => "webhook",
        }
    }

    /// The same without any secret. The paths of URLs often hold some, too: where `whole_url` is
    /// false, only the server is named.
    pub fn masked(&self, whole_url: bool) -> ProviderSettings {
        let mut masked = self.clone();
        match &mut masked {
            ProviderSettings::Smtp(server) => {
                server.password = server.password.as_ref().map(|_| Hidden::Set);
                server.dkim.iter_mut().for_each(|key| key.private_key = Hidden::Set);
            }
            ProviderSettings::Outbox(_) => {}
            ProviderSettings::Webhook(server) => {
                server.secrets.fill(Hidden::Set);
                if !whole_url {
                    server.url = origin(&server.url);
                }
            }
        }
        masked
    }

    /// Puts the secrets of `old` where this document has none or `{"set": true}`: a password only
    /// for the same server, a DKIM key by domain and selector, webhook secrets one after the other.
    ///
    /// # Errors
    /// When there is no secret to keep.
    pub fn keep_secrets_of(&mut self, old: Option<&ProviderSettings>) -> Result<(), BadSetting> {
        match self {
            ProviderSettings::Smtp(server) => match old {
                Some(ProviderSettings::Smtp(old)) => server.keep_secrets_of(Some(old)),
                _ => server.keep_secrets_of(None),
            },
            ProviderSettings::Outbox(_) => Ok(()),
            ProviderSettings::Webhook(server) => match old {
                Some(ProviderSettings::Webhook(old)) => server.keep_secrets_of(&old.secrets),
                _ => server.keep_secrets_of(&[]),
            },
        }
    }

    /// The records to publish in the DNS: names and texts, one for each key.
    ///
    /// # Errors
    /// When a key is none.
    pub fn records(&self) -> Result<Vec<(String, String)>, BadSetting> {
        let ProviderSettings::Smtp(server) = self else { return Ok(Vec::new()) };
        server.dkim.iter().map(|key| Ok(key.key()?.record())).collect()
    }
}

impl MailServer {
    fn keep_secrets_of(&mut self, old: Option<&MailServer>) -> Result<(), BadSetting> {
        let unchanged = |old: &&MailServer| {
            let way = |server: &MailServer| {
                (server.host.clone(), server.port, server.tls, server.authorities.clone())
            };
            way(old) == way(self) && old.username == self.username
        };
        let kept = old.filter(unchanged).and_then(|old| old.password.clone());
        match (&self.username, &self.password) {
            (None, Some(_)) => return Err(BadSetting::new("username", "goes with a password")),
            (Some(_), None | Some(Hidden::Set)) => {
                // Whoever may point us elsewhere must not be sent the password there.
                let reason = "is needed anew where server, encryption or username change";
                self.password = Some(kept.ok_or_else(|| BadSetting::new("password", reason))?);
            }
            (None, None) | (Some(_), Some(Hidden::Text(_))) => {}
        }
        let known = old.map(|old| old.dkim.as_slice()).unwrap_or_default();
        for key in self.dkim.iter_mut().filter(|key| key.private_key == Hidden::Set) {
            let same =
                |old: &&DkimSettings| old.domain == key.domain && old.selector == key.selector;
            let reason = "a new domain or selector needs its private_key";
            let old = known.iter().find(same).ok_or_else(|| BadSetting::new("dkim", reason))?;
            key.private_key = old.private_key.clone();
        }
        Ok(())
    }

    pub(super) fn check(&self) -> Result<(), BadSetting> {
        let bad = |setting, reason: &str| Err(BadSetting::new(setting, reason));
        let is_address = |host: &str| host.parse::<std::net::IpAddr>().is_ok();
        if !is_domain(&self.host) && !is_address(&self.host) {
            return bad("host", "is a name like smtp.shop.example, or an address");
        }
        if self.list_id.as_ref().is_some_and(|list_id| !is_domain(list_id)) {
            return bad("list_id", "is a name like news.shop.example");
        }
        if self.port == 0 {
            return bad("port", "is 1 to 65535, most often 587");
        }
        if !(1..=CONNECTIONS_MAX).contains(&self.connections) {
            return bad("connections", "are 1 to 100");
        }
        if self.dkim.len() > DKIM_KEYS_MAX {
            return bad("dkim", "has at most 4 keys");
        }
        self.from.check("from")?;
        self.reply_to.iter().try_for_each(|reply_to| reply_to.check("reply_to"))?;
        check_rate(self.per_second)
    }
}

impl TriedOut {
    pub(super) fn check(&self) -> Result<(), BadSetting> {
        self.from.iter().try_for_each(|from| from.check("from"))
    }
}

impl WebhookServer {
    fn keep_secrets_of(&mut self, old: &[Hidden]) -> Result<(), BadSetting> {
        if self.secrets.is_empty() {
            self.secrets = old.to_vec();
        }
        let mut kept = old.iter();
        for secret in self.secrets.iter_mut().filter(|secret| **secret == Hidden::Set) {
            let reason = "there are not so many to keep: write them out";
            *secret = kept.next().ok_or_else(|| BadSetting::new("secrets", reason))?.clone();
        }
        Ok(())
    }

    pub(super) fn check(&self) -> Result<(), BadSetting> {
        check_rate(self.per_second)
    }

    pub(super) fn secrets(&self) -> impl Iterator<Item = &str> {
        self.secrets.iter().map(|secret| secret.text().unwrap_or_default())
    }
}

fn check_rate(per_second: Option<u32>) -> Result<(), BadSetting> {
    match per_second.is_none_or(|rate| (1..=PER_SECOND_MAX).contains(&rate)) {
        true => Ok(()),
        false => Err(BadSetting::new("per_second", "is 1 to 100000")),
    }
}
