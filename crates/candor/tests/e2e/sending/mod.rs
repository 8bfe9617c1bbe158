//! What sending promises, whatever happens to the server, to providers and to the people written
//! to (spec: engagement, 5).

mod bounces;
mod clocks;
mod gates;
mod halts;
mod hook;
mod kills;
mod links;
mod opensmtpd;
mod providers;
mod signed;
mod sink;

use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

use crate::campaigns::{campaign, put, shop, state};
use crate::server::{Server, create};
use sink::{Mail, Sink};

/// Messages that a crash may repeat, of one provider.
const WINDOW: usize = 64;

fn number(name: &str) -> Option<usize> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

/// Settings of a provider that hands over to a sink.
fn smtp(port: u16) -> Json {
    json!({"kind": "smtp", "host": "127.0.0.1", "port": port, "tls": "none", "connections": 8,
           "from": {"name": "The Shop", "address": "news@shop.test"},
           "bounce_domain": "bounce.shop.test", "hello_name": "candor.test"})
}

/// A server with so many people, whose mails go to a sink.
fn house(people: usize, sink: &Sink) -> (tempfile::TempDir, Server, Json) {
    house_configured(people, sink, "")
}

fn house_configured(
    people: usize,
    sink: &Sink,
    settings: &str,
) -> (tempfile::TempDir, Server, Json) {
    let data = tempfile::tempdir().unwrap();
    let made = create(data.path(), &["--name", "Shop"]);
    let server = Server::start_configured(data.path(), settings);
    put(&server, &made, "/api/v1/properties/Plan", &json!({"class": "behaviour"}));
    put(&server, &made, "/api/v1/channels/email/main", &smtp(sink.port));
    shop(&server, &made, people);
    (data, server, made)
}

/// A campaign that goes to the sink.
fn to_sink(more: &Json) -> Json {
    let mut whole = campaign(&json!({"provider": "main"}));
    for (name, value) in more.as_object().unwrap() {
        whole[name] = value.clone();
    }
    whole
}

/// How many of these people allow mail.
fn allowing(people: usize) -> usize {
    people - people.div_ceil(10)
}

/// Asks until it is so.
fn until(what: &str, within: Duration, mut good: impl FnMut() -> bool) {
    let end = Instant::now() + within;
    while !good() {
        assert!(Instant::now() < end, "{what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Waits until a campaign stands so; it is shown then.
fn stands(server: &Server, shop: &Json, id: &str, wanted: &str, within: Duration) -> Json {
    let end = Instant::now() + within;
    loop {
        let campaign = state(server, shop, id);
        balances(&campaign);
        if campaign["state"] == wanted {
            return campaign;
        }
        assert!(Instant::now() < end, "not {wanted}: {campaign}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Every message of every run is in one state, whenever one looks.
fn balances(campaign: &Json) {
    for run in campaign["runs"].as_array().unwrap() {
        let tally = run["tally"].as_object().unwrap().values();
        let sum: u64 = tally.map(|count| count.as_u64().unwrap()).sum();
        assert_eq!(run["people"], sum, "{run}");
    }
}

fn tally(campaign: &Json, state: &str) -> usize {
    campaign["runs"][0]["tally"][state].as_u64().unwrap() as usize
}

fn verb(server: &Server, shop: &Json, id: &str, verb: &str) -> Json {
    let (status, said) = server.post(&format!("/api/v1/campaigns/{id}/{verb}"), shop, &json!({}));
    assert_eq!(status, 200, "{said}");
    said
}

/// How many events of a name there are, and of how many people.
fn events(server: &Server, shop: &Json, name: &str) -> (usize, usize) {
    let count = |measure: Json| {
        let now = jiff::Timestamp::now().as_second();
        let at = |days: i64| jiff::Timestamp::from_second(now + days * 86_400).unwrap().to_string();
        let mut question = json!({"event": name, "interval": "month", "from": at(-2), "to": at(2)});
        if !measure.is_null() {
            question["measure"] = measure;
        }
        let (status, trend) = server.post("/api/v1/insights/trend", shop, &question);
        assert_eq!(status, 200, "{trend}");
        trend["series"][0]["total"].as_f64().unwrap_or_default() as usize
    };
    (count(Json::Null), count(json!("uniques")))
}

/// Waits until there are so many events of a name, each of another person, and no more.
fn each_once(server: &Server, shop: &Json, name: &str, people: usize) {
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        let counted = events(server, shop, name);
        if counted == (people, people) {
            return;
        }
        assert!(Instant::now() < end, "{name}: {counted:?} of {people}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// The id of somebody.
fn person(server: &Server, shop: &Json, identity: &str) -> String {
    let (status, found) = server.get(&format!("/api/v1/people?identity={identity}"), shop);
    assert_eq!(status, 200, "{found}");
    found["people"][0]["id"].as_str().unwrap().to_owned()
}

/// The messages of somebody, the newest runs first.
fn messages_of(server: &Server, shop: &Json, identity: &str) -> Vec<Json> {
    let person = person(server, shop, identity);
    let (status, found) = server.get(&format!("/api/v1/messages?person={person}"), shop);
    assert_eq!(status, 200, "{found}");
    found["messages"].as_array().unwrap().clone()
}

/// The last parts of the addresses of a kind (`/u/`, `/l/`, `/o/`) in a mail.
fn tokens(mail: &Mail, kind: &str) -> Vec<String> {
    // Quoted-printable: lines that go on end with `=`, and `=3D` is an equals sign.
    let text = mail.text.replace("=\n", "").replace("=3D", "=");
    let is_token = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    let found = text.split(kind).skip(1);
    let tokens = found.map(|rest| rest.chars().take_while(|c| is_token(*c)).collect::<String>());
    let mut all: Vec<String> = Vec::new();
    for token in tokens.filter(|token| token.len() > 40) {
        // Each stands in the HTML and in the text.
        if !all.contains(&token) {
            all.push(token);
        }
    }
    all
}
