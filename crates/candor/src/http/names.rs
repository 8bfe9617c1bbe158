//! What there is to ask about: the names of events, and the values of a property.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use candor_event::Value;
use candor_query::Scope;
use serde::Deserialize;
use serde_json::{Value as Json_, json};

use crate::http::access::{allow, caller};
use crate::http::insights::ask;
use crate::http::masked::{CLEAR, tells_who};
use crate::http::people::audit;
use crate::http::problem::Problem;
use crate::server::Server;

/// Names in one answer.
const NAMES_MAX: usize = 1_000;
/// Values in one answer.
const VALUES_MAX: usize = 100;

/// Which names or values.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Which {
    /// Only those with this in them, whatever the case.
    contains: Option<String>,
    limit: Option<usize>,
    scope: Option<Scope>,
}

impl Which {
    fn read(given: Result<Query<Which>, QueryRejection>) -> Result<Which, Problem> {
        let detail = "?contains=, ?limit= (a number), and of values ?scope=event or person";
        given.map(|Query(which)| which).map_err(|_| Problem::bad_request(detail, Vec::new()))
    }

    fn wants(&self) -> impl Fn(&str) -> bool + use<> {
        let part = self.contains.as_ref().map(|part| part.to_lowercase());
        move |text| part.as_ref().is_none_or(|part| text.to_lowercase().contains(part))
    }
}

/// `GET /api/v1/events/names`, the most frequent first.
pub async fn events(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    which: Result<Query<Which>, QueryRejection>,
) -> Result<Json<Json_>, Problem> {
    let tenant = allow(&server, &headers, "read").await?;
    let which = Which::read(which)?;
    let (wants, limit) = (which.wants(), which.limit.unwrap_or(NAMES_MAX).min(NAMES_MAX));
    ask(&server, &tenant, move |view, cancel| {
        let mut names = candor_query::event_names(view, cancel)?;
        names.retain(|event| wants(&event.name));
        names.truncate(limit);
        Ok(json!({"names": names}))
    })
    .await
}

/// `GET /api/v1/properties/{name}/values`, the most frequent first. Values that tell who people are
/// need the scope `people`, and that they were looked at is written down.
pub async fn values(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    Path(name): Path<String>,
    which: Result<Query<Which>, QueryRejection>,
) -> Result<Json<Json_>, Problem> {
    let tenant = allow(&server, &headers, "read").await?;
    let which = Which::read(which)?;
    if name.starts_with('$') {
        return Err(Problem::not_found());
    }
    if tells_who(&tenant, &name) {
        let (_, actor) = caller(&server, &headers, CLEAR).await?;
        audit(&server, &tenant, actor, "view values", name.clone()).await?;
    }
    let (wants, limit) = (which.wants(), which.limit.unwrap_or(VALUES_MAX).min(VALUES_MAX));
    let scope = which.scope.unwrap_or(Scope::Event);
    ask(&server, &tenant, move |view, cancel| {
        let mut held = candor_query::values(view, &name, scope, cancel)?;
        held.retain(|one| match &one.value {
            Value::Text(text) => wants(text),
            other => wants(&json!(other).to_string()),
        });
        held.truncate(limit);
        Ok(json!({"values": held}))
    })
    .await
}
