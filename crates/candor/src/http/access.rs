//! Who calls: API tokens with scopes, and sessions of the dashboard.

use std::sync::Arc;

use argon2::password_hash::{PasswordHash, PasswordVerifier};
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use candor_event::Timestamp;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::json;
use serde_path_to_error::Segment;

use crate::command::{SCOPES, secret, sha256};
use crate::http::peer::Peer;
use crate::http::problem::{FieldError, Problem};
use crate::server::{Server, Tenant};

const COOKIE: &str = "candor_session";
const SESSION_MS: i64 = 12 * 3_600_000;

/// The publisher that the caller may act for, with this scope.
pub async fn allow(
    server: &Server,
    headers: &HeaderMap,
    scope: &str,
) -> Result<Arc<Tenant>, Problem> {
    let (tenant, _) = caller(server, headers, scope).await?;
    Ok(tenant)
}

/// The same, and the caller's name for logged changes.
pub async fn caller(
    server: &Server,
    headers: &HeaderMap,
    scope: &str,
) -> Result<(Arc<Tenant>, String), Problem> {
    let Caller { tenant, name, .. } = admit(server, headers, scope).await?;
    Ok((tenant, name))
}

/// Who calls.
pub struct Caller {
    /// For whom.
    pub tenant: Arc<Tenant>,
    /// What logged changes call them.
    pub name: String,
    scopes: Vec<String>,
}

impl Caller {
    /// Whether this may be done.
    pub fn may(&self, scope: &str) -> bool {
        self.scopes.iter().any(|has| has == scope)
    }
}

/// Lets in who has this scope.
pub async fn admit(server: &Server, headers: &HeaderMap, scope: &str) -> Result<Caller, Problem> {
    let (account, name, scopes) = if let Some(token) = bearer(headers) {
        let token = server.catalog.api_token(&sha256(token)).await?;
        let token = token.ok_or_else(Problem::unauthorized)?;
        (token.account_id, format!("token {}", token.name), token.scopes)
    } else {
        let cookie = cookie(headers).ok_or_else(Problem::unauthorized)?;
        let user = server.catalog.session(&sha256(cookie), server.now()).await?;
        let user = user.ok_or_else(Problem::unauthorized)?;
        let scopes = SCOPES.split_whitespace().map(str::to_owned).collect();
        (user.account_id, user.email, scopes)
    };
    let tenant = server.tenant(account.as_str()).ok_or_else(Problem::unauthorized)?;
    let caller = Caller { tenant, name, scopes };
    match caller.may(scope) {
        true => Ok(caller),
        false => Err(Problem::forbidden(scope)),
    }
}

/// Whether a browser sent this from a page of another site without credentials that only our own
/// pages have. Programs send neither header.
pub fn cross_site(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if bearer(headers).is_some() {
        return false;
    }
    if let Some(site) = text("sec-fetch-site") {
        return site != "same-origin" && site != "none";
    }
    let Some(origin) = text("origin") else { return false };
    let host = origin.split_once("://").map(|(_, host)| host);
    host.is_none() || host != text("host")
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (kind, token) = value.split_once(' ')?;
    kind.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = all.flat_map(|value| value.split(';'));
    pairs.find_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='))
}

/// Reads a body up to a limit.
pub async fn body(body: Body, bytes_max: usize) -> Result<Bytes, Problem> {
    axum::body::to_bytes(body, bytes_max).await.map_err(|_| Problem::too_large(bytes_max))
}

/// Reads a JSON body; an error names the place and nothing of what was sent.
pub async fn json_body<T: DeserializeOwned>(sent: Body, bytes_max: usize) -> Result<T, Problem> {
    parsed(&body(sent, bytes_max).await?)
}

/// The same, and what was sent as it stands.
pub async fn json_body_twice<T: DeserializeOwned>(
    sent: Body,
    bytes_max: usize,
) -> Result<(T, serde_json::Value), Problem> {
    let bytes = body(sent, bytes_max).await?;
    Ok((parsed(&bytes)?, parsed(&bytes)?))
}

/// As [`json_body`], of what was read already.
pub fn parsed<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let bad = |pointer: String, message: String| {
        let detail = match pointer.as_str() {
            "" => message.clone(),
            place => format!("{place}: {message}"),
        };
        Problem::bad_request(detail, vec![FieldError { pointer, message }])
    };
    if let Err(error) = serde_json::from_slice::<IgnoredAny>(bytes) {
        let place = format!("line {} column {}", error.line(), error.column());
        return Err(bad(String::new(), format!("the body is not JSON ({place})")));
    }
    // A list of all fields in their order would do for the reader, too.
    if !bytes.trim_ascii_start().starts_with(b"{") {
        return Err(bad(String::new(), "the body is an object".to_owned()));
    }
    let mut source = serde_json::Deserializer::from_slice(bytes);
    serde_path_to_error::deserialize(&mut source).map_err(|error| {
        let (place, message) = (pointer(error.path()), error.inner().to_string());
        let message = message.rsplit_once(" at line ").map_or(&*message, |(said, _)| said);
        match message.strip_prefix("missing field `").and_then(|name| name.strip_suffix('`')) {
            Some(name) => bad(format!("{place}/{name}"), "it is missing".to_owned()),
            None => bad(place, ours(message)),
        }
    })
}

/// An RFC 6901 pointer to the place, or above it where a name came from the sender.
fn pointer(path: &serde_path_to_error::Path) -> String {
    let ours =
        |name: &str| name.len() <= 32 && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => pointer += &format!("/{index}"),
            Segment::Map { key: name } | Segment::Enum { variant: name } if ours(name) => {
                pointer += &format!("/{name}");
            }
            _ => break,
        }
    }
    pointer
}

/// The part of a reader's words that is ours: names of fields and variants, never a value.
fn ours(message: &str) -> String {
    if message.starts_with("a measure is") {
        return message.to_owned();
    }
    if message.starts_with("unknown field") {
        let known = message.rsplit_once(", expected").map_or("", |(_, known)| known);
        return format!("a field that is not known; there are{known}").replace("one of ", "");
    }
    let expected = message.rsplit_once(", expected ").map_or("", |(_, expected)| expected);
    match expected {
        "a string" => "a text".to_owned(),
        "a boolean" => "true or false".to_owned(),
        "a sequence" => "a list".to_owned(),
        "a map" => "an object".to_owned(),
        "u16" | "u32" | "u64" | "usize" => "a whole number, not less than 0".to_owned(),
        struct_ if struct_.starts_with("struct ") => "an object".to_owned(),
        "" => "it has the wrong form".to_owned(),
        other => other.to_owned(),
    }
}

/// What a login sends.
#[derive(Deserialize)]
pub struct Login {
    email: String,
    password: String,
}

/// `POST /api/v1/login`.
pub async fn login(
    State(server): State<Arc<Server>>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    sent: Body,
) -> Result<Response, Problem> {
    let login: Login = json_body(sent, 64 << 10).await?;
    server.attempts.begin(&login.email, server.now()).map_err(Problem::too_many_attempts)?;
    let user = server.catalog.user(&login.email).await?;
    // An unknown e-mail costs the same work as a wrong password.
    let hash = user.as_ref().map_or(NOBODYS_HASH, |user| user.password_hash.as_str()).to_owned();
    let checking = server.attempts.checks.acquire().await;
    let fits = tokio::task::spawn_blocking(move || {
        PasswordHash::new(&hash).is_ok_and(|hash| {
            argon2::Argon2::default().verify_password(login.password.as_bytes(), &hash).is_ok()
        })
    });
    let fits = fits.await.map_err(|_| Problem::internal())?;
    drop(checking);
    let (Some(user), true) = (user, fits) else {
        return Err(Problem::wrong_password());
    };
    server.attempts.succeeded(&login.email);
    let cookie = secret(32).map_err(|_| Problem::internal())?;
    let (now, hash) = (server.now(), sha256(&cookie));
    let until = Timestamp(now.0 + SESSION_MS);
    server.catalog.open_session(&hash, user.id, now, until).await?;
    let secure = server.config.tls_cert.is_some()
        || peer.tells_tls(&headers, &server.config.trusted_proxies);
    let secure = if secure { "; Secure" } else { "" };
    let seconds = SESSION_MS / 1000;
    let set =
        format!("{COOKIE}={cookie}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}");
    let answer = json!({"email": user.email, "role": user.role});
    Ok((set_cookie(&set)?, Json(answer)).into_response())
}

/// A hash that no password fits, with the costs of the others.
const NOBODYS_HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$\
                            AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

fn set_cookie(value: &str) -> Result<[(header::HeaderName, HeaderValue); 1], Problem> {
    let value = HeaderValue::from_str(value).map_err(|_| Problem::internal())?;
    Ok([(header::SET_COOKIE, value)])
}

/// `POST /api/v1/logout`.
pub async fn logout(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if let Some(cookie) = cookie(&headers) {
        server.catalog.end_session(&sha256(cookie)).await?;
    }
    let gone = format!("{COOKIE}=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict");
    Ok((StatusCode::NO_CONTENT, set_cookie(&gone)?).into_response())
}

/// `GET /api/v1/account`: whose data the caller sees.
pub async fn account(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
) -> Result<Json<serde_json::Value>, Problem> {
    let caller = admit(&server, &headers, "read").await?;
    let publisher = &caller.tenant.publisher;
    Ok(Json(json!({
        "account_id": publisher.account_id.as_str(),
        "name": publisher.name,
        "region": publisher.region,
        "timezone": publisher.timezone,
        "caller": caller.name,
        "scopes": caller.scopes,
        "keys": "local",
    })))
}
