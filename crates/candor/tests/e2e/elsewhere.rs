//! `candor import --from`: what other products export becomes people and events as if they had been
//! here.

use std::io::Write;
use std::path::Path;
use std::process::Output;

use serde_json::{Value as Json, json};

use crate::server::{Server, create, run};

fn import(data: &Path, more: &[&str]) -> Output {
    let data = data.to_str().unwrap();
    run(&[&["import", "--data", data, "--account", "TEST-MOVE"], more].concat())
}

fn said(output: &Output) -> String {
    let (out, err) = (&output.stdout, &output.stderr);
    format!("{}{}", String::from_utf8_lossy(out), String::from_utf8_lossy(err))
}

fn shop(data: &Path) -> Json {
    let ids = ["--account-id", "TEST-MOVE", "--timezone", "Asia/Kolkata"];
    create(data, &[&["--name", "Shop", "--policy", "open"], &ids[..]].concat())
}

fn file(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    let file = std::fs::File::create(&path).unwrap();
    match name.ends_with(".gz") {
        true => {
            let mut packed = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
            packed.write_all(text.as_bytes()).unwrap();
            packed.finish().unwrap();
        }
        false => { &file }.write_all(text.as_bytes()).unwrap(),
    }
    path.to_str().unwrap().to_owned()
}

fn person(server: &Server, shop: &Json, who: &str) -> Json {
    server.get(&format!("/api/v1/people?{who}"), shop).1["people"][0].clone()
}

fn timeline(server: &Server, shop: &Json, person: &Json) -> Vec<Json> {
    let id = person["id"].as_str().unwrap();
    let (_, told) = server.get(&format!("/api/v1/people/{id}/timeline"), shop);
    told["events"].as_array().unwrap().clone()
}

#[test]
fn clevertaps_exports_are_taken_in() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let owner = shop(&data);
    let events = concat!(
        r#"{"ts":20261102153000,"eventName":"App Launched","profile":{"identity":"u1","objectId":"#,
        r#""__g1","all_identities":["u1","asha@example.test"],"platform":"Android"},"deviceInfo":"#,
        r#"{"make":"samsung","model":"SM-G781B","osVersion":"12"},"eventProps":{"CT Session Id":"#,
        r#"1793613600,"CT App Version":"4.3.0","CT Source":"Mobile"}}"#,
        "\n",
        r#"{"ts":20261102153110,"eventName":"Charged","profile":{"identity":"u1","objectId":"#,
        r#""__g1","platform":"Android"},"eventProps":{"Amount":300,"CT Session Id":1793613600,"#,
        r#""Items":[{"Category":"books","Quantity":1}]}}"#,
        "\n",
        r#"{"ts":20261102153110,"eventName":"Charged","profile":{"platform":"Web"}}"#,
        "\n",
    );
    let profiles = concat!(
        r#"{"identity":"u1","objectId":"__g1","name":"Asha","email":"Asha@Example.test","#,
        r#""profileData":{"Plan":"gold"},"platformInfo":[{"platform":"Android","push_token":"#,
        r#""fcm:t:1","objectId":"__g1"}]}"#,
        "\n",
    );
    let paged = concat!(
        r#"{"profile":{"identity":"u1"},"ts":20261102160000,"event_props":{"Query":"shoes"}}"#,
        "\n"
    );
    let events = file(folder.path(), "events.json.gz", events);
    let profiles = file(folder.path(), "profiles.jsonl", profiles);
    let paged = file(folder.path(), "searched.jsonl", paged);
    let from = ["--from", "clevertap"];
    let done = import(&data, &[&from[..], &[&events, &profiles]].concat());
    assert!(said(&done).contains("3 accepted, 1 rejected"), "{}", said(&done));
    assert!(said(&done).contains("rejected 1: missing_identity"), "{}", said(&done));
    // By the running server: it tells the zone that the times are of.
    let server = Server::start(&data);
    let done = import(&data, &[&from[..], &["--event", "Searched", &paged]].concat());
    assert!(said(&done).contains("1 accepted, 0 rejected"), "{}", said(&done));
    let all = |server: &Server| person(server, &owner, "email=asha%40example.test");
    let found = server.eventually(all, |found| found["events"].as_array().map_or(0, Vec::len) == 3);
    assert_eq!((&found["identity"], &found["guids"]), (&json!("u1"), &json!(["__g1"])), "{found}");
    let traits = &found["traits"];
    assert_eq!((&traits["Plan"], &traits["Name"]), (&json!("gold"), &json!("Asha")));
    assert_eq!(traits["push_token"], json!(["t:1"]));
    let told = timeline(&server, &owner, &found);
    let times: Vec<_> = told.iter().map(|event| (&event["name"], &event["at"])).collect();
    let (searched, charged) = (json!("Searched"), json!("Charged"));
    assert_eq!(times[0], (&searched, &json!("2026-11-02T10:30:00Z")));
    assert_eq!(times[1], (&charged, &json!("2026-11-02T10:01:10Z")));
    assert_eq!(
        (&told[1]["session"], &told[2]["session"]),
        (&json!("1793613600"), &told[1]["session"])
    );
    let expected = json!({"OS": "Android", "Make": "samsung", "Model": "SM-G781B",
                          "OS Version": "12", "Version": "4.3.0", "CT Source": "Mobile"});
    assert_eq!(told[2]["properties"], expected);
}

#[test]
fn mixpanels_exports_are_taken_in() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let owner = shop(&data);
    let event = |name: &str, time: i64, more: Json| {
        let mut properties = more;
        properties["time"] = json!(time);
        properties["$insert_id"] = json!(format!("{name}{time}"));
        json!({"event": name, "properties": properties}).to_string() + "\n"
    };
    let anonymous = json!({"distinct_id": "$device:d1", "$device_id": "d1", "$os": "iOS"});
    let known = json!({"distinct_id": "u1", "$device_id": "d1", "$user_id": "u1", "plan": "gold"});
    let mut events = event("Opened", 1_793_613_600, anonymous);
    events += &event("Signed up", 1_793_613_660, known);
    let other = json!({"distinct_id": "d2", "$device_id": "d2"});
    events += &event("Opened", 1_793_613_700, other);
    let join = json!({"distinct_id": "u2", "$identified_id": "u2", "$anon_id": "d2"});
    events += &event("$identify", 1_793_613_701, join);
    let twice = events.clone() + &events;
    let events = file(folder.path(), "events.jsonl", &twice);
    let people = concat!(
        r#"{"$distinct_id":"u1","$properties":{"$email":"asha@example.test","$name":"Asha"}}"#,
        "\n"
    );
    let people = file(folder.path(), "people.jsonl", people);
    let done = import(&data, &["--from", "mixpanel", &events, &people]);
    assert!(said(&done).contains("9 accepted, 0 rejected"), "{}", said(&done));
    let server = Server::start(&data);
    let asha = person(&server, &owner, "email=asha%40example.test");
    let told = timeline(&server, &owner, &asha);
    let names: Vec<_> = told.iter().map(|event| event["name"].clone()).collect();
    assert_eq!(names, ["Signed up", "Opened"], "each once, and what the device did before");
    assert_eq!(told[0]["properties"], json!({"plan": "gold"}));
    assert_eq!(told[1]["properties"], json!({"OS": "iOS"}));
    assert_eq!(told[1]["at"], "2026-11-02T10:00:00Z");
    let second = person(&server, &owner, "identity=u2");
    assert_eq!(second["events"][0]["name"], "Opened", "{second}");
}

#[test]
fn what_does_not_go_with_another_products_export_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    shop(&data);
    let table = file(folder.path(), "events.csv", "ts,eventName\n1,n\n");
    let check = |more: &[&str], status: i32, word: &str| {
        let done = import(&data, more);
        assert_eq!(done.status.code(), Some(status), "{}", said(&done));
        assert!(said(&done).contains(word), "{word}: {}", said(&done));
    };
    check(&["--from", "clevertap", &table], 1, "JSON lines");
    check(&["--from", "nobody", &table], 2, "clevertap, mixpanel");
    check(&["--from", "clevertap", "--profiles", &table], 2, "--profiles");
    check(&["--from", "clevertap", "--timezone", "Pune", &table], 2, "IANA");
    check(&["--event", "n", &table], 2, "--from");
    let torn = file(folder.path(), "torn.jsonl.gz", "{}\n");
    let bytes = std::fs::read(&torn).unwrap();
    std::fs::write(&torn, &bytes[..bytes.len() - 6]).unwrap();
    check(&["--from", "mixpanel", &torn], 1, "torn.jsonl.gz");
}
