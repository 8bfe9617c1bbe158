//! Recorded traffic of the SDKs, replayed against the real server.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde_json::{Value as Json, json};

use crate::canary::{compressed, percent};
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
        if exchange.text("method") == "OPTIONS" {
            assert_eq!(server.send("OPTIONS", target, &headers, "").unwrap().0, 204);
            continue;
        }
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
                    let (first, messages) = script.split_once(';').unwrap();
                    // Who asks for variables is told them, also that there are none.
                    let asks = payload["evtName"] == "wzrk_fetch";
                    assert_eq!(asks, messages == "$WZRK_WR.tr({\"vars\":{}});", "{file} {place}");
                    let arguments = first.strip_prefix("$WZRK_WR.s(").unwrap();
                    let arguments = arguments.strip_suffix(')').unwrap();
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
    web_people_are_as_they_said(&server, &shop);
}

fn person(server: &Server, shop: &Json, query: &str) -> Json {
    let (status, found) = server.get(&format!("/api/v1/people?{query}"), shop);
    assert_eq!(status, 200, "{found}");
    found["people"][0].clone()
}

/// The latest event of a name of a person.
fn latest(server: &Server, shop: &Json, person: &Json, name: &str) -> Json {
    let path = format!("/api/v1/people/{}/timeline", person["id"].as_str().unwrap());
    let (_, timeline) = server.get(&path, shop);
    let mut events = timeline["events"].as_array().unwrap().iter();
    events.find(|event| event["name"] == name).cloned().unwrap_or_default()
}

fn web_people_are_as_they_said(server: &Server, shop: &Json) {
    // web-first-login, and the same user in another browser.
    let ann = person(server, shop, "identity=drive-a-mwu2lvdm");
    assert_eq!(ann["email"], "drive-a-mwu2lvdm@example.test", "{ann}");
    assert_eq!((&ann["phone"], &ann["traits"]["Gender"]), (&json!(14155550100u64), &json!("F")));
    assert_eq!(ann["traits"]["Prefs"], json!(["red", "blue"]));
    assert_eq!(ann["traits"]["Lifetime value"], 120.5);
    assert_eq!(ann["guids"].as_array().unwrap().len(), 2, "{ann}");
    for other in [
        "email=DRIVE-A-MWU2LVDM@example.test",
        "phone=%2B14155550100",
        "guid=33b4cd70375a4d9ba2c8a281e480cac4",
        "guid=9d5e7f0daed14ff9b4e72c70febc41c9",
    ] {
        assert_eq!(person(server, shop, other)["id"], ann["id"], "{other}");
    }
    let pages = ann["events"].as_array().unwrap().iter().find(|e| e["name"] == "After Login");
    assert_eq!(pages.unwrap()["count"], 1);
    // web-profile-ops
    let ops = person(server, shop, "identity=drive-a-mwu2lvdm-p");
    assert_eq!(ops["traits"]["tags"], json!(["e", "c"]), "{ops}");
    assert_eq!(ops["traits"]["score"], 13);
    assert_eq!(ops["traits"]["Address"], json!({"city": "Pune", "zip": 411001}));
    assert!(ops["traits"].get("Plan").is_none());
    // web-push-token: the token is with whoever registered it last. What the second user did there
    // is not theirs in a replay: the browser's guid for them was made by the recorder.
    let first = person(server, shop, "identity=drive-b-mwu2lvdm-t1");
    assert_eq!(first["traits"]["push_token"], json!(["fake-endpoint:APA91token"]), "{first}");
    let second = person(server, shop, "guid=2bb910b6b6ec47b3ba0ba563138f22da");
    assert_eq!(second["traits"]["push_token"], json!([]), "{second}");
    assert_ne!(person(server, shop, "identity=drive-b-mwu2lvdm-t2")["id"], first["id"]);
    // web-charged, web-anonymous, web-web-popup
    let buyer = person(server, shop, "guid=1db3efd601f04e46b7910227f3739dc4");
    let charged = latest(server, shop, &buyer, "Charged");
    assert_eq!(charged["properties"]["Items"][1]["Price"], 9.5, "{charged}");
    let visitor = person(server, shop, "guid=14900560571c417f94fb7b46b572a949");
    let nested = latest(server, shop, &visitor, "Nested");
    assert_eq!(nested["properties"]["cart"]["lines"][1]["sku"], "b", "{nested}");
    let emoji = latest(server, shop, &visitor, "\u{dc}n\u{ef}code \u{4e8b}\u{4ef6} \u{1f389}");
    assert_eq!(emoji["properties"]["emoji"], "\u{1f680}", "{emoji}");
    // The popup itself is a campaign's; that it was seen is an event like any other.
    let shown = person(server, shop, "guid=9b054b29f1874e84bbadb22ea3246cde");
    let viewed = latest(server, shop, &shown, "Notification Viewed");
    assert_eq!(viewed["properties"]["wzrk_id"], "1700000001_20260101", "{viewed}");
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
        // Twice: the second delivery counts nothing.
        for _ in 0..2 {
            let (target, body) = (exchange.text("target"), exchange.text("body"));
            let (status, answer) = server.send("POST", target, &exchange.headers(), body).unwrap();
            let asks = plain_records(&plain, decoded).iter().any(|r| r["evtData"]["t"] == 4);
            let expected = if asks { json!({"vars": {}}) } else { json!({}) };
            assert_eq!((status, answer), (200, expected), "{}", exchange.file);
        }
        let body = plain_records(&plain, decoded);
        let guid = body[0]["g"].to_string();
        for record in body {
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
    mobile_people_are_as_they_said(&server, &shop);
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

fn plain_records<'c>(plain: &'c Json, decoded: &'c Json) -> &'c [Json] {
    let body = [plain, &decoded["body"]].into_iter().find_map(Json::as_array);
    body.unwrap_or_else(|| panic!("{decoded}"))
}

fn mobile_people_are_as_they_said(server: &Server, shop: &Json) {
    // Who has which token is said last: what came before is visible, too, then.
    let with_tokens = |query: &str, tokens: Json| {
        let found = |server: &Server| person(server, shop, query);
        server.eventually(found, |one| one["traits"]["push_token"] == tokens)
    };
    // android-login-switch, android-profile-ops, android-push-token
    let ann = with_tokens("identity=user-1", json!(["fcm-token-1"]));
    assert_eq!(ann["email"], "ann@example.test", "{ann}");
    assert_eq!(
        (&ann["traits"]["Tier"], &ann["traits"]["tags"]),
        (&json!("Gold"), &json!(["b", "c"]))
    );
    assert_eq!(ann["traits"]["score"], 3, "an increment that is delivered twice counts once");
    assert_eq!(ann["traits"]["push_token"], json!(["fcm-token-1"]), "it registered last: {ann}");
    assert_eq!(ann["guids"], json!(["__8b9a1f6c0d2e4f5a9b7c6d5e4f3a2b1c"]));
    let bob = with_tokens("identity=user-2", json!([]));
    assert_ne!(bob["id"], ann["id"]);
    assert_eq!(bob["guids"], json!(["__0000aaaabbbb4ccc8dddeeeeffff0001"]), "{bob}");
    assert_eq!(bob["traits"]["push_token"], json!([]));
    // android-events, android-push-viewed
    let charged = latest(server, shop, &ann, "Charged");
    assert_eq!(charged["properties"]["Items"][1]["Quantity"], 4, "{charged}");
    let viewed = latest(server, shop, &ann, "Notification Viewed");
    assert_eq!(viewed["properties"]["wzrk_pid"], "pid-1", "{viewed}");
    // ios-first-launch, ios-push-token
    let phone = with_tokens("guid=-1f2e3d4c5b6a47988a7b6c5d4e3f2a1b", json!([]));
    assert_eq!(phone["traits"]["tz"], "Asia/Kolkata", "{phone}");
    assert_eq!(phone["traits"]["push_token"], json!([]), "registered and unregistered: {phone}");
    assert_eq!(latest(server, shop, &phone, "App Launched")["properties"]["Model"], "iPhone15,2");
}

#[test]
fn definitions_of_the_captures_are_kept_and_told() {
    let data = tempfile::tempdir().unwrap();
    let exchanges = captures(&["android-define"], "/defineVars");
    let web = captures(&["web-variables"], "/defineVars");
    let pages = captures(&["web-variables"], "/a");
    // One publisher for each capture: an id and a token that are built into its app.
    let phone = ["--account-id", "TEST-APP-ACCT", "--account-token", "abc-123"];
    create(data.path(), &[["--name", "App", "--policy", "open"].as_slice(), &phone].concat());
    let page = ["--account-id", "TEST-WEB-ACCT", "--account-token", "test-token"];
    let more = ["--name", "Site", "--policy", "open", "--admin-email", "b@localhost"];
    create(data.path(), &[more.as_slice(), &page].concat());
    let server = Server::start(data.path());
    let success = (200, json!({"status": "success"}));
    let templates = captures(&["android-define"], "/defineTemplates");
    for exchange in exchanges.iter().chain(&templates) {
        let (target, body) = (exchange.text("target"), exchange.text("body"));
        let answer = server.send("POST", target, &exchange.headers(), body).unwrap();
        assert_eq!(answer, success, "{}", exchange.file);
    }
    for exchange in captures(&["android-fetch"], "/a1") {
        let (target, body) = (exchange.text("target"), exchange.text("body"));
        let (_, answer) = server.send("POST", target, &exchange.headers(), body).unwrap();
        let asks = exchange.json["decoded"]["body"][1]["evtData"]["t"] == 4;
        let vars = json!({"vars": {"welcome": "hello", "theme.size.w": 2, "on": true}});
        assert_eq!(answer, if asks { vars } else { json!({}) });
    }
    for exchange in &web {
        let method = exchange.text("method");
        let answer = server.send(method, exchange.text("target"), "", exchange.text("body"));
        let (status, answer) = answer.unwrap();
        let expected = if method == "OPTIONS" { 204 } else { 200 };
        assert_eq!(status, expected, "{answer}");
    }
    let (_, last) = server.send("GET", pages.last().unwrap().text("target"), "", "").unwrap();
    let vars = json!({"vars": {"welcome": "hello", "limit": 5, "on": true,
                               "theme.colour": "red", "theme.size.w": 2}});
    assert!(last.as_str().unwrap().ends_with(&format!("$WZRK_WR.tr({vars});")), "{last}");
}

fn site(data: &std::path::Path, account: &str, email: &str) -> Json {
    let ids = ["--account-id", account, "--admin-email", email];
    create(data, &[["--name", "Site"].as_slice(), &ids].concat())
}

fn reader(server: &Server, site: &Json) -> String {
    let purposes = json!({"marketing:email": true, "marketing:sms": true});
    let said = json!({"identity": "reader", "purposes": purposes, "method": "form"});
    let (status, receipt) = server.post("/api/v1/consents", site, &said);
    assert_eq!(status, 200, "{receipt}");
    let path = format!("/api/v1/people/{}/privacy", receipt["subject"].as_str().unwrap());
    let (status, given) = server.post(&path, site, &json!({"shows": "names"}));
    assert_eq!((status, &given["until"]), (200, &Json::Null), "{given}");
    given["token"].as_str().unwrap().to_owned()
}

/// What was said on the page about mails, oldest first.
fn said_there(server: &Server, site: &Json) -> Vec<Json> {
    let (_, history) = server.get("/api/v1/consents?identity=reader", site);
    let receipts = history["consents"].as_array().unwrap().iter();
    let there = receipts.filter(|receipt| receipt["method"] == "e-mail page");
    there.map(|receipt| receipt["purposes"].clone()).collect()
}

/// The groups of a script, by what the person is out of.
fn out_of(script: &Json) -> Vec<String> {
    let script = script.as_str().unwrap();
    let (_, rest) = script.split_once("$WZRK_WR.setSubscriptionGroups(").unwrap();
    let (groups, _) = rest.split_once(");").unwrap();
    let groups: Vec<Json> = serde_json::from_str(groups).unwrap();
    assert_eq!(groups.len(), 5, "{script}");
    let out = groups.iter().filter(|group| group["isUnsubscribed"] == true);
    out.map(|group| group["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_page_about_mails_says_what_its_reader_wants() {
    let data = tempfile::tempdir().unwrap();
    let shop = site(data.path(), "TEST-WEB-ACCT", "a@localhost");
    let other = site(data.path(), "TEST-OTHER", "b@localhost");
    let server = Server::start(data.path());
    let (token, foreign) = (reader(&server, &shop), reader(&server, &other));
    let exchanges = captures(&["web-email-subscription"], "/e");
    let send = |target: &str| {
        let (status, script) = server.send("GET", target, "", "").unwrap();
        assert_eq!(status, 200, "{target}: {script}");
        script
    };
    // Links that name nobody here change nothing, whatever they ask for.
    let mut forged = token.clone().into_bytes();
    forged[20] = if forged[20] == b'A' { b'B' } else { b'A' };
    let forged = String::from_utf8(forged).unwrap();
    for wrong in ["abc123", "", &foreign, &forged] {
        for exchange in &exchanges {
            let script = send(&exchange.text("target").replace("abc123", wrong));
            let called = script.as_str().unwrap();
            assert!(called.contains("_failed(\"this link") && !called.contains("$WZRK_WR"));
        }
    }
    assert_eq!(said_there(&server, &shop), [json!(null); 0]);
    // As it was sent, twice each: no, yes, and how is it.
    let others = ["marketing:inapp", "marketing:push", "marketing:whatsapp"];
    for exchange in &exchanges {
        let target = exchange.text("target").replace("abc123", &token);
        let (calls, out): (_, &[&str]) = match &target {
            no if no.contains("&sub=0") => ("wzrk_email_subscription(0);", &["marketing:email"]),
            yes if yes.contains("&sub=1") => ("wzrk_email_subscription(1);", &[]),
            _ => ("wzrk_email_fetched(\"\",{\"groups\":[{", &[]),
        };
        for _ in 0..2 {
            let script = send(&target);
            assert!(script.as_str().unwrap().contains(calls), "{target}: {script}");
            assert_eq!(out_of(&script), [out, &others].concat(), "{target}");
        }
    }
    let email = |yes: bool| json!({"marketing:email": yes});
    let history = |expected: Vec<Json>| {
        let history = server.eventually(|s| json!(said_there(s, &shop)), |h| *h == json!(expected));
        assert_eq!(history, json!(expected));
    };
    history(vec![email(false), email(true)]);
    // Groups, and everything at once.
    let ask = |groups: Json, more: &str| {
        let payload = json!({"id": "TEST-WEB-ACCT", "unsubGroups": groups}).to_string();
        let payload = percent(&compressed(&payload));
        send(&format!("/e?r=1&encoded=false&e={token}&d={payload}{more}&useIP=false&r=2"))
    };
    let group = |name: &str, out: bool| json!({"name": name, "isUnsubscribed": out});
    let groups = json!([
        group("marketing:sms", true),
        group("marketing:email", false),
        group("analytics", false),
        group("offers", true)
    ]);
    let script = ask(groups, "&sub=2");
    assert!(script.as_str().unwrap().ends_with("wzrk_email_subscription(1);"), "{script}");
    let sms = json!({"marketing:sms": false});
    history(vec![email(false), email(true), sms.clone()]);
    let script = ask(json!([]), "&sub=0&page_type=global");
    assert_eq!(out_of(&script).len(), 5);
    let all = json!({"marketing:email": false, "marketing:inapp": false, "marketing:push": false,
                     "marketing:whatsapp": false});
    history(vec![email(false), email(true), sms, all]);
    // What cannot be read, and groups of which the policy knows none.
    for script in [ask(json!([group("offers", false)]), "&sub=2"), send("/e"), send("/e?sub=0")] {
        assert!(script.as_str().unwrap().contains("_failed("), "{script}");
    }
    assert_eq!(server.send("OPTIONS", "/e", "", "").unwrap().0, 204);
    assert_eq!(said_there(&server, &shop).len(), 4);
    assert_eq!(said_there(&server, &other), [json!(null); 0]);
    for site in [&shop, &other] {
        let live = server.get("/api/v1/insights/live", site).1;
        assert_eq!(live["recent"], json!([]), "a page about mails is no event");
    }
}

/// What the server does not have yet is absent: 404, and never an answer that could be taken for
/// the true one.
#[test]
fn captures_of_what_is_not_there_are_answered_so() {
    let data = tempfile::tempdir().unwrap();
    let more = ["--name", "Shop", "--policy", "open", "--account-id", "TEST-REST-ACCT"];
    let shop = create(data.path(), &[more.as_slice(), &["--passcode", "PASSCODE-1"]].concat());
    let server = Server::start(data.path());
    for (files, path, why) in [
        ("rest-campaigns", "/1/targets/create.json", "campaigns"),
        ("rest-campaigns", "/1/targets/list.json", "campaigns"),
        ("rest-campaigns", "/1/targets/stop.json", "campaigns"),
        ("rest-campaigns", "/1/targets/result.json", "campaigns"),
        ("rest-counts", "/1/counts/profiles.json", "questions have an API of their own"),
        ("rest-counts", "/1/counts/events.json", "questions have an API of their own"),
        ("rest-reports", "/1/message/report.json", "campaigns"),
        ("rest-reports", "/1/now.json", "questions have an API of their own"),
    ] {
        for exchange in captures(&[files], path) {
            let (method, target) = (exchange.text("method"), exchange.text("target"));
            let body = exchange.text("body");
            let (status, answer) = server.send(method, target, &exchange.headers(), body).unwrap();
            assert_eq!(status, 404, "{target}, {why}: {answer}");
            if path.starts_with("/1/") {
                assert_eq!((&answer["status"], &answer["code"]), (&json!("fail"), &json!(404)));
            }
        }
    }
    let live = server.get("/api/v1/insights/live", &shop).1;
    assert_eq!(live["recent"], json!([]), "nothing of them was kept");
}

/// Every exchange of every capture is replayed by a test of this file.
#[test]
fn no_capture_is_forgotten() {
    let replayed = [
        "/a",
        "/a1",
        "/hello",
        "/defineVars",
        "/defineTemplates",
        "/e",
        "/1/upload",
        "/1/profile.json",
        "/1/profiles.json",
        "/1/subscribe",
        "/1/targets/create.json",
        "/1/targets/list.json",
        "/1/targets/stop.json",
        "/1/targets/result.json",
        "/1/counts/profiles.json",
        "/1/counts/events.json",
        "/1/message/report.json",
        "/1/now.json",
    ];
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../candor-ingest/tests/captures");
    let mut files = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        files += 1;
        let capture: Json = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        for exchange in capture["exchanges"].as_array().unwrap() {
            let asked = exchange["path"].as_str().unwrap();
            assert!(replayed.contains(&asked), "{}: {asked}", path.display());
        }
    }
    assert_eq!(files, 32);
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
    let read = |server: &Server| {
        server.send("GET", profiles[0].text("target"), &profiles[0].headers(), "").unwrap()
    };
    let (_, answer) = read(&server);
    assert_eq!(answer["record"]["email"], "ann@example.test", "{answer}");
    assert_eq!(answer["record"]["profileData"]["favoriteColor"], "green", "{answer}");
    assert_eq!(answer["record"]["events"]["Product viewed"]["count"], 1, "{answer}");
    // rest-profiles-cursor: the client asks for its cursor by GET; its second cursor is its
    // recorder's, so ours takes its place.
    let cursors = captures(&["rest-profiles-cursor"], "/1/profiles.json");
    let ask = |target: &str| server.send("GET", target, &cursors[0].headers(), "").unwrap();
    let (status, answer) = ask(cursors[0].text("target"));
    assert_eq!((status, &answer["status"]), (200, &json!("success")), "{answer}");
    assert!(answer.get("records").is_none(), "{answer}");
    let cursor = answer["cursor"].as_str().unwrap();
    let (status, page) = ask(&cursors[1].text("target").replace("CURSOR1", cursor));
    assert_eq!((status, &page["records"]), (200, &json!([])), "nobody ate pizza: {page}");
    assert!(page.get("next_cursor").is_none());
    assert_eq!(ask(cursors[1].text("target")).0, 400);
    let sushi = cursors[0].text("target").replace("piz", "sus");
    let cursor = ask(&sushi).1["cursor"].as_str().unwrap().to_owned();
    let (_, page) = ask(&format!("/1/profiles.json?cursor={cursor}"));
    assert_eq!(page["records"][0]["identity"], "FBID:34322423", "{page}");
    // rest-subscription: nobody has these addresses, which is said of each.
    let subscription = &captures(&["rest-subscription"], "/1/subscribe")[0];
    let (headers, body) = (subscription.headers(), subscription.text("body"));
    let (status, answer) = server.send("POST", "/1/subscribe", &headers, body).unwrap();
    assert_eq!((status, &answer["processed"]), (200, &json!(0)), "{answer}");
    assert_eq!(answer["unprocessed"][1]["record"]["value"], "a@b.test");
    let (_, entries) = server.get("/api/v1/audit", &shop);
    let entries = entries["entries"].as_array().unwrap();
    assert!(entries.iter().any(|entry| entry["action"] == "read profile"), "{entries:?}");
    let delete = json!({"identity": "u-1"}).to_string();
    let headers = profiles[0].headers();
    let (status, _) = server.send("POST", "/1/delete/profiles.json", &headers, &delete).unwrap();
    assert_eq!(status, 200);
    let gone = server.eventually(|s| json!(read(s).0), |status| *status == 404);
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
