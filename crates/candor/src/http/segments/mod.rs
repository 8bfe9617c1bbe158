//! Segments: how many people a rule answers to, and who can be reached; saved ones in the place of
//! their ids.

pub mod members;
pub mod saved;
pub mod upload;

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use candor_ingest::gate::{Basis, Policy};
use candor_query::Definition;
use candor_query::segment::{self, Reach, Saved};
use serde::Deserialize;
use serde_json::Value;

use crate::http::access::admit;
use crate::http::events::{MOMENT, moment};
use crate::http::insights::{ask, question};
use crate::http::problem::{FieldError, Problem};
use crate::http::segments::saved::{Document, SEGMENT};
use crate::server::{Server, Tenant};

/// Saved segments within one definition, however deep.
const SAVED_WITHIN_MAX: usize = 64;

/// What a count sends.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Count {
    definition: Definition,
    #[serde(default)]
    as_of: Option<String>,
}

/// `POST /api/v1/segments/count`.
pub async fn count(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    sent: Body,
) -> Result<Json<Value>, Problem> {
    let caller = admit(&server, &headers, "read").await?;
    let count: Count = question(&caller, sent).await?;
    let tenant = caller.tenant;
    let as_of = match count.as_of.as_deref() {
        None => server.now(),
        Some(text) => moment(text, &tenant.zone).ok_or_else(|| {
            let error = FieldError { pointer: "/as_of".into(), message: MOMENT.into() };
            Problem::bad_request(MOMENT, vec![error])
        })?,
    };
    let definition = resolved(&server, &tenant, &count.definition, "/definition").await?;
    let (zone, reach) = (tenant.zone.clone(), reach(&tenant.policy()));
    let counted = move |view: &candor_store::View, cancel: &candor_query::Cancel| {
        segment::count(view, &definition, as_of, &zone, &reach, cancel)
    };
    ask(&server, &tenant, counted).await
}

/// A definition with the saved segments that it names in their place.
pub async fn resolved(
    server: &Server,
    tenant: &Tenant,
    definition: &Definition,
    pointer: &str,
) -> Result<Definition, Problem> {
    let known = known(server, tenant, definition, HashMap::new()).await?;
    Ok(definition.with_saved(&known, pointer)?)
}

/// The saved segments that a definition names, and those that they name; `known` are not looked up.
async fn known(
    server: &Server,
    tenant: &Tenant,
    definition: &Definition,
    mut known: HashMap<String, Saved>,
) -> Result<HashMap<String, Saved>, Problem> {
    let account = &tenant.publisher.account_id;
    let ids = |of: &Definition| of.segments().into_iter().map(str::to_owned).collect::<Vec<_>>();
    let mut wanted = ids(definition);
    while let Some(id) = wanted.pop() {
        if known.contains_key(&id) {
            continue;
        }
        if known.len() >= SAVED_WITHIN_MAX {
            let message = format!("at most {SAVED_WITHIN_MAX} saved segments within each other");
            return Err(Problem::bad_request(message, vec![]));
        }
        let Some(found) = server.catalog.definition(account, SEGMENT, &id).await? else { continue };
        let found = match Document::read(&found.document)? {
            Document::List { .. } => {
                let people = server.catalog.list(account, &id).await?;
                // Who was merged since is on the list as whom they are now.
                let door = tenant.door().await?;
                let people = people.into_iter().map(|person| door.canonical(person));
                let mut people: Vec<_> = people.collect();
                people.sort_unstable();
                people.dedup();
                Saved::List(people.into())
            }
            Document::Rule(rule) => {
                wanted.extend(ids(&rule));
                Saved::Rule(rule)
            }
        };
        known.insert(id, found);
    }
    Ok(known)
}

/// The channels: which trait is the address, and whether a person's own yes is needed. A channel
/// whose purpose the policy does not name reaches nobody.
fn reach(policy: &Policy) -> Vec<Reach> {
    let channels = [
        ("email", "Email"),
        ("sms", "Phone"),
        ("push", "push_token"),
        ("whatsapp", "Phone"),
        ("inapp", candor_ingest::GUIDS_TRAIT),
    ];
    let channel = |(channel, address): (&str, &str)| {
        let name = format!("marketing:{channel}");
        let rule = policy.purposes.iter().find(|(purpose, _)| purpose.as_str() == name);
        let declared = rule.is_some_and(|(_, rule)| matches!(rule.basis, Basis::Declared(_)));
        let purpose = (!declared).then_some(name);
        Reach { channel: channel.to_owned(), address: address.to_owned(), purpose }
    };
    channels.into_iter().map(channel).collect()
}
