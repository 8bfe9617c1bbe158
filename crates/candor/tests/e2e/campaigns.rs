//! From a segment to messages that were handed over, counted and explained.

use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

use crate::server::{Server, bearer, create};

/// A shop with `people`, each with an address, all but every tenth of whom allow mail.
pub fn shop(server: &Server, shop: &Json, people: usize) {
    for some in (0..people).collect::<Vec<_>>().chunks(500) {
        let records: Vec<Json> = some
            .iter()
            .map(|n| {
                let consent = json!({"marketing_email": n % 10 != 0, "analytics": true});
                json!({"type": "profile", "identity": format!("u{n}"),
                       "set": {"Email": format!("u{n}@x.test"), "Plan": "gold",
                               "ct_consent": consent}})
            })
            .collect();
        let (status, answer) = server.post("/api/v1/events", shop, &json!({"records": records}));
        assert_eq!(status, 200, "{answer}");
    }
    let all = json!({"definition": {"person": {"property": "Plan", "op": "eq", "value": "gold"}}});
    let end = Instant::now() + Duration::from_secs(10);
    loop {
        let (_, counted) = server.post("/api/v1/segments/count", shop, &all);
        if counted["people"] == people {
            break;
        }
        assert!(Instant::now() < end, "not all are visible: {counted}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

pub fn put(server: &Server, shop: &Json, path: &str, body: &Json) -> Json {
    let (status, answer) = server.send("PUT", path, &bearer(shop), &body.to_string()).unwrap();
    assert_eq!(status, 200, "{answer}");
    answer
}

pub fn mail(subject: &str, html: &str) -> Json {
    json!({"email": {"default_language": "en", "missing_translation": "fallback",
                     "languages": {"en": {"subject": subject, "html": html}}}})
}

pub fn campaign(more: &Json) -> Json {
    let html = "<p>Hello {{ user.Plan }}</p><a href=\"https://shop.test/sale\">Sale</a>\
                <a href=\"{{ unsubscribe_url }}\">Stop</a>";
    let mut whole = json!({
        "name": "Spring sale", "channel": "email", "provider": "outbox",
        "audience": {"person": {"property": "Plan", "op": "eq", "value": "gold"}},
        "content": mail("News for you", html),
    });
    for (name, value) in more.as_object().unwrap() {
        whole[name] = value.clone();
    }
    whole
}

/// Saves and publishes a campaign; its id.
pub fn publish(server: &Server, shop: &Json, campaign: &Json) -> String {
    let (status, saved) = server.post("/api/v1/campaigns", shop, campaign);
    assert_eq!(status, 201, "{saved}");
    let id = saved["id"].as_str().unwrap().to_owned();
    let (status, said) = server.post(&format!("/api/v1/campaigns/{id}/publish"), shop, &json!({}));
    assert_eq!(status, 200, "{said}");
    id
}

pub fn state(server: &Server, shop: &Json, id: &str) -> Json {
    let (status, campaign) = server.get(&format!("/api/v1/campaigns/{id}"), shop);
    assert_eq!(status, 200, "{campaign}");
    campaign
}

/// Waits until a campaign stands so.
pub fn until(server: &Server, shop: &Json, id: &str, wanted: &str) -> Json {
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        let campaign = state(server, shop, id);
        if campaign["state"] == wanted {
            return campaign;
        }
        assert!(Instant::now() < end, "not {wanted}: {campaign}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A server with a shop whose mails stay in the house.
pub fn house(people: usize) -> (tempfile::TempDir, Server, Json) {
    let data = tempfile::tempdir().unwrap();
    let made = create(data.path(), &["--name", "Shop"]);
    let server = Server::start(data.path());
    put(&server, &made, "/api/v1/properties/Plan", &json!({"class": "behaviour"}));
    put(&server, &made, "/api/v1/channels/email/outbox", &json!({"kind": "outbox"}));
    shop(&server, &made, people);
    (data, server, made)
}

#[test]
fn a_campaign_reaches_who_allows_it_and_explains_the_rest() {
    let (_data, server, shop) = house(300);
    let goal = json!({"goal": {"event": "Charged", "window": "7d"}});
    let (status, saved) = server.post("/api/v1/campaigns", &shop, &campaign(&goal));
    assert_eq!((status, &saved["state"]), (201, &json!("draft")), "{saved}");
    let id = saved["id"].as_str().unwrap();
    let path = |verb: &str| format!("/api/v1/campaigns/{id}/{verb}");
    let (status, forecast) = server.post(&path("forecast"), &shop, &json!({}));
    assert_eq!(status, 200, "{forecast}");
    assert_eq!(forecast["people"], 300);
    assert_eq!(forecast["reachable"], 270);
    assert_eq!(forecast["unreachable"]["no_consent"], 30);
    let (status, said) = server.post(&path("publish"), &shop, &json!({}));
    assert_eq!(status, 200, "{said}");
    let done = until(&server, &shop, id, "completed");
    let run = &done["runs"][0];
    assert_eq!(run["people"], 300);
    assert_eq!(run["tally"]["accepted"], 270);
    assert_eq!(run["reasons"]["dropped"], json!({"no_consent": 30}));
    let sum: u64 = run["tally"].as_object().unwrap().values().filter_map(Json::as_u64).sum();
    assert_eq!(sum, 300, "{run}");
    // Each is in the outbox once, as it would have gone.
    let (_, outbox) = server.get("/api/v1/outbox?limit=1000", &shop);
    let mut to: Vec<&str> =
        outbox["messages"].as_array().unwrap().iter().filter_map(|m| m["to"].as_str()).collect();
    to.sort_unstable();
    to.dedup();
    assert_eq!(to.len(), 270);
    // What became of it is an event of the person.
    let sent = json!({"event": "Notification Sent", "measure": "uniques", "interval": "day",
                      "from": days_from_now(-1), "to": days_from_now(2)});
    let end = Instant::now() + Duration::from_secs(10);
    loop {
        let (status, trend) = server.post("/api/v1/insights/trend", &shop, &sent);
        assert_eq!(status, 200, "{trend}");
        if trend["series"][0]["total"].as_f64() == Some(270.0) {
            break;
        }
        assert!(Instant::now() < end, "{trend}");
        std::thread::sleep(Duration::from_millis(50));
    }
    // The archive says why, and why not.
    let list = format!("/api/v1/messages?campaign={id}&state=dropped&limit=10");
    let (status, dropped) = server.get(&list, &shop);
    assert_eq!(status, 200, "{dropped}");
    let one = &dropped["messages"][0];
    assert_eq!(one["gates"], json!({"passed": ["run", "address"], "dropped_by": "consent"}));
    assert_eq!(one["why"]["audience"]["person"]["property"], "Plan");
    assert!(dropped["cursor"].is_string());
    let (_, people) = server.get("/api/v1/people?identity=u1", &shop);
    let person = people["people"][0]["id"].as_str().unwrap();
    let (_, own) = server.get(&format!("/api/v1/messages?person={person}"), &shop);
    assert_eq!(own["messages"].as_array().unwrap().len(), 1, "{own}");
    assert_eq!(own["messages"][0]["state"], "accepted");
    let (status, report) = server.get(&path("report"), &shop);
    assert_eq!(status, 200, "{report}");
    assert_eq!(report["funnel"][0], json!({"step": "planned", "people": 300}));
    assert_eq!(report["funnel"][1], json!({"step": "sent", "people": 270}));
    assert_eq!(
        report["drops"],
        json!([{"state": "dropped", "reason": "no_consent", "people": 30}])
    );
    // The same version is not published twice.
    let (status, said) = server.post(&path("publish"), &shop, &json!({}));
    assert_eq!((status, &said["code"]), (409, &json!("published")), "{said}");
}

#[test]
fn who_left_by_the_link_of_a_mail_gets_no_other() {
    let (_data, server, shop) = house(20);
    let id = publish(&server, &shop, &campaign(&json!({})));
    until(&server, &shop, &id, "completed");
    let (_, people) = server.get("/api/v1/people?identity=u1", &shop);
    let person = people["people"][0]["id"].as_str().unwrap();
    let (_, own) = server.get(&format!("/api/v1/messages?person={person}"), &shop);
    let message = own["messages"][0]["id"].as_str().unwrap();
    let (status, mail) = server.get(&format!("/api/v1/outbox/{message}"), &shop);
    assert_eq!(status, 200, "{mail}");
    let html = mail["html"].as_str().unwrap();
    let at = html.find("/u/").unwrap();
    let leave: String = html[at..].chars().take_while(|c| *c != '"').collect();
    // Looking changes nothing; a click does, and again it is the same.
    assert_eq!(server.send("GET", &leave, "", "").unwrap().0, 200);
    let allows = |server: &Server| {
        let (_, found) = server.get("/api/v1/people?identity=u1", &shop);
        found["people"][0]["consents"]["marketing:email"] == true
    };
    assert!(allows(&server));
    for _ in 0..2 {
        let body = "List-Unsubscribe=One-Click";
        assert_eq!(server.send("POST", &leave, "", body).unwrap().0, 200);
    }
    let other = if leave.ends_with('A') { 'B' } else { 'A' };
    let forged = format!("{}{other}", &leave[..leave.len() - 1]);
    assert_eq!(server.send("POST", &forged, "", "").unwrap().0, 403);
    let again = publish(&server, &shop, &campaign(&json!({"name": "Again"})));
    let done = until(&server, &shop, &again, "completed");
    assert_eq!(done["runs"][0]["reasons"]["dropped"], json!({"no_consent": 3}), "{done}");
    let (_, said) = server.get("/api/v1/consents?identity=u1", &shop);
    let said = said["consents"].as_array().unwrap();
    assert_eq!(said.last().unwrap()["method"], "unsubscribe link", "{said:?}");
    assert_eq!(said.iter().filter(|one| one["method"] == "unsubscribe link").count(), 1);
}

/// A moment some days from now, as the API reads it.
fn days_from_now(days: i64) -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let at = jiff::Timestamp::from_second(now.as_secs() as i64 + days * 86_400).unwrap();
    at.to_string()
}
