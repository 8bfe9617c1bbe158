use candor_event::Value;

use super::*;
use crate::decode::Body;
use crate::who::Ids;

const AT: Timestamp = Timestamp(1_644_606_091_000);

fn read(product: Product, event: Option<&str>, line: &str) -> Result<Incoming, Refusal> {
    let clocks =
        Clocks { instant: &|_| None, wall: &|number| (number == 20_220_212_004_131).then_some(AT) };
    let elsewhere = Elsewhere { product, event: event.map(Arc::from) };
    elsewhere.line(3, line.as_bytes(), clocks)
}

fn ids(identity: &str, guid: &str) -> Ids {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Ids { identity: some(identity), guid: some(guid), ..Ids::default() }
}

/// The event of a line: who, name and properties, as JSON.
fn event(product: Product, line: &str) -> (Ids, String, Json) {
    let record = read(product, None, line).unwrap();
    let Body::Event { name, properties } = record.body else { panic!("{:?}", record.body) };
    (record.ids, name.to_string(), serde_json::to_value(properties).unwrap())
}

fn traits(product: Product, line: &str) -> (Ids, Vec<(String, TraitOp)>) {
    let record = read(product, None, line).unwrap();
    let Body::Profile(changes) = record.body else { panic!("{:?}", record.body) };
    (record.ids, changes.into_iter().map(|(name, op)| (name.to_string(), op)).collect())
}

fn refused(product: Product, line: &str) -> (&'static str, String) {
    let (code, message) = read(product, None, line).unwrap_err();
    (code.word(), message)
}

#[test]
fn an_event_that_clevertap_exported_to_cloud_storage_is_read() {
    let line = r#"{"ts": 20220212004131, "eventName": "App Launched",
        "profile": {"identity": "u1", "objectId": "__g1", "all_identities": ["u1"],
            "platform": "Android", "name": "Asha", "push_token": "fcm:x:y"},
        "deviceInfo": {"make": "samsung", "model": "SM-G781B", "appVersion": "4.3.0",
            "sdkVersion": "40300", "osVersion": "12", "browser": "MobileApp", "dpi": 480,
            "dimensions": {"width": 47, "height": 115, "unit": "mm"}},
        "eventProps": {"CT Network Carrier": "airtel", "CT Source": "Mobile",
            "CT OS Version": "12", "CT SDK Version": 40300, "CT Session Id": 1644606691,
            "CT App Version": "4.3.0", "plan": "gold", "gone": null}}"#;
    let expected = serde_json::json!({
        "Carrier": "airtel", "CT Source": "Mobile", "OS Version": "12", "SDK Version": 40300,
        "session": 1_644_606_691, "Version": "4.3.0", "plan": "gold", "Make": "samsung",
        "Model": "SM-G781B", "browser": "MobileApp", "dpi": 480, "wdt": 47, "hgt": 115,
        "OS": "Android",
    });
    assert_eq!(
        event(Product::CleverTap, line),
        (ids("u1", "__g1"), "App Launched".into(), expected)
    );
    let record = read(Product::CleverTap, None, line).unwrap();
    assert_eq!((record.at, record.index), (Some(AT), 3));
}

#[test]
fn a_record_of_clevertaps_event_pages_is_read_with_the_name_that_was_asked_for() {
    let line = r#"{"profile": {"objectId": "__g2", "platform": "iOS", "email": "a@example.test"},
        "ts": "20220212004131", "event_props": {"Amount": 300, "Items": [{"sku": "s"}]},
        "session_props": {"utm_source": "google", "session_referrer": "r"}}"#;
    let (code, message) = refused(Product::CleverTap, line);
    assert!(code == "bad_record" && message.contains("--event"), "{message}");
    let record = read(Product::CleverTap, Some("Charged"), line).unwrap();
    assert_eq!((record.ids, record.at), (ids("", "__g2"), Some(AT)));
    let Body::Event { name, properties } = record.body else { panic!("it is an event") };
    assert_eq!(&*name, "Charged");
    let expected = serde_json::json!({"Amount": 300, "Items": [{"sku": "s"}], "OS": "iOS",
        "utm_source": "google", "referrer": "r"});
    assert_eq!(serde_json::to_value(properties).unwrap(), expected);
}

#[test]
fn a_profile_of_clevertap_is_read_with_its_devices() {
    let line = r#"{"identity": 5555555555, "name": "Asha", "email": "a@example.test",
        "phone": 914155551234, "profileData": {"Customer Type": "Gold", "Since": "$D_1430000000"},
        "events": {"App Launched": {"count": 10, "first_seen": 1, "last_seen": 2}},
        "platformInfo": [{"platform": "iOS", "os_version": "10.2", "app_version": "6.1.3",
            "make": "Apple", "model": "iPhone7,2", "push_token": "apns:95f9", "objectId": "-1a"},
            {"platform": "Android", "push_token": "fcm:q:r", "objectId": "-2b"}]}"#;
    let set = |name: &str, value: Value| (name.to_owned(), TraitOp::Set(value));
    let tokens = TraitOp::Add(vec!["95f9".into(), "q:r".into()]);
    let expected = vec![
        set("Customer Type", "Gold".into()),
        set("Email", "a@example.test".into()),
        set("Make", "Apple".into()),
        set("Model", "iPhone7,2".into()),
        set("Name", "Asha".into()),
        set("OS", "iOS".into()),
        set("OS Version", "10.2".into()),
        set("Phone", Value::Integer(914_155_551_234)),
        set("Since", "$D_1430000000".into()),
        set("Version", "6.1.3".into()),
        ("push_token".to_owned(), tokens),
    ];
    assert_eq!(traits(Product::CleverTap, line), (ids("5555555555", "-1a"), expected));
}

#[test]
fn who_did_it_is_told_as_clevertap_tells_it() {
    let who = |profile: &str| {
        let line = format!(r#"{{"ts":1644606691,"eventName":"n","profile":{profile}}}"#);
        read(Product::CleverTap, None, &line)
            .map(|record| record.ids)
            .map_err(|(code, _)| code.word())
    };
    // Several identities of one person in one text.
    let several = r#"{"identity":"6102,645","all_identities":["6102","d@example.test","645"]}"#;
    assert_eq!(who(several), Ok(ids("6102", "")));
    let one = r#"{"identity":"Doe, John","all_identities":["Doe, John"]}"#;
    assert_eq!(who(one), Ok(ids("Doe, John", "")));
    assert_eq!(who(r#"{"email":"d@example.test","phone":1}"#), Ok(ids("d@example.test", "")));
    assert_eq!(who(r#"{"phone":919930079420}"#), Ok(ids("919930079420", "")));
    assert_eq!(who(r#"{"all_identities":["x"]}"#), Ok(ids("x", "")));
    assert_eq!(who(r#"{"platform":"Web"}"#), Err("missing_identity"));
}

#[test]
fn an_event_of_mixpanels_raw_export_is_read() {
    let line = r#"{"event": "Signed up", "properties": {"time": 1644606691,
        "distinct_id": "91304156-cafc", "$insert_id": "29fc2962-6d9c-455d-95ad-95b84f09b9e4",
        "$os": "iOS", "$os_version": "15.1", "$app_version_string": "2.4", "$manufacturer": "Apple",
        "$model": "iPhone13,2", "mp_country_code": "IN", "$city": "Pune", "mp_lib": "iphone",
        "$lib_version": "3.1", "mp_processing_time_ms": 1644606692123, "$import": true,
        "$mp_api_endpoint": "api.mixpanel.com", "Referred by": "Friend"}}"#;
    let expected = serde_json::json!({
        "OS": "iOS", "OS Version": "15.1", "Version": "2.4", "Make": "Apple",
        "Model": "iPhone13,2", "country": "IN", "$city": "Pune", "lib": "iphone",
        "SDK Version": "3.1", "Referred by": "Friend",
    });
    assert_eq!(
        event(Product::Mixpanel, line),
        (ids("91304156-cafc", ""), "Signed up".into(), expected)
    );
    let record = read(Product::Mixpanel, None, line).unwrap();
    assert_eq!(record.at, Some(Timestamp(1_644_606_691_000)));
    assert_eq!(record.id.as_deref(), Some("29fc2962-6d9c-455d-95ad-95b84f09b9e4"));
}

#[test]
fn who_did_it_is_told_as_mixpanel_tells_it() {
    let who = |properties: &str| {
        let line = format!(r#"{{"event":"n","properties":{{"time":1,{properties}}}}}"#);
        read(Product::Mixpanel, None, &line)
            .map(|record| record.ids)
            .map_err(|(code, _)| code.word())
    };
    assert_eq!(who(r#""distinct_id":"$device:d1""#), Ok(ids("", "d1")));
    assert_eq!(who(r#""distinct_id":"$device:d1","$device_id":"d1""#), Ok(ids("", "d1")));
    assert_eq!(who(r#""distinct_id":"d1","$device_id":"d1""#), Ok(ids("", "d1")));
    assert_eq!(who(r#""distinct_id":"u1","$device_id":"d1""#), Ok(ids("u1", "d1")));
    let both = r#""distinct_id":"$device:d1","$device_id":"d1","$user_id":"u1""#;
    assert_eq!(who(both), Ok(ids("u1", "d1")));
    assert_eq!(who(r#""$device_id":"""#), Err("missing_identity"));
    let identify = r#"{"event":"$identify","properties":{"time":1,"distinct_id":"u1",
        "$identified_id":"u1","$anon_id":"d1","$insert_id":"x"}}"#;
    assert_eq!(traits(Product::Mixpanel, identify), (ids("u1", "d1"), vec![]));
}

#[test]
fn a_profile_of_mixpanel_is_read() {
    let line = r#"{"$distinct_id": "u1", "$properties": {"$created": "2008-12-12T11:20:47",
        "$email": "a@example.test", "$name": "Asha", "$last_seen": "2008-06-09T23:08:40",
        "$city": "Pune", "plan": "gold"}}"#;
    let set = |name: &str, value: &str| (name.to_owned(), TraitOp::Set(value.into()));
    let expected = vec![
        set("$city", "Pune"),
        set("$created", "2008-12-12T11:20:47"),
        set("$last_seen", "2008-06-09T23:08:40"),
        set("Email", "a@example.test"),
        set("Name", "Asha"),
        set("plan", "gold"),
    ];
    assert_eq!(traits(Product::Mixpanel, line), (ids("u1", ""), expected));
}

#[test]
fn a_line_that_is_no_record_says_why() {
    let said = |product, line: &str| refused(product, line).1;
    for product in [Product::CleverTap, Product::Mixpanel] {
        assert_eq!(refused(product, "{").0, "bad_record");
        assert_eq!(refused(product, "[]").0, "bad_record");
        assert!(said(product, r#"{"results":[]}"#).contains("line by line"));
    }
    assert!(said(Product::CleverTap, r#"{"status":"success","records":[]}"#).contains("records"));
    let line = r#"{"ts":20221399000000,"eventName":"n","profile":{"identity":"u"}}"#;
    assert_eq!(refused(Product::CleverTap, line).0, "bad_time");
    assert_eq!(refused(Product::Mixpanel, r#"{"event":"n"}"#).0, "bad_record");
    let join = r#"{"event":"$merge","properties":{"$distinct_ids":["a","b"]}}"#;
    assert_eq!(refused(Product::Mixpanel, join).0, "bad_record");
    let long = format!(r#"{{"event":"n","properties":{{"distinct_id":"{}"}}}}"#, "x".repeat(1025));
    assert_eq!(refused(Product::Mixpanel, &long).0, "value_too_long");
}
