//! The people behind a number of an answer: who they are, and as a segment of their own.

use std::sync::Arc;
use std::time::Instant;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use candor_event::{PersonId, Timestamp};
use candor_query::{
    Cancel, Error, Funnel, Paths, Pivot, Retention, Rfm, Stickiness, Trend, funnel, paths, person,
    pivot, retention, rfm, stickiness, trend,
};
use candor_store::View;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::{Value, json};

use crate::http::access::{Caller, admit, body, parsed};
use crate::http::insights::kind::Insight;
use crate::http::insights::{QUESTION_BYTES_MAX, may_ask_all_of, meta, read, settle};
use crate::http::masked::CLEAR;
use crate::http::people::{audit, person_json};
use crate::http::problem::Problem;
use crate::http::segments::saved::{Document, keep, wrong};
use crate::server::Server;

/// People of one answer.
const PAGE_MAX: usize = 1_000;

/// A question and a cell of its answer, as its kind knows them.
#[derive(Deserialize)]
struct Asked<Q, C> {
    question: Q,
    cell: C,
}

/// Which of the people are shown.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Page {
    #[serde(rename = "question")]
    _question: IgnoredAny,
    #[serde(rename = "cell")]
    _cell: IgnoredAny,
    limit: Option<usize>,
    cursor: Option<String>,
}

/// What the segment is called.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    #[serde(rename = "question")]
    _question: IgnoredAny,
    #[serde(rename = "cell")]
    _cell: IgnoredAny,
    name: String,
}

/// `POST /api/v1/insights/{kind}/people`: who they are, in the order of their ids.
pub async fn people(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    Path(kind): Path<String>,
    sent: Body,
) -> Result<Json<Value>, Problem> {
    let caller = admit(&server, &headers, "read").await?;
    let sent = body(sent, QUESTION_BYTES_MAX).await?;
    let page: Page = parsed(&sent)?;
    let limit = page.limit.unwrap_or(50);
    if !(1..=PAGE_MAX).contains(&limit) {
        return Err(wrong("/limit", format!("a number from 1 to {PAGE_MAX}")));
    }
    let after = page.cursor.map(|cursor| {
        let form = || wrong("/cursor", "the `next` of the answer before".to_owned());
        PersonId::parse(&cursor).ok_or_else(form)
    });
    let after = after.transpose()?;
    let action = match caller.may(CLEAR) {
        true => "list people behind a number",
        false => "list people behind a number masked",
    };
    let started = Instant::now();
    let shown = move |view: &View, people: Vec<PersonId>| {
        let first = after.map_or(0, |after| people.partition_point(|id| *id <= after));
        let end = people.len().min(first + limit);
        let next = (end < people.len()).then(|| people[end - 1].to_string());
        let shown: Vec<_> = people[first..end].iter().filter_map(|id| person(view, *id)).collect();
        (shown, people.len(), next)
    };
    let settled = behind(&server, &caller, &kind, &sent, Some(action), shown).await?;
    let ((people, count, next), events, as_of) = settled;
    let people: Vec<Value> =
        people.into_iter().map(|person| person_json(&caller, person)).collect();
    let meta = meta(&caller.tenant, started, events, as_of);
    Ok(Json(json!({"people": people, "count": count, "next": next, "meta": meta})))
}

/// `POST /api/v1/insights/{kind}/segment`: keeps them as a list.
pub async fn segment(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    Path(kind): Path<String>,
    sent: Body,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let caller = admit(&server, &headers, "engage").await?;
    let sent = body(sent, QUESTION_BYTES_MAX).await?;
    let named: Named = parsed(&sent)?;
    let all = |_: &View, people| people;
    let (people, _, as_of) = behind(&server, &caller, &kind, &sent, None, all).await?;
    let document = Document::List { people: people.len() as u64, as_of: as_of.0, of: None };
    let list = keep(&server, &caller, &named.name, &people, &document).await?;
    Ok((StatusCode::CREATED, Json(list)))
}

/// What `then` makes of the people behind a cell of a question of this kind, of how many events, as
/// of when; with `action`, that somebody looks at them is written down first.
async fn behind<A: Send + 'static>(
    server: &Server,
    caller: &Caller,
    kind: &str,
    sent: &Bytes,
    action: Option<&str>,
    then: impl FnOnce(&View, Vec<PersonId>) -> A + Send + 'static,
) -> Result<(A, u64, Timestamp), Problem> {
    let request = Request { server, caller, kind, sent, action };
    match kind {
        "trend" => request.ask::<_, trend::Cell, A>(Trend::people, then).await,
        "funnel" => request.ask::<_, funnel::Cell, A>(Funnel::people, then).await,
        "retention" => request.ask::<_, retention::Cell, A>(Retention::people, then).await,
        "stickiness" => request.ask::<_, stickiness::Cell, A>(Stickiness::people, then).await,
        "paths" => request.ask::<_, paths::Cell, A>(Paths::people, then).await,
        "rfm" => request.ask::<_, rfm::Cell, A>(Rfm::people, then).await,
        "pivot" => request.ask::<_, pivot::Cell, A>(Pivot::people, then).await,
        _ => Err(Problem::not_found()),
    }
}

/// The people behind a cell, as a kind finds them.
type People<Q, C> = fn(&Q, &C, &View, &TimeZone, &Cancel) -> Result<Vec<PersonId>, Error>;

/// A request for the people behind a cell.
struct Request<'a> {
    server: &'a Server,
    caller: &'a Caller,
    kind: &'a str,
    sent: &'a Bytes,
    action: Option<&'a str>,
}

impl Request<'_> {
    async fn ask<Q, C, A>(
        self,
        people: People<Q, C>,
        then: impl FnOnce(&View, Vec<PersonId>) -> A + Send + 'static,
    ) -> Result<(A, u64, Timestamp), Problem>
    where
        Q: Insight,
        C: DeserializeOwned + Send + 'static,
        A: Send + 'static,
    {
        let Request { server, caller, kind, sent, action } = self;
        let Asked { mut question, cell } = parsed::<Asked<Q, C>>(sent)?;
        may_ask_all_of(caller, &question)?;
        let tenant = &caller.tenant;
        let zone = settle(server, tenant, &mut question, "/question").await?;
        if let Some(action) = action {
            audit(server, tenant, caller.name.clone(), action, kind.to_owned()).await?;
        }
        let found = read(server, tenant, move |view, cancel| {
            let people = people(&question, &cell, view, &zone, cancel).map_err(within_body)?;
            Ok(then(view, people))
        });
        found.await
    }
}

/// A question is the part of the body that lies under its name.
fn within_body(error: Error) -> Error {
    match error {
        Error::Bad { pointer, message } if !pointer.starts_with("/cell") => {
            Error::Bad { pointer: format!("/question{pointer}"), message }
        }
        other => other,
    }
}
