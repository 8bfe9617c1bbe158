//! Questions: one way in for each kind, and how any question is asked.

pub mod behind;
pub mod check;
pub mod find;
pub mod kind;

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use candor_event::Timestamp;
use candor_query::Cancel;
use candor_store::View;
use jiff::tz::TimeZone;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::http::access::{Caller, admit, json_body, json_body_twice};
use crate::http::insights::kind::Insight;
use crate::http::masked::may_ask;
use crate::http::problem::{FieldError, Problem};
use crate::http::segments::resolved;
use crate::server::{Server, Tenant};

/// The largest question.
const QUESTION_BYTES_MAX: usize = 256 << 10;

/// Ends a question when its asker leaves.
struct Leaving(Cancel);

impl Drop for Leaving {
    fn drop(&mut self) {
        self.0.stop();
    }
}

/// Asks off the async threads, within the time limit: the answer, of how many events, as of when.
pub async fn read<A: Send + 'static>(
    server: &Server,
    tenant: &Arc<Tenant>,
    question: impl FnOnce(&View, &Cancel) -> Result<A, candor_query::Error> + Send + 'static,
) -> Result<(A, u64, Timestamp), Problem> {
    let leaving = Leaving(Cancel::in_turns(&server.turns));
    let (cancel, store) = (leaving.0.clone(), tenant.store.clone());
    let work = tokio::task::spawn_blocking(move || {
        let view = store.view();
        let answer = question(&view, &cancel)?;
        Ok::<_, candor_query::Error>((answer, view.events(), view.as_of))
    });
    within_time(server, async { Ok(work.await.map_err(|_| Problem::internal())??) }).await
}

/// Waits for an answer no longer than a question may take.
pub async fn within_time<A>(
    server: &Server,
    answer: impl Future<Output = Result<A, Problem>>,
) -> Result<A, Problem> {
    let limit = Duration::from_secs(server.config.question_seconds_max);
    let done = tokio::time::timeout(limit, answer).await;
    done.map_err(|_| Problem::from(candor_query::Error::Cancelled))?
}

/// The same for an answer of the JSON API, with `meta`.
pub async fn ask<A: Serialize + Send + 'static>(
    server: &Server,
    tenant: &Arc<Tenant>,
    question: impl FnOnce(&View, &Cancel) -> Result<A, candor_query::Error> + Send + 'static,
) -> Result<Json<Value>, Problem> {
    let started = Instant::now();
    let (answer, events, as_of) = read(server, tenant, question).await?;
    let mut answer = serde_json::to_value(answer).map_err(|_| Problem::internal())?;
    answer["meta"] = meta(tenant, started, events, as_of);
    Ok(Json(answer))
}

/// How an answer came to be.
fn meta(tenant: &Tenant, started: Instant, events: u64, as_of: Timestamp) -> Value {
    json!({
        "elapsed_ms": started.elapsed().as_secs_f64() * 1e3,
        "events_scanned": events,
        "as_of": candor_query::rfc3339(as_of, &tenant.zone),
    })
}

/// The zone that a question names, else the publisher's.
fn zone_of(tenant: &Tenant, named: Option<&str>, place: &str) -> Result<TimeZone, Problem> {
    match named {
        Some(name) => candor_query::zone(name).map_err(|_| {
            let message = "the IANA name of a time zone, like Asia/Kolkata";
            let pointer = format!("{place}/timezone");
            Problem::bad_request(message, vec![FieldError { pointer, message: message.into() }])
        }),
        None => Ok(tenant.zone.clone()),
    }
}

/// Reads a question that the caller may ask.
pub async fn question<Q: DeserializeOwned>(caller: &Caller, sent: Body) -> Result<Q, Problem> {
    let (question, asked) = json_body_twice(sent, QUESTION_BYTES_MAX).await?;
    may_ask(caller, &asked)?;
    Ok(question)
}

/// Puts saved segments in place, and finds the zone. `place` is where in the body the question is.
pub async fn settle(
    server: &Server,
    tenant: &Tenant,
    question: &mut impl Insight,
    place: &str,
) -> Result<TimeZone, Problem> {
    let zone = zone_of(tenant, question.zone(), place)?;
    if let Some(definition) = question.people() {
        let pointer = format!("{place}/people");
        *definition = resolved(server, tenant, definition, &pointer).await?;
    }
    for (at, segment) in question.compared().iter_mut().enumerate() {
        let pointer = format!("{place}/segments/{at}/people");
        segment.people = resolved(server, tenant, &segment.people, &pointer).await?;
    }
    Ok(zone)
}

/// Lets a question through that the caller may ask, what it says by saying nothing included.
pub fn may_ask_all_of(caller: &Caller, question: &impl Serialize) -> Result<(), Problem> {
    may_ask(caller, &serde_json::to_value(question).map_err(|_| Problem::internal())?)
}

/// Answers a question of one kind: `POST /api/v1/insights/{kind}`.
pub async fn answer<Q: Insight>(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    sent: Body,
) -> Result<Json<Value>, Problem>
where
    Q::Answer: Serialize,
{
    let caller = admit(&server, &headers, "read").await?;
    let mut question: Q = json_body(sent, QUESTION_BYTES_MAX).await?;
    may_ask_all_of(&caller, &question)?;
    let tenant = caller.tenant;
    let zone = settle(&server, &tenant, &mut question, "").await?;
    ask(&server, &tenant, move |view, cancel| question.answer(view, &zone, cancel)).await
}
