//! The policy, the classes of properties, and what the gate did.

use std::collections::HashSet;
use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use candor_catalog::AuditEntry;
use candor_event::{DataClass, Purpose, Timestamp};
use candor_ingest::gate::Policy;
use candor_store::View;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::http::access::{allow, caller, json_body};
use crate::http::events::{MOMENT, moment};
use crate::http::people::audit;
use crate::http::problem::{FieldError, Problem};
use crate::moment::utc;
use crate::server::{Server, Tenant};

/// `GET /api/v1/policy`.
pub async fn show(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let tenant = allow(&server, &headers, "read").await?;
    Ok(Json(json!(tenant.policy())))
}

/// `PUT /api/v1/policy`: a new version, in force for the next request.
pub async fn change(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    sent: Body,
) -> Result<Json<Value>, Problem> {
    let (tenant, actor) = caller(&server, &headers, "admin").await?;
    let policy: Policy = json_body(sent, 256 << 10).await?;
    if !purposes_have_names(&policy) {
        let message = "purposes of the contract, or names of your own of a-z, 0-9 and _";
        let error = FieldError { pointer: "/purposes".into(), message: message.into() };
        return Err(Problem::bad_request(message, vec![error]));
    }
    let _one = tenant.defining.lock().await;
    let document = serde_json::to_string(&policy).map_err(|_| Problem::internal())?;
    let account = &tenant.publisher.account_id;
    let version = server.catalog.put_policy(account, &document, &actor, server.now()).await?;
    audit(&server, &tenant, actor, "change policy", format!("version {version}")).await?;
    tenant.set_policy(policy.clone(), server.catalog.classes(account).await?);
    Ok(Json(json!({"version": version, "policy": policy})))
}

/// Whether each purpose is named as the contract says: what is named otherwise could not be
/// consented to.
pub fn purposes_have_names(policy: &Policy) -> bool {
    let is_name = |name: &Purpose| Purpose::new(name.as_str()).as_ref() == Some(name);
    policy.purposes.keys().all(is_name)
}

/// `GET /api/v1/policy/versions`, the newest first.
pub async fn versions(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let tenant = allow(&server, &headers, "read").await?;
    let versions = server.catalog.policies(&tenant.publisher.account_id).await?;
    let version = |version: candor_catalog::PolicyVersion| {
        let policy: Value = serde_json::from_str(&version.document).unwrap_or_default();
        json!({
            "version": version.version,
            "at": utc(version.at),
            "actor": version.actor,
            "policy": policy,
        })
    };
    Ok(Json(json!(versions.into_iter().map(version).collect::<Vec<_>>())))
}

/// `GET /api/v1/properties`: the SDKs' names, those the publisher classed, and those that wait.
pub async fn properties(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let tenant = allow(&server, &headers, "read").await?;
    let filled = look(&tenant, candor_query::filled).await?;
    let classes = tenant.classes();
    let named = classes.names();
    let mut all: Vec<Value> = Vec::new();
    for (name, class) in &named {
        let seen = filled.get(*name).copied().unwrap_or(0);
        all.push(json!({"name": name, "class": class.name(), "seen": seen}));
    }
    // Kept without a class of their own: under `open`, where they count as behaviour.
    let classed: HashSet<&str> = named.iter().map(|(name, _)| *name).collect();
    let unclassed = filled.iter().filter(|(name, _)| !classed.contains(name.as_str()));
    all.extend(unclassed.map(|(name, seen)| json!({"name": name, "class": null, "seen": seen})));
    let tally = tenant.tally();
    let waiting = tally.waiting().filter(|(name, _)| !filled.contains_key(*name));
    all.extend(waiting.map(|(name, seen)| json!({"name": name, "class": null, "seen": seen})));
    Ok(Json(json!(all)))
}

/// Looks at all of a store off the async threads.
async fn look<A: Send + 'static>(
    tenant: &Tenant,
    at: impl FnOnce(&View) -> A + Send + 'static,
) -> Result<A, Problem> {
    let store = tenant.store.clone();
    let looked = tokio::task::spawn_blocking(move || at(&store.view())).await;
    looked.map_err(|_| Problem::internal())
}

/// What classing a property sends.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Class {
    class: String,
}

/// `PUT /api/v1/properties/{name}`, in force for the next request.
pub async fn class(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    Path(name): Path<String>,
    sent: Body,
) -> Result<Json<Value>, Problem> {
    let (tenant, actor) = caller(&server, &headers, "admin").await?;
    let Class { class } = json_body(sent, 4 << 10).await?;
    let bad = |pointer: &str, message: String| {
        let error = FieldError { pointer: pointer.into(), message: message.clone() };
        Problem::bad_request(message, vec![error])
    };
    let Some(class) = DataClass::from_name(&class) else {
        let names = DataClass::ALL.map(DataClass::name).join(", ");
        return Err(bad("/class", format!("one of {names}")));
    };
    if name.is_empty() || name.chars().count() > 1024 || name.starts_with('$') {
        return Err(bad("", "a name of 1 to 1,024 characters that does not begin with $".into()));
    }
    let account = &tenant.publisher.account_id;
    let _one = tenant.defining.lock().await;
    audit(&server, &tenant, actor, "class property", format!("{name}: {}", class.name())).await?;
    server.catalog.put_class(account, &name, class).await?;
    tenant.set_policy(tenant.policy(), server.catalog.classes(account).await?);
    Ok(Json(json!({"name": name, "class": class.name()})))
}

/// `GET /api/v1/gate`: what came, was refused and was taken out since the start of the server, and
/// what people said about the purposes of the policy.
pub async fn gate(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let tenant = allow(&server, &headers, "read").await?;
    let said = look(&tenant, candor_query::consents).await?;
    let purposes = tenant.policy().purposes;
    let word = |purpose: &str| said.get(purpose).copied().unwrap_or_default();
    let consents: serde_json::Map<String, Value> = purposes
        .keys()
        .map(|purpose| (purpose.as_str().to_owned(), json!(word(purpose.as_str()))))
        .collect();
    let tally = tenant.tally();
    let waiting = tally.waiting().map(|(name, seen)| json!({"name": name, "seen": seen}));
    let running = server.started.elapsed().as_millis() as i64;
    Ok(Json(json!({
        "since": utc(Timestamp(server.now().0 - running)),
        "accepted": tally.accepted,
        "refused": tally.refused,
        "stripped": tally.stripped,
        "waiting": waiting.collect::<Vec<_>>(),
        "consents": consents,
    })))
}

/// The range of an audit.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Range {
    from: Option<String>,
    to: Option<String>,
    actor: Option<String>,
}

/// `GET /api/v1/audit?from=&to=&actor=`.
pub async fn audited(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    range: Result<Query<Range>, QueryRejection>,
) -> Result<Json<Value>, Problem> {
    let tenant = allow(&server, &headers, "admin").await?;
    let form = || Problem::bad_request(format!("?from= and ?to= ({MOMENT}), ?actor="), vec![]);
    let Query(range) = range.map_err(|_| form())?;
    let read = |text: Option<String>, other| match text {
        None => Ok(Timestamp(other)),
        Some(text) => moment(&text, &tenant.zone).ok_or_else(form),
    };
    let (from, to) = (read(range.from, i64::MIN)?, read(range.to, i64::MAX)?);
    let entries = server.catalog.audited(&tenant.publisher.account_id, from, to).await?;
    let wanted = |entry: &AuditEntry| range.actor.as_ref().is_none_or(|a| *a == entry.actor);
    let entry = |entry: AuditEntry| {
        json!({
            "at": utc(entry.at),
            "actor": entry.actor,
            "action": entry.action,
            "subject": entry.subject,
        })
    };
    let entries = entries.into_iter().filter(wanted).map(entry);
    Ok(Json(json!({"entries": entries.collect::<Vec<_>>()})))
}
