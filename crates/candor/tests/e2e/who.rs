//! Who is who: what joins ids and what never does, through the real server and its restarts.

use serde_json::{Value as Json, json};

use crate::server::{Server, create};

const DEVICE: &str = "X-CleverTap-Account-ID: TEST-WHO\r\nX-CleverTap-Token: tk\r\n";
const SERVER: &str = "X-CleverTap-Account-Id: TEST-WHO\r\nX-CleverTap-Passcode: pass\r\n";

/// 2026-11-02T00:00:00Z
const DAY: i64 = 1_793_577_600;

struct Shop {
    owner: Json,
    data: tempfile::TempDir,
}

fn shop() -> (Shop, Server) {
    let data = tempfile::tempdir().unwrap();
    let ids = ["--account-id", "TEST-WHO", "--account-token", "tk", "--passcode", "pass"];
    let more = ["--name", "Shop", "--policy", "open"];
    let owner = create(data.path(), &[more.as_slice(), &ids].concat());
    let server = Server::start(data.path());
    (Shop { owner, data }, server)
}

impl Shop {
    /// A batch of a phone: names of events, or profiles.
    fn phone(&self, server: &Server, guid: &str, second: i64, records: &[Json]) {
        let mut body = vec![json!({"type": "meta", "g": guid})];
        for record in records {
            let at = DAY + second;
            body.push(match record {
                Json::String(name) => {
                    json!({"type": "event", "evtName": name, "evtData": {}, "ep": at, "s": at})
                }
                profile => json!({"type": "profile", "profile": profile, "ep": at}),
            });
        }
        let answer = server.send("POST", "/a1", DEVICE, &json!(body).to_string()).unwrap();
        assert_eq!(answer.0, 200, "{answer:?}");
    }

    fn by_server(&self, server: &Server, identity: &str, second: i64, name: &str) {
        let record = json!({"type": "event", "identity": identity, "ts": DAY + second,
                            "evtName": name, "evtData": {}});
        let body = json!({ "d": [record] }).to_string();
        let (_, answer) = server.send("POST", "/1/upload", SERVER, &body).unwrap();
        assert_eq!(answer["status"], "success", "{answer}");
    }

    fn find(&self, server: &Server, query: &str) -> Json {
        server.get(&format!("/api/v1/people?{query}"), &self.owner).1["people"][0].clone()
    }

    /// The names of a person's events, oldest first, once there are so many.
    fn did(&self, server: &Server, query: &str, count: usize) -> Vec<String> {
        let names = |s: &Server| {
            let Some(id) = self.find(s, query)["id"].as_str().map(str::to_owned) else {
                return json!([]);
            };
            let (_, timeline) = s.get(&format!("/api/v1/people/{id}/timeline"), &self.owner);
            let events = timeline["events"].as_array().unwrap().iter().rev();
            events.map(|event| event["name"].clone()).collect()
        };
        let names = server.eventually(names, |names| names.as_array().unwrap().len() == count);
        serde_json::from_value(names).unwrap()
    }

    fn uniques(&self, server: &Server) -> Json {
        let question = json!({"event": "*", "measure": "uniques", "from": "2026-11-01",
                              "to": "2026-11-20", "interval": "month"});
        server.post("/api/v1/insights/trend", &self.owner, &question).1["series"][0]["total"]
            .clone()
    }
}

#[test]
fn what_someone_did_before_they_were_known_is_theirs() {
    let (shop, server) = shop();
    shop.phone(&server, "__1", 1, &[json!("Looked")]);
    assert_eq!(shop.did(&server, "guid=__1", 1), ["Looked"]);
    let before = shop.find(&server, "guid=__1")["id"].clone();
    shop.phone(&server, "__1", 2, &[json!({"Identity": "ann"}), json!("Bought")]);
    assert_eq!(shop.did(&server, "identity=ann", 2), ["Looked", "Bought"]);
    assert_eq!(shop.find(&server, "identity=ann")["id"], before, "one person, who has a name now");
    assert_eq!(shop.uniques(&server), 1.0);
}

#[test]
fn what_a_server_said_of_an_identity_is_found_after_its_first_log_in() {
    let (shop, server) = shop();
    shop.by_server(&server, "ann", 1, "Subscribed");
    shop.phone(&server, "__1", 2, &[json!("Looked")]);
    shop.phone(&server, "__1", 3, &[json!({"Identity": "ann"}), json!("Bought")]);
    let all = ["Subscribed", "Looked", "Bought"];
    assert_eq!(shop.did(&server, "identity=ann", 3), all);
    server.kill();
    let server = Server::start(shop.data.path());
    assert_eq!(shop.did(&server, "guid=__1", 3), all);
    assert_eq!(shop.uniques(&server), 1.0);
}

#[test]
fn one_person_has_many_devices() {
    let (shop, server) = shop();
    for (second, guid) in [(1, "__1"), (2, "-2"), (3, "__3")] {
        shop.phone(&server, guid, second, &[json!(format!("On {guid}"))]);
        shop.phone(&server, guid, second, &[json!({"Identity": "ann", "Phone": "+14155550100"})]);
    }
    assert_eq!(shop.did(&server, "identity=ann", 3), ["On __1", "On -2", "On __3"]);
    let ann = shop.find(&server, "identity=ann");
    for query in
        ["guid=__1", "guid=-2", "guid=__3", "phone=%2B1%20415-555-0100", "phone=14155550100"]
    {
        assert_eq!(shop.find(&server, query)["id"], ann["id"], "{query}");
    }
    let mut guids: Vec<String> = serde_json::from_value(ann["guids"].clone()).unwrap();
    guids.sort();
    assert_eq!(guids, ["-2", "__1", "__3"]);
    assert_eq!(shop.uniques(&server), 1.0);
}

#[test]
fn a_log_in_of_someone_else_switches_and_merges_nobody() {
    let (shop, server) = shop();
    shop.phone(&server, "__1", 1, &[json!({"Identity": "ann", "Email": "ann@example.test"})]);
    shop.phone(&server, "__1", 2, &[json!("By ann")]);
    // The same device: iOS and the web keep a guid where the app says so.
    shop.phone(&server, "__1", 3, &[json!({"Identity": "bob"}), json!("By bob")]);
    // Both are known: an address that they share joins nobody, and finds who named it first.
    shop.phone(&server, "__1", 4, &[json!({"Identity": "bob", "Email": "Ann@example.test"})]);
    shop.phone(&server, "__1", 5, &[json!("By bob again")]);
    assert_eq!(shop.did(&server, "identity=bob", 2), ["By bob", "By bob again"]);
    assert_eq!(shop.did(&server, "identity=ann", 1), ["By ann"]);
    assert_eq!(shop.find(&server, "guid=__1")["identity"], "bob");
    assert_eq!(shop.find(&server, "email=ann@example.test")["identity"], "ann");
    assert_eq!(shop.uniques(&server), 2.0);
    // Nor does a profile that names the one and carries the device of the other.
    let record = json!({"type": "profile", "identity": "ann", "objectId": "__1",
                        "profileData": {"Tier": "Gold"}});
    let body = json!({ "d": [record] }).to_string();
    server.send("POST", "/1/upload", SERVER, &body).unwrap();
    let ann =
        server.eventually(|s| shop.find(s, "identity=ann"), |p| p["traits"]["Tier"] == "Gold");
    assert_ne!(ann["id"], shop.find(&server, "identity=bob")["id"]);
    assert_eq!(shop.did(&server, "identity=bob", 2).len(), 2);
    server.kill();
    let server = Server::start(shop.data.path());
    assert_eq!(shop.did(&server, "identity=bob", 2), ["By bob", "By bob again"]);
    assert_eq!(shop.uniques(&server), 2.0);
}

#[test]
fn a_merge_is_taken_back_with_its_events() {
    let (shop, server) = shop();
    shop.phone(&server, "__1", 1, &[json!({"Identity": "ann"}), json!("By ann")]);
    shop.phone(&server, "__2", 2, &[json!("Strange"), json!({"Tier": "Gold"})]);
    assert_eq!(shop.did(&server, "guid=__2", 1), ["Strange"]);
    let stranger = shop.find(&server, "guid=__2")["id"].clone();
    // By mistake: someone logs in as ann on a stranger's device.
    shop.phone(&server, "__2", 3, &[json!({"Identity": "ann"}), json!("Mistaken")]);
    assert_eq!(shop.did(&server, "identity=ann", 3), ["By ann", "Strange", "Mistaken"]);
    assert_eq!(shop.find(&server, "identity=ann")["traits"]["Tier"], "Gold");
    let take_back = |server: &Server| {
        let body = json!({"identities": ["ann"]}).to_string();
        let path = "/1/demerge/profiles.json";
        let answer = server.send("POST", path, SERVER, &body).unwrap();
        assert_eq!(answer, (200, json!({"status": "success"})));
    };
    take_back(&server);
    let check = |server: &Server| {
        assert_eq!(shop.did(server, "guid=__2", 1), ["Strange"]);
        let back = shop.find(server, "guid=__2");
        assert_eq!((&back["id"], &back["traits"]["Tier"]), (&stranger, &json!("Gold")), "{back}");
        assert_eq!(back["guids"], json!(["__2"]));
        // What was said as ann stays ann's.
        assert_eq!(shop.did(server, "identity=ann", 2), ["By ann", "Mistaken"]);
        let ann = shop.find(server, "identity=ann");
        assert_eq!(ann["guids"], json!(["__1"]));
        assert!(ann["traits"].get("Tier").is_none(), "{ann}");
        assert_eq!(shop.uniques(server), 2.0);
    };
    check(&server);
    // From the log alone, and from parts.
    server.kill();
    let server = Server::start(shop.data.path());
    check(&server);
    assert_eq!(server.stop(), Some(0));
    let server = Server::start(shop.data.path());
    check(&server);
    take_back(&server);
    check(&server);
    // The device goes on as its own person, and may become someone again.
    shop.phone(&server, "__2", 4, &[json!("Alone")]);
    assert_eq!(shop.did(&server, "guid=__2", 2), ["Strange", "Alone"]);
    shop.phone(&server, "__2", 5, &[json!({"Identity": "ann"})]);
    assert_eq!(shop.did(&server, "identity=ann", 4).len(), 4);
    assert_eq!(shop.uniques(&server), 1.0);
    let (_, audit) = server.get("/api/v1/audit", &shop.owner);
    let entries = audit["entries"].as_array().unwrap().iter();
    let demerges: Vec<_> = entries.filter(|entry| entry["action"] == "demerge").collect();
    assert_eq!(demerges.len(), 1, "there was one to take back: {demerges:?}");
    assert!(demerges[0]["subject"].as_str().unwrap().starts_with(stranger.as_str().unwrap()));
}

#[test]
fn an_event_that_names_device_and_identity_says_that_they_are_one() {
    let data = tempfile::tempdir().unwrap();
    let shop = create(data.path(), &["--name", "Shop", "--policy", "strict"]);
    let server = Server::start(data.path());
    let send = |record: Json| {
        let (status, answer) = server.post("/api/v1/events", &shop, &json!({"records": [record]}));
        assert_eq!(status, 200, "{answer}");
        answer["rejected"][0]["code"].as_str().map(str::to_owned)
    };
    let event = |ids: Json, name: &str| {
        let mut record = json!({"type": "event", "name": name, "at": "2026-11-02T10:00:00Z"});
        record.as_object_mut().unwrap().extend(ids.as_object().unwrap().clone());
        record
    };
    // What a stranger allowed on the device holds for whom the device's event names.
    let yes = json!({"guid": "g", "purposes": {"analytics": true}, "method": "banner"});
    assert_eq!(server.post("/api/v1/consents", &shop, &yes).0, 200);
    assert_eq!(send(event(json!({"guid": "g"}), "Looked")), None);
    assert_eq!(send(event(json!({"guid": "g", "identity": "ann"}), "Paid")), None);
    assert_eq!(send(event(json!({"identity": "ann"}), "Returned")), None);
    let person =
        |by: &str| server.get(&format!("/api/v1/people?{by}"), &shop).1["people"][0].clone();
    let found = |_: &Server| person("identity=ann");
    let ann =
        server.eventually(found, |ann| ann["events"].as_array().is_some_and(|e| e.len() == 3));
    assert_eq!(ann["events"].as_array().unwrap().len(), 3, "{ann}");
    assert_eq!(person("guid=g")["id"], ann["id"]);
    // What ann allowed is hers: another who is named on her device has said nothing.
    let ben = json!({"guid": "g", "identity": "ben"});
    assert_eq!(send(event(ben, "Looked")).as_deref(), Some("no_consent"));
    assert_eq!(person("guid=g")["id"], ann["id"]);
}

#[test]
fn people_are_merged_and_split_by_hand_and_it_is_written_down() {
    let data = tempfile::tempdir().unwrap();
    let shop = create(data.path(), &["--name", "Shop", "--policy", "open"]);
    let server = Server::start(data.path());
    let records: Vec<Json> = ["ann", "anna"]
        .map(|identity| {
            json!({"type": "event", "identity": identity, "name": format!("By {identity}"),
                   "at": "2026-11-02T10:00:00Z"})
        })
        .into();
    assert_eq!(server.post("/api/v1/events", &shop, &json!({"records": records})).0, 200);
    let person = |identity: &str| {
        let path = format!("/api/v1/people?identity={identity}");
        let found = |server: &Server| server.get(&path, &shop).1["people"][0].clone();
        server.eventually(found, |one| one["id"].is_string())
    };
    let (ann, anna) = (person("ann"), person("anna"));
    let id = |one: &Json| one["id"].as_str().unwrap().to_owned();
    let merges = format!("/api/v1/people/{}/merges", id(&ann));
    let same = json!({"loser": id(&anna)});
    assert_eq!(server.post(&merges, &shop, &same).0, 204);
    let events = |server: &Server| {
        let path = format!("/api/v1/people/{}", id(&ann));
        json!(server.get(&path, &shop).1["events"].as_array().map_or(0, Vec::len))
    };
    assert_eq!(server.eventually(events, |count| *count == 2), 2);
    assert_eq!(person("anna")["id"], ann["id"]);
    let (status, again) = server.post(&merges, &shop, &same);
    assert_eq!((status, &again["errors"][0]["pointer"]), (400, &json!("/loser")), "{again}");
    let listed = |server: &Server| server.get(&merges, &shop).1["merges"].clone();
    let log = server.eventually(listed, |log| log[0].is_object());
    assert_eq!((&log[0]["loser"], &log[0]["split_at"]), (&anna["id"], &Json::Null), "{log}");
    assert!(log[0]["reason"].as_str().unwrap().starts_with("by hand: "), "{log}");

    let one = format!("{merges}/{}", id(&anna));
    let take_back = || server.send("DELETE", &one, &crate::server::bearer(&shop), "").unwrap().0;
    assert_eq!(take_back(), 204);
    assert_eq!(server.eventually(events, |count| *count == 1), 1);
    assert_eq!(person("anna")["id"], anna["id"]);
    assert_eq!(take_back(), 404);
    let log = server.eventually(listed, |log| log[0]["split_at"].is_string());
    assert!(log[0]["split_at"].is_string(), "{log}");
    let (_, audit) = server.get("/api/v1/audit?from=2026-01-01&to=2100-01-01", &shop);
    let text = audit.to_string();
    assert!(text.contains("\"merge\"") && text.contains("\"split\""), "{text}");
}
