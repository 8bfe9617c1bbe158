//! Whatever is sent, the short way and the long way read the same.

use proptest::prelude::*;

use super::super::records::{in_full, records};
use super::*;

fn time(text: &str) -> Option<Timestamp> {
    text.strip_suffix('Z').map(|text| Timestamp(text.len() as i64))
}

fn check(body: &[u8]) {
    let shown = String::from_utf8_lossy(body);
    assert_eq!(records(body, &time), in_full(body, &time), "{shown}");
}

/// Whether a record is read the short way, to its end.
fn is_usual(record: &str) -> bool {
    let scan = Scan::new(record);
    let mut reading = Reading { scan, texts: Texts::new(), parse_time: &time };
    reading.record(0).is_some() && reading.scan.peek().is_none()
}

/// Records of every kind, between which the mutated ones lie.
const RECORDS: [&str; 6] = [
    r#"{"type":"event","identity":"u1","name":"Viewed","at":"2026-11-24T10:00:00Z","properties":
       {"b":12.5,"a":"x","gone":null,"list":[1,null,{"k":true}],"o":{"z":{},"y":-3}}}"#,
    r#"{"type":"event","guid":"g","id":"r-1","name":"\u00c4pfel \"4\"","at":1795500000}"#,
    r#"{"type":"profile","identity":7,"guid":null,"set":{"plan":"gold","old":false}}"#,
    r#"{"type":"profile","identity":"u","set":null,"unset":["x"],"add":{"tags":"a"},
       "remove":{"tags":["b"]},"increment":{"visits":2}}"#,
    r#"{ "name" : "n" , "identity" : "u" , "type" : "event" , "properties" : { } , "at" : null }"#,
    r#"{"type":"event","identity":"u","name":"n","properties":{"a":1e3,"b":18446744073709551615}}"#,
];

fn body_of(records: &[&str]) -> String {
    format!("{{\"records\":[{}]}}", records.join(","))
}

#[test]
fn what_senders_send_is_read_the_short_way() {
    for (place, record) in RECORDS.iter().enumerate() {
        // What is unset or counted up is rare.
        assert_eq!(is_usual(record), place != 3, "{record}");
    }
    check(body_of(&RECORDS).as_bytes());
    assert!(super::records(b"{\"records\":[]}", &time).is_some());
}

#[test]
fn fields_that_stand_twice_or_are_wrong_are_read_the_same() {
    let fields = [
        "\"type\":\"event\"",
        "\"type\":null",
        "\"type\":\"page\"",
        "\"name\":null",
        "\"name\":\"\"",
        "\"name\":3",
        "\"identity\":null",
        "\"identity\":\"\"",
        "\"identity\":-0",
        "\"identity\":1.50",
        "\"identity\":{}",
        "\"guid\":1e2",
        "\"id\":\"\"",
        "\"id\":null",
        "\"id\":4",
        "\"at\":-1",
        "\"at\":\"never\"",
        "\"at\":1.5",
        "\"at\":[]",
        "\"at\":100000000000",
        "\"at\":99999999999",
        "\"properties\":null",
        "\"properties\":[]",
        "\"properties\":{\"a\":1,\"a\":null}",
        "\"properties\":{\"a\":null,\"a\":2}",
        "\"properties\":{\"a\":{\"b\":1,\"b\":2}}",
        "\"set\":null",
        "\"set\":{\"a\":1}",
        "\"unset\":null",
        "\"colour\":null",
        "\"\\u0061t\":5",
    ];
    for first in fields {
        for second in fields {
            let event = format!(
                "{{\"type\":\"event\",\"identity\":\"u\",\"name\":\"n\",{first},{second}}}"
            );
            let profile = format!("{{{first},{second},\"type\":\"profile\",\"guid\":\"g\"}}");
            check(body_of(&[RECORDS[0], &event, &profile, RECORDS[1]]).as_bytes());
        }
    }
}

#[test]
fn limits_are_the_same() {
    let of = |properties: &str| {
        let head = r#"{"type":"event","identity":"u","name":"n","properties":"#;
        check(body_of(&[RECORDS[0], &format!("{head}{properties}}}"), RECORDS[1]]).as_bytes());
    };
    for length in [1024, 1025] {
        of(&format!("{{\"a\":\"{}\"}}", "ä".repeat(length)));
        of(&format!("{{\"{}\":1}}", "x".repeat(length)));
        of(&format!("{{\"a\":{{\"{}\":1}}}}", "x".repeat(length)));
    }
    for depth in 7..20 {
        of(&format!("{{\"a\":{}null{}}}", "[".repeat(depth), "]".repeat(depth)));
        of(&format!("{{\"a\":{}1{}}}", "{\"b\":".repeat(depth), "}".repeat(depth)));
    }
    of(&format!("{{\"a\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000)));
    for count in [256, 257, 4096, 4097] {
        let entries: Vec<String> = (0..count).map(|n| format!("\"k{n}\":{n}")).collect();
        of(&format!("{{{}}}", entries.join(",")));
        of(&format!("{{\"a\":{{{}}}}}", entries.join(",")));
        of(&format!("{{\"a\":[{}]}}", vec!["null"; count].join(",")));
    }
    for count in [999, 1000, 1001] {
        check(body_of(&vec!["3"; count]).as_bytes());
        check(body_of(&vec![RECORDS[1]; count]).as_bytes());
    }
    for id in [64, 65] {
        let id = "x".repeat(id);
        check(
            body_of(&[&format!("{{\"id\":\"{id}\",\"type\":\"profile\",\"guid\":1}}")]).as_bytes(),
        );
    }
}

/// Pieces that mean something to a reader of JSON.
const PIECES: [&str; 24] = [
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\\",
    "\\u00e4",
    "\\ud800",
    "null",
    "true",
    "0",
    "-",
    "1e5",
    ".5",
    " ",
    "\n",
    "\u{1}",
    "ä",
    "\"type\"",
    "\"at\":",
    "\"properties\":{",
    "\"records\":[",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn mutated_bodies_are_read_the_same(
        picked in prop::collection::vec(prop::sample::select(RECORDS.to_vec()), 0..4),
        changes in prop::collection::vec(
            (any::<prop::sample::Index>(), prop::sample::select(PIECES.to_vec()), 0..4usize),
            0..4,
        ),
        cut in prop::option::weighted(0.2, any::<prop::sample::Index>()),
        byte in prop::option::weighted(0.1, any::<u8>()),
    ) {
        let mut body = body_of(&picked).into_bytes();
        for (place, piece, without) in changes {
            let place = place.index(body.len());
            let end = (place + without).min(body.len());
            body.splice(place..end, piece.bytes());
        }
        if let Some(cut) = cut {
            body.truncate(cut.index(body.len()));
        }
        body.extend(byte);
        check(&body);
    }
}
