//! `/1/profiles.json` and `/1/events.json`: a query gives a cursor, a cursor gives a page and the
//! next cursor (protocol section 12.3).
//!
//! A cursor is the query and a place, sealed under the publisher's own keys: the server keeps
//! nothing, so a cursor outlives a restart, and nobody can read or change one.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use candor_event::{DataClass, PersonId, Timestamp};
use candor_ingest::decode::pairs;
use candor_query::{Person, Place, walk_events, walk_people};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::profile::{Parts, record};
use super::query::Query;
use super::{answer, audit, bad, caller};
use crate::http::access::body;
use crate::http::insights::read;
use crate::http::problem::Problem;
use crate::server::{Server, Tenant};

/// Records of a page that says no number, and the most.
const BATCH: usize = 50;
const BATCH_MAX: usize = 5_000;
/// A page ends early at this size: a client asks on with the next cursor.
const PAGE_BYTES_MAX: usize = 8 << 20;
/// The largest query; a cursor carries it in an address.
const QUERY_BYTES_MAX: usize = 8 << 10;
/// How long a cursor can be used.
const CURSOR_MS: i64 = 24 * 3_600_000;

/// What binds a sealed cursor to its use.
const AAD: &[u8] = b"candor cursor 1";

/// What is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum About {
    Profiles,
    Events,
}

#[derive(Debug, Serialize, Deserialize)]
struct Cursor {
    about: About,
    query: Value,
    batch: usize,
    profile: bool,
    events: bool,
    app: bool,
    /// When the query was asked: later events make nobody match.
    asked_at: Timestamp,
    until: Timestamp,
    /// The last person or event that was read.
    after: Option<Place>,
}

/// `POST /1/profiles.json?batch_size=`: a cursor for a query.
pub async fn ask_profiles(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    uri: Uri,
    sent: Body,
) -> Response {
    answer(asked(&server, &headers, &uri, sent, About::Profiles).await)
}

/// `POST /1/events.json?batch_size=`: a cursor for a query.
pub async fn ask_events(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    uri: Uri,
    sent: Body,
) -> Response {
    answer(asked(&server, &headers, &uri, sent, About::Events).await)
}

/// `GET /1/profiles.json?cursor=`: a page. The npm client asks for its cursor by GET, too.
pub async fn next_profiles(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    answer(next(&server, &headers, &uri, About::Profiles).await)
}

/// `GET /1/events.json?cursor=`: a page.
pub async fn next_events(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    answer(next(&server, &headers, &uri, About::Events).await)
}

async fn asked(
    server: &Server,
    headers: &HeaderMap,
    uri: &Uri,
    sent: Body,
    about: About,
) -> Result<Value, Problem> {
    let tenant = caller(server, headers)?;
    let bytes = body(sent, QUERY_BYTES_MAX).await?;
    let options = pairs(uri.query().unwrap_or_default());
    open_cursor(server, &tenant, about, &options, &bytes)
}

/// Checks a query and answers its first cursor; nothing is read yet.
fn open_cursor(
    server: &Server,
    tenant: &Tenant,
    about: About,
    options: &[(String, String)],
    query: &[u8],
) -> Result<Value, Problem> {
    if query.len() > QUERY_BYTES_MAX {
        return Err(Problem::too_large(QUERY_BYTES_MAX));
    }
    let query: Value = serde_json::from_slice(query).map_err(|_| bad("Query is not JSON"))?;
    let read = Query::read(&query);
    match about {
        About::Profiles => drop(read.and_then(Query::people).map_err(bad)?),
        About::Events => drop(read.and_then(|query| query.events(&tenant.zone)).map_err(bad)?),
    }
    let option = |wanted: &str| options.iter().find(|(name, _)| name == wanted).map(|(_, v)| v);
    let batch = match option("batch_size").map(|number| number.parse()) {
        None => BATCH,
        Some(Ok(number)) if (1..=BATCH_MAX).contains(&number) => number,
        Some(_) => return Err(bad(format!("batch_size is 1 to {BATCH_MAX}"))),
    };
    let part = |name: &str| option(name).is_none_or(|value| value != "false");
    let (profile, events, app) = (part("profile"), part("events"), part("app"));
    let (asked_at, until) = (server.now(), Timestamp(server.now().0 + CURSOR_MS));
    let cursor = Cursor { about, query, batch, profile, events, app, asked_at, until, after: None };
    Ok(json!({"status": "success", "cursor": sealed(tenant, &cursor)?}))
}

fn sealed(tenant: &Tenant, cursor: &Cursor) -> Result<String, Problem> {
    let plain = serde_json::to_vec(cursor).map_err(|_| Problem::internal())?;
    let sealed = tenant.cursors.seal(AAD, &plain).map_err(|_| Problem::internal())?;
    Ok(URL_SAFE_NO_PAD.encode(sealed))
}

fn opened(server: &Server, tenant: &Tenant, about: About, text: &str) -> Result<Cursor, Problem> {
    let invalid = || bad("Cursor is not valid: ask for a new one");
    let sealed = URL_SAFE_NO_PAD.decode(text).map_err(|_| invalid())?;
    let plain = tenant.keys.open_sealed(DataClass::Identity, AAD, &sealed);
    let plain = plain.map_err(|_| invalid())?;
    let cursor: Cursor = serde_json::from_slice(&plain).map_err(|_| invalid())?;
    if cursor.about != about {
        return Err(invalid());
    }
    if cursor.until < server.now() {
        return Err(bad("Cursor has expired after 24 hours: ask for a new one"));
    }
    Ok(cursor)
}

async fn next(
    server: &Server,
    headers: &HeaderMap,
    uri: &Uri,
    about: About,
) -> Result<Value, Problem> {
    let tenant = caller(server, headers)?;
    let options = pairs(uri.query().unwrap_or_default());
    let option = |wanted: &str| options.iter().find(|(name, _)| name == wanted).map(|(_, v)| v);
    let cursor = match (option("cursor"), option("query")) {
        (Some(cursor), _) => opened(server, &tenant, about, cursor)?,
        (None, Some(query)) => {
            return open_cursor(server, &tenant, about, &options, query.as_bytes());
        }
        (None, None) => return Err(bad("cursor is missing")),
    };
    let Ok(_reading) = tenant.pages.try_acquire() else {
        return Err(Problem::too_many("Too many concurrent requests"));
    };
    let zone = tenant.zone.clone();
    let (mut cursor, page) = {
        let work = move |view: &candor_store::View, cancel: &candor_query::Cancel| {
            let page = match about {
                About::Profiles => profiles(view, &cursor, &zone, cancel)?,
                About::Events => events(view, &cursor, &zone, cancel)?,
            };
            Ok((cursor, page))
        };
        read(server, &tenant, work).await?.0
    };
    if let (Some(first), Some(last)) = (page.first, page.last) {
        let what = match about {
            About::Profiles => "read profiles",
            About::Events => "read events",
        };
        let count = page.records.len();
        let subject = format!("{first} to {}, {count} records", last.person);
        audit(server, &tenant, what, subject).await?;
    }
    let mut answer = json!({"status": "success", "records": page.records});
    if page.more {
        cursor.after = page.last;
        cursor.until = Timestamp(server.now().0 + CURSOR_MS);
        answer["next_cursor"] = json!(sealed(&tenant, &cursor)?);
    }
    Ok(answer)
}

/// One page as it fills.
#[derive(Default)]
struct Page {
    records: Vec<Value>,
    bytes: usize,
    first: Option<PersonId>,
    last: Option<Place>,
    /// There is at least one record after it.
    more: bool,
}

impl Page {
    /// Puts a record in, unless the page is full.
    fn put(&mut self, batch: usize, place: Place, record: impl FnOnce() -> Value) -> bool {
        if self.records.len() >= batch || self.bytes >= PAGE_BYTES_MAX {
            self.more = true;
            return false;
        }
        let record = record();
        self.bytes += record.to_string().len();
        self.first = self.first.or(Some(place.person));
        self.last = Some(place);
        self.records.push(record);
        true
    }
}

fn refused(message: String) -> candor_query::Error {
    candor_query::Error::Bad { pointer: String::new(), message }
}

fn profiles(
    view: &candor_store::View,
    cursor: &Cursor,
    zone: &TimeZone,
    cancel: &candor_query::Cancel,
) -> Result<Page, candor_query::Error> {
    let people = Query::read(&cursor.query).and_then(Query::people).map_err(refused)?;
    let parts = Parts { profile: cursor.profile, events: cursor.events, app: cursor.app };
    let mut page = Page::default();
    let after = cursor.after.map(|place| place.person);
    let mut see = |person: Person| {
        let place = Place { person: person.id, time: Timestamp(0), nth: 0 };
        page.put(cursor.batch, place, || record(&person, parts))
    };
    walk_people(view, &people, cursor.asked_at, zone, after, cancel, &mut see)?;
    Ok(page)
}

fn events(
    view: &candor_store::View,
    cursor: &Cursor,
    zone: &TimeZone,
    cancel: &candor_query::Cancel,
) -> Result<Page, candor_query::Error> {
    let wanted = Query::read(&cursor.query).and_then(|query| query.events(zone));
    let wanted = wanted.map_err(refused)?;
    let parts = Parts { profile: cursor.profile, events: cursor.events, app: cursor.app };
    let mut page = Page::default();
    let mut see = |person: &Person, done: candor_query::Done, place: Place| {
        page.put(cursor.batch, place, || {
            let profile = record(person, parts);
            let session = done.session.map(|session| json!({"session_id": session}));
            json!({
                "objectId": profile["objectId"],
                "identity": profile["identity"],
                "ts": wall_clock(done.at, zone),
                "event_props": done.properties,
                "session_props": session.unwrap_or_else(|| json!({})),
                "profile": profile,
            })
        })
    };
    walk_events(view, &wanted, zone, cursor.after, cancel, &mut see)?;
    Ok(page)
}

/// A moment as the number YYYYMMDDhhmmss in a zone.
fn wall_clock(at: Timestamp, zone: &TimeZone) -> u64 {
    let Ok(at) = jiff::Timestamp::from_millisecond(at.0) else { return 0 };
    let at = at.to_zoned(zone.clone());
    let two = |number: i8| number.unsigned_abs().into();
    [two(at.month()), two(at.day()), two(at.hour()), two(at.minute()), two(at.second())]
        .into_iter()
        .fold(u64::from(at.year().unsigned_abs()), |number, part: u64| number * 100 + part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_told_by_the_publishers_wall_clock() {
        let zone = TimeZone::get("Asia/Kolkata").unwrap();
        assert_eq!(wall_clock(Timestamp(1_767_225_600_000), &zone), 20_260_101_053_000);
        assert_eq!(wall_clock(Timestamp(1_767_225_600_999), &TimeZone::UTC), 20_260_101_000_000);
    }
}
