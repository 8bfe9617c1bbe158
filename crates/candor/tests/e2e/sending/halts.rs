//! Somebody says stop: how soon nothing goes any more, and what is left.

use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

use crate::campaigns::{publish, put, state};
use crate::server::{Server, bearer};

use super::sink::{Act, Sink, Stage};
use super::{WINDOW, allowing, each_once, house, stands, tally, to_sink, until, verb};

const SOON: Duration = Duration::from_secs(30);

/// The shop's.
const ZONE: jiff::tz::TimeZone = jiff::tz::TimeZone::UTC;

/// Takes some time for each message, so that a blast lasts.
fn slow() -> Sink {
    Sink::with(|stage| {
        if matches!(stage, Stage::Dot(_)) {
            std::thread::sleep(Duration::from_millis(10));
        }
        Act::Takes
    })
}

/// What came after a moment: how many, and until when.
fn after(sink: &Sink, at: Instant) -> (usize, Duration) {
    let late: Vec<Duration> = sink
        .mails()
        .iter()
        .filter_map(|mail| mail.at.checked_duration_since(at))
        .filter(|late| !late.is_zero())
        .collect();
    (late.len(), late.into_iter().max().unwrap_or_default())
}

#[test]
fn a_kill_switch_stops_a_blast_at_once_and_holds_through_a_restart() {
    let people = 1_500;
    let sink = slow();
    let (data, server, shop) = house(people, &sink);
    let id = publish(&server, &shop, &to_sink(&json!({})));
    sink.reaches(300, SOON);
    let off = json!({"stopped": {"channels": ["email"]}});
    let asked = Instant::now();
    put(&server, &shop, "/api/v1/engagement", &off);
    let answered = Instant::now();
    std::thread::sleep(Duration::from_millis(700));
    let (late, until) = after(&sink, answered);
    eprintln!(
        "switched off within {:?}: {late} messages afterwards, the last one {until:?} later",
        answered - asked
    );
    assert!(late <= WINDOW && until <= Duration::from_millis(250), "{late} {until:?}");
    // What is stopped meanwhile is told to be, all the same.
    let other = publish(&server, &shop, &to_sink(&json!({})));
    stands(&server, &shop, &other, "running", SOON);
    verb(&server, &shop, &other, "stop");
    super::until("it is dropped", SOON, || {
        let shown = state(&server, &shop, &other);
        tally(&shown, "dropped") == people
    });
    let taken = sink.taken();
    assert_eq!(server.stop(), Some(0));
    let server = Server::start(data.path());
    std::thread::sleep(Duration::from_millis(800));
    assert_eq!(sink.taken(), taken, "nothing goes after a restart");
    let (_, settings) = server.get("/api/v1/engagement", &shop);
    assert_eq!(settings["stopped"]["channels"], json!(["email"]));
    assert_eq!(state(&server, &shop, &id)["state"], "running");
    put(&server, &shop, "/api/v1/engagement", &json!({}));
    let done = stands(&server, &shop, &id, "completed", SOON);
    assert_eq!((sink.taken(), sink.repeated()), (allowing(people), 0));
    assert_eq!(tally(&done, "accepted"), allowing(people));
    each_once(&server, &shop, "Notification Sent", allowing(people));
}

#[test]
fn a_pause_holds_at_once_and_what_is_stopped_never_goes() {
    let people = 1_200;
    let sink = slow();
    let (_data, server, shop) = house(people, &sink);
    let id = publish(&server, &shop, &to_sink(&json!({})));
    for at in [200, 500] {
        sink.reaches(at, SOON);
        let paused = verb(&server, &shop, &id, "pause");
        let answered = Instant::now();
        assert_eq!(paused["state"], "paused");
        std::thread::sleep(Duration::from_millis(1_200));
        let (late, until) = after(&sink, answered);
        eprintln!("paused: {late} messages afterwards, the last one {until:?} later");
        assert!(late <= WINDOW && until <= Duration::from_secs(1), "{late} {until:?}");
        let shown = stands(&server, &shop, &id, "paused", SOON);
        assert_eq!((tally(&shown, "accepted"), tally(&shown, "handing_over")), (sink.taken(), 0));
        verb(&server, &shop, &id, "resume");
    }
    sink.reaches(800, SOON);
    verb(&server, &shop, &id, "stop");
    let stopped = Instant::now();
    until("the rest is dropped", SOON, || {
        let shown = stands(&server, &shop, &id, "stopped", SOON);
        tally(&shown, "planned") + tally(&shown, "handing_over") == 0
    });
    let shown = state(&server, &shop, &id);
    let (late, until) = after(&sink, stopped);
    eprintln!("stopped: {late} messages afterwards, the last one {until:?} later");
    let sent = sink.taken();
    assert!(sent < allowing(people) && sink.repeated() == 0, "{sent}");
    assert_eq!(tally(&shown, "accepted"), sent);
    let dropped = &shown["runs"][0]["reasons"]["dropped"];
    let reasons: u64 = dropped.as_object().unwrap().values().filter_map(Json::as_u64).sum();
    assert_eq!(reasons as usize, people - sent, "{dropped}");
    assert!(dropped["stopped"].as_u64().unwrap() > 0);
    each_once(&server, &shop, "Notification Sent", sent);
    let (status, said) = server.post(&format!("/api/v1/campaigns/{id}/resume"), &shop, &json!({}));
    assert_eq!((status, &said["code"]), (409, &json!("wrong_state")), "{said}");
}

/// Many messages wait for few connections of a slow server: none of them is on its way yet.
#[test]
fn what_waits_for_a_slow_server_is_held_and_taken_back_at_once() {
    let sink = Sink::with(|stage| {
        if matches!(stage, Stage::Dot(_)) {
            std::thread::sleep(Duration::from_millis(60));
        }
        Act::Takes
    });
    let (_data, server, shop) = house(150, &sink);
    let mut settings = super::smtp(sink.port);
    settings["connections"] = json!(2);
    put(&server, &shop, "/api/v1/channels/email/main", &settings);
    let id = publish(&server, &shop, &to_sink(&json!({})));
    sink.reaches(10, SOON);
    let on_its_way = tally(&state(&server, &shop, &id), "handing_over");
    let got: Vec<String> = sink.mails().into_iter().map(|mail| mail.to).collect();
    let mut spared = Vec::new();
    for n in (1..150).filter(|n| n % 10 == 3) {
        let said = json!({"identity": format!("u{n}"), "purposes": {"marketing:email": false}});
        assert_eq!(server.post("/api/v1/consents", &shop, &said).0, 200);
        spared.push((format!("u{n}@x.test"), Instant::now()));
    }
    verb(&server, &shop, &id, "pause");
    let paused = Instant::now();
    std::thread::sleep(Duration::from_millis(600));
    let (late, until) = after(&sink, paused);
    eprintln!("{on_its_way} were on their way; paused: {late} afterwards, until {until:?} later");
    assert!(late <= 4 && until <= Duration::from_millis(250), "{late} {until:?}");
    verb(&server, &shop, &id, "resume");
    stands(&server, &shop, &id, "completed", SOON);
    let mut latest = Duration::ZERO;
    for (to, at) in spared.iter().filter(|(to, _)| !got.contains(to)) {
        for mail in sink.mails_to(to) {
            latest = latest.max(mail.at.saturating_duration_since(*at));
        }
    }
    eprintln!("the latest mail to who took consent back came {latest:?} after the answer");
    assert!(latest <= Duration::from_millis(250), "{latest:?}");
    assert_eq!(sink.repeated(), 0);
}

#[test]
fn a_pause_before_the_first_message_holds_everything() {
    let sink = Sink::start();
    let (_data, server, shop) = house(200, &sink);
    // Wherever between being published and the first hand-over it comes.
    let mut paused = Vec::new();
    for n in 0..12 {
        let id = publish(&server, &shop, &to_sink(&json!({"name": format!("{n}")})));
        std::thread::sleep(Duration::from_millis(n));
        let path = format!("/api/v1/campaigns/{id}/pause");
        let (status, said) = server.post(&path, &shop, &json!({}));
        match status {
            200 => paused.push(id),
            _ => assert_eq!(said["code"], "wrong_state", "{said}"),
        }
    }
    std::thread::sleep(Duration::from_millis(300));
    let taken = sink.taken();
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(sink.taken(), taken, "what is paused is paused");
    let of_all = |wanted: &str| {
        paused.iter().all(|id| {
            let shown = state(&server, &shop, id);
            shown["state"] == wanted
        })
    };
    assert!(of_all("paused"));
    eprintln!("{} of 12 were paused, {taken} messages before", paused.len());
    paused.iter().for_each(|id| drop(verb(&server, &shop, id, "resume")));
    until("all go", SOON, || of_all("completed"));
    assert_eq!((sink.times().len(), sink.repeated()), (12 * allowing(200), 0));
}

#[test]
fn a_large_campaign_waits_for_somebody_else() {
    let sink = Sink::start();
    let (_data, server, shop) = house(40, &sink);
    put(&server, &shop, "/api/v1/engagement", &json!({"approval_above": 30}));
    let id = publish(&server, &shop, &to_sink(&json!({})));
    assert_eq!(state(&server, &shop, &id)["state"], "waiting_for_approval");
    let approves =
        |caller: &Json| server.post(&format!("/api/v1/campaigns/{id}/approve"), caller, &json!({}));
    let (status, said) = approves(&shop);
    assert_eq!((status, &said["code"]), (409, &json!("own_campaign")), "{said}");
    let token = |name: &str, scopes: &[&str]| {
        let wanted = json!({"name": name, "scopes": scopes});
        let (status, made) = server.post("/api/v1/tokens", &shop, &wanted);
        assert_eq!(status, 200, "{made}");
        json!({"api_token": made["token"]})
    };
    assert_eq!(approves(&token("mail", &["engage", "read"])).0, 403);
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(sink.taken(), 0);
    let second = token("second", &["admin", "engage", "read"]);
    let (status, said) = approves(&second);
    assert_eq!(
        (status, &said["published"]["approved_by"]),
        (200, &json!("token second")),
        "{said}"
    );
    stands(&server, &shop, &id, "completed", SOON);
    assert_eq!(sink.taken(), allowing(40));
    assert_eq!(approves(&second).1["code"], "not_waiting");
    // A small one goes by itself.
    let few = json!({"audience": {"person": {"property": "Plan", "op": "eq", "value": "none"}}});
    let small = publish(&server, &shop, &to_sink(&few));
    stands(&server, &shop, &small, "completed", SOON);
}

#[test]
fn what_was_due_while_nobody_was_there_is_missed_unless_it_may_be_later() {
    let sink = Sink::start();
    let (data, server, shop) = house(20, &sink);
    let due = jiff::Timestamp::now().as_second() + 3;
    let at = jiff::Timestamp::from_second(due).unwrap().to_zoned(ZONE).datetime();
    let plan = |catch_up: &str| {
        to_sink(&json!({"schedule": {"once": {"at": at.to_string()}}, "catch_up": catch_up}))
    };
    let strict = publish(&server, &shop, &plan("1s"));
    let patient = publish(&server, &shop, &plan("1h"));
    let shown = state(&server, &shop, &strict);
    assert_eq!((&shown["state"], shown["next_at"].is_string()), (&json!("scheduled"), true));
    server.kill();
    while jiff::Timestamp::now().as_second() < due + 2 {
        std::thread::sleep(Duration::from_millis(20));
    }
    let server = Server::start(data.path());
    stands(&server, &shop, &patient, "completed", SOON);
    let missed = stands(&server, &shop, &strict, "missed", SOON);
    assert_eq!(sink.taken(), allowing(20));
    assert_eq!((&missed["runs"][0]["state"], &missed["next_at"]), (&json!("missed"), &Json::Null));
    assert!(missed["runs"][0]["note"].is_string(), "{missed}");
    // It fires once.
    server.kill();
    let server = Server::start(data.path());
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(sink.taken(), allowing(20));
    let (status, _) =
        server.send("DELETE", &format!("/api/v1/campaigns/{strict}"), &bearer(&shop), "").unwrap();
    assert_eq!(status, 409, "what was published stays");
}
