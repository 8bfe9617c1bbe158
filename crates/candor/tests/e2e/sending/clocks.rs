//! Campaigns that fire by a clock: the shop's, or each person's own.

use std::time::Duration;

use serde_json::json;

use crate::campaigns::{publish, put, state};
use crate::server::Server;

use super::sink::Sink;
use super::{allowing, events, house, stands, tally, to_sink, until};

const SOON: Duration = Duration::from_secs(30);

/// What a clock shows so many seconds from now.
fn shows(zone: &str, seconds: i64) -> jiff::civil::DateTime {
    let at = jiff::Timestamp::now().as_second() + seconds;
    let zone = jiff::tz::TimeZone::get(zone).unwrap();
    jiff::Timestamp::from_second(at).unwrap().to_zoned(zone).datetime()
}

#[test]
fn by_their_own_clocks_people_get_it_when_it_is_that_time_where_they_are() {
    let sink = Sink::start();
    let (_data, server, shop) = house(40, &sink);
    put(&server, &shop, "/api/v1/properties/tz", &json!({"class": "behaviour"}));
    let zones = [(1, "Pacific/Kiritimati"), (2, "GMT+1400"), (3, "Pacific/Kiritimati")];
    let others = [(4, "Asia/Tokyo"), (5, "America/Sao_Paulo"), (6, "Nowhere/None")];
    for (n, zone) in zones.iter().chain(&others) {
        let record = json!({"type": "profile", "identity": format!("u{n}"), "set": {"tz": zone}});
        let (status, answer) = server.post("/api/v1/events", &shop, &json!({"records": [record]}));
        assert_eq!(status, 200, "{answer}");
    }
    let known = json!({"definition": {"person": {"property": "tz", "op": "exists"}}});
    until("their zones are known", SOON, || {
        server.post("/api/v1/segments/count", &shop, &known).1["people"] == 6
    });
    let once = json!({"at": shows("Pacific/Kiritimati", 3).to_string(), "clock": "person"});
    let id = publish(&server, &shop, &to_sink(&json!({"schedule": {"once": once}})));
    assert_eq!(state(&server, &shop, &id)["state"], "scheduled");
    sink.reaches(3, SOON);
    std::thread::sleep(Duration::from_millis(600));
    let mut to: Vec<String> = sink.mails().into_iter().map(|mail| mail.to).collect();
    to.sort_unstable();
    assert_eq!(to, ["u1@x.test", "u2@x.test", "u3@x.test"], "where the day is furthest");
    let shown = stands(&server, &shop, &id, "running", SOON);
    assert_eq!((tally(&shown, "accepted"), tally(&shown, "planned")), (3, 37));
}

#[test]
fn what_recurs_fires_once_for_each_day() {
    let sink = Sink::start();
    let (data, server, shop) = house(20, &sink);
    let first = shows("UTC", 2);
    // Not around midnight, where the day of the test would be another one.
    if first.date() != shows("UTC", -2).date() {
        eprintln!("SKIP a recurring campaign: it is midnight");
        return;
    }
    let every = |every: &serde_json::Value| {
        to_sink(&json!({"schedule": {"recurring": {
            "at": first.time().to_string(), "every": every, "from": first.date().to_string()}}}))
    };
    let daily = publish(&server, &shop, &every(&json!("day")));
    // Of a month of 30 days, this one has no 31st.
    let other = if first.day() == 1 { 15 } else { 1 };
    let monthly = publish(&server, &shop, &every(&json!({"month": other})));
    sink.reaches(allowing(20), SOON);
    let fired = |server: &Server| {
        let shown = stands(server, &shop, &daily, "scheduled", SOON);
        assert_eq!(shown["runs"].as_array().unwrap().len(), 1, "{shown}");
        assert_eq!(shown["runs"][0]["state"], "finished");
        let next: jiff::Timestamp = shown["next_at"].as_str().unwrap().parse().unwrap();
        let tomorrow = next.to_zoned(jiff::tz::TimeZone::UTC).datetime();
        assert_eq!(tomorrow.date(), first.date().tomorrow().unwrap());
        assert_eq!((tomorrow.hour(), tomorrow.minute()), (first.hour(), first.minute()));
    };
    fired(&server);
    let shown = state(&server, &shop, &monthly);
    assert_eq!((&shown["state"], &shown["runs"]), (&json!("scheduled"), &json!([])));
    // Not again after a restart.
    server.kill();
    let server = Server::start(data.path());
    std::thread::sleep(Duration::from_millis(600));
    fired(&server);
    assert_eq!(sink.taken(), allowing(20));
    assert_eq!(events(&server, &shop, "Notification Sent"), (18, 18));
}
