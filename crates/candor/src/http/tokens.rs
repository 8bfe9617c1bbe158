//! API tokens: made, listed, taken back. A token is shown once; its hash is kept.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use candor_catalog::ListedToken;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::command::{SCOPES, secret, sha256};
use crate::http::access::{Caller, admit, json_body};
use crate::http::people::audit;
use crate::http::problem::{FieldError, Problem};
use crate::moment::utc;
use crate::server::Server;

/// Tokens of one publisher.
const TOKENS_MAX: usize = 1_000;

fn shown(token: &ListedToken) -> Value {
    json!({
        "id": token.id,
        "name": token.name,
        "scopes": token.scopes,
        "created_at": utc(token.created_at),
    })
}

/// `GET /api/v1/tokens`.
pub async fn list(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let Caller { tenant, .. } = admit(&server, &headers, "admin").await?;
    let tokens = server.catalog.api_tokens(&tenant.publisher.account_id).await?;
    Ok(Json(json!({"tokens": tokens.iter().map(shown).collect::<Vec<_>>()})))
}

/// What making a token sends.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct New {
    name: String,
    scopes: Vec<String>,
}

/// `POST /api/v1/tokens`: a token with some of its maker's scopes.
pub async fn make(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    sent: Body,
) -> Result<Json<Value>, Problem> {
    let caller = admit(&server, &headers, "admin").await?;
    let new: New = json_body(sent, 4 << 10).await?;
    let name = new.name.trim();
    if name.is_empty() || name.chars().count() > 100 {
        return Err(wrong("/name", "a name of 1 to 100 characters".to_owned()));
    }
    let known: Vec<&str> = SCOPES.split_whitespace().collect();
    let mut scopes = new.scopes;
    scopes.sort();
    scopes.dedup();
    if scopes.is_empty() || scopes.iter().any(|scope| !known.contains(&scope.as_str())) {
        return Err(wrong("/scopes", format!("one or more of {}", known.join(", "))));
    }
    if let Some(lacking) = scopes.iter().find(|scope| !caller.may(scope)) {
        return Err(Problem::forbidden(lacking));
    }
    let account = &caller.tenant.publisher.account_id;
    if server.catalog.api_tokens(account).await?.len() >= TOKENS_MAX {
        return Err(wrong("", format!("{TOKENS_MAX} tokens are there: take some back first")));
    }
    let token = secret(24).map_err(|_| Problem::internal())?;
    let listed = ListedToken {
        id: secret(8).map_err(|_| Problem::internal())?,
        name: name.to_owned(),
        scopes,
        created_at: server.now(),
    };
    let what = format!("{} ({}): {}", listed.name, listed.id, listed.scopes.join(" "));
    audit(&server, &caller.tenant, caller.name, "make token", what).await?;
    server.catalog.add_api_token(account, &sha256(&token), &listed).await?;
    let mut answer = shown(&listed);
    answer["token"] = json!(token);
    Ok(Json(answer))
}

fn wrong(pointer: &str, message: String) -> Problem {
    let error = FieldError { pointer: pointer.into(), message: message.clone() };
    Problem::bad_request(message, vec![error])
}

/// `DELETE /api/v1/tokens/{id}`: no request that carries it is let in from now on.
pub async fn remove(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let caller = admit(&server, &headers, "admin").await?;
    let account = &caller.tenant.publisher.account_id;
    let tokens = server.catalog.api_tokens(account).await?;
    let token = tokens.iter().find(|token| token.id == id).ok_or_else(Problem::not_found)?;
    let what = format!("{} ({})", token.name, token.id);
    audit(&server, &caller.tenant, caller.name, "take token back", what).await?;
    match server.catalog.remove_api_token(account, &id).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Problem::not_found()),
    }
}
