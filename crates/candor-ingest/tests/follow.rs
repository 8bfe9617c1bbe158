//! Whoever follows the log has what the doors took in: from them, or out of the log.
#![allow(clippy::unwrap_used)]

use std::collections::HashMap;
use std::io::Cursor;
use std::sync::Arc;

use candor_event::{AccountId, DataClass, Record, SystemClock, Timestamp};
use candor_ingest::decode::{Roles, records};
use candor_ingest::gate::{Policy, Preset};
use candor_ingest::{Accepted, Door, FrameOpener, Home, Request, read};
use candor_keys::PublisherKeys;
use candor_log::{Log, MemoryLog, Offset};
use candor_store::{Store, TableReader};
use serde_json::json;

struct House {
    log: Arc<MemoryLog>,
    door: Arc<Door>,
    keys: PublisherKeys,
}

fn house() -> House {
    let keys = PublisherKeys::for_tests(1);
    let classes = vec![("Email".to_owned(), DataClass::Contact)];
    let door = Arc::new(Door::new(keys.clone(), Policy::preset(Preset::Open), classes));
    House { log: Arc::default(), door, keys }
}

impl House {
    /// Sends somebody's event and profile; hands over what the log took where it is told to.
    fn send(&self, who: u64, hands_over: bool) {
        let properties = json!({"price": 1.5, "Email": "a@b.test", "item": format!("sku-{who}"),
                                "nested": {"deep": [1, true, "x"]}, "n": 7});
        let body = json!({"records": [
            {"type": "event", "guid": format!("g{who}"), "name": "Seen", "at": 1_795_500_000_000_u64,
             "properties": properties},
            {"type": "profile", "guid": format!("g{who}"), "identity": format!("i{who}"),
             "set": {"Name": "Asha", "tags": ["a", "b"]}, "increment": {"visits": 1}},
        ]});
        let decoded = records(body.to_string().as_bytes(), &|_| None).unwrap();
        assert!(decoded.refused.is_empty(), "{:?}", decoded.refused);
        let request = Request {
            now: Timestamp(1_795_500_000_500),
            event_age_max_ms: 365 * 86_400_000,
            ..Request::default()
        };
        let append = |accepted: &mut Accepted| self.append(accepted, hands_over);
        self.door.accept(decoded.records, Vec::new(), &request, append).unwrap();
    }

    /// Sends a table of what some people did as a sheet, and hands it over.
    fn send_table(&self) {
        let row = |n: u32| format!("i{},Seen,{},{n},red\n", n % 7, 1_795_400_000 + n);
        let table =
            (0..50).map(row).fold("identity,event,time,n,colour\n".to_owned(), |a, b| a + &b);
        let mut reader = TableReader::csv("t", Cursor::new(table)).unwrap();
        let roles = Roles::default();
        let mut sheets = roles.sheets(&roles.columns(reader.columns()).unwrap()).unwrap();
        let piece = reader.next_piece().unwrap().unwrap();
        assert!(!sheets.read(&piece, 0..piece.rows(), &|_| None).contains(&true));
        let request = Request {
            now: Timestamp(1_795_500_000_500),
            event_age_max_ms: 365 * 86_400_000,
            ..Request::default()
        };
        let append = |accepted: &mut Accepted| self.append(accepted, true);
        let (receipt, others) = self.door.accept_sheet(sheets.sheet(), &request, append).unwrap();
        assert_eq!((receipt.accepted, others.len()), (50, 0));
    }

    fn append(&self, accepted: &mut Accepted, hands_over: bool) {
        let (parcel, door) = (accepted.parcel.take(), self.door.clone());
        let done = move |result: Result<candor_log::Appended, candor_log::Error>| {
            if let (Some(parcel), true) = (parcel, hands_over) {
                door.hand_over(result.unwrap().at, parcel);
            }
        };
        self.log.append(accepted.frame.take().unwrap(), Box::new(done));
    }

    /// All that is read from an offset on by who opens with some keys; none where it cannot.
    fn follow(&self, from: Offset, keys: &PublisherKeys) -> Option<(Vec<Record>, Offset)> {
        let opener = Arc::new(FrameOpener::new(keys.clone()));
        let store = Arc::new(Store::in_memory(1, Arc::new(SystemClock)));
        let home = Home::new(&self.door, opener, store);
        let homes: HashMap<AccountId, Home> = [(self.keys.account().clone(), home)].into();
        let step = read(self.log.as_ref(), from, || homes, 2).ok()?;
        Some((step.unapplied.into_values().flatten().flatten().collect(), step.next))
    }
}

#[test]
fn what_a_door_hands_over_is_what_the_log_says() {
    let house = house();
    (0..40).for_each(|who| house.send(who, true));
    house.send_table();
    // Whoever has these cannot open a thing.
    let blind = PublisherKeys::for_tests(2);
    let (handed, next) = house.follow(Offset(0), &blind).unwrap();
    assert_eq!(next, house.log.end());
    assert!(house.follow(Offset(0), &blind).is_none(), "it is handed over once");
    let (opened, _) = house.follow(Offset(0), &house.keys).unwrap();
    assert_eq!(handed, opened);
    assert_eq!(handed.iter().filter(|record| matches!(record, Record::Event(_))).count(), 40);
    assert_eq!(handed.iter().filter(|record| matches!(record, Record::Sheet(_))).count(), 1);
}

#[test]
fn frames_that_nobody_handed_over_are_opened_between_the_others() {
    let house = house();
    (0..60).for_each(|who| house.send(who, who % 3 != 1));
    let (mixed, _) = house.follow(Offset(0), &house.keys).unwrap();
    let (opened, _) = house.follow(Offset(0), &house.keys).unwrap();
    assert_eq!(mixed, opened);
}
