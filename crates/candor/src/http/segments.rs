//! Segments: how many people a rule answers to, and who can be reached.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use candor_ingest::gate::{Basis, Policy};
use candor_query::Definition;
use candor_query::segment::{self, Reach};
use serde::Deserialize;
use serde_json::Value;

use crate::http::access::admit;
use crate::http::events::{MOMENT, moment};
use crate::http::insights::{ask, question, zone_of};
use crate::http::problem::{FieldError, Problem};
use crate::server::Server;

/// What a count sends.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Count {
    definition: Definition,
    #[serde(default)]
    as_of: Option<String>,
}

/// `POST /api/v1/segments/count`.
pub async fn count(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    sent: Body,
) -> Result<Json<Value>, Problem> {
    let caller = admit(&server, &headers, "read").await?;
    let count: Count = question(&caller, sent).await?;
    let tenant = caller.tenant;
    let as_of = match count.as_of.as_deref() {
        None => server.now(),
        Some(text) => moment(text, &tenant.zone).ok_or_else(|| {
            let error = FieldError { pointer: "/as_of".into(), message: MOMENT.into() };
            Problem::bad_request(MOMENT, vec![error])
        })?,
    };
    let (zone, reach) = (zone_of(&tenant, None)?, reach(&tenant.door.policy()));
    let counted = move |view: &candor_store::View, cancel: &candor_query::Cancel| {
        segment::count(view, &count.definition, as_of, &zone, &reach, cancel)
    };
    ask(&server, &tenant, counted).await
}

/// The channels: which trait is the address, and whether a person's own yes is needed. A channel
/// whose purpose the policy does not name reaches nobody.
fn reach(policy: &Policy) -> Vec<Reach> {
    let channels = [
        ("email", "Email"),
        ("sms", "Phone"),
        ("push", "push_token"),
        ("whatsapp", "Phone"),
        ("inapp", candor_ingest::GUIDS_TRAIT),
    ];
    let channel = |(channel, address): (&str, &str)| {
        let name = format!("marketing:{channel}");
        let rule = policy.purposes.iter().find(|(purpose, _)| purpose.as_str() == name);
        let declared = rule.is_some_and(|(_, rule)| matches!(rule.basis, Basis::Declared(_)));
        let purpose = (!declared).then_some(name);
        Reach { channel: channel.to_owned(), address: address.to_owned(), purpose }
    };
    channels.into_iter().map(channel).collect()
}
