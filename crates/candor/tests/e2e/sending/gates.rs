//! Who is not written to after all, and what a message never shows.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use candor_engage::channel::email::read_back;
use serde_json::{Value as Json, json};

use crate::campaigns::{mail, publish, put};
use crate::server::Server;

use super::sink::{Act, Sink, Stage};
use super::{allowing, house, messages_of, stands, tally, to_sink, until};

const SOON: Duration = Duration::from_secs(30);

/// The contract's promise for what somebody took back.
const TAKEN_BACK: Duration = Duration::from_millis(250);

fn says(server: &Server, shop: &Json, identity: &str, yes: bool) {
    let said = json!({"identity": identity, "purposes": {"marketing:email": yes}});
    let (status, answer) = server.post("/api/v1/consents", shop, &said);
    assert_eq!(status, 200, "{answer}");
}

fn profile(server: &Server, shop: &Json, identity: &str, set: &Json) {
    let record = json!({"type": "profile", "identity": identity, "set": set});
    let (status, answer) = server.post("/api/v1/events", shop, &json!({"records": [record]}));
    assert_eq!((status, &answer["accepted"]), (200, &json!(1)), "{answer}");
}

/// A purpose of the shop's own, which needs nobody's consent.
fn orders(server: &Server, shop: &Json) {
    let (_, mut policy) = server.get("/api/v1/policy", shop);
    policy["purposes"]["orders"] = json!({"basis": {"declared": "to fulfil what was bought"},
                                          "classes": ["contact", "behaviour"]});
    put(server, shop, "/api/v1/policy", &policy);
}

#[test]
fn who_takes_consent_back_gets_nothing_more() {
    let people = 400;
    let sink = Sink::with(|stage| {
        if matches!(stage, Stage::Dot(_)) {
            std::thread::sleep(Duration::from_millis(8));
        }
        Act::Takes
    });
    let (_data, server, shop) = house(people, &sink);
    let id = publish(&server, &shop, &to_sink(&json!({"per_minute": 6_000})));
    sink.reaches(20, SOON);
    // In the middle of it, one after the other; some of them have their mail by then.
    let mut taken_back = Vec::new();
    for n in (0..people).filter(|n| n % 10 == 5) {
        let identity = format!("u{n}");
        says(&server, &shop, &identity, false);
        taken_back.push((identity, Instant::now()));
    }
    let done = stands(&server, &shop, &id, "completed", SOON);
    let (mut spared, mut latest) = (0, Duration::ZERO);
    for (identity, at) in &taken_back {
        let mails = sink.mails_to(&format!("{identity}@x.test"));
        let after = mails.iter().map(|mail| mail.at.saturating_duration_since(*at)).max();
        latest = latest.max(after.unwrap_or_default());
        if mails.is_empty() {
            spared += 1;
            let message = &messages_of(&server, &shop, identity)[0];
            assert_eq!(message["reason"], "no_consent", "{message}");
        }
    }
    eprintln!(
        "{} took consent back in the middle, {spared} before their mail; the latest mail came \
         {latest:?} after the answer",
        taken_back.len()
    );
    assert!(spared > 0 && latest <= TAKEN_BACK, "{spared} {latest:?}");
    assert_eq!(tally(&done, "accepted"), allowing(people) - spared);
    assert_eq!(sink.taken(), allowing(people) - spared);
}

#[test]
fn an_address_that_bounces_is_left_alone_and_a_complaint_blocks_marketing_only() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = asked.clone();
    let sink = Sink::with(move |stage| match stage {
        Stage::Recipient("u7@x.test") => {
            counted.fetch_add(1, Ordering::Relaxed);
            Act::Says("550 5.1.1 no such user")
        }
        Stage::Recipient("u6@x.test") => Act::Says("550 5.2.1 not at the moment"),
        _ => Act::Takes,
    });
    let (data, server, shop) = house(10, &sink);
    orders(&server, &shop);
    let sends = |server: &Server, more: &Json| {
        let id = publish(server, &shop, &to_sink(more));
        stands(server, &shop, &id, "completed", SOON)
    };
    let latest = |server: &Server, n: usize| {
        // They come in the order of their runs.
        let last = messages_of(server, &shop, &format!("u{n}")).pop().unwrap();
        (last["state"].as_str().unwrap().to_owned(), last["reason"].clone())
    };
    let is = |state: &str, reason: Json| (state.to_owned(), reason);
    sends(&server, &json!({}));
    assert_eq!(latest(&server, 7), is("failed", json!("no_such_address")));
    assert_eq!(latest(&server, 6), is("failed", json!("no_such_address")));
    assert_eq!(latest(&server, 8), is("accepted", Json::Null));
    // Somebody's reader calls it spam.
    let mail = sink.mails_to("u8@x.test").pop().unwrap();
    super::bounces::complain(&server, &shop, &mail);
    assert_eq!(latest(&server, 8), is("failed", json!("complaint")));
    let (_, listed) = server.get("/api/v1/suppressions", &shop);
    let mut reasons: Vec<(&str, &str)> = listed["suppressions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["address"].as_str().unwrap(), one["reason"].as_str().unwrap()))
        .collect();
    reasons.sort_unstable();
    assert_eq!(reasons, [("u7@x.test", "hard_bounce"), ("u8@x.test", "complaint")]);

    // It holds after a restart, too.
    server.kill();
    let server = Server::start(data.path());
    let done = sends(&server, &json!({}));
    assert_eq!(latest(&server, 7), is("dropped", json!("suppressed")));
    assert_eq!(latest(&server, 8), is("dropped", json!("suppressed")));
    assert_eq!(latest(&server, 6), is("failed", json!("no_such_address")), "not sure: tried again");
    assert_eq!(tally(&done, "dropped"), 3, "and one without consent");
    // What is no marketing obeys the bounce and not the complaint, and needs no consent of its own.
    sends(&server, &json!({"purpose": "orders"}));
    assert_eq!(latest(&server, 7), is("dropped", json!("suppressed")));
    assert_eq!(latest(&server, 8), is("accepted", Json::Null));
    assert_eq!(asked.load(Ordering::Relaxed), 1, "nobody asks for it again");
    assert_eq!(sink.mails_to("u8@x.test").len(), 2);
}

#[test]
fn a_control_group_is_the_same_people_each_time_and_gets_nothing() {
    let people = 300;
    let sink = Sink::start();
    let (data, server, shop) = house(people, &sink);
    let control = |server: &Server, id: &str| -> BTreeSet<String> {
        let path = format!("/api/v1/messages?campaign={id}&reason=control&limit=500");
        let (status, found) = server.get(&path, &shop);
        assert_eq!(status, 200, "{found}");
        let messages = found["messages"].as_array().unwrap().iter();
        messages.map(|message| message["person"].as_str().unwrap().to_owned()).collect()
    };
    let whole = to_sink(&json!({"control_percent": 20, "per_minute": 60_000}));
    let id = publish(&server, &shop, &whole);
    sink.reaches(20, SOON);
    server.kill();
    let server = Server::start(data.path());
    let done = stands(&server, &shop, &id, "completed", SOON);
    let first = control(&server, &id);
    let reasons = &done["runs"][0]["reasons"]["dropped"];
    assert_eq!(reasons["control"], json!(first.len()));
    assert!((25..=90).contains(&first.len()), "{} of 270", first.len());

    // The same people come again from elsewhere, and the campaign goes again.
    crate::campaigns::shop(&server, &shop, people);
    let mut changed = whole.clone();
    changed["name"] = json!("Summer sale");
    put(&server, &shop, &format!("/api/v1/campaigns/{id}"), &changed);
    super::verb(&server, &shop, &id, "publish");
    until("the second run", SOON, || {
        let shown = crate::campaigns::state(&server, &shop, &id);
        shown["runs"].as_array().unwrap().len() == 2 && shown["state"] == "completed"
    });
    assert_eq!(control(&server, &id), first, "of both runs");
    let got: BTreeSet<String> = sink.mails().into_iter().map(|mail| mail.to).collect();
    assert_eq!(got.len(), allowing(people) - first.len(), "nobody of them got any");

    // Of all campaigns: other people, and the same ones each time.
    put(&server, &shop, "/api/v1/engagement", &json!({"control_percent": 10}));
    let one = publish(&server, &shop, &to_sink(&json!({})));
    stands(&server, &shop, &one, "completed", SOON);
    server.kill();
    let server = Server::start(data.path());
    let two = publish(&server, &shop, &to_sink(&json!({})));
    stands(&server, &shop, &two, "completed", SOON);
    let of_all = control(&server, &one);
    assert_eq!(of_all, control(&server, &two));
    assert!((5..=60).contains(&of_all.len()), "{} of 270", of_all.len());
    assert_ne!(of_all, first);
}

#[test]
fn what_people_are_called_is_never_markup_headers_or_a_template() {
    let sink = Sink::start();
    let (_data, server, shop) = house(20, &sink);
    put(&server, &shop, "/api/v1/properties/Nick", &json!({"class": "behaviour"}));
    put(&server, &shop, "/api/v1/properties/Level", &json!({"class": "behaviour"}));
    let long = "a".repeat(400);
    let hostile = [
        "{{7*7}} {{ user.Level }}",
        "{% include \"/etc/passwd\" %}",
        "<script>alert(1)</script>",
        "\"\r\nBcc: thief@x.test\r\n\r\n<b>",
        "\u{202e}gnp.exe",
        "a\u{0}b",
        "' onload='x' & \"",
        &long,
    ];
    for (n, nick) in hostile.iter().enumerate() {
        profile(&server, &shop, &format!("u{}", n + 1), &json!({"Nick": nick}));
    }
    profile(&server, &shop, "u11", &json!({"Nick": "Ann", "Level": "gold"}));
    let html = "<p title=\"{{ user.Nick }}\">Dear {{ user.Nick }}!</p>\
                <a href=\"https://shop.test/?of={{ user.Nick }}\">Sale</a>";
    let content = mail("For {{ user.Nick | default: \"you\" }}", html);
    // What is missing: the others have no name, and that is told.
    let whole = to_sink(&json!({"content": content, "track": {"links": false, "opens": false}}));
    let (status, saved) = server.post("/api/v1/campaigns", &shop, &whole);
    assert_eq!(status, 201, "{saved}");
    let id = saved["id"].as_str().unwrap().to_owned();
    let publishing =
        |body: &Json| server.post(&format!("/api/v1/campaigns/{id}/publish"), &shop, body);
    // What was said a moment ago counts a moment later.
    let path = format!("/api/v1/campaigns/{id}/forecast");
    let forecast = |s: &Server| s.post(&path, &shop, &json!({})).1;
    let told = server.eventually(forecast, |f| f["missing_data"][0]["people"] == 9);
    assert_eq!(told["missing_data"], json!([{"path": "user.Nick", "people": 9}]), "{told}");
    let (status, said) = publishing(&json!({}));
    assert_eq!((status, &said["code"]), (409, &json!("needs_confirmation")), "{said}");
    let (status, said) = publishing(&json!({"confirm": true}));
    assert_eq!(status, 200, "{said}");
    let done = stands(&server, &shop, &id, "completed", SOON);
    assert_eq!(done["runs"][0]["reasons"]["dropped"], json!({"missing_data": 9, "no_consent": 2}));
    let message = &messages_of(&server, &shop, "u15")[0];
    assert_eq!(
        (&message["reason"], &message["code"]),
        (&json!("missing_data"), &json!("user.Nick"))
    );
    for (n, nick) in hostile.iter().enumerate() {
        let to = format!("u{}@x.test", n + 1);
        let mails = sink.mails_to(&to);
        let mail = mails.first().unwrap_or_else(|| {
            panic!("{nick:?}: {:?}", messages_of(&server, &shop, &format!("u{}", n + 1)))
        });
        let read = read_back(mail.text.trim_start().replace('\n', "\r\n").as_bytes());
        let names: Vec<&str> = read.headers.iter().map(|(name, _)| name.as_str()).collect();
        assert!(!names.contains(&"Bcc"), "{names:?}");
        assert_eq!(names.iter().filter(|name| **name == "To").count(), 1, "{names:?}");
        let html = read.html.unwrap();
        for markup in ["<script", "<b>", "\u{0}", "root:", "49", "gold", "' onload='x' & \""] {
            assert!(!html.contains(markup), "{markup} in {html}");
        }
    }
    let braces = &sink.mails_to("u1@x.test")[0].text;
    assert!(braces.contains("\nSubject: For {{7*7}} {{ user.Level }}\n"), "{braces}");
    assert_eq!(sink.mails_to("u11@x.test").len(), 1);
    // With a word for who has none, all get it.
    let tolerant = mail("Hi", "<p>Dear {{ user.Nick | default: \"you\" }}</p>");
    let id = publish(&server, &shop, &to_sink(&json!({"content": tolerant})));
    let done = stands(&server, &shop, &id, "completed", SOON);
    assert_eq!(tally(&done, "accepted"), allowing(20));
}

#[test]
fn two_who_are_erased_before_their_turn_do_not_stop_the_others() {
    let people = 40;
    let sink = Sink::start();
    let (_data, server, shop) = house(people, &sink);
    put(&server, &shop, "/api/v1/engagement", &json!({"stopped": {"all": true}}));
    let id = publish(&server, &shop, &to_sink(&json!({})));
    stands(&server, &shop, &id, "running", SOON);
    for n in [1, 2, 3] {
        let headers = format!(
            "X-CleverTap-Account-Id: {}\r\nX-CleverTap-Passcode: {}\r\n",
            shop["account_id"].as_str().unwrap(),
            shop["passcode"].as_str().unwrap()
        );
        let body = json!({"identity": format!("u{n}")}).to_string();
        let (status, said) =
            server.send("POST", "/1/delete/profiles.json", &headers, &body).unwrap();
        assert_eq!(status, 200, "{said}");
    }
    // Nobody is named any more in what waits.
    std::thread::sleep(Duration::from_millis(1_000));
    put(&server, &shop, "/api/v1/engagement", &json!({}));
    let done = stands(&server, &shop, &id, "completed", SOON);
    assert_eq!(tally(&done, "accepted"), allowing(people) - 3);
    let dropped = &done["runs"][0]["reasons"]["dropped"];
    assert_eq!(dropped, &json!({"no_consent": 4, "no_address": 3}));
}
