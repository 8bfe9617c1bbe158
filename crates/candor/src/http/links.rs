//! The addresses that stand in messages: a link that is followed, the picture that tells of an
//! opening, and the way out.
//!
//! Nothing changes by a GET but that it is counted: machines look at every address of a mail.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use candor_catalog::{Delivery, Visit};
use candor_engage::dispatch::{about_message, event_id};
use candor_engage::links::{Purpose, Token, page as own_page};
use candor_ingest::Outcome;

use crate::engine::Sent;
use crate::http::access::body;
use crate::http::privacy::frame;
use crate::http::privacy::html::Html;
use crate::http::privacy::said::{Word, record};
use crate::http::problem::Problem;
use crate::server::{Server, Tenant};

/// What one click sends, and more.
const FORM_BYTES_MAX: usize = 4 << 10;

/// How a receipt names this way.
const METHOD: &str = "unsubscribe link";

/// Words in the names of programs that look at addresses by themselves.
const MACHINES: [&str; 14] = [
    "bot",
    "crawl",
    "spider",
    "preview",
    "scan",
    "curl/",
    "wget/",
    "python",
    "go-http-client",
    "java/",
    "barracuda",
    "mimecast",
    "proofpoint",
    "headlesschrome",
];

/// One transparent point.
const POINT: &[u8] = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\0\0\0!\xf9\x04\x01\0\0\0\0,\0\0\0\0\x01\0\
                       \x01\0\0\x02\x02D\x01\0;";

/// A token of ours and the message that it stands in.
struct Opened {
    tenant: Arc<Tenant>,
    token: Token,
    message: Delivery,
}

async fn opened(server: &Server, text: &str) -> Result<Option<Opened>, Problem> {
    let Some(account) = Token::claims(text) else { return Ok(None) };
    let Some(tenant) = server.tenant(account.as_str()) else { return Ok(None) };
    let sign = |bytes: &[u8]| tenant.keys.mac(bytes);
    let Some(token) = Token::verify(text, &sign) else { return Ok(None) };
    let message = server.catalog.message(&tenant.publisher.account_id, token.id).await?;
    Ok(message.map(|message| Opened { tenant, token, message }))
}

/// What becomes of a request: ours failing is told like anything else here, as a page.
fn answered(answer: Result<Response, Problem>) -> Response {
    answer.unwrap_or_else(|problem| frame::failed(problem.into_response().status()))
}

fn is_machine(method: &Method, headers: &HeaderMap) -> bool {
    let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
    let agent = agent.unwrap_or_default().to_lowercase();
    *method == Method::HEAD || agent.is_empty() || MACHINES.iter().any(|word| agent.contains(word))
}

async fn visited(
    server: &Server,
    opened: &Opened,
    link: Option<u16>,
    machine: bool,
) -> Result<(), Problem> {
    let visit = Visit {
        account: opened.tenant.publisher.account_id.clone(),
        message: opened.message.id,
        number: 0,
        run: opened.message.run.clone(),
        link,
        at: server.now(),
        machine: machine.then_some(true),
    };
    server.catalog.visit(&visit).await?;
    Ok(())
}

/// `GET /l/{token}`: counts that a link was followed, and leads where the message says.
pub async fn follow(
    State(server): State<Arc<Server>>,
    method: Method,
    headers: HeaderMap,
    Path(text): Path<String>,
) -> Response {
    answered(followed(&server, &method, &headers, &text).await)
}

async fn followed(
    server: &Arc<Server>,
    method: &Method,
    headers: &HeaderMap,
    text: &str,
) -> Result<Response, Problem> {
    let Some(opened) = opened(server, text).await? else { return Ok(frame::unusable()) };
    let Purpose::Link { number, address } = &opened.token.purpose else {
        return Ok(frame::unusable());
    };
    let address = match address {
        Some(address) => Some(address.clone()),
        None => sent(server, &opened).await?.and_then(|sent| sent.link(*number)),
    };
    let Some(address) = address.and_then(|address| HeaderValue::from_str(&address).ok()) else {
        return Ok(frame::unusable());
    };
    visited(server, &opened, Some(*number), is_machine(method, headers)).await?;
    let mut response = StatusCode::FOUND.into_response();
    response.headers_mut().insert(header::LOCATION, address);
    no_store(&mut response);
    Ok(response)
}

fn no_store(response: &mut Response) {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
}

/// What was sent as its run had it.
async fn sent(server: &Arc<Server>, opened: &Opened) -> Result<Option<Arc<Sent>>, Problem> {
    let account = &opened.tenant.publisher.account_id;
    let sent = server.engine.sent(server, account, &opened.message.run).await;
    sent.map_err(|error| {
        tracing::error!(error = format!("{error:#}"), "what was sent cannot be read");
        Problem::internal()
    })
}

/// `GET /o/{token}`: counts that a message was opened. It is a picture whatever the token says.
pub async fn open(
    State(server): State<Arc<Server>>,
    method: Method,
    headers: HeaderMap,
    Path(text): Path<String>,
) -> Response {
    if let Ok(Some(opened)) = opened(&server, &text).await
        && opened.token.purpose == Purpose::Open
    {
        let machine = is_machine(&method, &headers);
        // The reader is not to see that a count failed.
        if visited(&server, &opened, None, machine).await.is_err() {
            tracing::warn!("an opening was not counted");
        }
    }
    let mut response = ([(header::CONTENT_TYPE, "image/gif")], POINT).into_response();
    no_store(&mut response);
    response
}

/// `GET /u/{token}`: a page with a button, and nothing else.
pub async fn ask_to_leave(State(server): State<Arc<Server>>, Path(text): Path<String>) -> Response {
    answered(asked(&server, &text).await)
}

async fn asked(server: &Arc<Server>, text: &str) -> Result<Response, Problem> {
    let Some(opened) = leaving(server, text).await? else { return Ok(frame::unusable()) };
    let publisher = &opened.tenant.publisher.name;
    let preferences = preferences(server, &opened);
    Ok(frame::page(StatusCode::OK, "No more of these messages?", |html| {
        html.line("h1", &[], "No more of these messages?");
        let text = format!("{publisher} will not write to you about this any more.");
        html.line("p", &[], &text);
        html.element("form", &[("method", "post"), ("class", "card main")], |html| {
            html.line("button", &[("type", "submit")], "Stop these messages");
        });
        more(html, &preferences);
    }))
}

/// `POST /u/{token}`: the person gets no more of this (RFC 8058). Told again, it changes nothing.
pub async fn leave(
    State(server): State<Arc<Server>>,
    Path(text): Path<String>,
    sent: Body,
) -> Response {
    answered(left(&server, &text, sent).await)
}

async fn left(server: &Arc<Server>, text: &str, form: Body) -> Result<Response, Problem> {
    body(form, FORM_BYTES_MAX).await?;
    let Some(opened) = leaving(server, text).await? else { return Ok(frame::unusable()) };
    let Some(sent) = sent(server, &opened).await? else { return Ok(frame::unusable()) };
    let (tenant, door) = (&opened.tenant, opened.tenant.door().await?);
    let person = door.canonical(opened.message.person);
    if door.in_force(person, &sent.purpose) {
        // Before the purpose ends: where no other one allows it, the event would not be kept.
        tell(tenant, &opened, &sent, server.now()).await?;
    }
    let purposes = [(sent.purpose.clone(), false)].into();
    record(server, tenant, person, Word { purposes, method: METHOD, notice: None }).await?;
    let publisher = &tenant.publisher.name;
    let preferences = preferences(server, &opened);
    Ok(frame::page(StatusCode::OK, "You are unsubscribed", |html| {
        html.line("h1", &[], "You are unsubscribed");
        html.line("p", &[], &format!("{publisher} will not write to you about this any more."));
        more(html, &preferences);
    }))
}

async fn leaving(server: &Arc<Server>, text: &str) -> Result<Option<Opened>, Problem> {
    let opened = opened(server, text).await?;
    Ok(opened.filter(|opened| opened.token.purpose == Purpose::Unsubscribe))
}

async fn tell(
    tenant: &Tenant,
    opened: &Opened,
    sent: &Sent,
    now: candor_event::Timestamp,
) -> Result<(), Problem> {
    let message = &opened.message;
    let campaign = (sent.campaign.as_str(), sent.name.as_str());
    let outcome = Outcome {
        person: message.person,
        at: now,
        name: "Unsubscribed",
        id: event_id(message.id, "unsubscribed"),
        properties: about_message(campaign, sent.channel.word(), message.id),
    };
    (tenant.sender().await?.tell)(vec![outcome]).await.map_err(|error| {
        tracing::warn!(error, "an unsubscription was not told");
        Problem::unavailable("not_kept", "it could not be kept: try again later")
    })
}

fn preferences(server: &Server, opened: &Opened) -> String {
    let account = &opened.tenant.publisher.account_id;
    let id = opened.message.id;
    let token = Token { purpose: Purpose::Preferences, id, account: account.clone() };
    let sign = |bytes: &[u8]| opened.tenant.keys.mac(bytes);
    own_page(&server.config.base(), account, &token.write(&sign))
}

fn more(html: &mut Html, preferences: &str) {
    html.element("p", &[], |html| {
        html.line(
            "a",
            &[("href", preferences)],
            "See all that is held about you, and your choices",
        );
    });
}
