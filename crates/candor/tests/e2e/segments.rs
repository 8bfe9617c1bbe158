//! Saved segments: rules within rules, lists that stay as they were, files of identities.

use serde_json::{Value as Json, json};

use crate::server::{Server, bearer, create};

fn visit(identity: &str, plan: &str) -> [Json; 2] {
    [
        json!({"type": "event", "identity": identity, "name": "Visited", "at": "2026-11-02T10:00:00Z"}),
        json!({"type": "profile", "identity": identity, "set": {"plan": plan}}),
    ]
}

struct Shop {
    server: Server,
    publisher: Json,
    _data: tempfile::TempDir,
}

impl Shop {
    /// Four people: two on gold, one on free, and one whose e-mail is known.
    fn open() -> Shop {
        let data = tempfile::tempdir().unwrap();
        let publisher = create(data.path(), &["--name", "Shop", "--policy", "open"]);
        let server = Server::start(data.path());
        let mut records: Vec<Json> = [("a", "gold"), ("b", "gold"), ("c", "free"), ("d", "none")]
            .map(|(i, p)| visit(i, p))
            .concat();
        records.push(json!({"type": "profile", "identity": "d", "set": {"Email": "d@x.test"}}));
        let (_, answer) = server.post("/api/v1/events", &publisher, &json!({"records": records}));
        assert_eq!(answer["accepted"], 9, "{answer}");
        let shop = Shop { server, publisher, _data: data };
        let everyone = json!({"did": {"event": "Visited"}});
        assert_eq!(shop.count_until(&everyone, 4), 4);
        shop
    }

    fn post(&self, path: &str, body: &Json) -> (u16, Json) {
        self.server.post(path, &self.publisher, body)
    }

    fn save(&self, name: &str, definition: &Json) -> String {
        let new = json!({"name": name, "definition": definition});
        let (status, saved) = self.post("/api/v1/segments", &new);
        assert_eq!(status, 201, "{saved}");
        assert_eq!(&saved["definition"], definition);
        saved["id"].as_str().unwrap().to_owned()
    }

    fn count(&self, definition: &Json) -> Json {
        let (status, answer) =
            self.post("/api/v1/segments/count", &json!({"definition": definition}));
        assert_eq!(status, 200, "{answer}");
        answer["people"].clone()
    }

    fn count_until(&self, definition: &Json, people: u64) -> Json {
        self.server.eventually(|_| self.count(definition), |count| *count == people)
    }

    fn send(&self, method: &str, path: &str, body: &str) -> (u16, Json) {
        self.server.send(method, path, &bearer(&self.publisher), body).unwrap()
    }
}

#[test]
fn a_saved_segment_is_asked_anew_and_a_frozen_one_stays() {
    let shop = Shop::open();
    let plan = |plan: &str| json!({"person": {"property": "plan", "op": "eq", "value": plan}});
    let gold = shop.save("Gold", &plan("gold"));
    let not_gold = shop.save("Others", &json!({"not": {"segment": gold}}));
    let within = |id: &str| json!({"segment": id});
    assert_eq!((shop.count(&within(&gold)), shop.count(&within(&not_gold))), (json!(2), json!(2)));
    let (status, frozen) = shop.post(&format!("/api/v1/segments/{gold}/freeze"), &json!({}));
    assert_eq!((status, &frozen["list"]["people"]), (201, &json!(2)), "{frozen}");
    assert_eq!(frozen["list"]["of"], gold.as_str());
    let frozen = frozen["id"].as_str().unwrap().to_owned();

    let records = json!({"records": visit("c", "gold")});
    assert_eq!(shop.post("/api/v1/events", &records).1["accepted"], 2);
    assert_eq!(shop.count_until(&within(&gold), 3), 3);
    assert_eq!(
        (shop.count(&within(&not_gold)), shop.count(&within(&frozen))),
        (json!(1), json!(2))
    );
    let trend = json!({"event": "Visited", "measure": "uniques", "from": "2026-11-01",
                       "to": "2026-11-10", "people": {"segment": frozen}});
    let (_, trend) = shop.post("/api/v1/insights/trend", &trend);
    assert_eq!(trend["series"][0]["total"], 2.0, "{trend}");

    // By pages, each person once.
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/api/v1/segments/{gold}/people?limit=2{cursor}");
        let (status, page) = shop.server.get(&path, &shop.publisher);
        assert_eq!(status, 200, "{page}");
        let people = page["people"].as_array().unwrap();
        seen.extend(people.iter().map(|p| p["identity"].as_str().unwrap().to_owned()));
        match page["cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    seen.sort();
    assert_eq!(seen, ["a", "b", "c"]);

    // What others are made of stays, and a circle is refused where it would close.
    let circle = json!({"name": "Gold", "definition": {"not": {"segment": not_gold}}});
    let (status, answer) =
        shop.send("PUT", &format!("/api/v1/segments/{gold}"), &circle.to_string());
    assert_eq!((status, &answer["code"]), (400, &json!("bad_request")), "{answer}");
    let (status, answer) = shop.send("DELETE", &format!("/api/v1/segments/{gold}"), "");
    assert_eq!((status, &answer["code"]), (409, &json!("in_use")), "{answer}");
    let rule = json!({"name": "List", "definition": plan("gold")}).to_string();
    assert_eq!(shop.send("PUT", &format!("/api/v1/segments/{frozen}"), &rule).0, 400);
    for id in [&not_gold, &gold, &frozen] {
        assert_eq!(shop.send("DELETE", &format!("/api/v1/segments/{id}"), "").0, 204);
    }
    let (_, left) = shop.server.get("/api/v1/segments", &shop.publisher);
    assert_eq!(left["segments"], json!([]));
    let (status, answer) =
        shop.post("/api/v1/segments/count", &json!({"definition": {"all": [{"segment": gold}]}}));
    assert_eq!(
        (status, &answer["errors"][0]["pointer"]),
        (400, &json!("/definition/all/0/segment"))
    );
}

#[test]
fn silence_consent_and_samples_are_rules() {
    let shop = Shop::open();
    let ever = json!({"inactive": {"for": "3650d"}});
    assert_eq!(shop.count(&ever), 0);
    assert_eq!(shop.count(&json!({"inactive": {"for": "1m"}})), 4);
    // How a message fared is nothing that the person did.
    let sent = json!({"records": [
        {"type": "event", "identity": "a", "name": "Notification Sent"},
        {"type": "event", "identity": "b", "name": "Notification Clicked"}]});
    assert_eq!(shop.post("/api/v1/events", &sent).1["accepted"], 2);
    assert_eq!(shop.count_until(&json!({"did": {"event": "Notification Clicked"}}), 1), 1);
    assert_eq!(shop.count(&json!({"inactive": {"for": "1h"}})), 3);

    let yes = json!({"identity": "a", "purposes": {"marketing:email": true}, "method": "form"});
    assert_eq!(shop.post("/api/v1/consents", &yes).0, 200);
    let consented = json!({"consented": {"purpose": "marketing:email"}});
    assert_eq!(shop.count_until(&consented, 1), 1);

    assert_eq!(shop.count(&json!({"sample": {"percent": 100}})), 4);
    for (wrong, at) in [
        (json!({"sample": {"percent": 0}}), "/definition/sample/percent"),
        (json!({"inactive": {"for": "soon"}}), "/definition/inactive/for"),
        (
            json!({"did": {"event": "a", "within": {"from": "2026-11-02", "to": "2026-11-02"}}}),
            "/definition/did/within",
        ),
        (json!({"not": {"consented": {"purpose": "No!"}}}), "/definition/not/consented/purpose"),
    ] {
        let (status, answer) = shop.post("/api/v1/segments/count", &json!({"definition": wrong}));
        assert_eq!((status, &answer["errors"][0]["pointer"]), (400, &json!(at)), "{answer}");
        let (status, _) = shop.post("/api/v1/segments", &json!({"name": "x", "definition": wrong}));
        assert_eq!(status, 400);
    }
}

#[test]
fn a_file_of_identities_becomes_a_list_and_says_who_is_nobody() {
    let shop = Shop::open();
    let file = "identity,note\na,x\nnobody,y\n,z\nb\n\"a\",again\nc,x\n";
    let (status, list) = shop.send("POST", "/api/v1/segments/upload?name=From%20the%20shop", file);
    assert_eq!(
        (status, &list["list"]["people"], &list["rejected"]),
        (201, &json!(2), &json!(3)),
        "{list}"
    );
    let id = list["id"].as_str().unwrap();
    assert_eq!(shop.count(&json!({"segment": id})), 2);
    let (_, rejects) = shop.send("GET", &format!("/api/v1/segments/{id}/rejects"), "");
    let lines: Vec<&str> = rejects.as_str().unwrap().lines().collect();
    assert_eq!(
        lines,
        [
            "line,reason",
            "5,the line has 1 fields where the header has 2",
            "3,nobody has this identity",
            "4,no identity",
        ]
    );
    let (status, answer) =
        shop.send("POST", "/api/v1/segments/upload?name=n&column=who", "identity\na\n");
    assert_eq!(status, 400, "{answer}");
    // Without the scope for it nothing is saved, and people are masked.
    let reader = json!({"name": "reader", "scopes": ["read"]});
    let reader = shop.post("/api/v1/tokens", &reader).1["token"].clone();
    let reader = json!({"api_token": reader});
    let new = json!({"name": "x", "definition": {"did": {"event": "Visited"}}});
    assert_eq!(shop.server.post("/api/v1/segments", &reader, &new).0, 403);
    let (_, page) = shop.server.get(&format!("/api/v1/segments/{id}/people"), &reader);
    assert_eq!(page["people"][0]["identity"], json!({"masked": true}), "{page}");
    let who = json!({"person": {"property": "Email", "op": "eq", "value": "d@x.test"}});
    let who = shop.save("Who", &who);
    let (_, shown) = shop.server.get(&format!("/api/v1/segments/{who}"), &reader);
    assert_eq!(shown["definition"]["person"]["value"], json!({"masked": true}), "{shown}");
}
