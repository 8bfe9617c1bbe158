//! What happens while a door is closed: who is who is still being read.

use std::time::Duration;

use candor_catalog::NewPublisher;
use candor_event::AccountId;
use candor_log::Log;
use serde_json::{Value as Json, json};
use tokio::task::JoinHandle;

use super::Open;
use super::canary::Way;

fn way(open: &Open, method: &'static str, target: &str, body: &Json) -> Way {
    let token = format!("Bearer {}", open.shop["api_token"].as_str().unwrap());
    let body = if body.is_null() { String::new() } else { body.to_string() };
    Way { method, target: target.to_owned(), headers: vec![("authorization", token)], body }
}

/// What must know who is who.
fn needy(open: &Open) -> Vec<Way> {
    let event = json!({"records": [{"type": "event", "identity": "ann", "name": "Looked"}]});
    let yes = json!({"identity": "ann", "purposes": {"analytics": true}, "method": "form"});
    let device = [
        ("x-clevertap-account-id", open.shop["account_id"].as_str().unwrap().to_owned()),
        ("x-clevertap-token", open.shop["account_token"].as_str().unwrap().to_owned()),
    ];
    let phone = json!([{"type": "meta", "g": "__1"},
                       {"type": "event", "evtName": "Looked", "evtData": {}, "ep": 1}]);
    vec![
        way(open, "POST", "/api/v1/events", &event),
        way(open, "POST", "/api/v1/consents", &yes),
        way(open, "GET", "/api/v1/people?identity=ann", &Json::Null),
        way(open, "GET", "/api/v1/suppressions", &Json::Null),
        Way { headers: device.into(), ..way(open, "POST", "/a1", &phone) },
    ]
}

/// What is asked of the store alone, or of nobody.
fn content(open: &Open) -> Vec<Way> {
    let days = |question: Json| {
        let mut question = question;
        (question["from"], question["to"]) = ("2026-11-01".into(), "2026-11-20".into());
        question
    };
    let steps = json!({"steps": [{"event": "Looked"}, {"event": "Bought"}]});
    let sql = json!({"sql": "SELECT count(*) FROM events"});
    vec![
        way(open, "GET", "/ready", &Json::Null),
        way(open, "GET", "/health", &Json::Null),
        way(open, "GET", "/metrics", &Json::Null),
        way(open, "POST", "/api/v1/insights/funnel", &days(steps)),
        way(open, "POST", "/api/v1/insights/trend", &days(json!({"event": "*"}))),
        way(open, "GET", "/api/v1/insights/live", &Json::Null),
        way(open, "POST", "/api/v1/sql", &sql),
        way(open, "GET", "/api/v1/policy", &Json::Null),
        way(open, "GET", "/api/v1/gate", &Json::Null),
    ]
}

/// Sends all at the same time.
fn send_all(open: &Open, ways: Vec<Way>) -> Vec<(String, JoinHandle<(u16, String)>)> {
    let send = |way: Way| {
        let (what, router) = (way.target.clone(), open.router.clone());
        (what, tokio::spawn(async move { super::send(router, &way).await }))
    };
    ways.into_iter().map(send).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_must_know_who_is_who_waits_and_questions_are_answered() {
    let (mut open, doors) = Open::closed("open").await;
    let waiting = send_all(&open, needy(&open));
    for (what, answer) in send_all(&open, content(&open)) {
        let (status, body) = answer.await.unwrap();
        assert_eq!(status, 200, "{what}: {body}");
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    let early: Vec<&String> =
        waiting.iter().filter(|(_, answer)| answer.is_finished()).map(|(what, _)| what).collect();
    assert!(early.is_empty(), "{early:?} did not wait");
    doors.open().await.unwrap();
    open.load();
    for (what, answer) in waiting {
        let (status, body) = answer.await.unwrap();
        assert_eq!(status, 200, "{what}: {body}");
    }
    open.settle().await;
    let (_, people) = open.send(&needy(&open).remove(2)).await;
    assert!(people.contains("\"p_"), "{people}");
}

#[tokio::test(flavor = "multi_thread")]
async fn doors_are_wanted_where_somebody_waits_at_one() {
    let (open, doors) = Open::closed("open").await;
    for (what, answer) in send_all(&open, content(&open)) {
        assert_eq!(answer.await.unwrap().0, 200, "{what}");
    }
    assert!(!doors.wanted(Duration::from_millis(50)).await, "questions need none");
    for way in needy(&open) {
        let what = way.target.clone();
        let waiting = send_all(&open, vec![way]);
        assert!(doors.wanted(Duration::from_secs(60)).await, "{what}");
        waiting.iter().for_each(|(_, answer)| answer.abort());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_at_a_door_that_never_opens_is_told_so() {
    let (open, doors) = Open::closed("open").await;
    let before = open.server.log.end();
    let waiting = send_all(&open, needy(&open));
    tokio::time::sleep(Duration::from_millis(50)).await;
    drop(doors);
    for (what, answer) in waiting {
        let (status, body) = answer.await.unwrap();
        assert_eq!(status, 503, "{what}: {body}");
    }
    assert_eq!(open.server.log.end(), before, "nothing was kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_publisher_that_is_made_meanwhile_is_taken_in_at_once() {
    let (mut open, doors) = Open::closed("open").await;
    let mut publisher = open.server.tenants()[0].publisher.clone();
    publisher.account_id = AccountId::new("MADE-MEANWHILE").unwrap();
    let new = NewPublisher {
        publisher: publisher.clone(),
        api_token: (vec![1; 32], "read".to_owned()),
        admin: ("meanwhile@localhost".to_owned(), String::new()),
        policy: json!(open.server.tenants()[0].policy()).to_string(),
    };
    open.server.catalog.create_publisher(&new, open.server.now()).await.unwrap();
    open.server.admit(publisher).await.unwrap();
    let made = open.server.tenant("MADE-MEANWHILE").unwrap();
    assert!(made.door().await.is_ok());
    doors.open().await.unwrap();
    open.load();
    let first = way(&open, "GET", "/api/v1/people?identity=ann", &Json::Null);
    assert_eq!(open.send(&first).await.0, 200);
}
