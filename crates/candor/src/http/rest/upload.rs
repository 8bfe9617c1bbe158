//! `POST /1/upload`: profiles, events and tokens (protocol section 12.2).

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use candor_ingest::decode::{self, Unprocessed, code_of, pairs};
use serde_json::{Value, json};

use super::{answer, bad, caller, processed, unprocessed};
use crate::http::access::body;
use crate::http::problem::Problem;
use crate::server::{Sent, Server};

/// `POST /1/upload`, and with `?dryRun=1` a check that keeps nothing.
pub async fn upload(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    uri: Uri,
    sent: Body,
) -> Response {
    answer(taken(&server, &headers, &uri, sent).await)
}

async fn taken(
    server: &Server,
    headers: &HeaderMap,
    uri: &Uri,
    sent: Body,
) -> Result<Value, Problem> {
    let tenant = caller(server, headers)?;
    let bytes = body(sent, server.config.body_bytes_max).await?;
    let mut upload = decode::upload(&bytes).map_err(bad)?;
    drop(bytes);
    let mut stripped = Vec::new();
    let dry = pairs(uri.query().unwrap_or_default())
        .iter()
        .any(|(name, value)| name == "dryRun" && matches!(value.as_str(), "1" | "true"));
    if !dry {
        let receipt = server.accept(&tenant, upload.records, Vec::new(), Sent::default()).await?;
        upload.unprocessed.extend(receipt.refused.iter().map(|refused| {
            let (code, error) = code_of(refused.code);
            Unprocessed { index: refused.index, code, error: error.to_owned() }
        }));
        stripped = receipt.stripped;
    }
    upload.unprocessed.sort_by_key(|one| one.index);
    let bad = upload.unprocessed.iter();
    let bad = bad.map(|one| unprocessed(one.index, one.code, &one.error, &upload.sent[one.index]));
    let mut answer = processed(upload.sent.len(), bad.collect());
    let stripped = stripped.iter().map(|(index, one)| {
        json!({
            "index": index,
            "property": one.property,
            "class": one.class.map(|class| class.name()),
            "reason": one.reason.word(),
        })
    });
    answer["stripped"] = stripped.collect();
    Ok(answer)
}
