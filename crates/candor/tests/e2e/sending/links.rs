//! What machines and people do with the addresses of a mail.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use aws_lc_rs::signature::Ed25519KeyPair;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use candor_engage::channel::email::read_back;
use serde_json::{Value as Json, json};

use crate::campaigns::{mail, publish, put};
use crate::server::Server;

use super::sink::{Mail, Sink};
use super::{events, house, house_configured, messages_of, smtp, stands, to_sink, tokens, until};

const SOON: Duration = Duration::from_secs(30);
const BROWSER: &str =
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/140.0\r\n";

/// An answer with its head, as it is on the wire.
fn asks(server: &Server, method: &str, path: &str, headers: &str, body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(server.address()).unwrap();
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n{headers}\
         Content-Length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    // A picture is no text.
    let answer = String::from_utf8_lossy(&answer);
    (answer.split(' ').nth(1).unwrap().parse().unwrap(), answer.to_lowercase())
}

fn two_links() -> Json {
    let html = "<a href=\"https://shop.test/sale\">Sale</a>\
                <a href=\"https://shop.test/new\">New</a>\
                <a href=\"{{ unsubscribe_url }}\">Stop</a>";
    to_sink(&json!({"content": mail("News", html)}))
}

/// What a report says of machines and people.
fn seen(server: &Server, shop: &Json, id: &str) -> (u64, u64, u64, u64) {
    let (status, report) = server.get(&format!("/api/v1/campaigns/{id}/report"), shop);
    assert_eq!(status, 200, "{report}");
    let step = |name: &str| {
        let steps = report["funnel"].as_array().unwrap();
        let step = steps.iter().find(|step| step["step"] == name).unwrap();
        step["people"].as_u64().unwrap()
    };
    let machine = |what: &str| report["machine"][what].as_u64().unwrap();
    (step("opened"), step("clicked"), machine("opens"), machine("clicks"))
}

/// The messages of a campaign that people opened or followed.
fn visited(server: &Server, shop: &Json, id: &str, visit: &str) -> BTreeSet<String> {
    let path = format!("/api/v1/messages?campaign={id}&visit={visit}");
    let (status, found) = server.get(&path, shop);
    assert_eq!(status, 200, "{found}");
    let messages = found["messages"].as_array().unwrap().iter();
    messages.map(|message| message["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_machine_that_follows_everything_is_nobody_and_a_person_later_counts() {
    let sink = Sink::start();
    let (_data, server, shop) = house(10, &sink);
    let id = publish(&server, &shop, &two_links());
    stands(&server, &shop, &id, "completed", SOON);
    let scan = |mail: &Mail, methods: &[&str]| {
        let (links, leave) = (tokens(mail, "/l/"), tokens(mail, "/u/"));
        assert_eq!((links.len(), leave.len(), tokens(mail, "/o/").len()), (2, 1, 1));
        for method in methods {
            for token in &links {
                let (status, answer) = asks(&server, method, &format!("/l/{token}"), BROWSER, "");
                assert_eq!(status, 302, "{answer}");
                assert!(answer.contains("location: https://shop.test/"), "{answer}");
            }
            assert_eq!(asks(&server, method, &format!("/u/{}", leave[0]), BROWSER, "").0, 200);
        }
    };
    let (first, second) = (&sink.mails_to("u1@x.test")[0], &sink.mails_to("u2@x.test")[0]);
    let third = &sink.mails_to("u3@x.test")[0];
    // At once after delivery; and another one later, as a person's browser would ask.
    scan(first, &["HEAD", "GET"]);
    let since = Instant::now();
    until("three seconds after the mail", SOON, || {
        let left = third.at.elapsed() > Duration::from_millis(3_100);
        left && since.elapsed() > Duration::from_millis(2_100)
    });
    scan(second, &["GET"]);
    // People: one opens, one follows a link.
    let pixel = format!("/o/{}", tokens(third, "/o/")[0]);
    assert_eq!(asks(&server, "GET", &pixel, BROWSER, "").0, 200);
    let link = |mail: &Mail| format!("/l/{}", tokens(mail, "/l/")[1]);
    assert_eq!(asks(&server, "GET", &link(first), BROWSER, "").0, 302);
    // Nobody knows yet who it was.
    std::thread::sleep(Duration::from_millis(2_100));
    assert_eq!(asks(&server, "GET", &link(second), BROWSER, "").0, 302);
    until("people are told from machines", SOON, || seen(&server, &shop, &id) == (3, 2, 0, 6));
    // The report's numbers lead to their messages.
    let [opened, clicked] = ["opened", "clicked"].map(|visit| visited(&server, &shop, &id, visit));
    assert_eq!((opened.len(), clicked.len()), (3, 2));
    assert!(clicked.is_subset(&opened), "{clicked:?} {opened:?}");
    let of_all = server.get("/api/v1/messages?visit=clicked", &shop).1;
    assert_eq!(of_all["messages"].as_array().unwrap().len(), 2);
    assert_eq!(server.get("/api/v1/messages?visit=seen", &shop).0, 400);
    let counted = |name: &str| events(&server, &shop, name);
    until("it is an event of theirs", SOON, || counted("Notification Clicked") == (2, 2));
    assert_eq!(counted("Notification Viewed"), (1, 1));
    assert_eq!(counted("Unsubscribed"), (0, 0));
    let again = publish(&server, &shop, &two_links());
    stands(&server, &shop, &again, "completed", SOON);
    assert_eq!(sink.mails_to("u1@x.test").len(), 2, "looking at the way out is not leaving");
}

#[test]
fn one_click_leaves_at_once_and_nothing_else_does() {
    let sink = Sink::start();
    let random = aws_lc_rs::rand::SystemRandom::new();
    let key = STANDARD.encode(Ed25519KeyPair::generate_pkcs8(&random).unwrap());
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{key}\n-----END PRIVATE KEY-----\n");
    let url = "public_url = \"https://mail.shop.test\"\n";
    let (_data, server, shop) = house_configured(10, &sink, url);
    let mut main = smtp(sink.port);
    main["dkim"] = json!([{"domain": "shop.test", "selector": "s1", "private_key": pem}]);
    put(&server, &shop, "/api/v1/channels/email/main", &main);
    let id = publish(&server, &shop, &two_links());
    stands(&server, &shop, &id, "completed", SOON);
    let mail = &sink.mails_to("u1@x.test")[0];
    let read = read_back(mail.text.trim_start().replace('\n', "\r\n").as_bytes());
    let header = |name: &str| {
        let found = read.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.unwrap_or_else(|| panic!("{name} in {:?}", read.headers)).1.clone()
    };
    let address = header("List-Unsubscribe");
    let address = address.trim_start_matches('<').split('>').next().unwrap();
    let path = address.strip_prefix("https://mail.shop.test").unwrap().to_owned();
    assert_eq!(header("List-Unsubscribe-Post"), "List-Unsubscribe=One-Click");
    let signed = header("DKIM-Signature").replace(' ', "").to_lowercase();
    let signed = signed.split("h=").nth(1).unwrap().split(';').next().unwrap().to_owned();
    for name in ["list-unsubscribe", "list-unsubscribe-post", "from", "to", "subject"] {
        assert!(signed.split(':').any(|one| one == name), "{name} in {signed}");
    }

    let leaves = |path: &str, body: &str| {
        let form = "Content-Type: application/x-www-form-urlencoded\r\n";
        asks(&server, "POST", path, form, body)
    };
    let standing = || messages_of(&server, &shop, "u1").len();
    assert_eq!(standing(), 1);
    // Somebody who changes a letter, and a token that is for something else.
    let place = path.len() - 20;
    let letter = if &path[place..=place] == "A" { "B" } else { "A" };
    let mut tampered = path.clone();
    tampered.replace_range(place..=place, letter);
    let of_a_link = format!("/u/{}", tokens(mail, "/l/")[0]);
    for path in [&tampered, &of_a_link, "/u/x"] {
        assert_eq!(leaves(path, "List-Unsubscribe=One-Click").0, 403, "{path}");
        assert_eq!(asks(&server, "GET", path, BROWSER, "").0, 403, "{path}");
    }
    let (status, page) = asks(&server, "GET", &path, BROWSER, "");
    assert!(status == 200 && page.contains("<form"), "{page}");
    assert_eq!(events(&server, &shop, "Unsubscribed"), (0, 0));
    for time in 0..3 {
        let since = Instant::now();
        let (status, answer) = leaves(&path, "List-Unsubscribe=One-Click");
        assert!(since.elapsed() < Duration::from_secs(1), "{:?}", since.elapsed());
        assert_eq!(status, 200, "{time}: {answer}");
        assert!(!answer.contains("\nset-cookie") && !answer.contains("\nlocation"), "{answer}");
    }
    // Out from now on, for this purpose.
    let next = publish(&server, &shop, &two_links());
    stands(&server, &shop, &next, "completed", SOON);
    assert_eq!(sink.mails_to("u1@x.test").len(), 1);
    let mut reasons: Vec<Json> =
        messages_of(&server, &shop, "u1").iter().map(|one| one["reason"].clone()).collect();
    reasons.sort_by_key(Json::to_string);
    assert_eq!(reasons, [json!("no_consent"), Json::Null]);
    until("it is an event", SOON, || events(&server, &shop, "Unsubscribed") == (1, 1));
}
