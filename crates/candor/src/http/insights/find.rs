//! Single events, whoever did them: the latest or the first that meet some conditions.

use std::sync::Arc;
use std::time::Instant;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use candor_event::PersonId;
use candor_query::{Done, Find};
use serde_json::{Value, json};

use crate::http::access::{Caller, admit, json_body};
use crate::http::insights::{QUESTION_BYTES_MAX, may_ask_all_of, meta, read, settle};
use crate::http::masked::{CLEAR, mask_properties};
use crate::http::people::audit;
use crate::http::problem::Problem;
use crate::moment::utc;
use crate::server::Server;

/// `POST /api/v1/events/find`. That somebody looks is written down first.
pub async fn find(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    sent: Body,
) -> Result<Json<Value>, Problem> {
    let started = Instant::now();
    let caller = admit(&server, &headers, "read").await?;
    let mut question: Find = json_body(sent, QUESTION_BYTES_MAX).await?;
    may_ask_all_of(&caller, &question)?;
    let tenant = &caller.tenant;
    let zone = settle(&server, tenant, &mut question, "").await?;
    let event = question.event.clone();
    let found = read(&server, tenant, move |view, cancel| question.ask(view, &zone, cancel));
    let (answer, events, as_of) = found.await?;
    let action = if caller.may(CLEAR) { "find events" } else { "find events masked" };
    let subject = format!("{} of {event:?}", answer.events.len());
    audit(&server, tenant, caller.name.clone(), action, subject).await?;
    let found: Vec<Value> = answer.events.iter().map(|one| event_json(&caller, one)).collect();
    let meta = meta(tenant, started, events, as_of);
    Ok(Json(json!({"events": found, "next": answer.next, "meta": meta})))
}

fn event_json(caller: &Caller, (person, done): &(PersonId, Done)) -> Value {
    let mut properties = json!(done.properties);
    if !caller.may(CLEAR) {
        mask_properties(&caller.tenant, &mut properties);
    }
    let session = done.session.map(|session| session.to_string());
    json!({"person": person.to_string(), "name": done.name, "at": utc(done.at),
           "session": session, "properties": properties})
}
