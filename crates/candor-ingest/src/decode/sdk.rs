//! What CleverTap's SDKs send, common to web and mobile: events, profiles with operators, pages,
//! push tokens (protocol sections 4 and 10.3).

use std::sync::Arc;

use candor_event::{Properties, Timestamp, TraitOp, Value};
use serde_json::{Map, Value as Json};

use super::records::listed;
use super::value::check_text;
use super::{Body, Incoming, Limit, PROPERTIES_MAX, RefusalCode, Refused, read_value};
use crate::who::Ids;

/// The name under which a page view of the Web SDK or a screen is kept.
pub const PAGE_NAME: &str = "Page Viewed";

/// Nested values of one record.
const NESTED_MAX: usize = 4096;

/// What the records of one request share.
#[derive(Clone, Debug, Default)]
pub struct Sender {
    /// The device or browser, without the suffix of an opt-out.
    pub guid: String,
    /// When, for records that do not say.
    pub at: Option<Timestamp>,
    /// The session, for records that do not say.
    pub session: Option<i64>,
}

pub(super) type Refusal = (RefusalCode, String);

fn bad(message: &str) -> Refusal {
    (RefusalCode::BadRecord, message.to_owned())
}

/// Whether a record asks for the values of variables (`wzrk_fetch` of type 4).
pub(super) fn asks_variables(json: &Json) -> bool {
    const VARIABLES: i64 = 4;
    let kind = json.get("evtData").and_then(|data| whole(data.get("t")?));
    json.get("evtName").is_some_and(|name| name == "wzrk_fetch") && kind == Some(VARIABLES)
}

/// Reads one record of an SDK; none for those that say nothing to keep (pings, fetches).
///
/// # Errors
/// Why the record is refused, for its batch to go on without it.
pub fn sdk_record(index: usize, json: &Json, sender: &Sender) -> Result<Option<Incoming>, Refused> {
    read(json, sender)
        .map(|body| {
            let at = json.get("ep").and_then(Json::as_i64).map(Timestamp::from_seconds);
            let ids = Ids { guid: Some(sender.guid.clone()), ..Ids::default() };
            body.map(|body| Incoming { index, ids, at: at.or(sender.at), id: None, body })
        })
        .map_err(|(code, message)| Refused { index, code, message })
}

/// What one record says, without who and when.
pub(super) fn body_of(json: &Json) -> Result<Option<Body>, Refusal> {
    read(json, &Sender::default())
}

fn read(json: &Json, sender: &Sender) -> Result<Option<Body>, Refusal> {
    let Json::Object(fields) = json else { return Err(bad("a record is an object")) };
    match fields.get("type").and_then(Json::as_str) {
        Some("event") => event(fields, sender),
        Some("profile") => profile(fields).map(|changes| Some(Body::Profile(changes))),
        Some("page") => Ok(Some(page(fields, sender))),
        // A browser that unregisters names no token (its `id` is the account's): the token leaves
        // the person when someone else registers it.
        Some("data") => fields.get("data").and_then(Json::as_object).map_or(Ok(None), token),
        Some(_) => Ok(None),
        // The Web SDK's pages and push tokens have no type.
        None if fields.contains_key("endpoint") => web_token(fields),
        None if fields.contains_key("cpg") => Ok(Some(page(fields, sender))),
        None => Ok(None),
    }
}

fn event(fields: &Map<String, Json>, sender: &Sender) -> Result<Option<Body>, Refusal> {
    let name = fields.get("evtName").and_then(Json::as_str).unwrap_or_default();
    if name.is_empty() {
        return Err(bad("an event has an 'evtName'"));
    }
    check_text(name, Limit::Name)?;
    if matches!(name, "wzrk_fetch" | "content_fetch") {
        return Ok(None);
    }
    let mut properties = properties(fields.get("evtData"))?;
    add_session(&mut properties, fields, sender);
    Ok(Some(Body::Event { name: name.into(), properties }))
}

fn add_session(properties: &mut Properties, fields: &Map<String, Json>, sender: &Sender) {
    let session = fields.get("s").and_then(whole).or(sender.session);
    if let Some(session) = session.filter(|session| *session > 0) {
        properties.insert("session", Value::Integer(session));
    }
}

/// A number, also where an SDK sends it as text.
pub(super) fn whole(json: &Json) -> Option<i64> {
    json.as_i64().or_else(|| json.as_str()?.parse().ok())
}

/// A page view: the path of its address, the referrer and the campaign that led to it.
fn page(fields: &Map<String, Json>, sender: &Sender) -> Body {
    let mut properties = Properties::new();
    let text = |name: &str| fields.get(name).and_then(Json::as_str).filter(|t| !t.is_empty());
    if let Some(address) = text("cpg") {
        properties.insert("page", path_of(address).as_str().into());
    }
    if let Some(screen) = text("n") {
        properties.insert("page", screen.chars().take(512).collect::<String>().as_str().into());
    }
    for name in ["referrer", "us", "um", "uc", "wm"] {
        if let Some(value) = text(name) {
            let value: String = value.chars().take(120).collect();
            properties.insert(name, value.as_str().into());
        }
    }
    add_session(&mut properties, fields, sender);
    Body::Event { name: PAGE_NAME.into(), properties }
}

/// The path of an address: the host, query and fragment tell more than where someone was.
fn path_of(address: &str) -> String {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let path = rest.find('/').map_or("/", |start| &rest[start..]);
    let end = path.find(['?', '#']).unwrap_or(path.len());
    path[..end].chars().take(512).collect()
}

fn properties(json: Option<&Json>) -> Result<Properties, Refusal> {
    let entries = match json {
        None | Some(Json::Null) => return Ok(Properties::new()),
        Some(Json::Object(entries)) => entries,
        Some(_) => return Err(bad("'evtData' and 'profile' are objects")),
    };
    if entries.len() > PROPERTIES_MAX {
        return Err(Limit::Count.into());
    }
    let (mut left, mut properties) = (NESTED_MAX, Properties::new());
    for (name, json) in entries {
        check_text(name, Limit::Name)?;
        if let Some(value) = read_value(json, &mut left)? {
            properties.insert(name.as_str(), value);
        }
    }
    Ok(properties)
}

/// Plain values replace; `$set`, `$add`, `$remove`, `$incr`, `$decr` and `$delete` are operators.
fn profile(fields: &Map<String, Json>) -> Result<Vec<(Arc<str>, TraitOp)>, Refusal> {
    let mut changes = Vec::new();
    for (name, value) in properties(fields.get("profile").or_else(|| fields.get("profileData")))? {
        let op = match value {
            Value::Object(object) if *name != *"ct_consent" => {
                operator(&object).transpose()?.unwrap_or(TraitOp::Set(Value::Object(object)))
            }
            value => TraitOp::Set(value),
        };
        changes.push((name, op));
    }
    Ok(changes)
}

fn operator(object: &Properties) -> Option<Result<TraitOp, Refusal>> {
    if object.len() != 1 {
        return None;
    }
    let (name, value) = object.iter().next()?;
    let number = |value: &Value| value.as_number().ok_or_else(|| bad("'$incr' takes a number"));
    Some(Ok(match &**name {
        "$set" => TraitOp::Set(value.clone()),
        "$add" => TraitOp::Add(listed(value.clone())),
        "$remove" => TraitOp::Remove(listed(value.clone())),
        "$delete" => TraitOp::Unset,
        "$incr" => match number(value) {
            Ok(by) => TraitOp::Increment(by),
            Err(refused) => return Some(Err(refused)),
        },
        "$decr" => match number(value) {
            Ok(by) => TraitOp::Increment(-by),
            Err(refused) => return Some(Err(refused)),
        },
        _ => return None,
    }))
}

/// `{"action": "register"|"unregister", "id": token, "type": …}`
fn token(data: &Map<String, Json>) -> Result<Option<Body>, Refusal> {
    let Some(token) = data.get("id").and_then(Json::as_str) else { return Ok(None) };
    check_text(token, Limit::Value)?;
    let op = match data.get("action").and_then(Json::as_str) {
        Some("register") => TraitOp::Add(vec![token.into()]),
        Some("unregister") => TraitOp::Remove(vec![token.into()]),
        _ => return Ok(None),
    };
    Ok(Some(Body::Profile(vec![("push_token".into(), op)])))
}

/// A browser's push subscription.
fn web_token(fields: &Map<String, Json>) -> Result<Option<Body>, Refusal> {
    let Some(endpoint) = fields.get("endpoint").and_then(Json::as_str) else { return Ok(None) };
    check_text(endpoint, Limit::Value)?;
    let op = TraitOp::Add(vec![endpoint.into()]);
    Ok(Some(Body::Profile(vec![("push_token".into(), op)])))
}
