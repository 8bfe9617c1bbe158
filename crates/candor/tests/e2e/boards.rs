//! Boards, whose cards keep questions that the server would answer, and notes on the axis of time.

use serde_json::{Value as Json, json};

use crate::server::{Server, bearer, create};

struct Shop {
    server: Server,
    publisher: Json,
    data: tempfile::TempDir,
}

impl Shop {
    fn open(more: &[&str]) -> Shop {
        let data = tempfile::tempdir().unwrap();
        let named = ["--name", "Shop", "--policy", "open"];
        let publisher = create(data.path(), &[&named[..], more].concat());
        let server = Server::start(data.path());
        Shop { server, publisher, data }
    }

    fn post(&self, path: &str, body: &Json) -> (u16, Json) {
        self.server.post(path, &self.publisher, body)
    }

    fn get(&self, path: &str) -> Json {
        let (status, answer) = self.server.get(path, &self.publisher);
        assert_eq!(status, 200, "{answer}");
        answer
    }

    fn send(&self, method: &str, path: &str, body: &Json) -> (u16, Json) {
        self.send_as(&self.publisher, method, path, body)
    }

    fn send_as(&self, who: &Json, method: &str, path: &str, body: &Json) -> (u16, Json) {
        self.server.send(method, path, &bearer(who), &body.to_string()).unwrap()
    }

    /// A token that may do only this.
    fn token(&self, scopes: &[&str]) -> Json {
        let new = json!({"name": scopes.join(" "), "scopes": scopes});
        json!({"api_token": self.post("/api/v1/tokens", &new).1["token"]})
    }

    fn audited(&self, of: &str) -> Vec<String> {
        let audit = self.get("/api/v1/audit");
        let entries = audit["entries"].as_array().unwrap().iter();
        let actions = entries.filter_map(|entry| entry["action"].as_str());
        actions.filter(|action| action.contains(of)).map(str::to_owned).collect()
    }
}

fn card(title: &str, insight: &str, question: &Json) -> Json {
    json!({"title": title, "insight": insight, "question": question})
}

/// One question of every kind.
fn questions() -> Vec<(&'static str, Json)> {
    let days = |more: Json| {
        let mut question = json!({"from": "2026-11-01", "to": "2026-11-08"});
        question.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        question
    };
    let by_plan = json!([{"property": "Plan", "scope": "person"}, "OS"]);
    vec![
        ("trend", days(json!({"event": "Charged", "measure": "sum:Amount", "breakdown": by_plan}))),
        ("funnel", days(json!({"steps": [{"event": "Viewed"}, {"event": "Charged"}]}))),
        ("retention", days(json!({"born": {"event": "*"}, "back": {"event": "*"}, "periods": 3}))),
        ("stickiness", days(json!({"event": "*"}))),
        ("paths", days(json!({"start": "Viewed", "steps": 2}))),
        ("rfm", days(json!({"compare": {"from": "2026-10-25", "to": "2026-11-01"}}))),
        ("pivot", days(json!({"event": "*", "rows": "$weekday", "columns": ["OS"]}))),
        ("board", days(json!({}))),
        ("sql", json!({"sql": "SELECT name, count(*) AS n FROM events GROUP BY name"})),
    ]
}

#[test]
fn a_board_keeps_questions_of_every_kind_which_are_answered_as_they_were() {
    let shop = Shop::open(&[]);
    let record = |person: u32, name: &str, day: u32| {
        json!({"type": "event", "identity": format!("p{person}"), "name": name,
               "at": format!("2026-11-{day:02}T10:00:00Z"),
               "properties": {"OS": "iOS", "Amount": 10 * person}})
    };
    let viewed = (1..=4).map(|person| record(person, "Viewed", person));
    let paid = (1..=2).map(|person| record(person, "Charged", person + 2));
    let records: Vec<Json> = viewed.chain(paid).collect();
    let (_, taken) = shop.post("/api/v1/events", &json!({"records": records}));
    assert_eq!(taken["accepted"], 6, "{taken}");

    let cards: Vec<Json> = questions().iter().map(|(kind, of)| card(kind, kind, of)).collect();
    let range = json!({"last": 28});
    let new = json!({"name": " Weekly ", "note": "for Monday", "range": range, "cards": cards});
    let (status, saved) = shop.post("/api/v1/boards", &new);
    assert_eq!(status, 201, "{saved}");
    assert_eq!((&saved["name"], &saved["version"]), (&json!("Weekly"), &json!(1)));
    assert_eq!((&saved["range"], &saved["cards"][0]["width"]), (&range, &json!("half")));
    let path = format!("/api/v1/boards/{}", saved["id"].as_str().unwrap());
    assert_eq!(shop.get(&path), saved);
    for ((kind, question), card) in questions().iter().zip(saved["cards"].as_array().unwrap()) {
        let ask = |question: &Json| {
            let path = match *kind {
                "sql" => "/api/v1/sql".to_owned(),
                kind => format!("/api/v1/insights/{kind}"),
            };
            let (status, mut answer) = shop.post(&path, question);
            assert_eq!(status, 200, "{kind}: {answer}");
            answer["meta"] = Json::Null;
            answer["rows"].as_array_mut().unwrap_or(&mut Vec::new()).sort_by_key(Json::to_string);
            answer
        };
        assert_eq!(card["insight"], *kind);
        assert_eq!(ask(&card["question"]), ask(question), "{kind}");
    }
    // What it says by saying nothing is kept with it.
    assert_eq!(saved["cards"][0]["question"]["interval"], "day");

    // The list has no questions.
    let listed = &shop.get("/api/v1/boards")["boards"][0];
    assert_eq!((&listed["cards"], &listed["note"]), (&json!(9), &json!("for Monday")));
    assert!(listed["changed_by"].as_str().unwrap().starts_with("token "), "{listed}");
    assert_eq!(shop.send("DELETE", &path, &Json::Null).0, 204);
    assert_eq!(shop.send("DELETE", &path, &Json::Null).0, 404);
    assert!(shop.get("/api/v1/boards")["boards"].as_array().unwrap().is_empty());
    assert_eq!(shop.audited("board"), ["delete board", "save board"]);
}

#[test]
fn what_the_api_would_refuse_no_board_holds_and_a_pointer_says_where() {
    let shop = Shop::open(&[]);
    let good = |more: Json| {
        let mut question = json!({"event": "*", "from": "2026-11-01", "to": "2026-11-08"});
        question.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        question
    };
    let fine = card("Fine", "trend", &good(json!({})));
    let refused = |cards: Json, pointer: &str| {
        let (status, answer) = shop.post("/api/v1/boards", &json!({"name": "B", "cards": cards}));
        assert_eq!((status, &answer["code"]), (400, &json!("bad_request")), "{answer}");
        assert_eq!(answer["errors"][0]["pointer"], pointer, "{answer}");
        answer["detail"].as_str().unwrap().to_owned()
    };
    let nobody = json!({"people": {"segment": "gone"}});
    let steps = json!({"steps": [{"event": "A"}], "from": "2026-11-01", "to": "2026-11-08"});
    for (insight, question, pointer) in [
        ("trend", good(json!({"unknown": 1})), "/unknown"),
        ("trend", good(json!({"to": "2026-10-01"})), "/to"),
        ("trend", good(json!({"timezone": "Mars/Base"})), "/timezone"),
        ("trend", good(nobody.clone()), "/people/segment"),
        ("trend", json!({"event": "*"}), "/from"),
        ("funnel", steps, "/steps"),
        ("sql", json!({"sql": "DELETE FROM events"}), "/sql"),
        ("sql", json!({"sql": "SELECT nothing FROM events"}), "/sql"),
        ("sql", json!({"sql": "SELECT 1", "limit": 0}), "/limit"),
    ] {
        let pointer = format!("/cards/1/question{pointer}");
        let said = refused(json!([fine, card("Bad", insight, &question)]), &pointer);
        assert!(said.starts_with(&pointer), "{said}");
    }
    refused(json!([card("Live", "live", &json!({}))]), "/cards/0/insight");
    refused(json!([card(" ", "trend", &good(json!({})))]), "/cards/0/title");
    refused(json!([card(&"x".repeat(101), "trend", &good(json!({})))]), "/cards/0/title");
    let with = |more: &[(&str, Json)]| {
        let mut card = fine.clone();
        more.iter().for_each(|(name, value)| card[*name] = value.clone());
        card
    };
    refused(json!([with(&[("id", json!("a b"))])]), "/cards/0/id");
    let same = with(&[("id", json!("same"))]);
    refused(json!([same, same]), "/cards/1/id");
    refused(json!([with(&[("note", json!("x".repeat(2_001)))])]), "/cards/0/note");
    refused(json!([with(&[("width", json!("huge"))])]), "/cards/0/width");
    for (range, pointer) in [
        (json!({}), ""),
        (json!({"last": 0}), "/last"),
        (json!({"last": 1_827}), "/last"),
        (json!({"last": 7, "from": "2026-11-01"}), ""),
        (json!({"from": "2026-11-01", "to": "2026-11-01"}), "/to"),
        (json!({"from": "2026-11-01", "to": "2032-11-01"}), "/to"),
        (json!({"from": "2026-13-01", "to": "2026-11-01"}), "/from"),
    ] {
        refused(json!([with(&[("range", range)])]), &format!("/cards/0/range{pointer}"));
    }
    refused(json!(vec![fine; 31]), "/cards");
    let (status, answer) = shop.post("/api/v1/boards", &json!({"name": "B", "range": {"last": 0}}));
    assert_eq!((status, &answer["errors"][0]["pointer"]), (400, &json!("/range/last")), "{answer}");
    let (status, answer) = shop.post("/api/v1/boards", &json!({"name": ""}));
    assert_eq!((status, &answer["errors"][0]["pointer"]), (400, &json!("/name")), "{answer}");
    let long = json!({"name": "B", "cards": [], "note": "x".repeat(600 << 10)});
    assert_eq!(shop.post("/api/v1/boards", &long).0, 413);
    assert!(shop.get("/api/v1/boards")["boards"].as_array().unwrap().is_empty());
    assert!(shop.audited("board").is_empty(), "what was refused is no change");
}

#[test]
fn of_two_who_change_a_board_at_once_the_second_is_told() {
    let shop = Shop::open(&[]);
    let segment = json!({"name": "Buyers", "definition": {"did": {"event": "Charged"}}});
    let segment = shop.post("/api/v1/segments", &segment).1["id"].clone();
    let asked = json!({"event": "*", "from": "2026-11-01", "to": "2026-11-08",
                       "people": {"segment": segment}});
    let new = json!({"name": "B", "cards": [card("Buyers", "trend", &asked)]});
    let (_, saved) = shop.post("/api/v1/boards", &new);
    let path = format!("/api/v1/boards/{}", saved["id"].as_str().unwrap());
    let change = |name: &str, cards: &Json, version: u64| {
        shop.send("PUT", &path, &json!({"name": name, "cards": cards, "version": version}))
    };
    let (status, mine) = change("Mine", &saved["cards"], 1);
    assert_eq!((status, &mine["version"]), (200, &json!(2)), "{mine}");
    assert_eq!(mine["cards"][0]["id"], saved["cards"][0]["id"], "a card stays the same");
    let (status, answer) = change("Yours", &saved["cards"], 1);
    assert_eq!((status, &answer["code"]), (409, &json!("changed_meanwhile")), "{answer}");
    assert_eq!(shop.get(&path)["name"], "Mine");

    // A card whose segment is gone stands in the way of no other change, but cannot be made anew.
    let gone = format!("/api/v1/segments/{}", segment.as_str().unwrap());
    assert_eq!(shop.send("DELETE", &gone, &Json::Null).0, 204);
    let (status, renamed) = change("Still", &saved["cards"], 2);
    assert_eq!((status, &renamed["name"]), (200, &json!("Still")), "{renamed}");
    let (status, answer) = change("Again", &json!([card("Anew", "trend", &asked)]), 3);
    let pointer = &answer["errors"][0]["pointer"];
    assert_eq!((status, pointer), (400, &json!("/cards/0/question/people/segment")));
}

#[test]
fn boards_and_notes_are_read_and_changed_by_who_may_and_by_nobody_else() {
    let shop = Shop::open(&[]);
    let days = |more: Json| {
        let mut question = json!({"from": "2026-11-01", "to": "2026-11-08"});
        question.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        question
    };
    let ann = json!([{"property": "Email", "op": "eq", "value": "ann@x.test", "scope": "person"}]);
    let of_ann = card("Ann", "trend", &days(json!({"event": "*", "where": ann})));
    let statement = "SELECT count(*) FROM events WHERE name = 'secret'";
    let in_sql = card("SQL", "sql", &json!({"sql": statement}));
    let new = json!({"name": "B", "cards": [of_ann, in_sql]});
    let (status, saved) = shop.post("/api/v1/boards", &new);
    assert_eq!(status, 201, "{saved}");
    let board = format!("/api/v1/boards/{}", saved["id"].as_str().unwrap());
    let note = json!({"at": "2026-11-03", "text": "Price change"});
    let (_, noted) = shop.post("/api/v1/annotations", &note);
    let one = format!("/api/v1/annotations/{}", noted["id"].as_str().unwrap());

    let (reader, writer) = (shop.token(&["read"]), shop.token(&["read", "engage"]));
    let (status, seen) = shop.server.get(&board, &reader);
    let masked = json!({"masked": true});
    assert_eq!(status, 200);
    assert_eq!(seen["cards"][0]["question"]["where"][0]["value"], masked);
    assert_eq!(seen["cards"][1]["question"]["sql"], masked);
    assert!(!seen.to_string().contains("ann@") && !seen.to_string().contains("secret"));
    for (method, path, body) in [
        ("POST", "/api/v1/boards", &new),
        ("PUT", &board, &new),
        ("DELETE", &board, &Json::Null),
        ("POST", "/api/v1/annotations", &note),
        ("PUT", &one, &note),
        ("DELETE", &one, &Json::Null),
    ] {
        assert_eq!(shop.send_as(&reader, method, path, body).0, 403, "{method} {path}");
    }
    // Who may not ask a question may not save it either.
    let (status, answer) = shop.send_as(&writer, "POST", "/api/v1/boards", &new);
    assert_eq!(status, 403, "{answer}");
    assert!(answer["detail"].as_str().unwrap().starts_with("/cards/0/question"), "{answer}");
    let plain = json!({"name": "Plain", "cards": []});
    let (status, made) = shop.send_as(&writer, "POST", "/api/v1/boards", &plain);
    assert_eq!((status, &made["range"]), (201, &json!({"last": 28})), "{made}");

    let other = ["--name", "Other", "--policy", "open", "--admin-email", "other@x.test"];
    let other = create(shop.data.path(), &other);
    for (path, body) in [(&board, &plain), (&one, &note)] {
        for method in ["PUT", "DELETE"] {
            assert_eq!(shop.send_as(&other, method, path, body).0, 404, "{method} {path}");
        }
    }
    assert_eq!(shop.server.get(&board, &other).0, 404);
    let (_, theirs) = shop.server.get("/api/v1/annotations", &other);
    assert_eq!(theirs["annotations"], json!([]));
    assert_eq!(shop.server.get("/api/v1/boards", &other).1["boards"], json!([]));
}

#[test]
fn notes_are_found_by_the_days_of_the_publishers_zone() {
    let shop = Shop::open(&["--timezone", "Asia/Kolkata"]);
    let add = |at: &str, text: &str| {
        let (status, added) = shop.post("/api/v1/annotations", &json!({"at": at, "text": text}));
        assert_eq!(status, 201, "{added}");
        added
    };
    // 18:30 in UTC is midnight in India.
    let late = add("2026-11-03T18:29:59Z", "the last second of the 3rd");
    let day = add("2026-11-04", " the 4th ");
    add("2026-11-04T18:30:00Z", "the first second of the 5th");
    assert_eq!(
        (&day["at"], &day["text"]),
        (&json!("2026-11-04T00:00:00+05:30"), &json!("the 4th"))
    );
    let within = |query: &str| {
        let found = shop.get(&format!("/api/v1/annotations{query}"));
        let texts = found["annotations"].as_array().unwrap().iter();
        texts.map(|one| one["text"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(within("?from=2026-11-04&to=2026-11-05"), ["the 4th"]);
    assert_eq!(within("?to=2026-11-04"), ["the last second of the 3rd"]);
    assert_eq!(within("?from=2026-11-05"), ["the first second of the 5th"]);
    assert_eq!(within("").len(), 3);
    for query in ["?from=yesterday", "?to=", "?since=2026-11-04"] {
        let path = format!("/api/v1/annotations{query}");
        assert_eq!(shop.server.get(&path, &shop.publisher).0, 400, "{query}");
    }

    let path = format!("/api/v1/annotations/{}", late["id"].as_str().unwrap());
    let change = |at: &str, text: &str, version: u64| {
        shop.send("PUT", &path, &json!({"at": at, "text": text, "version": version}))
    };
    let (status, moved) = change("2026-11-06", "moved", 1);
    assert_eq!((status, &moved["version"]), (200, &json!(2)), "{moved}");
    let (status, answer) = change("2026-11-07", "again", 1);
    assert_eq!((status, &answer["code"]), (409, &json!("changed_meanwhile")), "{answer}");
    assert_eq!(within("?from=2026-11-06"), ["moved"]);
    for (at, text, pointer) in [
        ("soon", "x", "/at"),
        ("2026-11-07", " ", "/text"),
        ("2026-11-07", &"x".repeat(201), "/text"),
    ] {
        let (status, answer) = change(at, text, 2);
        assert_eq!((status, &answer["errors"][0]["pointer"]), (400, &json!(pointer)), "{answer}");
    }
    assert_eq!(shop.send("DELETE", &path, &Json::Null).0, 204);
    assert_eq!(shop.send("DELETE", &path, &Json::Null).0, 404);
    assert_eq!(within("").len(), 2);
    let kept = shop.audited("annotation");
    assert_eq!((kept.len(), kept[0].as_str()), (5, "delete annotation"), "{kept:?}");
}

#[test]
fn boards_and_notes_have_an_end() {
    let shop = Shop::open(&[]);
    let mut last = (0, Json::Null);
    for at in 0..=200 {
        last = shop.post("/api/v1/boards", &json!({"name": format!("B{at}")}));
    }
    assert_eq!((last.0, &last.1["code"]), (409, &json!("too_many_boards")), "{}", last.1);
    for at in 0..=1_000 {
        let note = json!({"at": "2026-11-03", "text": format!("note {at}")});
        last = shop.post("/api/v1/annotations", &note);
    }
    assert_eq!((last.0, &last.1["code"]), (409, &json!("too_many_annotations")), "{}", last.1);
}
