//! The first moments after a start: who is who is read after the server says that it serves.

use serde_json::{Value as Json, json};

use crate::server::{Server, create};

/// Enough that they are not read at once.
const PEOPLE: usize = 5_000;
const PEOPLE_AT_ONCE: usize = 500;

fn event(who: &Json, name: &str) -> Json {
    let mut event = json!({"type": "event", "name": name, "at": "2026-11-20T10:00:00Z"});
    event.as_object_mut().unwrap().extend(who.as_object().unwrap().clone());
    event
}

fn send(server: &Server, shop: &Json, records: &[Json]) -> Json {
    let (status, answer) = server.post("/api/v1/events", shop, &json!({ "records": records }));
    assert_eq!(status, 200, "{answer}");
    answer
}

fn total(server: &Server, shop: &Json, measure: &str) -> f64 {
    let question = json!({"event": "*", "measure": measure, "from": "2026-11-20",
                          "to": "2026-11-21", "interval": "day"});
    let (status, answer) = server.post("/api/v1/insights/trend", shop, &question);
    assert_eq!(status, 200, "{answer}");
    answer["series"][0]["total"].as_f64().unwrap()
}

fn id_of(server: &Server, shop: &Json, query: &str) -> Json {
    server.get(&format!("/api/v1/people?{query}"), shop).1["people"][0]["id"].clone()
}

#[test]
fn who_is_known_is_the_same_person_in_the_first_moment_after_a_start() {
    let data = tempfile::tempdir().unwrap();
    let shop = create(data.path(), &["--name", "Shop", "--policy", "open"]);
    let mut server = Server::start(data.path());
    // The device came first: its person is not the one that the identity would be.
    for first in (0..PEOPLE).step_by(PEOPLE_AT_ONCE) {
        let people = first..first + PEOPLE_AT_ONCE;
        let looked = people.clone().map(|n| event(&json!({"guid": format!("g{n}")}), "Looked"));
        send(&server, &shop, &looked.collect::<Vec<_>>());
        let known =
            people.map(|n| event(&json!({"guid": format!("g{n}"), "identity": n}), "Known"));
        send(&server, &shop, &known.collect::<Vec<_>>());
    }
    let mut events = 2 * PEOPLE;
    for clean in [true, false, true] {
        let all = server.eventually(
            |s| json!(total(s, &shop, "total")),
            |all| all.as_f64() == Some(events as f64),
        );
        assert_eq!(all, events as f64);
        let (last, device) = (PEOPLE - 1, format!("guid=g{}", PEOPLE - 1));
        let before = id_of(&server, &shop, &device);
        match clean {
            true => assert_eq!(server.stop(), Some(0)),
            false => server.kill(),
        }
        server = Server::start(data.path());
        // What is asked first has everything; what comes first is everybody's own.
        assert_eq!(total(&server, &shop, "total"), events as f64);
        send(
            &server,
            &shop,
            &[event(&json!({"identity": last}), format!("Came {events}").as_str())],
        );
        events += 1;
        assert_eq!(id_of(&server, &shop, &format!("identity={last}")), before);
        let all = server.eventually(
            |s| json!(total(s, &shop, "total")),
            |all| all.as_f64() == Some(events as f64),
        );
        assert_eq!(all, events as f64);
        assert_eq!(total(&server, &shop, "uniques"), PEOPLE as f64, "nobody is there twice");
    }
}

#[test]
fn who_said_no_is_refused_in_the_first_moment_after_a_start() {
    let data = tempfile::tempdir().unwrap();
    let shop = create(data.path(), &["--name", "Shop", "--policy", "strict"]);
    let mut server = Server::start(data.path());
    let say = |server: &Server, who: &str, yes: bool| {
        let said = json!({"identity": who, "purposes": {"analytics": yes}, "method": "form"});
        let (status, answer) = server.post("/api/v1/consents", &shop, &said);
        assert_eq!(status, 200, "{answer}");
    };
    for who in ["ann", "bob"] {
        say(&server, who, true);
    }
    say(&server, "ann", false);
    for clean in [false, true] {
        match clean {
            true => assert_eq!(server.stop(), Some(0)),
            false => server.kill(),
        }
        server = Server::start(data.path());
        let came = ["ann", "bob", "nobody"].map(|who| event(&json!({"identity": who}), "Looked"));
        let answer = send(&server, &shop, &came);
        assert_eq!(answer["accepted"], 1, "{answer}");
        let refused: Vec<_> = answer["rejected"].as_array().unwrap().iter().collect();
        assert!(refused.iter().all(|one| one["code"] == "no_consent"), "{answer}");
        assert_eq!(refused.len(), 2, "{answer}");
    }
}

/// A catalog that is damaged where it says who is who: the server has said that it serves by then.
#[tokio::test]
async fn a_server_that_cannot_read_who_is_who_ends_with_the_reason() {
    let data = tempfile::tempdir().unwrap();
    let ids = ["--account-id", "TEST-DAMAGE", "--policy", "open"];
    let shop = create(data.path(), &[["--name", "Shop"].as_slice(), &ids].concat());
    let server = Server::start(data.path());
    send(&server, &shop, &[event(&json!({"identity": "ann"}), "Looked")]);
    assert_eq!(server.stop(), Some(0));
    let file = data.path().join("catalog.db");
    // Whoever closes it last leaves everything in this file.
    candor_catalog::Catalog::open(&file).await.unwrap().close().await;
    let mut bytes = std::fs::read(&file).unwrap();
    let link = b"TEST-DAMAGEidentity";
    let places: Vec<usize> =
        (0..bytes.len() - link.len()).filter(|at| bytes[*at..].starts_with(link)).collect();
    assert!(!places.is_empty(), "the link is in the file");
    for at in places {
        bytes[at + link.len() - 1] = b'!';
    }
    std::fs::write(&file, bytes).unwrap();
    let trace = data.path().join("trace");
    let server = Server::start_traced(data.path(), &trace);
    assert_eq!(server.ended(), Some(1));
    let trace = std::fs::read_to_string(trace).unwrap();
    let last = trace.lines().last().unwrap();
    assert!(last.starts_with("candor: ") && last.contains("kind of id"), "{last}");
}
