//! `GET /e`: a site's own page about its mails, through the Web SDK (protocol section 11.6). It
//! reads and says what the person wants of messages; the token of the mail's link stands for them.
//!
//! Any answer is a script with status 200. Beside the SDK it speaks to the page itself, which has
//! functions named by CleverTap for that: what they are called with is told nowhere else.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse, Response};
use candor_event::{PersonId, Purpose};
use candor_ingest::Door;
use candor_ingest::decode::{self, EmailAsk};
use candor_ingest::gate::Policy;
use serde_json::{Value, json};

use crate::http::privacy::language::Languages;
use crate::http::privacy::said::{Word, record};
use crate::http::privacy::token::{Whose, whose};
use crate::http::sdk::{ENCRYPTION_HEADER, as_script, open, open_to_all};
use crate::server::Server;

/// How a receipt names this way.
const METHOD: &str = "e-mail page";

/// What mails are for.
const MAIL: &str = "marketing:email";
/// How purposes of messages begin.
const MESSAGES: &str = "marketing:";

/// `GET /e`.
pub async fn subscriptions(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    let script = answer(&server, &headers, uri.query().unwrap_or_default()).await;
    // The SDK runs nothing of what it fetches as JSON.
    let wants_json = headers.contains_key(ENCRYPTION_HEADER);
    open_to_all(if wants_json { Json(json!({})).into_response() } else { as_script(&script) })
}

async fn answer(server: &Server, headers: &HeaderMap, query: &str) -> String {
    let query = decode::pairs(query);
    let says = query.iter().any(|(name, _)| name == "sub");
    let failed = if says { "wzrk_email_subscription_failed" } else { "wzrk_email_fetched_failed" };
    let unknown = || call(failed, &[json!("this link cannot be used")]);
    let later = || call(failed, &[json!("nothing was recorded: try again later")]);
    let Ok(page) = decode::email_page(&query, &open) else { return unknown() };
    let whose = match whose(server, &page.account, &page.token).await {
        Ok(Some(whose)) => whose,
        Ok(None) => return unknown(),
        Err(_) => return later(),
    };
    let Whose { tenant, door, person, .. } = whose;
    let Some(purposes) = wanted(page.asks, &tenant.policy()) else {
        let groups = groups(&door, person, &Languages::of(headers));
        // The address is not told: the link may have gone on to others.
        return told(&groups)
            + &call("wzrk_email_fetched", &[json!(""), json!({"groups": groups})]);
    };
    let status = i32::from(purposes.values().any(|yes| *yes));
    let nothing = purposes.is_empty();
    let word = Word { purposes, method: METHOD, notice: None };
    if nothing || record(server, &tenant, person, word).await.is_err() {
        return later();
    }
    let groups = groups(&door, person, &Languages::of(headers));
    told(&groups) + &call("wzrk_email_subscription", &[json!(status)])
}

/// What the person says of which purposes of the policy; none when the page only asks.
fn wanted(asks: EmailAsk, policy: &Policy) -> Option<BTreeMap<Purpose, bool>> {
    let messages = || policy.purposes.keys().filter(|purpose| is_message(purpose)).cloned();
    Some(match asks {
        EmailAsk::Tell => return None,
        EmailAsk::Mail(yes) => {
            let mail = messages().filter(|purpose| purpose.as_str() == MAIL);
            mail.map(|purpose| (purpose, yes)).collect()
        }
        EmailAsk::Everything(yes) => messages().map(|purpose| (purpose, yes)).collect(),
        EmailAsk::Groups(groups) => {
            let of = |name: &str| messages().find(|purpose| purpose.as_str() == name);
            groups.into_iter().filter_map(|(name, yes)| Some((of(&name)?, yes))).collect()
        }
    })
}

fn is_message(purpose: &Purpose) -> bool {
    purpose.as_str().starts_with(MESSAGES)
}

/// The purposes of messages as the SDK knows groups: by name, and whether the person is out.
fn groups(door: &Door, person: PersonId, languages: &Languages) -> Vec<Value> {
    let (policy, said) = (door.policy(), door.said(person));
    let messages = policy.purposes.iter().filter(|(purpose, _)| is_message(purpose));
    let group = |(purpose, rule): (&Purpose, &candor_ingest::gate::Rule)| {
        let description = languages.choose(&rule.text).map_or("", |(_, text)| text);
        let out = !policy.in_force(purpose, &said);
        json!({"name": purpose.as_str(), "description": description, "isUnsubscribed": out})
    };
    messages.map(group).collect()
}

fn told(groups: &[Value]) -> String {
    format!("$WZRK_WR.setSubscriptionGroups({});", json!(groups))
}

/// Calls a function of the page, where it has one.
fn call(function: &str, arguments: &[Value]) -> String {
    let arguments: Vec<String> = arguments.iter().map(Value::to_string).collect();
    format!("typeof {function}==\"function\"&&{function}({});", arguments.join(","))
}
