//! The ways in of CleverTap's SDKs: `/hello` and `/a1` (mobile), `/a` (web).

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use candor_ingest::{Ids, decode};
use serde_json::{Map, Value, json};

use crate::command::{secret, sha256};
use crate::http::access::body;
use crate::http::peer::Peer;
use crate::refusal::Refusal;
use crate::server::{Sent, Server, Tenant};
use crate::target::TARGET_BYTES_MAX;

/// Tells encrypted bodies, and a browser that wants JSON.
pub const ENCRYPTION_HEADER: &str = "x-clevertap-encryption-enabled";

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

/// An error in CleverTap's shape.
fn failed(status: StatusCode, error: &str) -> Response {
    let answer = json!({"status": "fail", "error": error, "code": status.as_u16()});
    (status, axum::Json(answer)).into_response()
}

/// The publisher of a mobile request; a foreign id and a wrong token are answered alike.
fn device_of(server: &Server, headers: &HeaderMap) -> Option<Arc<Tenant>> {
    let token = sha256(text(headers, "x-clevertap-token").unwrap_or_default());
    let tenant = server.tenant(text(headers, "x-clevertap-account-id")?)?;
    (tenant.publisher.token_hash == token).then_some(tenant)
}

/// `GET /hello`: the handshake; the device comes back to the host it asked.
pub async fn hello(State(server): State<Arc<Server>>, headers: HeaderMap, uri: Uri) -> Response {
    if device_of(&server, &headers).is_none() {
        return failed(StatusCode::UNAUTHORIZED, "Account ID is not valid");
    }
    let host = text(&headers, "x-clevertap-handshake-domain")
        .or_else(|| text(&headers, "host"))
        .or_else(|| uri.authority().map(|authority| authority.as_str()));
    let mut response = axum::Json(json!({})).into_response();
    if let Some(Ok(host)) = host.map(HeaderValue::from_str) {
        for name in ["x-wzrk-rd", "x-wzrk-spiky-rd"] {
            response.headers_mut().insert(HeaderName::from_static(name), host.clone());
        }
    }
    response
}

/// `POST /a1`: a batch. 200 means that what the gate allowed is in the log.
pub async fn batch(
    State(server): State<Arc<Server>>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    sent: Body,
) -> Response {
    let Some(tenant) = device_of(&server, &headers) else {
        return failed(StatusCode::UNAUTHORIZED, "Account ID is not valid");
    };
    let mut bytes = match body(sent, server.config.body_bytes_max).await {
        Ok(bytes) => bytes.to_vec(),
        Err(too_large) => return too_large.in_clevertap_shape(),
    };
    if text(&headers, ENCRYPTION_HEADER) == Some("true") {
        let opened = decode::encrypted(&bytes).and_then(|(itp, itk, itv)| open(&itp, &itk, &itv));
        match opened {
            Some(opened) => bytes = opened,
            // The device sends it again in plain.
            None => return failed(status(419), "Body could not be decrypted"),
        }
    }
    let decoded = match decode::mobile(&bytes) {
        Ok(decoded) => decoded,
        Err(why) => return failed(StatusCode::BAD_REQUEST, why),
    };
    drop(bytes);
    let (asks, launches) = (decoded.asks_variables, decoded.launches);
    let ids = Ids { guid: Some(decoded.guid), ..Ids::default() };
    let mut derived = decoded.of_device;
    derived.extend(country(&server, decoded.uses_address, peer, &headers));
    let sent = Sent { derived, ..Sent::default() };
    if let Err(refusal) = server.accept(&tenant, decoded.records, decoded.refused, sent).await {
        return later(&refusal);
    }
    let variables = tenant.variables();
    // Whoever asks is told, also that there are none: the app waits for it.
    let tells = asks || (launches && !variables.is_empty());
    let door = match tenant.door().await {
        Ok(door) => door,
        Err(never) => return later(&never.into()),
    };
    match tells && door.keeps(&ids) {
        true => axum::Json(json!({"vars": *variables})).into_response(),
        false => axum::Json(json!({})).into_response(),
    }
}

/// The country of the sender's address. The address is not looked at unless the SDK says that it
/// may be (`useIP`, protocol section 12.9), and it goes no further.
fn country(
    server: &Server,
    allowed: bool,
    peer: Peer,
    headers: &HeaderMap,
) -> Option<(Arc<str>, candor_event::Value)> {
    let trusted = &server.config.trusted_proxies;
    let country = allowed.then(|| server.countries.of(peer.client(headers, trusted))).flatten();
    country.map(|country| ("country".into(), country.as_str().into()))
}

fn later(refusal: &Refusal) -> Response {
    let status = match refusal {
        Refusal::Overloaded => StatusCode::TOO_MANY_REQUESTS,
        _ => StatusCode::SERVICE_UNAVAILABLE,
    };
    let mut response = failed(status, "Try again later");
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    response
}

fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).unwrap_or(StatusCode::BAD_REQUEST)
}

/// Opens what an SDK encrypted on the way, of base64: text, key, nonce.
pub fn open(itp: &str, itk: &str, itv: &str) -> Option<Vec<u8>> {
    let decode = |text: &str| STANDARD.decode(text).ok();
    candor_keys::open_in_transit(&decode(itk)?, &decode(itv)?, &decode(itp)?)
}

/// What `/a` answers: `s(guid, session, resume, rn, opt-out)` of protocol section 11.
struct Says {
    guid: String,
    session: i64,
    resume: bool,
    /// None: not acknowledged, the SDK keeps its queue.
    rn: Option<String>,
    opt_out: Option<bool>,
    /// The values of variables, where they were asked for.
    variables: Option<Arc<Map<String, Value>>>,
}

/// `GET /a`. Always 200: a browser whose first request fails stops for good.
pub async fn web(
    State(server): State<Arc<Server>>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    let says = answer(&server, &uri, peer, &headers).await;
    let wants_json = headers.contains_key(ENCRYPTION_HEADER);
    open_to_all(if wants_json { says.as_json() } else { says.as_script() })
}

/// `OPTIONS /a`, `/defineVars` and `/defineTemplates`.
pub async fn preflight() -> Response {
    open_to_all(StatusCode::NO_CONTENT.into_response())
}

/// Lets pages of every origin read an answer.
pub fn open_to_all(mut response: Response) -> Response {
    for (name, value) in [
        ("access-control-allow-origin", "*"),
        ("access-control-allow-methods", "GET, POST, OPTIONS"),
        ("access-control-allow-headers", "X-CleverTap-Encryption-Enabled, Content-Type"),
        ("access-control-expose-headers", "X-WZRK-MUTE-DURATION, X-CleverTap-Encryption-Enabled"),
        ("cache-control", "no-store"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

async fn answer(server: &Server, uri: &Uri, peer: Peer, headers: &HeaderMap) -> Says {
    let now = server.now().seconds();
    let fresh = || secret(16).unwrap_or_default();
    let query = uri.query().unwrap_or_default();
    // One of the greatest length was longer.
    let whole = uri.path_and_query().is_some_and(|target| target.as_str().len() < TARGET_BYTES_MAX);
    let read = match whole {
        true => decode::web(&decode::pairs(query), &open),
        false => Err("a target of less than 64 KiB"),
    };
    let Ok(request) = read else {
        return Says::new(fresh(), now, false);
    };
    let guid = request.guid.clone().unwrap_or_else(fresh);
    let session = request.session.unwrap_or(now);
    let mut says = Says::new(guid.clone(), session, request.is_login);
    let Some(tenant) = server.tenant(&request.account) else { return says };
    let decoded = request.records(&guid);
    let asks = decoded.asks_variables;
    let mut derived = text(headers, "user-agent").map_or(Vec::new(), decode::agent);
    derived.extend(country(server, decoded.uses_address, peer, headers));
    let sent = Sent { derived, ..Sent::default() };
    if server.accept(&tenant, decoded.records, decoded.refused, sent).await.is_err() {
        return says;
    }
    says.rn = request.rn;
    let ids = Ids { guid: Some(guid), ..Ids::default() };
    let Ok(door) = tenant.door().await else { return says };
    if !door.keeps(&ids) {
        says.guid += ":OO";
        says.opt_out = Some(true);
        return says;
    }
    if request.opted_out || request.opts_out.is_some() {
        says.opt_out = Some(false);
    }
    says.variables = asks.then(|| tenant.variables());
    says
}

impl Says {
    fn new(guid: String, session: i64, resume: bool) -> Says {
        Says { guid, session, resume, rn: None, opt_out: None, variables: None }
    }

    fn as_script(&self) -> Response {
        let mut arguments = vec![json!(self.guid), json!(self.session), json!(self.resume)];
        if let Some(rn) = &self.rn {
            arguments.push(number(rn));
            arguments.extend(self.opt_out.map(Value::Bool));
        }
        let arguments: Vec<String> = arguments.iter().map(Value::to_string).collect();
        let mut script = format!("$WZRK_WR.s({});", arguments.join(","));
        if let Some(variables) = &self.variables {
            script += &format!("$WZRK_WR.tr({});", json!({"vars": **variables}));
        }
        as_script(&script)
    }

    fn as_json(&self) -> Response {
        let mut meta = json!({"g": self.guid, "sid": self.session, "rf": self.resume});
        if let Some(rn) = &self.rn {
            meta["rn"] = number(rn);
            if let Some(opt_out) = self.opt_out {
                meta["optOut"] = json!(opt_out);
            }
        }
        let mut answer = json!({"meta": meta});
        if let Some(variables) = &self.variables {
            answer["tr"] = json!({"vars": **variables});
        }
        axum::Json(answer).into_response()
    }
}

/// A script for a page. What came from outside stands in it as JSON; nothing in that may end the
/// script, or a line of it.
pub fn as_script(script: &str) -> Response {
    let script = script.replace('<', "\\u003c");
    let script = script.replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029");
    let kind = (header::CONTENT_TYPE, "application/javascript; charset=utf-8");
    ([kind, (header::X_CONTENT_TYPE_OPTIONS, "nosniff")], script).into_response()
}

fn number(rn: &str) -> Value {
    rn.parse::<u64>().map_or_else(|_| json!(rn), |rn| json!(rn))
}
