//! Profile records, and `GET /1/profile.json` (protocol section 12.3).

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use candor_event::Value as Held;
use candor_ingest::decode::pairs;
use candor_ingest::{GUIDS_TRAIT, Ids};
use candor_query::Person;
use candor_store::CONSENT_TRAIT;
use serde_json::{Map, Value, json};

use super::{answer, audit, bad, caller};
use crate::http::insights::read;
use crate::http::problem::Problem;
use crate::server::Server;

/// `GET /1/profile.json?identity=|email=|objectId=`. A plus in an address arrives raw.
pub async fn profile(State(server): State<Arc<Server>>, headers: HeaderMap, uri: Uri) -> Response {
    answer(found(&server, &headers, &uri).await)
}

async fn found(server: &Server, headers: &HeaderMap, uri: &Uri) -> Result<Value, Problem> {
    let tenant = caller(server, headers)?;
    let mut ids = Ids::default();
    for (name, value) in pairs(uri.query().unwrap_or_default()) {
        match name.as_str() {
            _ if value.is_empty() => {}
            "identity" => ids.identity = Some(value),
            "email" => ids.email = Some(value.trim().to_lowercase()),
            "objectId" => ids.guid = Some(value),
            _ => {}
        }
    }
    if ids == Ids::default() {
        return Err(bad("identity, email or objectId is missing"));
    }
    let nobody = || Problem::nobody("Profile not found");
    let person = tenant.door().await?.resolve(&ids).ok_or_else(nobody)?;
    let found =
        read(server, &tenant, move |view, _| Ok(candor_query::person(view, person))).await?;
    let person = found.0.ok_or_else(nobody)?;
    audit(server, &tenant, "read profile", person.id.to_string()).await?;
    Ok(json!({"status": "success", "record": record(&person, Parts::default())}))
}

/// What a record tells beyond who it is.
#[derive(Clone, Copy, Debug)]
pub struct Parts {
    /// The custom properties.
    pub profile: bool,
    /// How often and when the person did what.
    pub events: bool,
    /// The person's devices.
    pub app: bool,
}

impl Default for Parts {
    fn default() -> Self {
        Parts { profile: true, events: true, app: true }
    }
}

/// A profile record.
pub fn record(person: &Person, parts: Parts) -> Value {
    let own = |name: &str| json!(person.traits.get(name));
    let guids = match person.traits.get(GUIDS_TRAIT) {
        Some(Held::List(guids)) => guids.as_slice(),
        _ => &[],
    };
    let mut record = json!({
        "identity": own("Identity"),
        "objectId": guids.first(),
        "name": own("Name"),
        "email": own("Email"),
        "phone": own("Phone"),
    });
    if parts.profile {
        let apart = ["Identity", "Name", "Email", "Phone", GUIDS_TRAIT];
        let custom = person.traits.iter().filter(|(name, _)| {
            !apart.contains(&name.as_str()) && !name.starts_with(CONSENT_TRAIT)
        });
        let custom: Map<_, _> = custom.map(|(name, value)| (name.clone(), json!(value))).collect();
        record["profileData"] = Value::Object(custom);
    }
    if parts.events {
        let events = person.events.iter().map(|event| {
            let (first, last) = (event.first.seconds(), event.last.seconds());
            let summary = json!({"count": event.count, "first_seen": first, "last_seen": last});
            (event.name.clone(), summary)
        });
        record["events"] = Value::Object(events.collect());
    }
    if parts.app {
        let devices = guids.iter().map(|guid| json!({"objectId": guid}));
        record["platformInfo"] = devices.collect();
    }
    record
}
