//! Recorded traffic of the SDKs, replayed against the real server.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde_json::{Value as Json, json};

use crate::server::{Server, create};

pub struct Exchange {
    pub file: String,
    pub json: Json,
}

impl Exchange {
    pub fn text(&self, name: &str) -> &str {
        self.json[name].as_str().unwrap_or_default()
    }

    fn headers(&self) -> String {
        let pairs = self.json["headers"].as_array().unwrap().iter();
        let wanted = pairs
            .filter(|pair| pair[0].as_str().unwrap().to_lowercase().starts_with("x-clevertap"));
        wanted.fold(String::new(), |all, pair| {
            all + pair[0].as_str().unwrap() + ": " + pair[1].as_str().unwrap() + "\r\n"
        })
    }
}

pub fn captures(prefixes: &[&str], path: &str) -> Vec<Exchange> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../candor-ingest/tests/captures");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut all = Vec::new();
    for file in files {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        if !prefixes.iter().any(|prefix| name.starts_with(prefix)) {
            continue;
        }
        let capture: Json = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        for json in capture["exchanges"].as_array().unwrap() {
            if json["path"] == path {
                all.push(Exchange { file: name.clone(), json: json.clone() });
            }
        }
    }
    assert!(!all.is_empty(), "captures of {path} are there");
    all
}

/// Events by name, whenever they were.
fn stored(server: &Server, shop: &Json, expected: &BTreeMap<String, usize>) {
    for (name, count) in expected {
        let question = json!({"event": name, "from": "2024-01-01", "to": "2028-01-01",
                              "interval": "month"});
        let total = server.eventually(
            |s| s.post("/api/v1/insights/trend", shop, &question).1["series"][0]["total"].clone(),
            |total| *total == *count as f64,
        );
        assert_eq!(total, *count as f64, "{name}");
    }
}

#[test]
fn every_web_capture_is_answered_with_its_number_and_kept() {
    let data = tempfile::tempdir().unwrap();
    let account = "TEST-WEB-ACCT";
    let exchanges = captures(&["web-"], "/a");
    let sent_id = exchanges[0].json["decoded"]["d"]["id"].as_str().unwrap_or(account).to_owned();
    let more = ["--name", "Shop", "--policy", "open", "--account-id", sent_id.as_str()];
    let shop = create(data.path(), &more);
    let server = Server::start(data.path());
    let mut seen = BTreeSet::new();
    let mut expected: BTreeMap<String, usize> = BTreeMap::new();
    for (place, exchange) in exchanges.iter().enumerate() {
        let (file, target) = (&exchange.file, exchange.text("target"));
        let headers = exchange.headers();
        let (status, answer) = server.send("GET", target, &headers, "").unwrap();
        assert_eq!(status, 200, "{file} {place}");
        let query = exchange.json["query"].as_array().unwrap();
        let pair = |name: &str| {
            let found = query.iter().find(|pair| pair[0] == name);
            found.map(|pair| pair[1].as_str().unwrap().to_owned())
        };
        let payload = &exchange.json["decoded"]["d"];
        if payload["id"] != sent_id.as_str() {
            continue;
        }
        let rn = pair("rn").map(|rn| rn.parse::<u64>().unwrap());
        if let Some(rn) = rn {
            let said = match answer["meta"].as_object() {
                Some(meta) => meta["rn"].clone(),
                None => {
                    let script = answer.as_str().unwrap();
                    let arguments = script.strip_prefix("$WZRK_WR.s(").unwrap();
                    let arguments = arguments.strip_suffix(");").unwrap();
                    let arguments: Vec<Json> =
                        serde_json::from_str(&format!("[{arguments}]")).unwrap();
                    let guid = payload["g"].as_str().map(|g| g.trim_end_matches(":OO"));
                    let answered = arguments[0].as_str().unwrap().trim_end_matches(":OO");
                    assert!(guid.is_none_or(|guid| guid == answered), "{file} {place}");
                    assert_eq!(arguments[2], payload["isOUL"] == true, "{file} {place}");
                    arguments[3].clone()
                }
            };
            assert_eq!(said, rn, "{file} {place}");
        }
        let guid = payload["g"].as_str().map(str::to_owned).or(pair("gc"));
        let guid = guid.unwrap_or_else(|| format!("fresh {place}"));
        let name = match payload["type"].as_str() {
            Some("event") if payload["evtName"] != "wzrk_fetch" => payload["evtName"].as_str(),
            None if payload.get("cpg").is_some() => Some("Page Viewed"),
            _ => None,
        };
        if let Some(name) = name {
            let content = (payload["evtData"].to_string(), payload["cpg"].to_string());
            let at = pair("i");
            if seen.insert((guid, name.to_owned(), at, content, payload["s"].to_string())) {
                *expected.entry(name.to_owned()).or_default() += 1;
            }
        }
    }
    // Those who opted out in a capture sent nothing afterwards that should be there.
    assert!(expected.len() > 3, "{expected:?}");
    stored(&server, &shop, &expected);
}

#[test]
fn every_mobile_capture_is_acknowledged_and_kept_once() {
    let data = tempfile::tempdir().unwrap();
    let exchanges = captures(&["android-", "ios-"], "/a1");
    let header = |exchange: &Exchange, name: &str| {
        let pairs = exchange.json["headers"].as_array().unwrap().clone();
        let found = pairs.iter().find(|pair| pair[0].as_str().unwrap().eq_ignore_ascii_case(name));
        found.unwrap()[1].as_str().unwrap().to_owned()
    };
    let account = header(&exchanges[0], "x-clevertap-account-id");
    let token = header(&exchanges[0], "x-clevertap-token");
    let more =
        ["--name", "Shop", "--policy", "open", "--account-id", &account, "--account-token", &token];
    let shop = create(data.path(), &more);
    let server = Server::start(data.path());
    let mut seen = BTreeSet::new();
    let mut expected: BTreeMap<String, usize> = BTreeMap::new();
    for exchange in &exchanges {
        let decoded = &exchange.json["decoded"];
        // Of an encrypted capture the plain text lies beside it.
        let plain = &exchange.json["plaintext"];
        let plain =
            plain.as_str().map_or(plain.clone(), |text| serde_json::from_str(text).unwrap());
        let body = [&plain, &decoded["body"]].into_iter().find(|json| json.is_array());
        // Twice: the second delivery counts nothing.
        for _ in 0..2 {
            let (target, body) = (exchange.text("target"), exchange.text("body"));
            let (status, answer) = server.send("POST", target, &exchange.headers(), body).unwrap();
            assert_eq!((status, answer), (200, json!({})), "{}", exchange.file);
        }
        let body = body.unwrap_or_else(|| panic!("{}: {decoded}", exchange.file));
        let guid = body[0]["g"].to_string();
        for record in body.as_array().unwrap() {
            let name = match record["type"].as_str() {
                Some("event") => record["evtName"].as_str().unwrap(),
                Some("page") => "Page Viewed",
                _ => continue,
            };
            if matches!(name, "wzrk_fetch" | "content_fetch") {
                continue;
            }
            let content = (record["evtData"].to_string(), record["n"].to_string());
            let content = if name == "Page Viewed" { content.1 } else { content.0 };
            let (at, session) = (record["ep"].to_string(), record["s"].to_string());
            if seen.insert((guid.clone(), name.to_owned(), at, content, session)) {
                *expected.entry(name.to_owned()).or_default() += 1;
            }
        }
    }
    stored(&server, &shop, &expected);
    let (_, found) = server.get("/api/v1/people?identity=user-1", &shop);
    assert_eq!(found["people"][0]["email"], "ann@example.test", "{found}");
    assert_eq!(found["people"][0]["traits"]["Tier"], "Gold", "{found}");
    let (_, other) = server.get("/api/v1/people?identity=user-2", &shop);
    assert_ne!(other["people"][0]["id"], found["people"][0]["id"]);
    // A foreign id and a wrong token are answered alike.
    let body = exchanges[0].text("body");
    let wrong = |account: &str, token: &str| {
        let headers =
            format!("X-CleverTap-Account-ID: {account}\r\nX-CleverTap-Token: {token}\r\n");
        server.send("POST", "/a1", &headers, body).unwrap()
    };
    assert_eq!(wrong("NOBODY", &token), wrong(&account, "wrong"));
    assert_eq!(wrong("NOBODY", &token).0, 401);
}

#[test]
fn a_handshake_sends_the_device_back_here() {
    let data = tempfile::tempdir().unwrap();
    let more = ["--name", "Shop", "--account-id", "TEST-APP-ACCT", "--account-token", "abc-123"];
    create(data.path(), &more);
    let server = Server::start(data.path());
    for exchange in captures(&["android-", "ios-"], "/hello") {
        let (status, answer) =
            server.send("GET", exchange.text("target"), &exchange.headers(), "").unwrap();
        assert_eq!((status, answer), (200, json!({})), "{}", exchange.file);
    }
}

#[test]
fn a_browser_without_consent_leaves_nothing_and_begins_once_it_comes() {
    let data = tempfile::tempdir().unwrap();
    let exchanges = captures(&["web-anonymous"], "/a");
    let account = exchanges[0].json["decoded"]["d"]["id"].as_str().unwrap().to_owned();
    let more = ["--name", "Shop", "--account-id", &account, "--account-token", "abc-123"];
    let shop = create(data.path(), &more);
    let server = Server::start(data.path());
    let target = exchanges[0].text("target");
    let ask = |target: &str| {
        let (status, answer) = server.send("GET", target, "", "").unwrap();
        assert_eq!(status, 200);
        answer.as_str().unwrap().to_owned()
    };
    let first = ask(target);
    assert!(first.contains(":OO\"") && first.ends_with(",true);"), "{first}");
    assert_ne!(first, ask(target), "a fresh guid each time");
    let guid = first.split('"').nth(1).unwrap().to_owned();
    let consent = json!({"guid": guid, "purposes": {"analytics": true}}).to_string();
    let headers = format!("X-CleverTap-Account-ID: {account}\r\nX-CleverTap-Token: abc-123\r\n");
    let (status, receipt) = server.send("POST", "/sdk/v1/consent", &headers, &consent).unwrap();
    assert_eq!(status, 200, "{receipt}");
    // The page goes on with its guid; the gate lets it through now.
    let again = ask(&format!("{target}&gc={guid}"));
    assert!(again.ends_with(",false);") && !again.contains(":OO"), "{again}");
    stored(&server, &shop, &[("Page Viewed".to_owned(), 1)].into());
    // Malformed and foreign requests are answered without a number, and are kept nowhere.
    for bad in ["/a?t=96&type=page&d=%21%21&rn=7", "/a?rn=7", "/a"] {
        let answer = ask(bad);
        assert!(answer.starts_with("$WZRK_WR.s(\"") && answer.ends_with(",false);"), "{answer}");
        assert_eq!(answer.matches(',').count(), 2, "{answer}");
    }
}

#[test]
fn the_rest_client_writes_reads_back_and_deletes() {
    let data = tempfile::tempdir().unwrap();
    let more = [
        "--name",
        "Shop",
        "--policy",
        "open",
        "--account-id",
        "TEST-REST-ACCT",
        "--passcode",
        "PASSCODE-1",
    ];
    let shop = create(data.path(), &more);
    let server = Server::start(data.path());
    for exchange in captures(&["rest-upload"], "/1/upload") {
        let (target, body) = (exchange.text("target"), exchange.text("body"));
        let (status, answer) = server.send("POST", target, &exchange.headers(), body).unwrap();
        assert_eq!((status, &answer["status"]), (200, &json!("success")), "{answer}");
    }
    let expected = [("Batch", 5), ("Product viewed", 1), ("Charged", 1), ("choseFood", 1)];
    stored(&server, &shop, &expected.map(|(name, count)| (name.to_owned(), count)).into());
    let profiles = captures(&["rest-profile-get"], "/1/profile.json");
    for exchange in &profiles {
        let ask = |s: &Server| s.send("GET", exchange.text("target"), &exchange.headers(), "");
        let (status, answer) = ask(&server).unwrap();
        assert_eq!((status, &answer["status"]), (200, &json!("success")), "{answer}");
    }
    let ask = |server: &Server| {
        server.send("GET", profiles[0].text("target"), &profiles[0].headers(), "").unwrap()
    };
    let (_, answer) = ask(&server);
    assert_eq!(answer["record"]["email"], "ann@example.test", "{answer}");
    assert_eq!(answer["record"]["profileData"]["favoriteColor"], "green", "{answer}");
    assert_eq!(answer["record"]["events"]["Product viewed"]["count"], 1, "{answer}");
    let delete = json!({"identity": "u-1"}).to_string();
    let headers = profiles[0].headers();
    let (status, _) = server.send("POST", "/1/delete/profiles.json", &headers, &delete).unwrap();
    assert_eq!(status, 200);
    let gone = server.eventually(|s| json!(ask(s).0), |status| *status == 404);
    assert_eq!(gone, 404);
    let both = json!({"identity": "u", "guid": "g"}).to_string();
    assert_eq!(server.send("POST", "/1/delete/profiles.json", &headers, &both).unwrap().0, 400);
    let wrong = "X-CleverTap-Account-Id: TEST-REST-ACCT\r\nX-CleverTap-Passcode: wrong\r\n";
    let (status, answer) = server.send("POST", "/1/upload", wrong, "{}").unwrap();
    assert_eq!(
        (status, answer),
        (401, json!({"status": "fail", "error": "Account ID is not valid", "code": 401}))
    );
}
