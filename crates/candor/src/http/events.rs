//! `POST /api/v1/events`: records of authenticated servers.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use candor_event::Timestamp;
use candor_ingest::{Receipt, decode};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Value as Json_, json};

use crate::http::access::{allow, body};
use crate::http::problem::{FieldError, Problem};
use crate::server::{Sent, Server};

/// The longest `Idempotency-Key`, in bytes.
const KEY_BYTES_MAX: usize = 64;

/// Takes up to 1,000 records; 200 means that what the gate allowed is in the log, synced.
pub async fn events(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    sent: Body,
) -> Result<Json<Json_>, Problem> {
    let tenant = allow(&server, &headers, "ingest").await?;
    let key = match headers.get("idempotency-key").map(|key| key.to_str()) {
        None => None,
        Some(Ok(key)) if (1..=KEY_BYTES_MAX).contains(&key.len()) => Some(key.to_owned()),
        Some(_) => {
            let detail = format!("'Idempotency-Key' has 1 to {KEY_BYTES_MAX} characters of ASCII");
            return Err(Problem::bad_request(detail, Vec::new()));
        }
    };
    let bytes = body(sent, server.config.body_bytes_max).await?;
    let decoded = decode::records(&bytes, &instant).map_err(|(pointer, message)| {
        Problem::bad_request(message.clone(), vec![FieldError { pointer, message }])
    })?;
    drop(bytes);
    let with = Sent { idempotency_key: key, ..Sent::default() };
    let receipt = server.accept(&tenant, decoded.records, decoded.refused, with).await?;
    Ok(Json(receipt_json(&receipt)))
}

/// The contract's answer to records.
pub fn receipt_json(receipt: &Receipt) -> Json_ {
    let rejected = receipt.refused.iter().map(|refused| {
        json!({"index": refused.index, "code": refused.code.word(), "message": refused.message})
    });
    let stripped = receipt.stripped.iter().map(|(index, stripped)| {
        json!({
            "index": index,
            "property": stripped.property,
            "class": stripped.class.map(|class| class.name()),
            "reason": stripped.reason.word(),
        })
    });
    json!({
        "accepted": receipt.accepted,
        "rejected": rejected.collect::<Vec<_>>(),
        "stripped": stripped.collect::<Vec<_>>(),
    })
}

/// RFC 3339.
pub fn instant(text: &str) -> Option<Timestamp> {
    let instant: jiff::Timestamp = text.parse().ok()?;
    Some(Timestamp(instant.as_millisecond()))
}

/// What [`moment`] reads.
pub const MOMENT: &str = "a date like 2026-11-24 or an instant like 2026-11-24T10:00:00Z";

/// The first moment of a date in a zone, or an instant.
pub fn moment(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    const DATE_CHARS: usize = 10;
    if text.len() != DATE_CHARS {
        return instant(text);
    }
    let date: Date = text.parse().ok()?;
    Some(Timestamp(date.to_zoned(zone.clone()).ok()?.timestamp().as_millisecond()))
}
