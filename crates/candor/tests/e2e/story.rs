//! T-2018: the payload of the story, by every way in. Without consent nothing of it is anywhere;
//! with consent for analytics only its classes are.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use serde_json::{Value as Json, json};

use crate::captures::captures;
use crate::server::{Server, bearer, create};

const CANARIES: [&str; 8] = [
    "Canary Asha Rao",
    "canary.asha@example.test",
    "+919876500001",
    "https://img.example.test/canary-asha.jpg",
    "canarygender",
    "CanaryPhone X1",
    "CanaryTel",
    "28.613912",
];

fn traits() -> Json {
    json!({
        "Name": CANARIES[0], "Email": CANARIES[1], "Phone": CANARIES[2], "Photo": CANARIES[3],
        "Gender": CANARIES[4], "Make": CANARIES[5], "Carrier": CANARIES[6],
        "Latitude": CANARIES[7],
    })
}

fn send(server: &Server, shop: &Json, token: &str) {
    let account = shop["account_id"].as_str().unwrap();
    let story = traits();
    let records = json!({"records": [
        {"type": "profile", "identity": "canary-id-77", "set": story},
        {"type": "event", "identity": "canary-id-77", "name": "App Launched", "properties": story},
    ]});
    let (status, _) = server.post("/api/v1/events", shop, &records);
    assert_eq!(status, 200);
    // A body that cannot be read is not kept or repeated either.
    let broken = format!("{{\"records\": [{story}");
    let (status, answer) = server.send("POST", "/api/v1/events", &bearer(shop), &broken).unwrap();
    assert_eq!(status, 400);
    assert!(CANARIES.iter().all(|canary| !answer.to_string().contains(canary)));
    let batch = json!([
        {"type": "meta", "g": "__canaryguid1", "id": account, "tk": token, "af": story},
        {"type": "profile", "profile": story, "ep": 1_795_500_000},
        {"type": "event", "evtName": "App Launched", "evtData": story, "ep": 1_795_500_000},
    ]);
    let headers = format!("X-CleverTap-Account-ID: {account}\r\nX-CleverTap-Token: {token}\r\n");
    let (status, _) = server.send("POST", "/a1", &headers, &batch.to_string()).unwrap();
    assert_eq!(status, 200);
    for exchange in captures(&["web-"], "/a") {
        let (status, _) = server.send("GET", exchange.text("target"), "", "").unwrap();
        assert_eq!(status, 200);
    }
}

/// Every file under a folder, with the text in any encoding that a careless writer would use.
fn find(folder: &Path, canaries: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(find(&path, canaries));
            continue;
        }
        let Ok(bytes) = std::fs::read(&path) else { continue };
        for canary in canaries {
            let hex: String = canary.bytes().map(|byte| format!("{byte:02x}")).collect();
            let wide: Vec<u8> = canary.encode_utf16().flat_map(u16::to_le_bytes).collect();
            let base64 = |shift: usize| {
                let all = STANDARD.encode([&vec![0; shift], canary.as_bytes()].concat());
                // Without the ends, which depend on what stands beside it.
                all[4..all.len() - 4].to_owned()
            };
            let forms = [
                canary.as_bytes().to_vec(),
                canary.to_lowercase().into_bytes(),
                canary.bytes().rev().collect(),
                hex.clone().into_bytes(),
                hex.to_uppercase().into_bytes(),
                wide,
                base64(0).into_bytes(),
                base64(1).into_bytes(),
                base64(2).into_bytes(),
                URL_SAFE.encode(canary).trim_end_matches('=').as_bytes().to_vec(),
            ];
            for (place, form) in forms.iter().enumerate() {
                if bytes.windows(form.len()).any(|window| window == form.as_slice()) {
                    found.push(format!("{}: {canary} in form {place}", path.display()));
                }
            }
        }
    }
    found
}

#[test]
fn the_search_finds_what_is_there() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("plain"), CANARIES[0]).unwrap();
    std::fs::write(folder.path().join("base64"), STANDARD.encode(format!("x{}y", CANARIES[1])))
        .unwrap();
    assert_eq!(find(folder.path(), &CANARIES[..2]).len(), 2);
}

#[test]
fn without_consent_nothing_of_the_story_is_in_any_file_or_trace() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let account = captures(&["web-anonymous"], "/a")[0].json["decoded"]["d"]["id"].clone();
    let more =
        ["--name", "Shop", "--account-id", account.as_str().unwrap(), "--account-token", "tk"];
    let shop = create(&data, &more);
    // Traces of everything, to a file that is searched like the others.
    let trace = folder.path().join("trace");
    let server = Server::start_traced(&data, &trace);
    send(&server, &shop, "tk");
    let also = ["canary-id-77", "__canaryguid1", "ann@example.test"];
    let all: Vec<&str> = CANARIES.iter().copied().chain(also).collect();
    assert_eq!(find(folder.path(), &all), Vec::<String>::new());
    let (_, metrics) = server.send("GET", "/metrics", "", "").unwrap();
    assert!(all.iter().all(|canary| !metrics.to_string().contains(canary)));
    assert_eq!(server.stop(), Some(0));
    assert_eq!(find(folder.path(), &all), Vec::<String>::new());
    assert!(std::fs::metadata(&trace).unwrap().len() > 0, "the traces were on");
    // No event and no property: only that a browser said no, which one capture says.
    let parts = std::fs::read_dir(data.join("publishers").join(account.as_str().unwrap())).unwrap();
    let names = parts.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    let kept: Vec<String> = names
        .filter(|name| {
            let refusals = name.contains("-people") || name.contains("-traits-behaviour");
            name.ends_with(".parquet") && !refusals
        })
        .collect();
    assert_eq!(kept, Vec::<String>::new());
}

#[test]
fn with_consent_for_analytics_only_its_classes_are_held() {
    let folder = tempfile::tempdir().unwrap();
    let shop = create(folder.path(), &["--name", "Shop", "--account-token", "tk"]);
    let server = Server::start(folder.path());
    for id in [json!({"identity": "canary-id-77"}), json!({"guid": "__canaryguid1"})] {
        let mut said = id.clone();
        said["purposes"] = json!({"analytics": true});
        assert_eq!(server.post("/api/v1/consents", &shop, &said).0, 200);
    }
    send(&server, &shop, "tk");
    for path in ["/api/v1/people?identity=canary-id-77", "/api/v1/people?guid=__canaryguid1"] {
        let found = server.eventually(
            |s| s.get(path, &shop).1,
            |found| found["people"][0]["events"].as_array().is_some_and(|all| !all.is_empty()),
        );
        let person = &found["people"][0];
        let kept: Vec<&String> = person["traits"].as_object().unwrap().keys().collect();
        assert_eq!(kept, ["Carrier", "Make"], "{person}");
        let id = person["id"].as_str().unwrap();
        let (_, timeline) = server.get(&format!("/api/v1/people/{id}/timeline"), &shop);
        let event = timeline["events"][0]["properties"].as_object().unwrap();
        assert_eq!(event.keys().collect::<Vec<_>>(), ["Carrier", "Make"], "{timeline}");
    }
    server.stop();
    assert_eq!(find(folder.path(), &CANARIES), Vec::<String>::new(), "what is kept is sealed");
}
