//! No bytes from outside make a decoder fail in another way than by refusing.
#![allow(clippy::unwrap_used)]

use candor_ingest::decode::{Sender, mobile, records, sdk_record, upload, web};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

fn any_json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<f64>().prop_map(Json::from),
        ".{0,20}".prop_map(Json::from),
    ];
    leaf.prop_recursive(10, 64, 4, |inner| {
        let names = prop_oneof![
            prop::sample::select(vec![
                "type",
                "g",
                "evtName",
                "evtData",
                "profile",
                "ep",
                "s",
                "$add",
                "$incr",
                "data",
                "endpoint",
                "cpg",
                "records",
                "ct_optout",
                "ct_consent",
                "id",
                "action",
            ])
            .prop_map(str::to_owned),
            ".{0,5}",
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            prop::collection::hash_map(names, inner, 0..5)
                .prop_map(|map| Json::Object(map.into_iter().collect())),
        ]
    })
}

fn typed(mut record: Json, kind: &str) -> Json {
    if let Json::Object(fields) = &mut record {
        fields.insert("type".into(), json!(kind));
        fields.entry("evtName").or_insert(json!("x"));
    }
    record
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = mobile(&bytes);
        let _ = upload(&bytes);
        let _ = records(&bytes, &|_| None);
    }

    #[test]
    fn any_query_is_read_or_refused(pairs in prop::collection::vec(("(d|g|gc|rn|i|s)", ".{0,40}"), 0..6)) {
        if let Ok(request) = web(&pairs, &|_, _, _| None) {
            request.records("g");
        }
    }

    #[test]
    fn any_json_is_read_or_refused(
        record in any_json(),
        kind in prop::sample::select(vec!["event", "profile", "page", "data", "ping", "meta"]),
    ) {
        let sender = Sender { guid: "g".into(), ..Sender::default() };
        let record = typed(record, kind);
        let _ = sdk_record(0, &record, &sender);
        let body = json!([{"type": "meta", "g": "__1"}, record.clone()]).to_string();
        prop_assert!(mobile(body.as_bytes()).is_ok());
        let body = json!({"d": [record.clone()]}).to_string();
        prop_assert!(upload(body.as_bytes()).is_ok());
        let _ = records(json!({"records": [record]}).to_string().as_bytes(), &|_| None);
    }
}

#[test]
fn limits_hold_for_a_record_and_not_for_its_batch() {
    let deep = (0..20).fold(json!(1), |inner, _| json!({ "a": inner }));
    let body = json!([
        {"type": "meta", "g": "__1"},
        {"type": "event", "evtName": "kept", "ep": 1},
        {"type": "event", "evtName": "x".repeat(2000), "ep": 1},
        {"type": "event", "evtName": "deep", "evtData": {"a": deep}},
        {"type": "event", "evtName": "wide", "evtData": (0..300).map(|n| (n.to_string(), json!(n)))
            .collect::<serde_json::Map<_, _>>()},
    ]);
    let decoded = mobile(body.to_string().as_bytes()).unwrap();
    assert_eq!(decoded.records.len(), 1);
    let codes: Vec<_> = decoded.refused.iter().map(|r| (r.index, r.code.word())).collect();
    assert_eq!(codes, [(1, "name_too_long"), (2, "too_deep"), (3, "too_many_properties")]);
}

#[test]
fn uploads_are_refused_with_the_codes_that_clients_match_on() {
    let profile = |data: Json| json!({"type": "profile", "identity": "u", "profileData": data});
    for (record, code) in [
        (profile(json!({"Email": "no address"})), 515),
        (profile(json!({"Phone": "letters"})), 516),
        (profile(json!({"Employed": "maybe"})), 517),
        (profile(json!({"Education": "x"})), 518),
        (profile(json!({"Married": true})), 519),
        (profile(json!({"Age": "old"})), 520),
        (profile(json!({"Gender": 7})), 514),
        (json!({"type": "event", "identity": "u"}), 509),
        (json!({"type": "event", "identity": "u", "evtName": "x", "evtData": []}), 512),
        (json!({"type": "event", "identity": "u", "evtName": "App Launched"}), 513),
        (json!({"type": "event", "evtName": "x"}), 523),
        (json!({"identity": "u"}), 524),
        (json!({"type": "event", "identity": "u", "evtName": "x", "ts": 0}), 525),
        (json!({"type": "token", "identity": "u"}), 530),
        (json!({"type": "token", "objectId": "g"}), 531),
        (json!({"type": "token", "objectId": "g", "tokenData": {"type": "fcm"}}), 532),
        (json!({"type": "token", "objectId": "g", "tokenData": {"id": "t"}}), 533),
        (json!({"type": "token", "objectId": "g", "tokenData": {"id": "t", "type": "x"}}), 534),
    ] {
        let read = upload(json!({"d": [record]}).to_string().as_bytes()).unwrap();
        assert_eq!(read.unprocessed.first().map(|one| one.code), Some(code), "{record}");
    }
}
