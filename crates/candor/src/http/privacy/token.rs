//! Tokens that stand for a person: whom one names, and how a publisher gets one.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use candor_engage::links::{Purpose, Token, page};
use candor_event::{PersonId, Timestamp};
use candor_ingest::Door;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::http::access::{admit, json_body};
use crate::http::insights::read;
use crate::http::masked::CLEAR;
use crate::http::people::audit;
use crate::http::problem::Problem;
use crate::moment::utc;
use crate::server::{NeverOpens, Server, Tenant};

/// How long a token shows values, in seconds.
const VALUES_SECONDS: i64 = 3_600;

/// How much a token shows of what is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shows {
    /// All of it. Such a token ends soon.
    Values,
    /// That it is there, not what it is: fit for a mail, which others may read.
    Names,
}

/// Whom a token names.
pub struct Whose {
    pub tenant: Arc<Tenant>,
    pub door: Arc<Door>,
    pub person: PersonId,
    pub shows: Shows,
    /// When the token ends, if it does.
    pub until: Option<Timestamp>,
}

/// Whom a token of a publisher names: none for any text that the publisher's keys did not sign, for
/// a token that has ended, and for a publisher that there is not.
///
/// # Errors
/// [`NeverOpens`] where it cannot be known.
pub async fn whose(
    server: &Server,
    account: &str,
    token: &str,
) -> Result<Option<Whose>, NeverOpens> {
    let Some((tenant, person, until)) = named(server, account, token).await else {
        return Ok(None);
    };
    let door = tenant.door().await?.clone();
    let person = door.canonical(person);
    let shows = if until.is_some() { Shows::Values } else { Shows::Names };
    Ok(Some(Whose { tenant, door, person, shows, until }))
}

/// Of which publisher, whom, and until when.
async fn named(
    server: &Server,
    account: &str,
    token: &str,
) -> Option<(Arc<Tenant>, PersonId, Option<Timestamp>)> {
    let tenant = server.tenant(account)?;
    let token = Token::verify(token, &|bytes: &[u8]| tenant.keys.mac(bytes))?;
    if token.account != tenant.publisher.account_id {
        return None;
    }
    let (person, end) = match token.purpose {
        Purpose::Person { until } => (PersonId(token.id), until),
        Purpose::Preferences => {
            let account = &tenant.publisher.account_id;
            let message = server.catalog.message(account, token.id).await.ok()??;
            // Of who was erased there is nobody any more.
            (Some(message.person).filter(|person| *person != PersonId::NOBODY)?, None)
        }
        _ => return None,
    };
    let until = end.map(|end| Timestamp::from_seconds(i64::try_from(end).unwrap_or(i64::MAX)));
    if until.is_some_and(|until| until <= server.now()) {
        return None;
    }
    Some((tenant, person, until))
}

/// What asks for a token.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    shows: Shows,
}

/// `POST /api/v1/people/{id}/privacy`: a token for the person's own page. One that shows values can
/// be asked for by those who may see them.
pub async fn issue(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    Path(id): Path<String>,
    sent: Body,
) -> Result<Json<Value>, Problem> {
    let caller = admit(&server, &headers, "consent").await?;
    let tenant = caller.tenant.clone();
    let Ask { shows } = json_body(sent, 4 << 10).await?;
    if shows == Shows::Values && !caller.may(CLEAR) {
        return Err(Problem::forbidden(CLEAR));
    }
    let person = PersonId::parse(&id).ok_or_else(Problem::not_found)?;
    let door = tenant.door().await?;
    let person = door.canonical(person);
    // Who has only said something may not be in the store yet.
    let known = door.said(person).answers().next().is_some()
        || read(&server, &tenant, move |view, _| Ok(view.find(person).is_some())).await?.0;
    if !known {
        return Err(Problem::not_found());
    }
    let action = match shows {
        Shows::Values => "give privacy link with values",
        Shows::Names => "give privacy link",
    };
    audit(&server, &tenant, caller.name.clone(), action, person.to_string()).await?;
    let ends = server.now().seconds() + VALUES_SECONDS;
    let until = (shows == Shows::Values).then_some(ends);
    let account = &tenant.publisher.account_id;
    let purpose = Purpose::Person { until: until.and_then(|until| u64::try_from(until).ok()) };
    let token = Token { purpose, id: person.0, account: account.clone() };
    let token = token.write(&|bytes: &[u8]| tenant.keys.mac(bytes));
    let url = page(&server.config.base(), account, &token);
    let until = until.map(|until| utc(Timestamp::from_seconds(until)));
    Ok(Json(json!({"token": token, "url": url, "until": until})))
}
