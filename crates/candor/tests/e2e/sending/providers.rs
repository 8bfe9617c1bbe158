//! Providers that are busy, refuse, forget or say nothing: what is sent comes all the same, and
//! others are not held up.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

use crate::campaigns::{publish, put, state};
use crate::server::{Server, bearer};

use super::hook::{Hook, TAKEN};
use super::sink::{Act, Sink, Stage};
use super::{
    WINDOW, allowing, events, house, house_configured, number, smtp, stands, tally, to_sink, until,
    verb,
};

const SOON: Duration = Duration::from_secs(40);
const NEAR: &str = "[engage]\nprivate_webhooks = true\n";

fn webhook(port: u16) -> Json {
    json!({"kind": "webhook", "url": format!("http://127.0.0.1:{port}/in"), "allow_http": true,
           "allow_private": true, "secrets": ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]})
}

fn to_hook(more: &Json) -> Json {
    let body = "{\"plan\": {{ user.Plan }}}";
    let mut whole = to_sink(&json!({"channel": "webhook", "provider": "crm",
                                    "purpose": "analytics", "content": {"webhook": {"body": body}}}));
    for (name, value) in more.as_object().unwrap() {
        whole[name] = value.clone();
    }
    whole
}

fn health(server: &Server, shop: &Json, path: &str) -> Json {
    let (status, shown) = server.get(&format!("/api/v1/channels/{path}"), shop);
    assert_eq!(status, 200, "{shown}");
    shown["health"].clone()
}

/// The attempts of each message that went out.
fn attempts(server: &Server, shop: &Json, id: &str) -> Vec<u64> {
    let path = format!("/api/v1/messages?campaign={id}&state=accepted&limit=1000");
    let (status, found) = server.get(&path, shop);
    assert_eq!(status, 200, "{found}");
    let messages = found["messages"].as_array().unwrap().iter();
    messages.map(|message| message["attempts"].as_u64().unwrap()).collect()
}

#[test]
fn a_busy_mail_server_is_left_alone_for_a_while_and_others_go_on() {
    // Trouble for as long as the test wants it: how many messages are on their way when it begins
    // is the machine's to say, and each that is tried alone later doubles the wait. Then one is
    // taken, and others are told to go slower.
    let (busy, refused) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicUsize::new(0)));
    let (is_busy, counted, after) = (busy.clone(), refused.clone(), AtomicUsize::new(0));
    let sink = Sink::with(move |stage| match stage {
        Stage::Sender(_) if is_busy.load(Ordering::Relaxed) => {
            counted.fetch_add(1, Ordering::Relaxed);
            Act::Says("451 4.3.2 busy")
        }
        Stage::Sender(_) => match after.fetch_add(1, Ordering::Relaxed) {
            1..21 => Act::Says("450 4.7.1 slow down"),
            21..31 => Act::Says("421 4.7.28 too much from you"),
            _ => Act::Takes,
        },
        _ => Act::Takes,
    });
    let other = Sink::start();
    let (_data, server, shop) = house(110, &sink);
    put(&server, &shop, "/api/v1/channels/email/other", &smtp(other.port));
    let begun = Instant::now();
    let id = publish(&server, &shop, &to_sink(&json!({})));
    until("it is held", SOON, || health(&server, &shop, "email/main")["held_until"].is_string());
    let aside = publish(&server, &shop, &to_sink(&json!({"provider": "other"})));
    stands(&server, &shop, &aside, "completed", SOON);
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(4), "the other provider was held up: {took:?}");
    assert_eq!(other.taken(), allowing(110));
    assert_eq!(sink.taken(), 0);
    busy.store(false, Ordering::Relaxed);
    assert_eq!(health(&server, &shop, "email/other")["held_until"], Json::Null);
    let done = stands(&server, &shop, &id, "completed", SOON);
    let all = attempts(&server, &shop, &id);
    eprintln!(
        "busy: all {} after {:?}; attempts counted beside the last: {}",
        sink.taken(),
        begun.elapsed(),
        all.iter().map(|n| n - 1).sum::<u64>()
    );
    assert_eq!((tally(&done, "accepted"), sink.repeated()), (allowing(110), 0));
    assert_eq!(sink.taken(), allowing(110));
    // Too fast is nobody's failed attempt.
    let refused = refused.load(Ordering::Relaxed);
    assert!((20..=WINDOW + 1).contains(&refused), "refused {refused} times");
    assert_eq!(all.iter().map(|n| n - 1).sum::<u64>(), refused as u64);
    let both = (2 * allowing(110), allowing(110));
    until("events", SOON, || events(&server, &shop, "Notification Sent") == both);
}

#[test]
fn a_webhook_is_asked_again_when_it_says_so_and_is_never_told_twice() {
    let hook = Hook::with(|before| match before {
        0..10 => Some("429 Too Many Requests\r\nRetry-After: 1"),
        10..15 => Some("503 Service Unavailable"),
        15..18 => Some("401 Unauthorized"),
        // It has it and does not say so.
        18..20 => None,
        _ => TAKEN,
    });
    let data = Sink::start();
    let (_data, server, shop) = house_configured(40, &data, NEAR);
    put(&server, &shop, "/api/v1/channels/webhook/crm", &webhook(hook.port));
    let begun = Instant::now();
    let id = publish(&server, &shop, &to_hook(&json!({})));
    let done = stands(&server, &shop, &id, "completed", SOON);
    let times = hook.times();
    let counted: u64 = attempts(&server, &shop, &id).iter().map(|n| n - 1).sum();
    eprintln!("webhook: all 40 after {:?}, {} requests", begun.elapsed(), hook.posts().len());
    assert_eq!((tally(&done, "accepted"), times.len()), (40, 40), "{done}");
    assert_eq!(hook.posts().len(), 60, "one more for each refusal, by the same id");
    assert_eq!(counted, 5 + 2, "neither too fast nor unknown to them counts");
    let body: Json = serde_json::from_str(&hook.posts()[0].body).unwrap();
    assert_eq!(body, json!({"plan": "gold"}));
}

#[test]
fn who_is_not_known_waits_for_settings_and_goes_on_at_once_with_them() {
    let known = Arc::new(AtomicBool::new(false));
    let asked = known.clone();
    let hook = Hook::with(move |_| match asked.load(Ordering::Relaxed) {
        true => TAKEN,
        false => Some("401 Unauthorized"),
    });
    let unused = Sink::start();
    let (_data, server, shop) = house_configured(30, &unused, NEAR);
    put(&server, &shop, "/api/v1/channels/webhook/crm", &webhook(hook.port));
    let id = publish(&server, &shop, &to_hook(&json!({})));
    until("it is said", SOON, || health(&server, &shop, "webhook/crm")["refuses_us"] == true);
    let health = health(&server, &shop, "webhook/crm");
    assert_eq!((&health["last_error"], health["held_until"].is_string()), (&json!("401"), true));
    std::thread::sleep(Duration::from_millis(1_500));
    let before = hook.posts().len();
    assert!(before <= 30, "nobody is asked again: {before}");
    known.store(true, Ordering::Relaxed);
    put(&server, &shop, "/api/v1/channels/webhook/crm", &webhook(hook.port));
    let since = Instant::now();
    stands(&server, &shop, &id, "completed", SOON);
    eprintln!("new settings: all out {:?} later", since.elapsed());
    assert!(since.elapsed() < Duration::from_secs(3), "{:?}", since.elapsed());
    assert!(attempts(&server, &shop, &id).iter().all(|n| *n == 1));
}

#[test]
fn what_nobody_knows_is_left_or_sent_again_as_the_provider_is_set() {
    let silent = || {
        Sink::with(|stage| match stage {
            Stage::Dot("u1@x.test" | "u2@x.test" | "u3@x.test") => Act::TakesInSilence,
            _ => Act::Takes,
        })
    };
    // Silent once for each of them.
    let forgetful = {
        let before = Arc::new(AtomicUsize::new(0));
        Sink::with(move |stage| match stage {
            Stage::Dot("u1@x.test" | "u2@x.test" | "u3@x.test")
                if before.fetch_add(1, Ordering::Relaxed) < 3 =>
            {
                Act::TakesInSilence
            }
            _ => Act::Takes,
        })
    };
    let left = silent();
    let (_data, server, shop) = house(20, &left);
    let mut again = smtp(forgetful.port);
    again["unknown"] = json!("retry");
    put(&server, &shop, "/api/v1/channels/email/again", &again);
    let once = publish(&server, &shop, &to_sink(&json!({})));
    let twice = publish(&server, &shop, &to_sink(&json!({"provider": "again"})));
    let done = stands(&server, &shop, &once, "completed", SOON);
    assert_eq!((tally(&done, "unknown"), tally(&done, "accepted")), (3, 15), "{done}");
    assert_eq!((left.taken(), left.repeated()), (18, 0));
    let done = stands(&server, &shop, &twice, "completed", SOON);
    assert_eq!((tally(&done, "unknown"), tally(&done, "accepted")), (0, 18), "{done}");
    assert_eq!((forgetful.taken(), forgetful.repeated()), (21, 3));
    assert_eq!(attempts(&server, &shop, &twice).iter().sum::<u64>(), 21);
}

/// `HANG` says for how many seconds, 10 without it: a server that takes a message and says nothing.
#[test]
fn a_server_that_hangs_after_a_message_leaves_it_in_doubt_and_keeps_nobody_else() {
    // More campaigns than there are workers, and fewer than there are connections.
    const CAMPAIGNS: usize = 5;
    let seconds = number("HANG").unwrap_or(10);
    let hanging = Sink::with(|stage| match stage {
        Stage::Dot("u1@x.test") => Act::Hangs,
        _ => Act::Takes,
    });
    let (_data, server, shop) = house(40, &hanging);
    let mut patient = smtp(hanging.port);
    patient["answer_seconds"] = json!(seconds);
    put(&server, &shop, "/api/v1/channels/email/main", &patient);
    let begun = Instant::now();
    let publish = || publish(&server, &shop, &to_sink(&json!({})));
    let ids: Vec<String> = (0..CAMPAIGNS).map(|_| publish()).collect();
    let others = allowing(40) - 1;
    for id in &ids {
        let all = || tally(&state(&server, &shop, id), "accepted") == others;
        until("the others are done", SOON, all);
        // Longer than a lease, where it is told to wait so long.
        let shown = state(&server, &shop, id);
        assert_eq!(tally(&shown, "handing_over"), 1, "{shown}");
    }
    let patience = Duration::from_secs(seconds as u64);
    assert!(begun.elapsed() < patience, "the others waited {:?}", begun.elapsed());
    for id in &ids {
        let done = stands(&server, &shop, id, "completed", patience + SOON);
        assert_eq!((tally(&done, "unknown"), tally(&done, "accepted")), (1, others), "{done}");
    }
    assert!(begun.elapsed() >= patience);
    let taken = CAMPAIGNS * (others + 1);
    assert_eq!((hanging.taken(), hanging.repeated()), (taken, 0), "nobody gets it twice");
}

#[test]
fn a_server_that_wants_few_messages_in_a_session_gets_them_in_many() {
    let sink = Sink::with(|stage| match stage {
        Stage::Sender(100..) => Act::Says("452 4.5.3 too many messages"),
        _ => Act::Takes,
    });
    let (_data, server, shop) = house(1_100, &sink);
    let id = publish(&server, &shop, &to_sink(&json!({})));
    let done = stands(&server, &shop, &id, "completed", SOON);
    assert_eq!((sink.taken(), sink.repeated(), tally(&done, "accepted")), (990, 0, 990));
    let all = attempts(&server, &shop, &id);
    assert!(all.len() == 990 && all.iter().all(|n| *n == 1), "not one attempt is lost");
    eprintln!("990 messages in {} sessions of at most 100", sink.sessions());
    assert!((10..=24).contains(&sink.sessions()), "{}", sink.sessions());
    let health = health(&server, &shop, "email/main");
    assert_eq!((&health["per_second"], &health["last_error"]), (&Json::Null, &Json::Null));
    assert_eq!(state(&server, &shop, &id)["runs"][0]["note"], Json::Null);
}

#[test]
fn a_campaign_that_is_refused_as_bad_pauses_by_itself_and_says_why() {
    let good = Arc::new(AtomicBool::new(false));
    let asked = good.clone();
    let sink = Sink::with(move |stage| match stage {
        Stage::Dot(_) if !asked.load(Ordering::Relaxed) => Act::Says("554 5.6.0 no such content"),
        _ => Act::Takes,
    });
    let (_data, server, shop) = house(300, &sink);
    let id = publish(&server, &shop, &to_sink(&json!({})));
    let paused = stands(&server, &shop, &id, "paused", SOON);
    let note = paused["runs"][0]["note"].as_str().unwrap();
    assert!(note.contains("554 5.6.0"), "{note}");
    until("nothing is on its way", SOON, || {
        tally(&state(&server, &shop, &id), "handing_over") == 0
    });
    let failed = tally(&state(&server, &shop, &id), "failed");
    eprintln!("paused by itself after {failed} of {} were refused", allowing(300));
    assert!((51..=51 + WINDOW).contains(&failed), "{failed}");
    good.store(true, Ordering::Relaxed);
    verb(&server, &shop, &id, "resume");
    let done = stands(&server, &shop, &id, "completed", SOON);
    assert_eq!(
        (tally(&done, "failed"), tally(&done, "accepted")),
        (failed, allowing(300) - failed)
    );
    assert_eq!((sink.taken(), sink.repeated()), (allowing(300) - failed, 0));
}

#[test]
fn a_provider_that_is_taken_away_pauses_its_campaigns_until_it_is_back() {
    let sink = Sink::start();
    let (_data, server, shop) = house(300, &sink);
    let id = publish(&server, &shop, &to_sink(&json!({"per_minute": 3_000})));
    let other = publish(&server, &shop, &to_sink(&json!({"per_minute": 60})));
    sink.reaches(20, SOON);
    let path = "/api/v1/channels/email/main";
    assert_eq!(server.send("DELETE", path, &bearer(&shop), "").unwrap().0, 204);
    let paused = stands(&server, &shop, &id, "paused", SOON);
    assert!(paused["runs"][0]["note"].as_str().unwrap().contains("email/main"), "{paused}");
    assert!(sink.taken() < allowing(300), "{}", sink.taken());
    // One that is stopped needs no provider any more.
    stands(&server, &shop, &other, "paused", SOON);
    verb(&server, &shop, &other, "stop");
    until("it is told", SOON, || tally(&state(&server, &shop, &other), "planned") == 0);
    let of_other = tally(&state(&server, &shop, &other), "accepted");
    put(&server, &shop, path, &smtp(sink.port));
    verb(&server, &shop, &id, "resume");
    let done = stands(&server, &shop, &id, "completed", SOON);
    assert_eq!(tally(&done, "accepted"), allowing(300));
    assert_eq!((sink.taken(), sink.repeated()), (allowing(300) + of_other, 0));
}

#[test]
fn a_campaign_goes_no_faster_than_it_says() {
    let sink = Sink::start();
    let (_data, server, shop) = house(60, &sink);
    // 20 a second; one second may be saved up.
    let id = publish(&server, &shop, &to_sink(&json!({"per_minute": 1_200})));
    stands(&server, &shop, &id, "completed", SOON);
    let mails = sink.mails();
    let took = mails.last().unwrap().at - mails[0].at;
    eprintln!("{} messages at 20 a second took {took:?}", mails.len());
    assert!((1_600..4_500).contains(&took.as_millis()), "{took:?}");
}

#[test]
fn a_small_campaign_does_not_wait_for_a_large_one() {
    let sink = Sink::start();
    // More parts of an audience than there are workers.
    let (_data, server, shop) = house(24_000, &sink);
    // Minutes of messages; each worker has more than it may send.
    let large = publish(&server, &shop, &to_sink(&json!({"per_minute": 6_000})));
    until("messages go", SOON, || sink.mails().len() > 50);
    let few = json!({"all": [
        {"person": {"property": "Plan", "op": "eq", "value": "gold"}},
        {"sample": {"percent": 0.1, "salt": "few"}},
    ]});
    let published = std::time::Instant::now();
    let small = publish(&server, &shop, &to_sink(&json!({"name": "Few", "audience": few})));
    let done = stands(&server, &shop, &small, "completed", SOON);
    eprintln!("the small campaign was done after {:?}", published.elapsed());
    assert!(tally(&done, "accepted") > 0, "{done}");
    let running = state(&server, &shop, &large);
    assert!(tally(&running, "planned") > 10_000, "{running}");
    // And the large one goes on.
    let before = tally(&running, "accepted");
    until("it goes on", SOON, || tally(&state(&server, &shop, &large), "accepted") > before + 100);
}
