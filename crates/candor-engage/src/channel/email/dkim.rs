//! DKIM signatures (RFC 6376, 8463): relaxed headers, relaxed body, SHA-256, RSA or Ed25519.
//!
//! The signing is aws-lc's; what is around it is small. Libraries were measured and left: lettre
//! signs a fifth as many in a second, with an RSA of its own, and mail-auth, as fast as this, takes
//! the time from the machine's clock and brings 51 crates, a DNS resolver among them.

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256};
use aws_lc_rs::{digest, rsa};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use candor_event::Timestamp;
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject as _;

use super::super::BadSetting;
use super::message::ascii_domain;

/// What is signed when it is there. The second mention of some keeps others from adding a second.
const SIGNED: [&str; 16] = [
    "from",
    "from",
    "reply-to",
    "to",
    "to",
    "subject",
    "subject",
    "date",
    "message-id",
    "list-unsubscribe",
    "list-unsubscribe-post",
    "list-id",
    "feedback-id",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
];
/// Signed whether they are there or not: one that is added later breaks the signature.
const SIGNED_ALWAYS: [&str; 3] = ["from", "to", "subject"];
/// Below this, receivers take a signature for none (RFC 8301).
const RSA_BYTES_MIN: usize = 2048 / 8;

/// A private key and where its public half is published.
#[derive(Debug)]
pub struct DkimKey {
    domain: String,
    selector: String,
    key: Key,
}

enum Key {
    Rsa(Box<rsa::KeyPair>),
    Ed25519(Ed25519KeyPair),
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.algorithm())
    }
}

impl Key {
    fn algorithm(&self) -> &'static str {
        match self {
            Key::Rsa(_) => "rsa-sha256",
            Key::Ed25519(_) => "ed25519-sha256",
        }
    }

    /// None when the generator of random numbers fails, which blinds the RSA operation.
    fn sign(&self, text: &[u8]) -> Option<String> {
        match self {
            Key::Rsa(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text, &mut signature).ok()?;
                Some(STANDARD.encode(signature))
            }
            // RFC 8463: what is signed is the hash, not the text.
            Key::Ed25519(key) => {
                Some(STANDARD.encode(key.sign(digest::digest(&digest::SHA256, text).as_ref())))
            }
        }
    }
}

impl DkimKey {
    /// Reads an RSA (PKCS#1 or PKCS#8, 2048 bits or more) or Ed25519 (PKCS#8) key in PEM, as
    /// `openssl genrsa` and `openssl genpkey -algorithm ed25519` write it.
    pub fn from_pem(domain: &str, selector: &str, pem: &str) -> Result<DkimKey, BadSetting> {
        let bad = |reason: &str| BadSetting::new("dkim", reason);
        let domain = ascii_domain(domain).ok_or_else(|| bad("the domain is not one"))?;
        let selector = ascii_domain(selector).ok_or_else(|| bad("the selector is not one"))?;
        let der = PrivateKeyDer::from_pem_slice(pem.as_bytes())
            .map_err(|_| bad("there is no private key in the PEM"))?;
        let key = match &der {
            PrivateKeyDer::Pkcs1(der) => {
                rsa::KeyPair::from_der(der.secret_pkcs1_der()).map(|key| Key::Rsa(key.into())).ok()
            }
            PrivateKeyDer::Pkcs8(der) => {
                let der = der.secret_pkcs8_der();
                let ed25519 = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).map(Key::Ed25519);
                let rsa = || rsa::KeyPair::from_pkcs8(der).map(|key| Key::Rsa(key.into()));
                ed25519.or_else(|_| rsa()).ok()
            }
            _ => None,
        };
        match key.ok_or_else(|| bad("the key is neither RSA nor Ed25519"))? {
            Key::Rsa(key) if key.public_modulus_len() < RSA_BYTES_MIN => {
                Err(bad("an RSA key needs 2048 bits"))
            }
            key => Ok(DkimKey { domain, selector, key }),
        }
    }

    /// The name and the text of the record to publish in the DNS.
    pub fn record(&self) -> (String, String) {
        let (kind, public) = match &self.key {
            Key::Rsa(key) => {
                let der: Result<PublicKeyX509Der<'_>, _> = key.public_key().as_der();
                ("rsa", der.map(|der| STANDARD.encode(der.as_ref())).unwrap_or_default())
            }
            Key::Ed25519(key) => ("ed25519", STANDARD.encode(key.public_key().as_ref())),
        };
        let name = format!("{}._domainkey.{}", self.selector, self.domain);
        (name, format!("v=DKIM1; k={kind}; p={public}"))
    }
}

/// The signature headers for `message`, one for each key, to be put before it. It must have CR LF
/// line ends. None if a key failed to sign.
pub(super) fn signatures(keys: &[DkimKey], message: &str, at: Timestamp) -> Option<String> {
    if keys.is_empty() {
        return Some(String::new());
    }
    let (head, body) = message.split_once("\r\n\r\n").unwrap_or((message, ""));
    let body_hash = digest::digest(&digest::SHA256, relaxed_body(body).as_bytes());
    let body_hash = STANDARD.encode(body_hash.as_ref());
    let headers = headers(head);
    let (names, mut text) = signed(&headers);
    let signed_length = text.len();
    let mut out = String::with_capacity(keys.len() * 800);
    for DkimKey { domain, selector, key } in keys {
        text.truncate(signed_length);
        let header = format!(
            "DKIM-Signature: v=1; a={}; c=relaxed/relaxed;\r\n d={domain};\r\n s={selector};\r\n \
             t={}; h={names};\r\n bh={body_hash};\r\n b=",
            key.algorithm(),
            at.seconds(),
        );
        let (_, value) = header.split_once(':')?;
        text.push_str("dkim-signature:");
        relaxed_value(value, &mut text);
        out.push_str(&header);
        let signature = key.sign(text.as_bytes())?;
        for (number, line) in signature.as_bytes().chunks(72).enumerate() {
            out.push_str(if number > 0 { "\r\n " } else { "" });
            out.push_str(std::str::from_utf8(line).ok()?);
        }
        out.push_str("\r\n");
    }
    Some(out)
}

/// The names and values of the headers, with folds still in the values.
fn headers(head: &str) -> Vec<(&str, &str)> {
    let mut headers = Vec::with_capacity(16);
    let mut start = 0;
    let mut end = 0;
    for line in head.split_inclusive("\r\n") {
        if !line.starts_with([' ', '\t']) && end > start {
            headers.extend(head[start..end].split_once(':'));
            start = end;
        }
        end += line.len();
    }
    headers.extend(head[start..end].split_once(':'));
    headers
}

/// The list of names for `h=`, and the headers it names in their relaxed form.
fn signed(headers: &[(&str, &str)]) -> (String, String) {
    let mut names = String::new();
    let mut text = String::with_capacity(1024);
    let mut column = 0;
    for (place, name) in SIGNED.iter().enumerate() {
        let again = SIGNED[..place].contains(name);
        let found = headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        match found {
            Some((_, value)) if !again => {
                text.push_str(name);
                text.push(':');
                relaxed_value(value, &mut text);
                text.push_str("\r\n");
            }
            _ if SIGNED_ALWAYS.contains(name) => {}
            _ => continue,
        }
        if !names.is_empty() {
            names.push(':');
        }
        if column > 40 {
            names.push_str("\r\n ");
            column = 0;
        }
        names.push_str(name);
        column += name.len();
    }
    (names, text)
}

/// RFC 6376, 3.4.2: unfolded, runs of white space become one space, none at the ends.
fn relaxed_value(value: &str, out: &mut String) {
    for (number, word) in value.split_ascii_whitespace().enumerate() {
        if number > 0 {
            out.push(' ');
        }
        out.push_str(word);
    }
}

/// RFC 6376, 3.4.4: runs of white space become one space, none at line ends, no empty lines last.
fn relaxed_body(body: &str) -> String {
    let mut out = String::with_capacity(body.len() + 2);
    for line in body.split("\r\n") {
        let mut blank = false;
        for c in line.trim_end_matches([' ', '\t']).chars() {
            if matches!(c, ' ' | '\t') {
                blank = true;
                continue;
            }
            if blank {
                out.push(' ');
                blank = false;
            }
            out.push(c);
        }
        out.push_str("\r\n");
    }
    let length = out.trim_end_matches("\r\n").len();
    out.truncate(length);
    if !out.is_empty() {
        out.push_str("\r\n");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relaxes_as_the_standard_shows() {
        // RFC 6376, 3.4.5.
        assert_eq!(relaxed_body(" C \r\nD \t E\r\n\r\n\r\n"), " C\r\nD E\r\n");
        assert_eq!(relaxed_body("\r\n\r\n"), "");
        let head = "A: X\r\nB : Y\t\r\n\tZ  \r\n";
        assert_eq!(headers(head), [("A", " X\r\n"), ("B ", " Y\t\r\n\tZ  \r\n")]);
        let mut value = String::new();
        relaxed_value(" Y\t\r\n\tZ  \r\n", &mut value);
        assert_eq!(value, "Y Z");
    }

    #[test]
    fn names_what_must_be_covered() {
        let (names, text) = signed(&[("From", " a\r\n"), ("List-Unsubscribe", " <b>\r\n")]);
        assert_eq!(names, "from:from:to:to:subject:subject:list-unsubscribe");
        assert_eq!(text, "from:a\r\nlist-unsubscribe:<b>\r\n");
    }

    #[test]
    fn weak_or_foreign_keys_are_refused() {
        for pem in ["", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"] {
            assert!(DkimKey::from_pem("shop.test", "s1", pem).is_err());
        }
        assert!(DkimKey::from_pem("shop test", "s1", "").is_err());
    }
}
