//! CleverTap. Events as its export to cloud storage writes them, a JSON object a line with `ts`,
//! `eventName`, `profile`, `deviceInfo`, `eventProps` and `session_props`
//! (<https://docs.clevertap.com/docs/export-format>). Records of the pages of its API: events with
//! `event_props` and no name (<https://developer.clevertap.com/docs/get-events-api>), profiles with
//! `profileData` and `platformInfo`
//! (<https://developer.clevertap.com/docs/get-user-profiles-api>).
//!
//! `ts` is a number YYYYMMDDhhmmss by the clock of the account's time zone.

use std::sync::Arc;

use candor_event::{Timestamp, TraitOp, Value};
use serde_json::Value as Json;

use super::{Clocks, Fields, Filling, Refusal, bad, id, nobody};
use crate::decode::records::instant_of;
use crate::decode::value::check_text;
use crate::decode::{Body, Incoming, Limit, RefusalCode};
use crate::who::Ids;

/// What CleverTap calls in its exports otherwise than its SDKs do.
const EVENT_PROPERTIES: &[(&str, &str)] = &[
    ("CT App Version", "Version"),
    ("ct_app_version", "Version"),
    ("CT OS Version", "OS Version"),
    ("ct_os_version", "OS Version"),
    ("CT SDK Version", "SDK Version"),
    ("ct_sdk_version", "SDK Version"),
    ("CT Network Carrier", "Carrier"),
    ("ct_network_carrier", "Carrier"),
    ("CT Network Type", "Radio"),
    ("ct_network_type", "Radio"),
    ("CT Connected To WiFi", "wifi"),
    ("ct_connected_to_wifi", "wifi"),
    ("CT Bluetooth Version", "BluetoothVersion"),
    ("ct_bluetooth_version", "BluetoothVersion"),
    ("CT Bluetooth Enabled", "BluetoothEnabled"),
    ("ct_bluetooth_enabled", "BluetoothEnabled"),
    ("CT Latitude", "Latitude"),
    ("ct_latitude", "Latitude"),
    ("CT Longitude", "Longitude"),
    ("ct_longitude", "Longitude"),
    ("CT Session Id", "session"),
    ("Session Id", "session"),
];

const DEVICE: &[(&str, &str)] = &[
    ("make", "Make"),
    ("model", "Model"),
    ("appVersion", "Version"),
    ("sdkVersion", "SDK Version"),
    ("osVersion", "OS Version"),
    ("browser", "browser"),
    ("dpi", "dpi"),
];

const DIMENSIONS: &[(&str, &str)] = &[("width", "wdt"), ("height", "hgt")];

const SESSION: &[(&str, &str)] = &[("session_referrer", "referrer")];

const PROFILE: &[(&str, &str)] = &[("name", "Name"), ("email", "Email"), ("phone", "Phone")];

const PLATFORM: &[(&str, &str)] = &[
    ("platform", "OS"),
    ("os_version", "OS Version"),
    ("app_version", "Version"),
    ("make", "Make"),
    ("model", "Model"),
];

/// What its exports write before the token of a push service.
const SERVICES: [&str; 6] = ["fcm:", "gcm:", "apns:", "hps:", "bps:", "xps:"];

/// From here on a number is a time on a wall, not one in milliseconds.
const WALL_MIN: i64 = 10_000_000_000_000;

/// One record: an event where it says what or how, else a profile.
pub(super) fn record(
    index: usize,
    fields: &Fields,
    event_name: Option<&Arc<str>>,
    clocks: Clocks<'_>,
) -> Result<Incoming, Refusal> {
    let either = |names: [&str; 2]| names.into_iter().find_map(|name| fields.get(name));
    let properties = either(["eventProps", "event_props"]);
    let name = either(["eventName", "evtName"]);
    let ids = ids(fields)?;
    let at = fields.get("ts").map(|ts| time(ts, clocks)).transpose()?;
    let body = match name.is_some() || properties.is_some() {
        true => event(fields, name, properties, event_name)?,
        false => profile(fields)?,
    };
    Ok(Incoming { index, ids, at, id: None, body })
}

fn time(ts: &Json, clocks: Clocks<'_>) -> Result<Timestamp, Refusal> {
    let whole = ts.as_i64().or_else(|| ts.as_str()?.parse().ok());
    match whole.filter(|number| *number >= WALL_MIN) {
        Some(number) => (clocks.wall)(number).ok_or_else(|| {
            let message = "'ts' is no time of the form YYYYMMDDhhmmss".to_owned();
            (RefusalCode::BadTime, message)
        }),
        None => instant_of(&whole.map_or_else(|| ts.clone(), Json::from), clocks.instant),
    }
}

/// Who: the identity and the CleverTap id, on the record or in its profile; where there is neither,
/// what CleverTap takes for one.
fn ids(fields: &Fields) -> Result<Ids, Refusal> {
    let profile = fields.get("profile").and_then(Json::as_object);
    let of = |name: &str| {
        [profile, Some(fields)].into_iter().flatten().find_map(|fields| fields.get(name))
    };
    let all = of("all_identities").and_then(Json::as_array);
    let all: Vec<String> = all.into_iter().flatten().filter_map(|one| id(Some(one))).collect();
    // Several identities of one person stand in one text.
    let first = |identity: String| match identity.split_once(',') {
        Some((first, _)) if !all.contains(&identity) && all.iter().any(|one| one == first) => {
            first.to_owned()
        }
        _ => identity,
    };
    let platform = fields.get("platformInfo").and_then(|list| list.get(0)?.get("objectId"));
    let guid = id(of("objectId")).or_else(|| id(platform));
    let identity = id(of("identity")).map(first);
    let other = || id(of("email")).or_else(|| id(of("phone"))).or_else(|| all.first().cloned());
    let identity = if guid.is_none() { identity.or_else(other) } else { identity };
    for id in [&identity, &guid].into_iter().flatten() {
        check_text(id, Limit::Value)?;
    }
    match (&identity, &guid) {
        (None, None) => Err(nobody("'identity', 'objectId', 'email' and 'phone'")),
        _ => Ok(Ids { identity, guid, ..Ids::default() }),
    }
}

fn event(
    fields: &Fields,
    name: Option<&Json>,
    properties: Option<&Json>,
    event_name: Option<&Arc<str>>,
) -> Result<Body, Refusal> {
    let name: Arc<str> = match name.and_then(Json::as_str).filter(|name| !name.is_empty()) {
        Some(name) => name.into(),
        None => event_name.cloned().ok_or_else(|| {
            bad("the line does not name its event: give --event NAME for such a file")
        })?,
    };
    check_text(&name, Limit::Name)?;
    let mut filling = Filling::new();
    filling.add_all(properties, EVENT_PROPERTIES)?;
    let device = fields.get("deviceInfo");
    filling.add_named(device, DEVICE)?;
    filling.add_named(device.and_then(|device| device.get("dimensions")), DIMENSIONS)?;
    filling.add_named(fields.get("profile"), &[("platform", "OS")])?;
    for session in ["session_props", "sessionProps"] {
        filling.add_all(fields.get(session), SESSION)?;
    }
    Ok(Body::Event { name, properties: filling.properties })
}

fn profile(fields: &Fields) -> Result<Body, Refusal> {
    let mut filling = Filling::new();
    let platforms = fields.get("platformInfo").and_then(Json::as_array);
    for name in PROFILE {
        if let Some(json) = fields.get(name.0) {
            filling.add(name.1, json)?;
        }
    }
    filling.add_all(fields.get("profileData"), &[])?;
    filling.add_named(platforms.and_then(|platforms| platforms.first()), PLATFORM)?;
    let mut changes = filling.into_changes();
    let mut tokens = Vec::new();
    for platform in platforms.into_iter().flatten() {
        if let Some(token) = platform.get("push_token").and_then(Json::as_str) {
            let bare = SERVICES.iter().find_map(|service| token.strip_prefix(service));
            tokens.push(Value::from(check_text(bare.unwrap_or(token), Limit::Value)?));
        }
    }
    if !tokens.is_empty() {
        changes.push(("push_token".into(), TraitOp::Add(tokens)));
    }
    Ok(Body::Profile(changes))
}
