//! A real mail server under a campaign: the same promises as with our own sink.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use serde_json::json;

use crate::campaigns::{publish, put, shop};
use crate::channels::peers;
use crate::server::{Server, create};

use super::kills::kill_under;
use super::{WINDOW, allowing, each_once, number, smtp, stands, tally, to_sink, until};

const WHAT: &str = "a campaign over OpenSMTPD";
const LONG: Duration = Duration::from_secs(600);
const TEST: &str = "sending::opensmtpd::kills_under_a_campaign_over_opensmtpd_lose_nobody";

/// Takes 100 messages in a session, as it does by default.
const CONFIGURATION: &str = "
table all { \"@\" = \"nobody\" }
listen on 127.0.0.1 port 2625
action \"local\" maildir \"WORK/mail\" virtual <all>
match from any for domain \"x.test\" action \"local\"
";

/// With `KILLS`, 10,000 people and three kills.
#[test]
fn kills_under_a_campaign_over_opensmtpd_lose_nobody() {
    if let Some(work) = peers::inside_namespaces() {
        return inside(&work);
    }
    if peers::part("root/usr/sbin/smtpd", WHAT).is_some() {
        peers::run_in_namespaces(WHAT, TEST, 900);
    }
}

/// How often each message arrived.
fn arrived(folder: &Path) -> BTreeMap<String, usize> {
    let mut times = BTreeMap::new();
    let Ok(entries) = std::fs::read_dir(folder) else { return times };
    for entry in entries {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        let id = text.split("\nMessage-ID: <").nth(1).unwrap().split('@').next().unwrap();
        *times.entry(id.to_owned()).or_default() += 1;
    }
    times
}

fn count(folder: &Path) -> usize {
    std::fs::read_dir(folder).map_or(0, Iterator::count)
}

fn inside(work: &Path) {
    let _peer = peers::opensmtpd(work, CONFIGURATION);
    let (people, kills) = number("KILLS").map_or((700, 1), |kills| (10_000, kills.min(3)));
    let expected = allowing(people);
    let data = work.join("data");
    let made = create(&data, &["--name", "Shop"]);
    let server = Server::start(&data);
    put(&server, &made, "/api/v1/properties/Plan", &json!({"class": "behaviour"}));
    put(&server, &made, "/api/v1/channels/email/main", &smtp(2625));
    shop(&server, &made, people);
    let id = publish(&server, &made, &to_sink(&json!({})));
    let mails = work.join("mail/new");
    let again = || Server::start(&data);
    let server = kill_under(server, (kills, expected), || count(&mails), again);
    let done = stands(&server, &made, &id, "completed", LONG);
    // It delivers a little later than it takes.
    until("all arrive", LONG, || count(&mails) >= expected && arrived(&mails).len() == expected);
    std::thread::sleep(Duration::from_millis(500));
    let times = arrived(&mails);
    let repeated: usize = times.values().map(|times| times - 1).sum();
    eprintln!(
        "OpenSMTPD: {expected} messages, {kills} kills: {} lost, {repeated} repeated (at most {})",
        expected - times.len(),
        kills * WINDOW
    );
    assert!(repeated <= kills * WINDOW, "{repeated}");
    assert_eq!((times.len(), tally(&done, "accepted")), (expected, expected));
    each_once(&server, &made, "Notification Sent", expected);
    // That it wants few messages in a session costs no attempt.
    let path = format!("/api/v1/messages?campaign={id}&state=accepted&limit=1000");
    let (_, found) = server.get(&path, &made);
    let attempts = found["messages"].as_array().unwrap().iter().map(|one| &one["attempts"]);
    assert!(attempts.into_iter().all(|attempts| *attempts == 1));
}
