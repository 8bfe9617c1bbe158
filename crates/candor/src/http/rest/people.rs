//! The administration of people (protocol section 12.6): delete, demerge, subscribe, disassociate.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use candor_event::{
    ConsentChange, IdKind, Link, PersonId, Purpose, Record, TraitChange, TraitOp, Value as Held,
};
use candor_ingest::gate::Basis;
use candor_ingest::{Ids, contact};
use candor_log::Log;
use candor_query::people_with;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{answer, audit, bad, called, keep, processed, unprocessed};
use crate::http::insights::read;
use crate::http::merges::{devices_of, split};
use crate::http::problem::Problem;
use crate::server::{Server, Tenant};

/// Ids of one call of delete or demerge.
const IDS_MAX: usize = 100;
/// Records of one call of subscribe or disassociate.
const RECORDS_MAX: usize = 1_000;

/// How a refusal by this API is recorded, and how it is taken back.
const UNSUBSCRIBE: &str = "unsubscribe";
const RESUBSCRIBE: &str = "resubscribe";

/// One or several texts.
#[derive(Deserialize)]
#[serde(untagged)]
enum Texts {
    One(String),
    Several(Vec<String>),
}

impl Texts {
    fn list(self) -> Vec<String> {
        match self {
            Texts::One(one) => vec![one],
            Texts::Several(list) => list,
        }
    }
}

#[derive(Deserialize)]
struct Delete {
    identity: Option<Texts>,
    guid: Option<Texts>,
}

/// `POST /1/delete/profiles.json`: everything of these people is erased.
pub async fn delete(State(server): State<Arc<Server>>, headers: HeaderMap, sent: Body) -> Response {
    let done = async {
        let form = "either identity or guid, one or a list";
        let (tenant, asked) = called(&server, &headers, sent, form).await?;
        let ids: Vec<Ids> = match asked {
            Delete { identity: Some(list), guid: None } => {
                let one = |id| Ids { identity: Some(id), ..Ids::default() };
                list.list().into_iter().map(one).collect()
            }
            Delete { identity: None, guid: Some(list) } => {
                let one = |id| Ids { guid: Some(id), ..Ids::default() };
                list.list().into_iter().map(one).collect()
            }
            _ => return Err(bad(format!("Payload is not {form}"))),
        };
        if !(1..=IDS_MAX).contains(&ids.len()) {
            return Err(bad("1 to 100 ids"));
        }
        let at = server.now();
        let door = tenant.door().await?;
        let people: Vec<_> = ids.iter().filter_map(|ids| door.resolve(ids)).collect();
        for person in &people {
            audit(&server, &tenant, "erase", person.to_string()).await?;
        }
        let erase = people.into_iter().map(|person| Record::Erase { person, at }).collect();
        keep(&server, &tenant, erase).await?;
        Ok(json!({"status": "success"}))
    };
    answer(done.await)
}

#[derive(Deserialize)]
struct Demerge {
    identities: Vec<String>,
}

/// `POST /1/demerge/profiles.json`: merges into these people are taken back, with their events.
pub async fn demerge(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    sent: Body,
) -> Response {
    let done = async {
        let form = "{\"identities\": [\u{2026}]}";
        let (tenant, Demerge { identities }) = called(&server, &headers, sent, form).await?;
        if !(1..=IDS_MAX).contains(&identities.len()) {
            return Err(bad("1 to 100 identities"));
        }
        let at = server.now();
        let door = tenant.door().await?;
        let mut splits = Vec::new();
        for identity in identities {
            let ids = Ids { identity: Some(identity), ..Ids::default() };
            let Some(winner) = door.resolve(&ids) else { continue };
            let losers = door.merged_into(winner);
            if losers.is_empty() {
                continue;
            }
            let devices = devices_of(&server, &tenant, winner).await?;
            for loser in losers {
                audit(&server, &tenant, "demerge", format!("{loser} out of {winner}")).await?;
                splits.extend(split(door, winner, loser, &devices, at));
            }
        }
        keep(&server, &tenant, splits).await?;
        Ok(json!({"status": "success"}))
    };
    answer(done.await)
}

#[derive(Deserialize)]
struct Listed {
    d: Vec<Value>,
}

/// An address of a channel, normalised as who-is-who keeps it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Address {
    kind: IdKind,
    normal: String,
}

impl Address {
    fn read(record: &Value) -> Result<Address, (u16, &'static str)> {
        let value = record.get("value").and_then(|value| Held::deserialize(value).ok());
        match record.get("type").and_then(Value::as_str) {
            Some("email") => match value.as_ref().and_then(contact::email) {
                Some(normal) => Ok(Address { kind: IdKind::Email, normal }),
                None => Err((515, "Profile data is incorrect. Email is not valid.")),
            },
            Some("phone") => match value.as_ref().and_then(contact::phone) {
                Some(normal) => Ok(Address { kind: IdKind::Phone, normal }),
                None => Err((516, "Profile data is incorrect. Phone number is not valid.")),
            },
            _ => Err((524, "Type is neither phone nor email.")),
        }
    }

    /// What it is used for.
    fn purposes(&self) -> &'static [&'static str] {
        match self.kind {
            IdKind::Email => &["marketing:email"],
            _ => &["marketing:sms", "marketing:whatsapp"],
        }
    }
}

/// Everyone who has one of these addresses: those who named it, and the one it finds.
async fn people_of(
    server: &Server,
    tenant: &Arc<Tenant>,
    addresses: &[Address],
) -> Result<BTreeMap<Address, Vec<PersonId>>, Problem> {
    let mut found: BTreeMap<Address, Vec<PersonId>> = BTreeMap::new();
    let door = tenant.door().await?;
    for address in addresses {
        let linked = door.linked(address.kind, &address.normal);
        found.entry(address.clone()).or_default().extend(linked);
    }
    let wanted = found.clone();
    let sharing = read(server, tenant, move |view, _| {
        let of = |property: &str, kind: IdKind, read: &dyn Fn(&Held) -> Option<String>| {
            people_with(view, property, &|value| {
                let address = Address { kind, normal: read(&value.to_value())? };
                wanted.contains_key(&address).then_some(address)
            })
        };
        let mut sharing = of("Email", IdKind::Email, &contact::email);
        sharing.extend(of("Phone", IdKind::Phone, &contact::phone));
        Ok(sharing)
    });
    for (address, person) in sharing.await?.0 {
        found.entry(address).or_default().push(person);
    }
    for people in found.values_mut() {
        people.sort_unstable();
        people.dedup();
    }
    Ok(found)
}

/// The records of a call: each with its address, or why it is not processed.
async fn addressed(
    server: &Server,
    tenant: &Arc<Tenant>,
    listed: &Listed,
) -> Result<Vec<Result<(Address, Vec<PersonId>), (u16, &'static str)>>, Problem> {
    if !(1..=RECORDS_MAX).contains(&listed.d.len()) {
        return Err(bad(format!("'d' has 1 to {RECORDS_MAX} records")));
    }
    let read: Vec<_> = listed.d.iter().map(Address::read).collect();
    let addresses: Vec<Address> = read.iter().flatten().cloned().collect();
    let people = people_of(server, tenant, &addresses).await?;
    let whose = |address: Address| match people.get(&address) {
        Some(people) if !people.is_empty() => Ok((address, people.clone())),
        _ => Err((523, "No profile has this value.")),
    };
    Ok(read.into_iter().map(|one| one.and_then(whose)).collect())
}

/// `POST /1/subscribe`: everyone who shares an address no longer gets, or gets again, what is sent
/// there. To resubscribe takes back an unsubscription by this API and nothing else: it grants no
/// consent that was not given, and does not undo what a person said.
pub async fn subscribe(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    sent: Body,
) -> Response {
    let done = async {
        let (tenant, listed) = called(&server, &headers, sent, "{\"d\": [\u{2026}]}").await?;
        let mut refused = Vec::new();
        let mut records = Vec::new();
        let mut folded = false;
        let read = addressed(&server, &tenant, &listed).await?;
        for (index, (one, sent)) in read.into_iter().zip(&listed.d).enumerate() {
            let status = sent.get("status").and_then(Value::as_str);
            let (address, people) = match (one, status) {
                (Ok(one), Some("Unsubscribe" | "Resubscribe")) => one,
                (Ok(_), _) => {
                    let error = "Status is neither Unsubscribe nor Resubscribe.";
                    refused.push(unprocessed(index, 512, error, sent));
                    continue;
                }
                (Err((code, error)), _) => {
                    refused.push(unprocessed(index, code, error, sent));
                    continue;
                }
            };
            let back = status == Some("Resubscribe");
            if back && !folded {
                // What was said a moment ago must be known before it is taken back.
                until_folded(&server).await?;
                folded = true;
            }
            for person in people {
                let said = match back {
                    false => no(&tenant, &address),
                    true => yes_again(&server, &tenant, &address, person).await?,
                };
                if !said.is_empty() {
                    let method = if back { RESUBSCRIBE } else { UNSUBSCRIBE };
                    let (at, method) = (server.now(), method.to_owned());
                    let said = ConsentChange { person, at, purposes: said, notice: None, method };
                    records.push(Record::Consent(said));
                }
            }
        }
        if !records.is_empty() {
            let subject = format!("{} people", records.len());
            audit(&server, &tenant, "change subscriptions", subject).await?;
        }
        keep(&server, &tenant, records).await?;
        Ok(processed(listed.d.len(), refused))
    };
    answer(done.await)
}

/// The purposes of an address that the policy knows.
fn purposes(tenant: &Tenant, address: &Address) -> Vec<(Purpose, bool)> {
    let policy = tenant.policy();
    let known = address.purposes().iter().filter_map(|name| Purpose::new(name));
    known
        .filter_map(|purpose| {
            let declared = matches!(policy.purposes.get(&purpose)?.basis, Basis::Declared(_));
            Some((purpose, declared))
        })
        .collect()
}

fn no(tenant: &Tenant, address: &Address) -> BTreeMap<Purpose, bool> {
    purposes(tenant, address).into_iter().map(|(purpose, _)| (purpose, false)).collect()
}

/// Which purposes hold again: those whose last word was an unsubscription by this API, and that
/// held before it, by the person's word or a declared basis.
async fn yes_again(
    server: &Server,
    tenant: &Tenant,
    address: &Address,
    person: PersonId,
) -> Result<BTreeMap<Purpose, bool>, Problem> {
    let said = server.catalog.consents(&tenant.publisher.account_id, person).await?;
    let again = purposes(tenant, address).into_iter().filter(|(purpose, declared)| {
        let mut words = said
            .iter()
            .rev()
            .filter_map(|change| Some((change.method.as_str(), *change.purposes.get(purpose)?)));
        if words.next() != Some((UNSUBSCRIBE, false)) {
            return false;
        }
        let before = words.find(|(method, _)| ![UNSUBSCRIBE, RESUBSCRIBE].contains(method));
        before.map_or(*declared, |(_, yes)| yes)
    });
    Ok(again.map(|(purpose, _)| (purpose, true)).collect())
}

/// Waits until the catalog holds what the log holds now.
async fn until_folded(server: &Server) -> Result<(), Problem> {
    const LOOKS_MAX: usize = 250;
    const BETWEEN: Duration = Duration::from_millis(20);
    let end = server.log.end().0;
    for _ in 0..LOOKS_MAX {
        if server.catalog.folded().await? >= end {
            return Ok(());
        }
        tokio::time::sleep(BETWEEN).await;
    }
    Err(Problem::unavailable("behind", "Try again later"))
}

/// `POST /1/disassociate`: a phone number no longer finds anyone, and is taken out of the profiles
/// that hold it.
pub async fn disassociate(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    sent: Body,
) -> Response {
    let done = async {
        let (tenant, listed) = called(&server, &headers, sent, "{\"d\": [\u{2026}]}").await?;
        let (mut refused, mut records) = (Vec::new(), Vec::new());
        let at = server.now();
        let read = addressed(&server, &tenant, &listed).await?;
        for (index, (one, sent)) in read.into_iter().zip(&listed.d).enumerate() {
            let one = one.and_then(|(address, people)| match address.kind {
                IdKind::Phone => Ok((address, people)),
                _ => Err((524, "Type is not phone.")),
            });
            let (address, people) = match one {
                Ok(one) => one,
                Err((code, error)) => {
                    refused.push(unprocessed(index, code, error, sent));
                    continue;
                }
            };
            let hash = tenant.keys.id_hash(address.kind, &address.normal);
            let (kind, person) = (address.kind, PersonId::NOBODY);
            records.push(Record::Link(Link { kind, hash, person, at }));
            let subject = format!("a number of {} people", people.len());
            audit(&server, &tenant, "disassociate", subject).await?;
            for person in people {
                let (property, op) = ("Phone".into(), TraitOp::Unset);
                records.push(Record::Trait(TraitChange { person, at, property, op }));
            }
        }
        keep(&server, &tenant, records).await?;
        Ok(processed(listed.d.len(), refused))
    };
    answer(done.await)
}
