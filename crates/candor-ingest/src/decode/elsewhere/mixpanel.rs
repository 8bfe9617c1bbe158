//! Mixpanel. Events as its raw export writes them, a line `{"event", "properties": {"time",
//! "distinct_id", "$insert_id", …}}` each
//! (<https://docs.mixpanel.com/reference/raw-event-export>), and profiles as Engage answers them,
//! `{"$distinct_id", "$properties": {…}}` (<https://docs.mixpanel.com/reference/engage-query>).
//!
//! Who somebody is follows its two ways of merging ids: `$user_id` and `$device_id` on events
//! (<https://docs.mixpanel.com/docs/tracking-methods/id-management/identifying-users-simplified>),
//! or events `$identify`
//! (<https://docs.mixpanel.com/docs/tracking-methods/id-management/identifying-users-original>).

use std::sync::Arc;

use serde_json::Value as Json;

use super::{Clocks, Fields, Filling, Refusal, bad, id, nobody};
use crate::decode::records::instant_of;
use crate::decode::value::check_text;
use crate::decode::{Body, ID_BYTES_MAX, Incoming, Limit, RefusalCode};
use crate::who::Ids;

/// What stands before the id of a device that is nobody's yet.
const DEVICE: &str = "$device:";

/// Default properties
/// (<https://docs.mixpanel.com/docs/data-structure/property-reference/default-properties>) by the
/// names that apps of ours send them under; those that are about Mixpanel itself go.
const EVENT_PROPERTIES: &[(&str, &str)] = &[
    ("time", ""),
    ("distinct_id", ""),
    ("$insert_id", ""),
    ("$device_id", ""),
    ("$user_id", ""),
    ("$distinct_id_before_identity", ""),
    ("$had_persisted_distinct_id", ""),
    ("$mp_api_endpoint", ""),
    ("$mp_api_timestamp_ms", ""),
    ("mp_processing_time_ms", ""),
    ("mp_sent_by_lib_version", ""),
    ("$import", ""),
    ("token", ""),
    ("$os", "OS"),
    ("$os_version", "OS Version"),
    ("$browser", "browser"),
    ("$browser_version", "browser_version"),
    ("$manufacturer", "Make"),
    ("$model", "Model"),
    ("$carrier", "Carrier"),
    ("$radio", "Radio"),
    ("$wifi", "wifi"),
    ("$app_version_string", "Version"),
    ("$app_build_number", "Build"),
    ("$referrer", "referrer"),
    ("$latitude", "Latitude"),
    ("$longitude", "Longitude"),
    ("mp_country_code", "country"),
    ("$country_code", "country"),
    ("$lib_version", "SDK Version"),
    ("mp_lib", "lib"),
];

const TRAITS: &[(&str, &str)] = &[
    ("$distinct_id", ""),
    ("$email", "Email"),
    ("$phone", "Phone"),
    ("$name", "Name"),
    ("$avatar", "Photo"),
    ("$country_code", "country"),
    ("$os", "OS"),
    ("$browser", "browser"),
];

/// One record: an event, or a profile.
pub(super) fn record(
    index: usize,
    fields: &Fields,
    event_name: Option<&Arc<str>>,
    clocks: Clocks<'_>,
) -> Result<Incoming, Refusal> {
    if let Some(properties) = fields.get("$properties") {
        let (identity, guid) = told(id(fields.get("$distinct_id")));
        let mut filling = Filling::new();
        filling.add_all(Some(properties), TRAITS)?;
        let ids = ids(identity, guid)?;
        let body = Body::Profile(filling.into_changes());
        return Ok(Incoming { index, ids, at: None, id: None, body });
    }
    let Some(Json::Object(properties)) = fields.get("properties") else {
        return Err(bad("the line has neither 'properties' nor '$properties'"));
    };
    let name = fields.get("event").and_then(Json::as_str).filter(|name| !name.is_empty());
    let name = name.map(Arc::from).or_else(|| event_name.cloned());
    let name: Arc<str> = name.ok_or_else(|| bad("the line does not name its event"))?;
    check_text(&name, Limit::Name)?;
    let at = properties.get("time").map(|time| instant_of(time, clocks.instant)).transpose()?;
    let id_of_row = id(properties.get("$insert_id"));
    if id_of_row.as_ref().is_some_and(|id| id.len() > ID_BYTES_MAX) {
        let message = format!("'$insert_id' has at most {ID_BYTES_MAX} bytes");
        return Err((RefusalCode::ValueTooLong, message));
    }
    let (ids, body) = match &*name {
        "$identify" => {
            let identity = id(properties.get("$identified_id"));
            let (_, device) = told(id(properties.get("$anon_id")).map(|id| as_device(&id)));
            let identity = identity.or_else(|| id(properties.get("distinct_id")));
            (ids(identity, device)?, Body::Profile(Vec::new()))
        }
        "$create_alias" | "$merge" => {
            return Err(bad("the line joins two ids and is no event of anybody's"));
        }
        _ => {
            let (identity, device) = told(id(properties.get("distinct_id")));
            let identity = id(properties.get("$user_id")).or(identity);
            let known_device = id(properties.get("$device_id"));
            // An anonymous person is called after the device, with or without the word before it.
            let identity = identity.filter(|identity| known_device.as_ref() != Some(identity));
            let guid = known_device.or(device);
            let mut filling = Filling::new();
            filling.add_all(fields.get("properties"), EVENT_PROPERTIES)?;
            (ids(identity, guid)?, Body::Event { name, properties: filling.properties })
        }
    };
    // Joining ids twice changes nothing.
    let id = id_of_row.filter(|_| matches!(body, Body::Event { .. }));
    Ok(Incoming { index, ids, at, id, body })
}

/// A distinct id as the identity of somebody or as a device.
fn told(distinct: Option<String>) -> (Option<String>, Option<String>) {
    match distinct {
        Some(id) => match id.strip_prefix(DEVICE) {
            Some(device) => (None, Some(device.to_owned())),
            None => (Some(id), None),
        },
        None => (None, None),
    }
}

fn as_device(id: &str) -> String {
    format!("{DEVICE}{}", id.strip_prefix(DEVICE).unwrap_or(id))
}

fn ids(identity: Option<String>, guid: Option<String>) -> Result<Ids, Refusal> {
    for id in [&identity, &guid].into_iter().flatten() {
        check_text(id, Limit::Value)?;
    }
    match (&identity, &guid) {
        (None, None) => Err(nobody("'distinct_id', '$user_id' and '$device_id'")),
        _ => Ok(Ids { identity, guid, ..Ids::default() }),
    }
}
