//! `POST /1/upload`: profiles, events and tokens by the REST API (protocol section 12.2).

use std::borrow::Cow;

use candor_event::{Timestamp, TraitOp, Value};
use serde_json::{Map, Value as Json};

use super::json::parse;
use super::sdk::body_of;
use super::value::check_text;
use super::{Body, Incoming, Limit, RECORDS_MAX, RefusalCode};
use crate::who::Ids;

/// Why a record was not processed: CleverTap's code and text, on which clients match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unprocessed {
    /// The record's place, from 0.
    pub index: usize,
    /// CleverTap's code.
    pub code: u16,
    /// CleverTap's text.
    pub error: String,
}

/// What an upload held.
#[derive(Clone, Debug, Default)]
pub struct Upload {
    /// The records as they were sent, to be returned where they are not processed.
    pub sent: Vec<Json>,
    /// Those of the right form.
    pub records: Vec<Incoming>,
    /// The others.
    pub unprocessed: Vec<Unprocessed>,
}

/// Names that only the system may raise (section 4.4).
const RESTRICTED: [&str; 9] = [
    "Stayed",
    "Notification Clicked",
    "Notification Viewed",
    "UTM Visited",
    "Notification Sent",
    "App Launched",
    "wzrk_d",
    "App Uninstalled",
    "Notification Bounced",
];

/// Push tokens of one call.
const TOKENS_MAX: usize = 100;

type Fault = (u16, Cow<'static, str>);

/// Reads `{"d": [record, …]}`.
///
/// # Errors
/// What is wrong with the body as a whole; nothing was then taken.
pub fn upload(body: &[u8]) -> Result<Upload, &'static str> {
    let mut json = parse(body).map_err(|_| "Payload is not JSON")?;
    let Some(Json::Array(sent)) = json.get_mut("d").map(Json::take) else {
        return Err("Payload is missing the list 'd'");
    };
    if sent.len() > RECORDS_MAX {
        return Err("Payload has more than 1000 records");
    }
    let mut upload = Upload::default();
    let mut tokens = 0;
    for (index, json) in sent.iter().enumerate() {
        let is_token = json.get("type").is_some_and(|kind| kind == "token");
        tokens += usize::from(is_token);
        let read = match is_token && tokens > TOKENS_MAX {
            false => record(index, json),
            true => Err((535, "There are more than 100 tokens in one call.".into())),
        };
        match read {
            Ok(record) => upload.records.push(record),
            Err((code, error)) => {
                upload.unprocessed.push(Unprocessed { index, code, error: error.into_owned() });
            }
        }
    }
    upload.sent = sent;
    Ok(upload)
}

/// The code of a record that a later stage refused.
pub fn code_of(refused: RefusalCode) -> (u16, &'static str) {
    match refused {
        RefusalCode::NoConsent => (528, "Record is discarded: no consent."),
        RefusalCode::MissingIdentity => (523, "Identity is missing."),
        RefusalCode::BadTime | RefusalCode::TooOld => (525, TIMESTAMP),
        RefusalCode::TooManyProperties => (522, "Event has too many properties."),
        _ => (512, "Event structure is not valid."),
    }
}

const TIMESTAMP: &str = "Timestamp should be present in the Unix Epoch format. ";

fn record(index: usize, json: &Json) -> Result<Incoming, Fault> {
    let Json::Object(fields) = json else { return Err((524, "Record is not an object.".into())) };
    let at = match fields.get("ts") {
        None | Some(Json::Null) => None,
        Some(ts) => match ts.as_i64() {
            Some(seconds) if seconds > 0 => Some(Timestamp::from_seconds(seconds)),
            _ => return Err((525, TIMESTAMP.into())),
        },
    };
    let ids = ids(fields)?;
    let body = match fields.get("type").and_then(Json::as_str) {
        Some("profile") => profile(json)?,
        Some("event") => event(json, fields)?,
        Some("token") => token(fields)?,
        _ => return Err((524, "Type is neither event nor profile.".into())),
    };
    Ok(Incoming { index, ids, at, id: None, body })
}

fn ids(fields: &Map<String, Json>) -> Result<Ids, Fault> {
    let text = |name: &str| match fields.get(name) {
        Some(Json::String(text)) if !text.is_empty() => Some(text.clone()),
        Some(Json::Number(number)) => Some(number.to_string()),
        _ => None,
    };
    let outside = |name: &str| text(name).map(|id| format!("{name}:{id}"));
    let identity = text("identity").or_else(|| outside("FBID")).or_else(|| outside("GPID"));
    let ids = Ids { identity, guid: text("objectId"), ..Ids::default() };
    let long = [&ids.identity, &ids.guid].into_iter().flatten().any(|id| id.chars().count() > 1024);
    match (ids == Ids::default(), long) {
        (true, _) => Err((523, "Identity is missing.".into())),
        (_, true) => Err((526, "Identity is too long.".into())),
        _ => Ok(ids),
    }
}

fn event(json: &Json, fields: &Map<String, Json>) -> Result<Body, Fault> {
    let name = fields.get("evtName").and_then(Json::as_str).unwrap_or_default();
    if name.is_empty() {
        return Err((509, "Event name is missing.".into()));
    }
    if RESTRICTED.contains(&name) {
        return Err((513, "Event name is a restricted system event.".into()));
    }
    match body_of(json) {
        Ok(Some(body)) => Ok(body),
        Err((RefusalCode::TooManyProperties, _)) => {
            Err((522, "Event has too many properties.".into()))
        }
        Err((_, message)) => Err((512, format!("Event structure is not valid: {message}.").into())),
        Ok(None) => Err((512, "Event structure is not valid.".into())),
    }
}

fn profile(json: &Json) -> Result<Body, Fault> {
    let changes = match body_of(json) {
        Ok(Some(Body::Profile(changes))) => changes,
        Err((_, message)) => {
            return Err((512, format!("Profile structure is not valid: {message}.").into()));
        }
        Ok(_) => return Err((512, "Profile structure is not valid.".into())),
    };
    for (name, op) in &changes {
        if let TraitOp::Set(value) = op {
            check_known(name, value)?;
        }
    }
    Ok(Body::Profile(changes))
}

/// What CleverTap checks of the traits that it knows; the texts are its own.
fn check_known(name: &str, value: &Value) -> Result<(), Fault> {
    let text = value.as_text().map(str::trim);
    let one_of = |allowed: &[&str]| text.is_some_and(|text| allowed.contains(&text));
    match name {
        "Email" if !text.is_some_and(is_address) => {
            Err((515, "Profile data is incorrect. Email is not valid.".into()))
        }
        "Phone" if !is_phone(value) => {
            Err((516, "Profile data is incorrect. Phone number is not valid.".into()))
        }
        "Gender" if !one_of(&["M", "F", "O", "U", "Male", "Female", "Other", "Unknown"]) => {
            Err((514, "Profile data is incorrect. Gender needs to be M/F.".into()))
        }
        "Employed" if !one_of(&["Y", "N"]) => {
            Err((517, "Profile data is incorrect. Employed needs to be Y/N.".into()))
        }
        "Education" if !one_of(&["School", "College", "Graduate"]) => Err((
            518,
            "Profile data is incorrect. Education needs to be School/College/Graduate..".into(),
        )),
        "Married" if !one_of(&["Y", "N"]) => {
            Err((519, "Profile data is incorrect. Married needs to be Y/N.".into()))
        }
        "Age" if !value.as_number().is_some_and(|age| (0.0..=150.0).contains(&age)) => {
            Err((520, "Profile data is incorrect. Age is invalid.".into()))
        }
        _ => Ok(()),
    }
}

fn is_address(text: &str) -> bool {
    let Some((local, host)) = text.rsplit_once('@') else { return false };
    !local.is_empty()
        && !host.starts_with('.')
        && host.contains('.')
        && !host.ends_with('.')
        && !text.contains(char::is_whitespace)
}

/// Text with plus and country code, or the number without the plus.
fn is_phone(value: &Value) -> bool {
    match value {
        Value::Integer(number) => (10_000..1_000_000_000_000_000).contains(number),
        Value::Text(text) => {
            let digits = text.chars().filter(char::is_ascii_digit).count();
            let other = |c: char| !c.is_ascii_digit() && !"+ -().".contains(c);
            (5..=15).contains(&digits) && !text.contains(other)
        }
        _ => false,
    }
}

fn token(fields: &Map<String, Json>) -> Result<Body, Fault> {
    if fields.get("objectId").and_then(Json::as_str).is_none_or(str::is_empty) {
        return Err((530, "objectId is missing.".into()));
    }
    let Some(Json::Object(data)) = fields.get("tokenData") else {
        return Err((531, "Token data is missing.".into()));
    };
    let id = data.get("id").and_then(Json::as_str).filter(|id| !id.is_empty());
    let id = id.ok_or((532, Cow::from("Token id is missing.")))?;
    let kind = data
        .get("type")
        .and_then(Json::as_str)
        .ok_or((533, Cow::from("Token type is missing.")))?;
    if !["apns", "fcm", "gcm", "chrome", "webpush"].contains(&kind.to_lowercase().as_str()) {
        return Err((534, "Token type is not valid for the objectId.".into()));
    }
    check_text(id, Limit::Value).map_err(|_| (535, Cow::from("Token id is too long.")))?;
    Ok(Body::Profile(vec![("push_token".into(), TraitOp::Add(vec![id.into()]))]))
}
