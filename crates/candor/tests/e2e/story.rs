//! T-2018: the payload of the story, by every way in. Without consent nothing of it is anywhere;
//! with consent for analytics only its classes are. `src/http/tests.rs` asks the same of a server
//! whose keys do not encrypt.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value as Json, json};

use crate::canary::{Found, Search, Story, Way, Ways};
use crate::captures::captures;
use crate::server::{Server, create};

fn send_all(server: &Server, search: &Search, ways: &[Way]) {
    for way in ways {
        let headers = way
            .headers
            .iter()
            .fold(String::new(), |all, (name, value)| all + name + ": " + value + "\r\n");
        let (status, answer) = server.send(way.method, &way.target, &headers, &way.body).unwrap();
        assert!(status < 500, "{}: {status} {answer}", way.target);
        if status != 200 {
            assert_eq!(search.find_in(answer.to_string().as_bytes()), vec![], "{}", way.target);
        }
    }
}

#[test]
fn the_search_finds_what_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let story = Story::new();
    let search = Search::new(&story.canaries());
    let check = |expected: &str, canary: &str, bytes: &[u8]| {
        std::fs::write(folder.path().join("file"), bytes).unwrap();
        let found = search.find(folder.path());
        let fits = |one: &Found| one.canary == canary && one.form == expected;
        assert!(found.iter().any(fits), "{canary} as {expected}: {found:?}");
    };
    let (email, phone) = (story.email.as_str(), story.phone.as_str());
    check("text", email, format!("x{email}y").as_bytes());
    check("base64", email, STANDARD.encode(format!("xy{email}z")).as_bytes());
    check("percent-encoded", email, email.replace('@', "%40").as_bytes());
    check("digits", phone, &phone.as_bytes()[1..]);
    let number: i64 = phone[1..].parse().unwrap();
    check("number", phone, &[b"x".as_slice(), &number.to_le_bytes()].concat());
    let latitude: f64 = story.latitude.parse().unwrap();
    check("number", &story.latitude, &latitude.to_le_bytes());
    let frame = zstd::bulk::compress(format!("{{{}}}", story.traits()).as_bytes(), 3).unwrap();
    check("text", &story.name, &[b"head".as_slice(), &frame, b"tail"].concat());
    std::fs::write(folder.path().join("file"), Story::new().traits().to_string()).unwrap();
    assert_eq!(search.find(folder.path()), vec![], "nothing of another story");
}

#[test]
fn without_consent_nothing_of_the_story_is_in_any_file_or_trace() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let account = captures(&["web-anonymous"], "/a")[0].json["decoded"]["d"]["id"].clone();
    let account = account.as_str().unwrap();
    let shop = create(&data, &["--name", "Shop", "--account-id", account]);
    // Traces of everything, to a file that is searched like the others.
    let trace = folder.path().join("trace");
    let server = Server::start_traced(&data, &trace);
    let story = Story::new();
    let ways = Ways { shop: &shop, story: &story, hostile: true };
    let (sent, asked) = (ways.in_(), ways.asks());
    let wires: Vec<String> = sent.iter().filter_map(Way::wire).collect();
    let mut canaries = story.canaries();
    canaries.extend(wires.iter().map(String::as_str));
    // Of the people in the captures.
    canaries.extend(["ann@example.test", "drive-a-mwu2lvdm"]);
    let search = Search::new(&canaries);
    send_all(&server, &search, &sent);
    send_all(&server, &search, &asked);
    for exchange in captures(&["web-"], "/a") {
        let (status, _) = server.send("GET", exchange.text("target"), "", "").unwrap();
        assert_eq!(status, 200);
    }
    assert_eq!(search.find(folder.path()), vec![]);
    let (_, metrics) = server.send("GET", "/metrics", "", "").unwrap();
    assert_eq!(search.find_in(metrics.to_string().as_bytes()), vec![]);
    assert_eq!(server.stop(), Some(0));
    assert_eq!(search.find(folder.path()), vec![]);
    assert!(std::fs::metadata(&trace).unwrap().len() > 0, "the traces were on");
    // No event and no property: only who said no, which a capture does, too.
    let parts = std::fs::read_dir(data.join("publishers").join(account)).unwrap();
    let names = parts.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    let kept: Vec<String> = names
        .filter(|name| {
            let refusals = name.contains("-people") || name.contains("-traits-behaviour");
            name.ends_with(".parquet") && !refusals
        })
        .collect();
    assert_eq!(kept, Vec::<String>::new());
}

#[test]
fn with_consent_for_analytics_only_its_classes_are_held() {
    let folder = tempfile::tempdir().unwrap();
    let shop = create(folder.path(), &["--name", "Shop"]);
    let server = Server::start(folder.path());
    let story = Story::new();
    let ways = Ways { shop: &shop, story: &story, hostile: false };
    let yes = |id: Json| ways.consent(id, &json!({"analytics": true}));
    let consents = [yes(json!({"identity": story.identity})), yes(json!({"guid": story.guid}))];
    let search = Search::new(&story.canaries());
    send_all(&server, &search, &consents);
    send_all(&server, &search, &ways.in_());
    let of_others = Search::new(&story.of_the_person());
    for query in [format!("identity={}", story.identity), format!("guid={}", story.guid)] {
        let path = format!("/api/v1/people?{query}");
        let named = |found: &Json, name: &str| {
            let events = found["people"][0]["events"].as_array();
            events.is_some_and(|all| all.iter().any(|event| event["name"] == name))
        };
        let found = server.eventually(|s| s.get(&path, &shop).1, |f| named(f, "App Opened"));
        let person = &found["people"][0];
        let kept: Vec<&String> = person["traits"].as_object().unwrap().keys().collect();
        assert_eq!(kept, ["Carrier", "Make"], "{person}");
        let id = person["id"].as_str().unwrap();
        let (_, timeline) = server.get(&format!("/api/v1/people/{id}/timeline"), &shop);
        let mut events = timeline["events"].as_array().unwrap().iter();
        let opened = events.find(|event| event["name"] == "App Opened").unwrap();
        assert_eq!(opened["properties"], json!({"Carrier": story.carrier, "Make": story.make}));
        for answer in [&found, &timeline] {
            assert_eq!(of_others.find_in(answer.to_string().as_bytes()), vec![], "{answer}");
        }
    }
    server.stop();
    assert_eq!(search.find(folder.path()), vec![], "what is kept is sealed");
}
