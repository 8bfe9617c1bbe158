//! `GET /a`: one request of the Web SDK (protocol sections 10 and 11).

use candor_event::Timestamp;
use serde_json::Value as Json;

use super::json::parse;
use super::sdk::{Sender, asks_variables, sdk_record, whole};
use super::{Decoded, mobile::encrypted};
use crate::lzstring::decompress;

/// UTF-16 units that a compressed text may grow to.
const UNITS_MAX: usize = 256 << 10;

/// The pairs of a query, percent-decoded; a plus stands for itself, as base64 needs it.
pub fn pairs(query: &str) -> Vec<(String, String)> {
    let decode = |text: &str| {
        let bytes = text.as_bytes();
        let (mut out, mut at) = (Vec::with_capacity(bytes.len()), 0);
        while at < bytes.len() {
            let hex = bytes.get(at + 1..at + 3).and_then(|hex| std::str::from_utf8(hex).ok());
            match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
                Some(byte) if bytes[at] == b'%' => {
                    out.push(byte);
                    at += 3;
                }
                _ => {
                    out.push(bytes[at]);
                    at += 1;
                }
            }
        }
        String::from_utf8_lossy(&out).into_owned()
    };
    let pair = |pair: &str| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decode(key), decode(value))
    };
    query.split('&').filter(|one| !one.is_empty()).map(pair).collect()
}

/// Decrypts (ciphertext, key, nonce), all base64; the result is text.
pub type Decrypt<'a> = &'a dyn Fn(&str, &str, &str) -> Option<Vec<u8>>;

/// One request of the Web SDK.
#[derive(Debug, Default)]
pub struct WebRequest {
    /// The account id that the payload carries.
    pub account: String,
    /// The browser, if it has a guid, without the suffix of an opt-out.
    pub guid: Option<String>,
    /// The guid came with the suffix of an opt-out.
    pub opted_out: bool,
    /// The request number, to be returned.
    pub rn: Option<String>,
    /// The session, if there is one.
    pub session: Option<i64>,
    /// A log-in that may change the user: the answer must say resume.
    pub is_login: bool,
    /// The request opts out (true) or in (false).
    pub opts_out: Option<bool>,
    uses_address: bool,
    payload: Json,
    at: Option<Timestamp>,
}

/// Reads a request's query. The guid is to be set before [`WebRequest::records`] is asked.
///
/// # Errors
/// What is wrong; such a request is answered without its number.
pub fn web(query: &[(String, String)], decrypt: Decrypt<'_>) -> Result<WebRequest, &'static str> {
    let get = |name: &str| query.iter().find(|(key, _)| key == name).map(|(_, v)| v.as_str());
    let payload = payload(query, decrypt)?;
    let field = |name: &str| payload.get(name);
    let guid = field("g").and_then(Json::as_str).or(get("gc")).filter(|guid| !guid.is_empty());
    let opted_out = guid.is_some_and(|guid| guid.ends_with(":OO"));
    let guid = guid.map(|guid| guid.trim_end_matches(":OO").to_owned());
    if guid.as_ref().is_some_and(|guid| guid.len() > 256) {
        return Err("a guid of at most 256 bytes");
    }
    let session = field("s").and_then(whole).or_else(|| get("s")?.parse().ok());
    let opts_out = field("profile").and_then(|profile| profile.get("ct_optout")?.as_bool());
    Ok(WebRequest {
        account: field("id").and_then(Json::as_str).unwrap_or_default().to_owned(),
        guid,
        opted_out,
        rn: get("rn").map(str::to_owned),
        session: session.filter(|session| *session > 0),
        is_login: field("isOUL").is_some_and(|flag| flag == true),
        opts_out,
        uses_address: get("useIP") == Some("true"),
        at: get("i").and_then(|i| i.parse().ok()).map(Timestamp::from_seconds),
        payload,
    })
}

/// What a query carries in `d`: compressed, and perhaps encrypted.
pub(super) fn payload(
    query: &[(String, String)],
    decrypt: Decrypt<'_>,
) -> Result<Json, &'static str> {
    let sent = query.iter().find(|(key, _)| key == "d").map(|(_, value)| value.as_str());
    let mut text = decompress(sent.ok_or("the payload d")?, UNITS_MAX).map_err(|_| "d")?;
    if let Some((itp, itk, itv)) = encrypted(text.as_bytes()) {
        let plain = decrypt(&itp, &itk, &itv).ok_or("d decrypts")?;
        let plain = String::from_utf8(plain).map_err(|_| "d decrypts to text")?;
        text = decompress(&plain, UNITS_MAX).map_err(|_| "d")?;
    }
    parse(text.as_bytes()).map_err(|_| "d is JSON")
}

impl WebRequest {
    /// What the request asks to keep, of this browser.
    pub fn records(&self, guid: &str) -> Decoded {
        let sender = Sender { guid: guid.to_owned(), at: self.at, session: self.session };
        let uses_address = self.uses_address;
        let asks_variables = asks_variables(&self.payload);
        let mut decoded = Decoded { sent: 1, asks_variables, uses_address, ..Decoded::default() };
        match sdk_record(0, &self.payload, &sender) {
            Ok(record) => decoded.records.extend(record),
            Err(refused) => decoded.refused.push(refused),
        }
        decoded
    }
}
