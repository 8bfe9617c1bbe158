//! What people do for themselves, without a log-in: a token stands for the person.
//!
//! `token` says whom one names, `said` writes down what they say, `subscriptions` is the way of the
//! Web SDK's pages about mails, and the rest is the person's own page; `own` says what it shows.
//! The token never stands in an address that a server sees: the page's link has it behind `#`, and
//! each answer of the page sends it in a body.

pub mod frame;
mod held;
pub mod html;
mod language;
mod own;
mod rule;
pub mod said;
pub mod subscriptions;
pub mod token;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use candor_event::{ConsentChange, Purpose};
use candor_ingest::decode::pairs;

use crate::http::access::body;
use crate::http::consents::receipt;
use crate::http::people::audit;
use crate::http::problem::Problem;
use crate::server::Server;
use held::held;
use language::Languages;
use own::Own;
use said::{Word, record};
use token::{Shows, Whose, whose};

/// What one form sends: a link and two words.
const FORM_BYTES_MAX: usize = 16 << 10;

/// How a receipt names this way.
const METHOD: &str = "person's page";

/// Says every purpose of the policy.
const ALL: &str = "*";

/// `GET /privacy/{account_id}`: the way in. What stands behind `#` comes back by a form.
pub async fn way_in() -> Response {
    frame::way_in()
}

/// What a form of the page says.
#[derive(Default)]
struct Form {
    token: String,
    purpose: String,
    say: String,
}

impl Form {
    fn read(sent: &[u8]) -> Form {
        let sent = String::from_utf8_lossy(sent).replace('+', "%20");
        let mut form = Form::default();
        for (name, value) in pairs(&sent) {
            match name.as_str() {
                // A whole link may be pasted.
                "token" => {
                    let token = value.rsplit('#').next().unwrap_or_default();
                    form.token = token.trim().to_owned();
                }
                "purpose" => form.purpose = value,
                "say" => form.say = value,
                _ => {}
            }
        }
        form
    }

    /// What is said of which purpose; none where the page is only opened.
    fn yes(&self) -> Option<bool> {
        match self.say.as_str() {
            "yes" => Some(true),
            "no" => Some(false),
            _ => None,
        }
    }
}

/// `POST /privacy/{account_id}`: the page of the person whom the token names, after what they say.
pub async fn own_page(
    State(server): State<Arc<Server>>,
    Path(account): Path<String>,
    headers: HeaderMap,
    sent: Body,
) -> Response {
    let Ok(sent) = body(sent, FORM_BYTES_MAX).await else { return frame::unusable() };
    let form = Form::read(&sent);
    let whose = match whose(&server, &account, &form.token).await {
        Ok(Some(whose)) => whose,
        Ok(None) => return frame::unusable(),
        Err(never) => return frame::failed(Problem::from(never).into_response().status()),
    };
    match answer(&server, &whose, &form, &Languages::of(&headers)).await {
        Ok(page) => page,
        Err(problem) => frame::failed(problem.into_response().status()),
    }
}

async fn answer(
    server: &Server,
    whose: &Whose,
    form: &Form,
    languages: &Languages,
) -> Result<Response, Problem> {
    let Whose { tenant, door, person, shows, until } = whose;
    let done = match form.yes() {
        Some(yes) => {
            let word = word(&tenant.policy().purposes, &form.purpose, yes, languages);
            Some(record(server, tenant, *person, word).await?)
        }
        None => None,
    };
    if *shows == Shows::Values {
        let actor = "the person".to_owned();
        audit(server, tenant, actor, "view own page", person.to_string()).await?;
    }
    let just_said = done.as_ref().and_then(Option::as_ref);
    let held = held(server, tenant, *person, *shows == Shows::Values, just_said).await?;
    let number = |change: &ConsentChange| {
        receipt(tenant, change)["id"].as_str().unwrap_or_default().to_owned()
    };
    let own = Own {
        publisher: &tenant.publisher.name,
        account: tenant.publisher.account_id.as_str(),
        zone: &tenant.zone,
        policy: &tenant.policy(),
        said: &door.said(*person),
        held: &held,
        languages,
        shows: *shows,
        until: *until,
        token: &form.token,
        receipt: &number,
        done: done.as_ref().map(Option::as_ref),
    };
    Ok(own.page())
}

/// What is said of a purpose, under the notice that was shown with it.
fn word(
    rules: &BTreeMap<Purpose, candor_ingest::gate::Rule>,
    name: &str,
    yes: bool,
    languages: &Languages,
) -> Word {
    let named = rules.iter().filter(|(purpose, _)| purpose.as_str() == name);
    let notice = named.clone().find_map(|(_, rule)| {
        let (id, version) = rule.notice.clone()?;
        let (language, _) = languages.choose(&rule.text)?;
        Some((id, version, language.to_owned()))
    });
    // Everything can be withdrawn at once; a yes is said for each.
    let purposes = match name == ALL && !yes {
        true => rules.keys().map(|purpose| (purpose.clone(), false)).collect(),
        false => named.map(|(purpose, _)| (purpose.clone(), yes)).collect(),
    };
    Word { purposes, method: METHOD, notice }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_with_a_pasted_link() {
        for (sent, token) in [
            ("token=abc_-9", "abc_-9"),
            ("token=http%3A%2F%2Fx%2Fprivacy%2FA%23abc", "abc"),
            ("token=+abc%0A", "abc"),
            ("token=", ""),
            ("", ""),
            ("say=no", ""),
        ] {
            assert_eq!(Form::read(sent.as_bytes()).token, token, "{sent}");
        }
        let form = Form::read(b"token=t&purpose=marketing%3Aemail&say=no&x=y");
        assert_eq!((form.purpose.as_str(), form.yes()), ("marketing:email", Some(false)));
        assert_eq!(Form::read(b"say=perhaps").yes(), None);
        assert_eq!(Form::read(&[0xff, b'=', b'%']).yes(), None);
    }
}
