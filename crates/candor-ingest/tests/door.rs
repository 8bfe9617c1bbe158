//! Promises of the way in, from a request to records that open again.
#![allow(clippy::unwrap_used)]

use candor_event::{
    ConsentChange, DataClass, Event, IdKind, PersonId, Properties, Purpose, Record, Timestamp,
    TraitOp, content,
};
use candor_ingest::decode::{RefusalCode, records};
use candor_ingest::gate::{Policy, Preset};
use candor_ingest::{Accepted, Door, Ids, Receipt, Request, open_frame};
use candor_keys::PublisherKeys;
use serde_json::{Value as Json, json};

const NOW: Timestamp = Timestamp(1_795_500_000_000);

struct Shop {
    keys: PublisherKeys,
    door: Door,
}

fn shop(preset: Preset) -> Shop {
    let keys = PublisherKeys::for_tests(1);
    let classes = vec![("plan".to_owned(), DataClass::Behaviour)];
    Shop { door: Door::new(keys.clone(), Policy::preset(preset), classes), keys }
}

impl Shop {
    fn send(&self, sent: &[Json]) -> (Receipt, Vec<Record>) {
        let body = json!({ "records": sent }).to_string();
        let decoded = records(body.as_bytes(), &|_| None).unwrap();
        let request = Request {
            now: NOW,
            event_age_max_ms: 365 * 86_400_000,
            repeats_remembered_max: 3,
            idempotency_key: None,
            derived: Vec::new(),
        };
        let mut frame = None;
        let append = |accepted: &mut Accepted| frame = accepted.frame.take();
        let receipt = self.door.accept(decoded.records, decoded.refused, &request, append).unwrap();
        let kept = frame.map_or_else(Vec::new, |frame| open_frame(&self.keys, &frame).unwrap());
        (receipt, kept)
    }

    fn say(&self, guid: &str, purpose: &str, yes: bool) -> PersonId {
        let change = ConsentChange {
            person: PersonId([0; 16]),
            at: NOW,
            purposes: [(Purpose::new(purpose).unwrap(), yes)].into(),
            notice: None,
            method: "banner".into(),
        };
        let ids = Ids { guid: Some(guid.into()), ..Ids::default() };
        self.door.consent(&ids, change, |_| {}).unwrap()
    }
}

fn event(guid: &str, properties: Json) -> Json {
    json!({"type": "event", "guid": guid, "name": "Viewed", "at": NOW.0, "properties": properties})
}

#[test]
fn what_was_changed_on_its_way_in_is_told_by_what_was_sent() {
    let shop = shop(Preset::Strict);
    shop.say("g1", "analytics", true);
    let print = |sent: Json| {
        let (_, kept) = shop.send(&[sent]);
        let event = kept.iter().find_map(|record| match record {
            Record::Event(event) => Some(event.fingerprint),
            _ => None,
        });
        event.unwrap()
    };
    let whole = json!({"plan": "gold"});
    assert_eq!(print(event("g1", whole)), Event::BY_CONTENT);
    let properties: Properties = [("Email", "a@b.test".into()), ("plan", "gold".into())].into();
    let mut bytes = Vec::new();
    let sent = properties.iter().map(|(name, value)| (&**name, value.into()));
    content(sent, 0, &mut bytes);
    let some = event("g1", json!({"plan": "gold", "Email": "a@b.test"}));
    assert_eq!(print(some), shop.keys.fingerprint(&bytes));
    let mut named = event("g1", json!({"plan": "gold"}));
    named["id"] = "mine".into();
    assert_eq!(print(named), shop.keys.fingerprint(b"id mine"));
}

#[test]
fn without_consent_nothing_is_kept_and_with_it_the_next_request_is() {
    let shop = shop(Preset::Strict);
    let (receipt, kept) = shop.send(&[event("g1", json!({"plan": "gold"}))]);
    assert_eq!(receipt.refused[0].code, RefusalCode::NoConsent);
    assert!(kept.is_empty(), "{kept:?}");
    shop.say("g1", "analytics", true);
    let sent = json!({"plan": "gold", "Email": "asha@example.test", "shoe": 42});
    let (receipt, kept) = shop.send(&[event("g1", sent)]);
    assert_eq!(receipt.accepted, 1);
    let stripped: Vec<_> = receipt.stripped.iter().map(|(_, s)| s.reason.word()).collect();
    assert_eq!(stripped, ["class_not_allowed", "unclassified"]);
    let events = kept.iter().filter_map(|record| match record {
        Record::Event(event) => {
            Some(event.properties.keys().map(|name| name.to_string()).collect::<Vec<_>>())
        }
        _ => None,
    });
    assert_eq!(events.collect::<Vec<_>>(), [["plan"]]);
    shop.say("g1", "analytics", false);
    assert!(shop.send(&[event("g1", json!({}))]).1.is_empty());
}

#[test]
fn nobody_can_send_what_consents_and_devices_are_shown_by() {
    let shop = shop(Preset::Open);
    let set = json!({"$consent:marketing:email": true, "guids": ["another's"], "plan": "gold"});
    let profile = json!({"type": "profile", "guid": "g1", "at": NOW.0, "set": set});
    let sent = json!({"$consent:analytics": true, "plan": "gold"});
    let (receipt, kept) = shop.send(&[profile, event("g1", sent)]);
    let stripped = receipt.stripped.iter().map(|(_, s)| (&*s.property, s.reason.word()));
    let expected = [
        ("$consent:marketing:email", "unclassified"),
        ("guids", "class_not_allowed"),
        ("$consent:analytics", "unclassified"),
    ];
    assert_eq!(stripped.collect::<Vec<_>>(), expected);
    let own = |op: &TraitOp| matches!(op, TraitOp::Add(guids) if guids == &["g1".into()]);
    for record in &kept {
        match record {
            Record::Trait(change) if &*change.property == "guids" => assert!(own(&change.op)),
            Record::Trait(change) => assert!(!change.property.starts_with('$'), "{change:?}"),
            Record::Event(event) => assert!(!event.properties.contains("$consent:analytics")),
            _ => {}
        }
    }
}

#[test]
fn a_consent_said_as_a_stranger_holds_after_the_log_in() {
    let shop = shop(Preset::Strict);
    shop.say("g1", "analytics", true);
    let login = json!({"type": "profile", "guid": "g1", "identity": "asha", "set": {"plan": "x"}});
    assert_eq!(shop.send(&[login]).0.accepted, 1);
    let by_name = json!({"type": "event", "identity": "asha", "name": "Viewed", "at": NOW.0});
    assert_eq!(shop.send(&[by_name]).0.accepted, 1);
    // A second device joins the same person; what was said holds there too.
    let login = json!({"type": "profile", "guid": "g2", "identity": "asha", "set": {"plan": "y"}});
    let (receipt, kept) = shop.send(&[login]);
    assert_eq!(receipt.accepted, 1);
    assert!(kept.iter().any(|record| matches!(record, Record::Merge(_))), "{kept:?}");
    assert_eq!(shop.send(&[event("g2", json!({}))]).0.accepted, 1);
}

#[test]
fn consent_and_opt_out_by_the_sdk_are_consent_changes() {
    let shop = shop(Preset::Strict);
    let profile = |set: Json| json!({"type": "profile", "guid": "g1", "set": set});
    let yes = profile(json!({"ct_consent": {"analytics": true, "marketing_email": true}}));
    let (receipt, kept) = shop.send(&[yes]);
    assert_eq!(receipt.accepted, 1);
    assert!(kept.iter().any(|record| matches!(record, Record::Consent(_))));
    assert_eq!(shop.send(&[event("g1", json!({}))]).0.accepted, 1);
    let (receipt, kept) = shop.send(&[profile(json!({"ct_optout": true, "plan": "gold"}))]);
    assert_eq!((receipt.accepted, receipt.stripped.len()), (1, 1));
    assert!(kept.iter().all(|record| matches!(record, Record::Consent(_))), "{kept:?}");
    assert!(shop.send(&[event("g1", json!({}))]).1.is_empty());
    // An opt-in alone grants nothing.
    shop.send(&[profile(json!({"ct_optout": false}))]);
    assert!(shop.send(&[event("g1", json!({}))]).1.is_empty());
}

#[test]
fn what_the_log_did_not_take_goes_with_the_next_request() {
    let shop = shop(Preset::Open);
    let login = json!({"type": "profile", "guid": "g1", "identity": "asha", "set": {"plan": "x"}});
    let (_, kept) = shop.send(&[login]);
    let joins: Vec<Record> =
        kept.iter().filter(|record| matches!(record, Record::Link(_))).cloned().collect();
    assert!(!joins.is_empty());
    shop.door.not_kept(joins.clone(), &[]);
    let (_, kept) = shop.send(&[event("g1", json!({}))]);
    assert_eq!(kept[..joins.len()], joins);
    let (_, kept) = shop.send(&[event("g1", json!({}))]);
    assert!(!kept.iter().any(|record| matches!(record, Record::Link(_))));
}

#[test]
fn a_push_token_belongs_to_whoever_had_it_last_however_it_was_said() {
    let shop = shop(Preset::Open);
    let profile = |identity: &str, how: &str| json!({"type": "profile", "identity": identity, how: {"push_token": ["t1"]}});
    shop.send(&[profile("ann", "set")]);
    for how in ["set", "add"] {
        let (_, kept) = shop.send(&[profile(&format!("next by {how}"), how)]);
        let taken = kept.iter().filter(|record| match record {
            Record::Trait(change) => change.op == TraitOp::Remove(vec!["t1".into()]),
            _ => false,
        });
        assert_eq!(taken.count(), 1, "{how}: {kept:?}");
    }
}

#[test]
fn times_are_bounded_and_an_id_without_a_time_keeps_its_first() {
    let shop = shop(Preset::Open);
    let at = |at: i64| json!({"type": "event", "guid": "g1", "name": "Viewed", "at": at});
    let old = NOW.0 - 366 * 86_400_000;
    assert_eq!(shop.send(&[at(old)]).0.refused[0].code, RefusalCode::TooOld);
    let time = |kept: &[Record]| {
        let events = kept.iter().filter_map(|record| match record {
            Record::Event(event) => Some((event.occurred_at, event.fingerprint)),
            _ => None,
        });
        events.collect::<Vec<_>>()
    };
    assert_eq!(time(&shop.send(&[at(NOW.0 + 2 * 86_400_000)]).1)[0].0, NOW);
    let with_id = json!({"type": "event", "guid": "g1", "name": "Viewed", "id": "r1"});
    let twice =
        (time(&shop.send(std::slice::from_ref(&with_id)).1), time(&shop.send(&[with_id]).1));
    assert_eq!(twice.0, twice.1);
}

#[test]
fn an_erased_person_is_a_stranger_again() {
    let shop = shop(Preset::Strict);
    let person = shop.say("g1", "analytics", true);
    shop.door.record(vec![Record::Erase { person, at: NOW }], |_| {}).unwrap();
    assert_eq!(shop.send(&[event("g1", json!({}))]).0.refused[0].code, RefusalCode::NoConsent);
    let ids = Ids { guid: Some("g1".into()), ..Ids::default() };
    let derived = shop.keys.person_id(IdKind::Guid, "g1");
    assert_eq!(shop.door.resolve(&ids), Some(derived));
}

#[test]
fn a_repeat_of_what_may_still_get_lost_waits_and_of_what_got_lost_is_the_first() {
    let shop = shop(Preset::Open);
    let send = || {
        let body = json!({"records": [
            {"type": "profile", "guid": "g1", "id": "p1", "increment": {"visits": 1}},
        ]});
        let decoded = records(body.to_string().as_bytes(), &|_| None).unwrap();
        let request = Request {
            now: NOW,
            event_age_max_ms: 1,
            repeats_remembered_max: 3,
            idempotency_key: None,
            derived: Vec::new(),
        };
        let mut firsts = None;
        let append = |accepted: &mut Accepted| {
            firsts = accepted.frame.take().map(|_| std::mem::take(&mut accepted.firsts));
        };
        let receipt = shop.door.accept(decoded.records, decoded.refused, &request, append);
        receipt.map(|receipt| (receipt.accepted, firsts))
    };
    let (accepted, firsts) = send().unwrap();
    let firsts = firsts.unwrap();
    assert_eq!((accepted, firsts.len()), (1, 1));
    assert!(matches!(send(), Err(candor_ingest::Error::Overloaded)), "it is on its way to the log");
    shop.door.not_kept(Vec::new(), &firsts);
    let (accepted, firsts) = send().unwrap();
    assert!(accepted == 1 && firsts.is_some(), "the first one got lost");
    shop.door.kept(&firsts.unwrap());
    let (accepted, firsts) = send().unwrap();
    assert!(accepted == 1 && firsts.is_none(), "accepted, and nothing is to be kept of it");
}

#[test]
fn who_is_who_changes_within_a_request_and_the_policy_between_two() {
    let shop = shop(Preset::Open);
    let known = json!({"type": "profile", "identity": "asha", "at": NOW.0, "set": {}});
    shop.send(&[known]);
    let asha = shop.door.linked(IdKind::Identity, "asha").unwrap();
    let log_in =
        json!({"type": "profile", "guid": "g2", "identity": "asha", "at": NOW.0, "set": {}});
    let (_, kept) = shop.send(&[event("g2", json!({})), log_in, event("g2", json!({"plan": "a"}))]);
    let people: Vec<PersonId> = kept
        .iter()
        .filter_map(|record| match record {
            Record::Event(event) => Some(event.person),
            _ => None,
        })
        .collect();
    assert_eq!(people.len(), 2);
    assert_ne!(people[0], asha, "a stranger then");
    assert_eq!(people[1], asha, "who logged in a record before");
    for (preset, accepted) in [(Preset::Strict, 0), (Preset::Open, 1), (Preset::Strict, 0)] {
        shop.door.set_policy(Policy::preset(preset), Vec::new());
        let (receipt, _) = shop.send(&[event("g9", json!({"plan": accepted}))]);
        assert_eq!(receipt.accepted, accepted, "of somebody who said nothing");
    }
}
