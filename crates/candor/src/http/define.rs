//! `/defineVars` and `/defineTemplates`: what an app's code knows of by name, kept as versioned
//! documents of the catalog. Any device with a valid token may send them.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use candor_catalog::{AuditEntry, NewDefinition};
use candor_ingest::decode::define::{
    DEFINITIONS_BYTES_MAX, Templates, Variables, credentials, leave_groups, take_in, templates,
    variables,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::command::sha256;
use crate::http::access::body;
use crate::http::sdk::open_to_all;
use crate::server::{Server, Tenant};

/// The kinds of definition, and the ids of the one document of each.
const VARIABLES: &str = "variables";
const TEMPLATES: &str = "code_templates";

/// Why a definition was not taken.
enum Refused {
    /// 401: no such publisher, or a wrong token; answered alike.
    Stranger,
    /// 413
    TooLarge,
    /// 400, with what to change: developers read it in the device's log.
    Wrong(String),
    /// 503
    Later,
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let (status, error) = match self {
            Refused::Stranger => (StatusCode::UNAUTHORIZED, "Account ID is not valid".to_owned()),
            Refused::TooLarge => {
                let error = format!("a body has at most {DEFINITIONS_BYTES_MAX} bytes");
                (StatusCode::PAYLOAD_TOO_LARGE, error)
            }
            Refused::Wrong(error) => (StatusCode::BAD_REQUEST, error),
            Refused::Later => (StatusCode::SERVICE_UNAVAILABLE, "Try again later".to_owned()),
        };
        let answer = json!({"status": "fail", "error": error, "code": status.as_u16()});
        (status, axum::Json(answer)).into_response()
    }
}

/// `POST /defineVars`.
pub async fn define_variables(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    sent: Body,
) -> Response {
    let defined = async {
        let (tenant, bytes) = taken(&server, &headers, sent).await?;
        let new = variables(&bytes).map_err(Refused::Wrong)?;
        let _one = tenant.defining.lock().await;
        let mut known: Variables = stored(&server, &tenant, VARIABLES).await?;
        leave_groups(&mut known, &new);
        take_in(&mut known, new).map_err(Refused::Wrong)?;
        keep(&server, &tenant, VARIABLES, "define variables", &known).await?;
        tenant.set_variables(&known);
        Ok::<_, Refused>(())
    };
    answer(defined.await)
}

/// `POST /defineTemplates`.
pub async fn define_templates(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    sent: Body,
) -> Response {
    let defined = async {
        let (tenant, bytes) = taken(&server, &headers, sent).await?;
        let new = templates(&bytes).map_err(Refused::Wrong)?;
        let _one = tenant.defining.lock().await;
        let mut known: Templates = stored(&server, &tenant, TEMPLATES).await?;
        take_in(&mut known, new).map_err(Refused::Wrong)?;
        keep(&server, &tenant, TEMPLATES, "define templates", &known).await
    };
    answer(defined.await)
}

fn answer(defined: Result<(), Refused>) -> Response {
    let response = match defined {
        Ok(()) => axum::Json(json!({"status": "success"})).into_response(),
        Err(refused) => refused.into_response(),
    };
    open_to_all(response)
}

/// The publisher by the headers of a phone, or by the meta record of a browser, which has none.
async fn taken(
    server: &Server,
    headers: &HeaderMap,
    sent: Body,
) -> Result<(Arc<Tenant>, axum::body::Bytes), Refused> {
    let bytes = body(sent, DEFINITIONS_BYTES_MAX).await.map_err(|_| Refused::TooLarge)?;
    let header = |name: &str| Some(headers.get(name)?.to_str().ok()?.to_owned());
    let (account, token) = match header("x-clevertap-account-id") {
        Some(account) => (Some(account), header("x-clevertap-token")),
        None => credentials(&bytes),
    };
    let token = sha256(&token.unwrap_or_default());
    let tenant = account.and_then(|account| server.tenant(&account));
    let tenant = tenant.filter(|tenant| tenant.publisher.token_hash == token);
    Ok((tenant.ok_or(Refused::Stranger)?, bytes))
}

async fn stored<D: DeserializeOwned + Default>(
    server: &Server,
    tenant: &Tenant,
    kind: &str,
) -> Result<D, Refused> {
    document(server, &tenant.publisher.account_id, kind).await.map_err(|error| {
        tracing::error!(error = format!("{error:#}"), "definitions were not read");
        Refused::Later
    })
}

async fn document<D: DeserializeOwned + Default>(
    server: &Server,
    account: &candor_event::AccountId,
    kind: &str,
) -> anyhow::Result<D> {
    let known = server.catalog.definitions(account, kind).await?;
    match known.iter().find(|known| known.id == kind) {
        Some(known) => Ok(serde_json::from_str(&known.document)?),
        None => Ok(D::default()),
    }
}

/// The variables that a publisher's apps have defined.
///
/// # Errors
/// The catalog cannot be read, or holds a damaged document.
pub async fn variables_of(
    server: &Server,
    account: &candor_event::AccountId,
) -> anyhow::Result<Variables> {
    document(server, account, VARIABLES).await
}

async fn keep<D: Serialize>(
    server: &Server,
    tenant: &Tenant,
    kind: &str,
    action: &str,
    known: &D,
) -> Result<(), Refused> {
    let account = &tenant.publisher.account_id;
    let document = serde_json::to_string(known).map_err(|_| Refused::Later)?;
    let new = NewDefinition { kind, id: kind, name: kind, document: &document, actor: "device" };
    let failed = |error: candor_catalog::Error| {
        tracing::error!(%error, "definitions were not kept");
        Refused::Later
    };
    let before = server.catalog.definitions(account, kind).await.map_err(failed)?;
    let version = server.catalog.put_definition(account, &new, server.now()).await;
    let version = version.map_err(failed)?;
    if before.iter().any(|before| before.id == kind && before.version == version) {
        return Ok(());
    }
    let entry = AuditEntry {
        at: server.now(),
        actor: "device".to_owned(),
        action: action.to_owned(),
        subject: format!("version {version}"),
    };
    server.catalog.audit(account, &entry).await.map_err(failed)
}
