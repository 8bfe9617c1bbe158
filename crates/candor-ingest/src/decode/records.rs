//! The body of `POST /api/v1/events`.

use std::sync::Arc;

use candor_event::{Properties, Timestamp, TraitOp, Value};
use serde_json::{Map, Value as Json};

use super::json::parse;
use super::usual;
use super::value::{check_text, read_value};
use super::{
    Body, ID_BYTES_MAX, Incoming, Limit, PROPERTIES_MAX, RECORDS_MAX, RefusalCode, Refused,
};
use crate::who::Ids;

/// Nested values of one record, its properties not counted.
pub(super) const NESTED_MAX: usize = 4096;

/// What a body held.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decoded {
    /// The device that sent it, where all of it is from one.
    pub guid: String,
    /// How many records were sent.
    pub sent: usize,
    /// Those of the right form, in their order.
    pub records: Vec<Incoming>,
    /// The others, in their order.
    pub refused: Vec<Refused>,
    /// The values of variables are asked for.
    pub asks_variables: bool,
    /// An app was launched: it takes up what it is told.
    pub launches: bool,
    /// The sender lets its address tell the country.
    pub uses_address: bool,
    /// What the app says of itself and its device, for each of its events.
    pub of_device: Vec<(Arc<str>, Value)>,
}

/// Reads a body of at most the server's size limit. `parse_time` reads a time that is not a
/// number (RFC 3339), so that this room needs no calendar of its own.
///
/// # Errors
/// `(pointer, message)` when the body as a whole cannot be read; nothing was then taken.
pub fn records(
    body: &[u8],
    parse_time: &dyn Fn(&str) -> Option<Timestamp>,
) -> Result<Decoded, (String, String)> {
    usual::records(body, parse_time).map_or_else(|| in_full(body, parse_time), Ok)
}

/// Reads a body of any form, and says what is wrong with it.
pub(super) fn in_full(
    body: &[u8],
    parse_time: &dyn Fn(&str) -> Option<Timestamp>,
) -> Result<Decoded, (String, String)> {
    let place = |error: &serde_json::Error| {
        // Place and kind alone: the library's own words may quote what was sent.
        let message = "the body is not JSON";
        (String::new(), format!("{message} (line {} column {})", error.line(), error.column()))
    };
    let form = |at: &str| (at.to_owned(), "the body must be {\"records\":[…]}".to_owned());
    let Json::Object(mut fields) = parse(body).map_err(|error| place(&error))? else {
        return Err(form(""));
    };
    let Some(Json::Array(records)) = fields.remove("records") else {
        return Err(form("/records"));
    };
    if !fields.is_empty() {
        // Which one is not said: names may tell something, too.
        return Err((String::new(), "the body has a field beside 'records'".to_owned()));
    }
    if records.len() > RECORDS_MAX {
        let message = format!("a request has at most {RECORDS_MAX} records");
        return Err(("/records".to_owned(), message));
    }
    let mut decoded = Decoded { sent: records.len(), ..Decoded::default() };
    for (index, json) in records.into_iter().enumerate() {
        match record(index, json, parse_time) {
            Ok(record) => decoded.records.push(record),
            Err((code, message)) => decoded.refused.push(Refused { index, code, message }),
        }
    }
    Ok(decoded)
}

type Refusal = (RefusalCode, String);

fn bad(message: &str) -> Refusal {
    (RefusalCode::BadRecord, message.to_owned())
}

pub(super) fn record(
    index: usize,
    json: Json,
    parse_time: &dyn Fn(&str) -> Option<Timestamp>,
) -> Result<Incoming, Refusal> {
    let Json::Object(mut fields) = json else { return Err(bad("a record is an object")) };
    let ids = Ids {
        identity: id_text(&mut fields, "identity")?,
        guid: id_text(&mut fields, "guid")?,
        ..Ids::default()
    };
    if ids == Ids::default() {
        let message = "name the person by 'identity' or 'guid'".to_owned();
        return Err((RefusalCode::MissingIdentity, message));
    }
    let at = time(fields.remove("at"), parse_time)?;
    let id = text(&mut fields, "id")?;
    if id.as_ref().is_some_and(|id| id.len() > ID_BYTES_MAX) {
        return Err((RefusalCode::ValueTooLong, format!("'id' has at most {ID_BYTES_MAX} bytes")));
    }
    let body = match fields.remove("type").as_ref().and_then(Json::as_str) {
        Some("event") => event(&mut fields)?,
        Some("profile") => profile(&mut fields)?,
        _ => return Err(bad("'type' is 'event' or 'profile'")),
    };
    if !fields.is_empty() {
        return Err(bad("there is a field that this type of record does not have"));
    }
    Ok(Incoming { index, ids, at, id, body })
}

fn text(fields: &mut Map<String, Json>, name: &str) -> Result<Option<String>, Refusal> {
    match fields.remove(name) {
        None | Some(Json::Null) => Ok(None),
        Some(Json::String(text)) if !text.is_empty() => Ok(Some(text)),
        Some(_) => Err(bad(&format!("'{name}' is a text that is not empty"))),
    }
}

/// An id may be a number in any SDK; `7` and `"7"` are one person.
fn id_text(fields: &mut Map<String, Json>, name: &str) -> Result<Option<String>, Refusal> {
    if let Some(Json::Number(number)) = fields.get(name) {
        let id = number.to_string();
        fields.remove(name);
        return Ok(Some(id));
    }
    let id = text(fields, name)?;
    if let Some(id) = &id {
        check_text(id, Limit::Value)?;
    }
    Ok(id)
}

fn time(
    json: Option<Json>,
    parse_time: &dyn Fn(&str) -> Option<Timestamp>,
) -> Result<Option<Timestamp>, Refusal> {
    match json {
        None | Some(Json::Null) => Ok(None),
        Some(json) => instant_of(&json, parse_time).map(Some),
    }
}

/// RFC 3339, or seconds or milliseconds since 1970.
pub(super) fn instant_of(
    json: &Json,
    parse_time: &dyn Fn(&str) -> Option<Timestamp>,
) -> Result<Timestamp, Refusal> {
    let message = "a time is RFC 3339 text, or seconds or milliseconds since 1970".to_owned();
    let refused = Err((RefusalCode::BadTime, message));
    match json {
        Json::String(text) => parse_time(text).map_or(refused, Ok),
        Json::Number(number) => number.as_i64().and_then(instant).map_or(refused, Ok),
        _ => refused,
    }
}

/// Seconds or milliseconds since 1970.
pub(super) fn instant(number: i64) -> Option<Timestamp> {
    /// Seconds up to the year 5138; larger numbers are milliseconds.
    const SECONDS_MAX: i64 = 100_000_000_000;
    match number {
        ..0 => None,
        0..SECONDS_MAX => Some(Timestamp::from_seconds(number)),
        SECONDS_MAX.. => Some(Timestamp(number)),
    }
}

fn event(fields: &mut Map<String, Json>) -> Result<Body, Refusal> {
    let name = text(fields, "name")?.ok_or_else(|| bad("an event has a 'name'"))?;
    check_text(&name, Limit::Name)?;
    let properties = properties(fields.remove("properties"), "properties")?;
    Ok(Body::Event { name: name.into(), properties })
}

fn properties(json: Option<Json>, name: &str) -> Result<Properties, Refusal> {
    let entries = match json {
        None | Some(Json::Null) => return Ok(Properties::new()),
        Some(Json::Object(entries)) => entries,
        Some(_) => return Err(bad(&format!("'{name}' is an object"))),
    };
    if entries.len() > PROPERTIES_MAX {
        return Err(Limit::Count.into());
    }
    let mut left = NESTED_MAX;
    let mut properties = Properties::new();
    for (name, json) in entries {
        check_text(&name, Limit::Name)?;
        if let Some(value) = read_value(&json, &mut left)? {
            properties.insert(name, value);
        }
    }
    Ok(properties)
}

fn profile(fields: &mut Map<String, Json>) -> Result<Body, Refusal> {
    let mut changes: Vec<(Arc<str>, TraitOp)> = Vec::new();
    for (name, value) in properties(fields.remove("set"), "set")? {
        changes.push((name, TraitOp::Set(value)));
    }
    match fields.remove("unset") {
        None | Some(Json::Null) => {}
        Some(Json::Array(names)) => {
            for name in names {
                let Json::String(name) = name else { return Err(bad("'unset' lists names")) };
                check_text(&name, Limit::Name)?;
                changes.push((name.into(), TraitOp::Unset));
            }
        }
        Some(_) => return Err(bad("'unset' lists names")),
    }
    for (name, value) in properties(fields.remove("add"), "add")? {
        changes.push((name, TraitOp::Add(listed(value))));
    }
    for (name, value) in properties(fields.remove("remove"), "remove")? {
        changes.push((name, TraitOp::Remove(listed(value))));
    }
    for (name, value) in properties(fields.remove("increment"), "increment")? {
        let by = value.as_number().ok_or_else(|| bad("'increment' holds numbers"))?;
        changes.push((name, TraitOp::Increment(by)));
    }
    if changes.len() > PROPERTIES_MAX {
        return Err(Limit::Count.into());
    }
    Ok(Body::Profile(changes))
}

pub(super) fn listed(value: Value) -> Vec<Value> {
    match value {
        Value::List(values) => values,
        value => vec![value],
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn decode(records: Json) -> Decoded {
        let body = json!({ "records": records }).to_string();
        let parse_time = |text: &str| (text == "2026-11-24T10:00:00Z").then_some(Timestamp(77));
        super::records(body.as_bytes(), &parse_time).unwrap()
    }

    fn refused(record: Json) -> &'static str {
        let decoded = decode(json!([{"type": "event", "identity": "ok", "name": "n"}, record]));
        assert_eq!(decoded.records.len(), 1, "the good record of the batch is kept");
        assert_eq!(decoded.refused[0].index, 1);
        decoded.refused[0].code.word()
    }

    #[test]
    fn the_example_of_the_contract_is_read() {
        let decoded = decode(json!([
            {"type": "event", "identity": "u1", "guid": "g", "name": "Charged",
             "at": "2026-11-24T10:00:00Z", "properties": {"amount": 12.5, "gone": null}},
            {"type": "profile", "identity": 7, "set": {"plan": "gold"}, "unset": ["x"],
             "add": {"tags": "a"}, "remove": {"tags": ["b"]}, "increment": {"visits": 2}},
        ]));
        assert_eq!(decoded.refused, []);
        assert_eq!(decoded.records[0].at, Some(Timestamp(77)));
        let properties = [("amount", Value::Float(12.5))].into();
        assert_eq!(decoded.records[0].body, Body::Event { name: "Charged".into(), properties });
        assert_eq!(decoded.records[1].ids.identity.as_deref(), Some("7"));
        let changes = vec![
            ("plan".into(), TraitOp::Set("gold".into())),
            ("x".into(), TraitOp::Unset),
            ("tags".into(), TraitOp::Add(vec!["a".into()])),
            ("tags".into(), TraitOp::Remove(vec!["b".into()])),
            ("visits".into(), TraitOp::Increment(2.0)),
        ];
        assert_eq!(decoded.records[1].body, Body::Profile(changes));
    }

    #[test]
    fn each_refusal_has_its_code_and_spares_the_batch() {
        let event = |field: &str, value: Json| {
            let mut record = json!({"type": "event", "identity": "u", "name": "n"});
            record[field] = value;
            record
        };
        assert_eq!(refused(json!(3)), "bad_record");
        assert_eq!(refused(json!({"type": "event", "name": "n"})), "missing_identity");
        assert_eq!(refused(event("type", json!("page"))), "bad_record");
        assert_eq!(refused(event("colour", json!("red"))), "bad_record");
        assert_eq!(refused(event("at", json!("yesterday"))), "bad_time");
        assert_eq!(refused(event("at", json!(-1))), "bad_time");
        assert_eq!(refused(event("name", json!("x".repeat(1025)))), "name_too_long");
        assert_eq!(refused(event("id", json!("x".repeat(65)))), "value_too_long");
        let long = json!({"a": "x".repeat(1025)});
        assert_eq!(refused(event("properties", long)), "value_too_long");
        let deep = json!({"a": (0..9).fold(json!(1), |inner, _| json!([inner]))});
        assert_eq!(refused(event("properties", deep)), "too_deep");
        let many: Map<String, Json> = (0..257).map(|n| (n.to_string(), json!(n))).collect();
        assert_eq!(refused(event("properties", Json::Object(many))), "too_many_properties");
    }

    #[test]
    fn a_body_that_cannot_be_read_is_pointed_at_without_being_quoted() {
        for body in ["{\"records\":[\"canary", "{\"canary\":1}", "canary", ""] {
            let (_, message) = super::records(body.as_bytes(), &|_| None).unwrap_err();
            assert!(!message.contains("canary"), "{message}");
        }
        let many = json!({ "records": vec![json!(1); 1001] }).to_string();
        let (pointer, message) = super::records(many.as_bytes(), &|_| None).unwrap_err();
        assert_eq!(pointer, "/records");
        assert!(message.contains("1000"), "{message}");
    }

    #[test]
    fn seconds_and_milliseconds_are_told_apart() {
        let at = |n: i64| {
            let record = json!([{"type": "event", "identity": "u", "name": "n", "at": n}]);
            decode(record).records[0].at
        };
        assert_eq!(at(1_795_500_000), Some(Timestamp(1_795_500_000_000)));
        assert_eq!(at(1_795_500_000_123), Some(Timestamp(1_795_500_000_123)));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn any_bytes_are_answered_without_a_panic(
            bytes in prop::collection::vec(any::<u8>(), 0..300),
            text in "\\{\"records\":\\[.{0,80}\\]\\}",
        ) {
            let _ = super::records(&bytes, &|_| None);
            let _ = super::records(text.as_bytes(), &|_| None);
        }
    }
}
