//! Every limit on every way in: the record that breaks it is refused by the limit's name, and the
//! record beside it in the same batch is taken.
#![allow(clippy::unwrap_used)]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use candor_ingest::decode::{RefusalCode, mobile, records, upload, web};
use serde_json::{Map, Value as Json, json};

/// What one way in made of a good record and one that breaks a limit: how many were taken, and why
/// the other was not.
type Outcome = (usize, Vec<String>);

/// A record's content, in the words of no way in.
#[derive(Clone)]
enum Sent {
    Event(String, Json),
    Profile(Json),
}

fn by_api(bad: &Sent) -> Outcome {
    let record = |sent: &Sent| match sent {
        Sent::Event(name, properties) => {
            json!({"type": "event", "identity": "u", "name": name, "properties": properties})
        }
        Sent::Profile(traits) => json!({"type": "profile", "identity": "u", "set": traits}),
    };
    let body = json!({"records": [record(&good()), record(bad)]}).to_string();
    let decoded = records(body.as_bytes(), &|_| None).unwrap();
    let codes = decoded.refused.iter().map(|r| r.code.word().to_owned());
    (decoded.records.len(), codes.collect())
}

fn sdk(sent: &Sent) -> Json {
    match sent {
        Sent::Event(name, data) => json!({"type": "event", "evtName": name, "evtData": data}),
        Sent::Profile(traits) => json!({"type": "profile", "profile": traits}),
    }
}

fn by_phone(bad: &Sent) -> Outcome {
    let body = json!([{"type": "meta", "g": "__1"}, sdk(&good()), sdk(bad)]).to_string();
    let decoded = mobile(body.as_bytes()).unwrap();
    let codes = decoded.refused.iter().map(|r| r.code.word().to_owned());
    (decoded.records.len(), codes.collect())
}

/// One request of a page is one record; the good one is a request of its own.
fn by_page(bad: &Sent) -> Outcome {
    let (mut taken, mut refused) = (0, Vec::new());
    for sent in [&good(), bad] {
        let mut payload = sdk(sent);
        payload["id"] = json!("A");
        let query = [("d".to_owned(), plain_lzstring(&payload.to_string()))];
        let decoded = web(&query, &|_, _, _| None).unwrap().records("g");
        taken += decoded.records.len();
        refused.extend(decoded.refused.iter().map(|r| r.code.word().to_owned()));
    }
    (taken, refused)
}

fn by_server(bad: &Sent) -> Outcome {
    let record = |sent: &Sent| match sent {
        Sent::Event(name, data) => {
            json!({"type": "event", "identity": "u", "evtName": name, "evtData": data})
        }
        Sent::Profile(traits) => json!({"type": "profile", "identity": "u", "profileData": traits}),
    };
    let read = upload(json!({"d": [record(&good()), record(bad)]}).to_string().as_bytes()).unwrap();
    let named = |one: &candor_ingest::decode::Unprocessed| match one.error.as_str() {
        text if text.contains("names have at most 1024") => "name_too_long",
        text if text.contains("text values have at most 1024") => "value_too_long",
        text if text.contains("too many properties") => "too_many_properties",
        text if text.contains("at most 256 properties") => "too_many_properties",
        text if text.contains("nested at most 8 deep") => "too_deep",
        text => panic!("{} {text}", one.code),
    };
    (read.records.len(), read.unprocessed.iter().map(|one| named(one).to_owned()).collect())
}

/// LZString as the SDK writes a text in which no two units come together twice: each unit as a
/// literal the first time, and by its code afterwards.
fn plain_lzstring(text: &str) -> String {
    let (mut bits, mut codes) = (Vec::new(), std::collections::HashMap::new());
    let mut put = |value: u32, width: u32| bits.extend((0..width).map(|at| value >> at & 1 == 1));
    let (mut width, mut countdown, mut entries) = (2u32, 0u64, 0u32);
    for unit in text.encode_utf16() {
        let first = entries == 0;
        let mut added = u32::from(!first);
        match codes.get(&unit) {
            Some(code) => put(*code, width),
            None => {
                let wide = unit > 255;
                put(u32::from(wide), width);
                put(u32::from(unit), if wide { 16 } else { 8 });
                codes.insert(unit, entries + 3);
                added += 1;
            }
        }
        entries += added;
        if first {
            (width, countdown) = (3, 4);
            continue;
        }
        for _ in 0..added {
            countdown -= 1;
            if countdown == 0 {
                countdown = 1 << width;
                width += 1;
            }
        }
    }
    put(2, width);
    bits.resize(bits.len().next_multiple_of(16), false);
    let byte = |bits: &[bool]| bits.iter().fold(0u8, |byte, bit| byte << 1 | u8::from(*bit));
    STANDARD.encode(bits.chunks(8).map(byte).collect::<Vec<u8>>())
}

fn good() -> Sent {
    Sent::Event("kept".to_owned(), json!({"a": 1}))
}

fn nested(levels: usize) -> Json {
    (1..levels).fold(json!(1), |inner, _| json!({ "a": inner }))
}

fn wide(entries: usize) -> Json {
    Json::Object((0..entries).map(|n| (n.to_string(), json!(n))).collect::<Map<_, _>>())
}

#[test]
fn every_limit_holds_for_a_record_on_every_way_in() {
    let event = |data: Json| Sent::Event("e".to_owned(), data);
    let long = "\u{e4}".repeat(1025);
    let cases: Vec<(&str, Sent, Option<RefusalCode>)> = vec![
        ("event name", Sent::Event(long.clone(), json!({})), Some(RefusalCode::NameTooLong)),
        ("event key", event(json!({ long.clone(): 1 })), Some(RefusalCode::NameTooLong)),
        ("nested key", event(json!({"a": { long.clone(): 1 }})), Some(RefusalCode::NameTooLong)),
        ("event value", event(json!({"a": long.clone()})), Some(RefusalCode::ValueTooLong)),
        ("value in a list", event(json!({"a": [long.clone()]})), Some(RefusalCode::ValueTooLong)),
        ("depth 9", event(json!({"a": nested(9)})), Some(RefusalCode::TooDeep)),
        ("depth 100", event(json!({"a": nested(100)})), Some(RefusalCode::TooDeep)),
        ("257 keys", event(wide(257)), Some(RefusalCode::TooManyProperties)),
        ("nested keys", event(json!({"a": wide(4097)})), Some(RefusalCode::TooManyProperties)),
        ("trait name", Sent::Profile(json!({ long.clone(): 1 })), Some(RefusalCode::NameTooLong)),
        ("trait value", Sent::Profile(json!({"a": long})), Some(RefusalCode::ValueTooLong)),
        ("trait depth", Sent::Profile(json!({"a": nested(9)})), Some(RefusalCode::TooDeep)),
        ("257 traits", Sent::Profile(wide(257)), Some(RefusalCode::TooManyProperties)),
        // At the limit, each is taken.
        ("1024", Sent::Event("\u{e4}".repeat(1024), json!({"a": "\u{e4}".repeat(1024)})), None),
        ("depth 8", event(json!({"a": nested(8)})), None),
        ("256 keys", event(wide(256)), None),
        ("256 traits", Sent::Profile(wide(256)), None),
    ];
    type Way = (&'static str, fn(&Sent) -> Outcome);
    let ways: [Way; 4] =
        [("/api/v1/events", by_api), ("/a1", by_phone), ("/a", by_page), ("/1/upload", by_server)];
    for (what, sent, refused) in &cases {
        for (way, send) in ways {
            let expected = match refused {
                Some(code) => (1, vec![code.word().to_owned()]),
                None => (2, Vec::new()),
            };
            assert_eq!(send(sent), expected, "{what} by {way}");
        }
    }
}

#[test]
fn a_record_of_any_depth_is_refused_alone() {
    let deep = "[".repeat(50_000) + &"]".repeat(50_000);
    let body = format!(
        "{{\"records\":[{{\"type\":\"event\",\"identity\":\"u\",\"name\":\"kept\"}},\
         {{\"type\":\"event\",\"identity\":\"u\",\"name\":\"e\",\"properties\":{{\"a\":{deep}}}}}]}}"
    );
    let decoded = records(body.as_bytes(), &|_| None).unwrap();
    assert_eq!((decoded.records.len(), decoded.refused[0].code), (1, RefusalCode::TooDeep));
    let body = format!(
        "[{{\"type\":\"meta\",\"g\":\"__1\"}},{{\"type\":\"event\",\"evtName\":\"kept\"}},\
         {{\"type\":\"event\",\"evtName\":\"e\",\"evtData\":{{\"a\":{deep}}}}}]"
    );
    let decoded = mobile(body.as_bytes()).unwrap();
    assert_eq!((decoded.records.len(), decoded.refused[0].code), (1, RefusalCode::TooDeep));
    let body = format!(
        "{{\"d\":[{{\"type\":\"event\",\"identity\":\"u\",\"evtName\":\"kept\"}},\
         {{\"type\":\"event\",\"identity\":\"u\",\"evtName\":\"e\",\"evtData\":{{\"a\":{deep}}}}}]}}"
    );
    let read = upload(body.as_bytes()).unwrap();
    assert_eq!((read.records.len(), read.unprocessed[0].code), (1, 512));
    let payload = format!(
        "{{\"id\":\"A\",\"type\":\"event\",\"evtName\":\"e\",\"evtData\":{{\"a\":{deep}}}}}"
    );
    let query = [("d".to_owned(), plain_lzstring(&payload))];
    let decoded = web(&query, &|_, _, _| None).unwrap().records("g");
    assert_eq!((decoded.records.len(), decoded.refused[0].code), (0, RefusalCode::TooDeep));
}

#[test]
fn the_writer_of_this_test_writes_what_the_sdk_would() {
    let text = "{\"id\":\"A\",\"\u{e4}\u{4e8b}\":[1,2,2,2]}".repeat(40);
    let read = candor_ingest::lzstring::decompress(&plain_lzstring(&text), 1 << 20).unwrap();
    assert_eq!(read, text);
}
