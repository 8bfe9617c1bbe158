//! What comes back for a mail, posted to the provider's hook.

use std::time::Duration;

use serde_json::{Value as Json, json};

use crate::campaigns::publish;
use crate::server::Server;

use super::sink::{Mail, Sink};
use super::{each_once, events, house, messages_of, stands, to_sink};

const SOON: Duration = Duration::from_secs(30);

/// Where the provider's receipts are to be posted, as a path.
fn hook(server: &Server, shop: &Json) -> String {
    let (status, answer) = server.get("/api/v1/channels/email/main/hook", shop);
    assert_eq!(status, 200, "{answer}");
    let url = answer["url"].as_str().unwrap();
    url[url.find("/hooks/").unwrap()..].to_owned()
}

fn posts(server: &Server, shop: &Json, to: &str, text: &str) -> Json {
    let header = format!("X-Original-To: {to}\r\n");
    let (status, said) = server.send("POST", &hook(server, shop), &header, text).unwrap();
    assert_eq!(status, 200, "{said}");
    said
}

/// A notification as OpenSMTPD writes it: no report by its type, no diagnostic code, and the real
/// one in the words for people.
fn notification(to: &str, action: &str, words: &str, status: &str) -> String {
    format!(
        "From: Mailer Daemon <MAILER-DAEMON@mx.test>\r\nTo: {to}\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=\"b\"\r\n\r\n--b\r\n\
         Content-Type: text/plain\r\n\r\n    Hi!\r\n\r\nu@x.test: {words}\r\n\r\n--b\r\n\
         Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.test\r\n\r\n\
         Final-Recipient: rfc822; u@x.test\r\nAction: {action}\r\nStatus: {status}\r\n\r\n--b--\r\n"
    )
}

/// The reader of a mail calls it spam.
pub fn complain(server: &Server, shop: &Json, mail: &Mail) {
    let text = format!(
        "From: feedback@far.test\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type=feedback-report; boundary=\"b\"\r\n\r\n\
         --b\r\nContent-Type: text/plain\r\n\r\nA complaint.\r\n\r\n--b\r\n\
         Content-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\nVersion: 1\r\n\
         Original-Mail-From: {}\r\n\r\n--b--\r\n",
        mail.from
    );
    let said = posts(server, shop, "feedback@shop.test", &text);
    assert_eq!(said["taken"], true, "{said}");
}

#[test]
fn what_comes_back_counts_once_and_only_when_it_is_ours_and_for_good() {
    let sink = Sink::start();
    let (_data, server, shop) = house(10, &sink);
    let id = publish(&server, &shop, &to_sink(&json!({})));
    stands(&server, &shop, &id, "completed", SOON);
    let from = |n: usize| sink.mails_to(&format!("u{n}@x.test")).pop().unwrap().from;
    let send = |n: usize, action: &str, words: &str, status: &str| {
        posts(&server, &shop, &from(n), &notification(&from(n), action, words, status))
    };
    let failed = send(1, "failed", "550 5.1.1 <u1@x.test> no such user", "5.0.0");
    assert_eq!(failed, json!({"taken": true, "code": "550 5.1.1"}));
    // Told again, it is no news.
    assert_eq!(send(1, "failed", "550 5.1.1 no such user", "5.0.0")["taken"], false);
    let late = send(2, "delayed", "451 4.3.0 later", "4.0.0");
    assert_eq!(late["taken"], false, "{late}");
    let full = send(3, "failed", "552 5.2.2 mailbox full", "5.2.2");
    assert_eq!(full["taken"], true, "{full}");
    // A message that arrived may come back all the same, some minutes later; and not arrive again.
    for n in [6, 7] {
        assert_eq!(send(n, "delivered", "250 2.0.0 saved", "2.0.0")["taken"], true);
        assert_eq!(send(n, "delivered", "250 2.0.0 saved", "2.0.0")["taken"], false);
    }
    assert_eq!(send(7, "failed", "550 5.1.1 no such user", "5.1.1")["taken"], true);
    assert_eq!(send(7, "delivered", "250 2.0.0 saved", "2.0.0")["taken"], false);
    // Whoever makes an address up suppresses nobody, whatever else they know.
    let forged = from(4).replace('.', ".0");
    let mut forged_mac = from(4);
    let dot = forged_mac.find('.').unwrap();
    let other = if &forged_mac[dot + 1..=dot + 1] == "0" { "1" } else { "0" };
    forged_mac.replace_range(dot + 1..=dot + 1, other);
    for address in [forged, forged_mac, "bounce@bounce.shop.test".to_owned()] {
        let text = notification(&address, "failed", "550 5.1.1 no such user", "5.1.1");
        assert_eq!(posts(&server, &shop, &address, &text)["taken"], false, "{address}");
    }
    // Answers of people are no bounces, whatever they say.
    let words = "From: u5@x.test\r\nSubject: 550 5.1.1 no such user\r\n\r\nI am away.\r\n";
    assert_eq!(posts(&server, &shop, &from(5), words)["taken"], false);
    // A hook that nobody told of is none.
    let path = hook(&server, &shop);
    let mut wrong = path.clone();
    let last = if wrong.ends_with('0') { '1' } else { '0' };
    wrong.pop();
    wrong.push(last);
    for path in [wrong, path.replace("/email/main/", "/email/other/")] {
        assert_eq!(server.send("POST", &path, "", "x").unwrap().0, 404, "{path}");
    }

    for (n, state, reason) in [
        (1, "failed", json!("bounced")),
        (2, "accepted", Json::Null),
        (3, "failed", json!("bounced")),
        (4, "accepted", Json::Null),
        (5, "accepted", Json::Null),
        (6, "delivered", Json::Null),
        (7, "failed", json!("bounced")),
    ] {
        let message = &messages_of(&server, &shop, &format!("u{n}"))[0];
        assert_eq!((&message["state"], &message["reason"]), (&json!(state), &reason), "{message}");
    }
    let (_, listed) = server.get("/api/v1/suppressions", &shop);
    let listed = listed["suppressions"].as_array().unwrap();
    let mut addresses: Vec<_> = listed.iter().map(|one| one["address"].as_str().unwrap()).collect();
    addresses.sort_unstable();
    assert_eq!(addresses, ["u1@x.test", "u7@x.test"], "only what is sure");
    // And one who never allowed it.
    each_once(&server, &shop, "Notification Dropped", 4);
    each_once(&server, &shop, "Notification Delivered", 2);
    assert_eq!(events(&server, &shop, "Notification Sent"), (9, 9));
    let shown = stands(&server, &shop, &id, "completed", SOON);
    assert_eq!(shown["runs"][0]["reasons"]["failed"], json!({"bounced": 3}));
}
