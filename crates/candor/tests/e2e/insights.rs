//! Questions by HTTP: the answers in full, who may ask what, and what is said of a bad body.

use serde_json::{Value as Json, json};

use crate::server::{Server, bearer, create};

/// A shop in Kolkata, where a day begins at 18:30 of the one before it in UTC.
struct Shop {
    server: Server,
    publisher: Json,
    _data: tempfile::TempDir,
}

fn event(identity: &str, name: &str, at: &str, properties: Json) -> Json {
    json!({"type": "event", "identity": identity, "name": name, "at": at, "properties": properties})
}

impl Shop {
    fn open() -> Shop {
        let data = tempfile::tempdir().unwrap();
        let more = ["--name", "Shop", "--policy", "open", "--timezone", "Asia/Kolkata"];
        let publisher = create(data.path(), &more);
        let server = Server::start(data.path());
        let visit = |identity, at| event(identity, "Visited", at, json!({"plan": "gold"}));
        let pay =
            |identity, at, amount: i64| event(identity, "Charged", at, json!({"Amount": amount}));
        let records = json!({"records": [
            visit("a", "2026-11-01T18:30:00Z"), pay("a", "2026-11-02T10:00:00Z", 10),
            visit("a", "2026-11-02T18:30:00Z"),
            visit("b", "2026-11-02T10:00:00Z"), pay("b", "2026-11-03T10:00:00Z", 20),
            visit("c", "2026-11-03T10:00:00Z"),
        ]});
        let shop = Shop { server, publisher, _data: data };
        assert_eq!(shop.post_events(&records)["accepted"], 6);
        let trend = json!({"event": "*", "from": "2026-11-01", "to": "2026-11-10"});
        let total = |_: &Server| shop.post("trend", &trend).1["series"][0]["total"].clone();
        assert_eq!(shop.server.eventually(total, |total| *total == 6.0), 6.0);
        shop
    }

    fn post(&self, path: &str, body: &Json) -> (u16, Json) {
        self.server.post(&format!("/api/v1/insights/{path}"), &self.publisher, body)
    }

    fn post_events(&self, records: &Json) -> Json {
        self.server.post("/api/v1/events", &self.publisher, records).1
    }

    /// The answer without how long it took.
    fn ask(&self, path: &str, question: &Json) -> Json {
        let (status, mut answer) = self.post(path, question);
        assert_eq!(status, 200, "{path} {question}: {answer}");
        let meta = answer.as_object_mut().unwrap().remove("meta").unwrap();
        assert!(meta["elapsed_ms"].is_number() && meta["events_scanned"] == 6, "{meta}");
        answer
    }

    /// Checks that a body is refused with an error at a place.
    fn refuses(&self, path: &str, body: &Json, pointer: &str, message: &str) {
        let (status, problem) = self.post(path, body);
        assert_eq!(status, 400, "{body}: {problem}");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{body}: {problem}");
        let said = problem["errors"][0]["message"].as_str().unwrap();
        assert!(said.contains(message), "{body}: {problem}");
    }

    /// A caller with some scopes alone.
    fn token(&self, scopes: &[&str]) -> Json {
        let want = json!({"name": scopes.join(" "), "scopes": scopes});
        let (status, made) = self.server.post("/api/v1/tokens", &self.publisher, &want);
        assert_eq!(status, 200, "{made}");
        json!({"api_token": made["token"]})
    }

    /// Checks that a question is for those with the scope `read`, and one about what is masked
    /// for those with `people`, too.
    fn guards(&self, path: &str, question: &Json, masked: &Json) {
        let path = format!("/api/v1/insights/{path}");
        for (scopes, question, expected) in [
            (["ingest", "engage"], question, 403),
            (["read", "engage"], question, 200),
            (["read", "engage"], masked, 403),
            (["read", "people"], masked, 200),
        ] {
            let (status, answer) = self.server.post(&path, &self.token(&scopes), question);
            assert_eq!(status, expected, "{scopes:?} {question}: {answer}");
        }
        let nobody = self.server.send("POST", &path, "", &question.to_string()).unwrap();
        assert_eq!(nobody.0, 401);
    }
}

/// A question with one field changed; null takes it away.
fn with(question: &Json, field: &str, value: Json) -> Json {
    let mut question = question.clone();
    match value {
        Json::Null => question.as_object_mut().unwrap().remove(field).map(|_| ()).unwrap(),
        value => question[field] = value,
    }
    question
}

#[test]
fn a_trend_compares_events_ranges_and_segments() {
    let shop = Shop::open();
    let question = json!({
        "events": [{"event": "Charged"}, {"name": "visits", "event": "Visited"}],
        "formula": "A / visits", "from": "2026-11-02", "to": "2026-11-05",
    });
    let at = |day: u8| format!("2026-11-0{day}T00:00:00+05:30");
    let point = |day: u8, value: Json| json!({"at": at(day), "value": value});
    assert_eq!(
        shop.ask("trend", &question),
        json!({"series": [{
            "key": [], "name": "A / visits", "total": 0.5,
            "points": [point(2, json!(0.5)), point(3, json!(0.5)), point(4, Json::Null)],
        }]})
    );
    let both = with(&question, "formula", Json::Null);
    let names = |answer: &Json| -> Vec<Json> {
        let series = answer["series"].as_array().unwrap().iter();
        series.map(|series| json!([series["name"], series["segment"], series["total"]])).collect()
    };
    let named = |name: &str, total: f64| json!([name, null, total]);
    assert_eq!(names(&shop.ask("trend", &both)), [named("A", 2.0), named("visits", 4.0)]);

    // With what is saved as well as with a rule.
    let payers = json!({"name": "Payers", "definition": {"did": {"event": "Charged"}}});
    let (status, payers) = shop.server.post("/api/v1/segments", &shop.publisher, &payers);
    assert_eq!(status, 201, "{payers}");
    let gold = json!({"did": {"event": "*", "where": [
        {"property": "plan", "op": "eq", "value": "gold"}]}});
    let segments = json!([{"name": "payers", "people": {"segment": payers["id"]}},
                          {"name": "gold", "people": gold}]);
    let one = json!({"event": "Visited", "measure": "uniques", "from": "2026-11-03",
                     "to": "2026-11-04", "compare": "previous"});
    let compared = with(&one, "segments", segments);
    let answer = shop.ask("trend", &compared);
    let span = json!({"from": at(2), "to": at(3)});
    assert_eq!(answer["previous"], span);
    assert_eq!(names(&answer), [json!([null, "payers", 1.0]), json!([null, "gold", 2.0])]);
    assert_eq!(answer["series"][1]["previous"]["points"], json!([point(2, json!(2.0))]));
    for (cell, expected) in [
        (json!({"segment": "gold"}), 2),
        (json!({"segment": "payers"}), 1),
        (json!({"segment": "gold", "previous": true, "at": at(2)}), 2),
    ] {
        let all = shop.ask("trend/people", &json!({"question": compared, "cell": cell}));
        assert_eq!(all["count"], expected, "{cell}");
    }
    let rolling = shop.ask("trend", &with(&one, "rolling", json!(2)));
    assert_eq!(rolling["series"][0]["points"][0]["value"], 3.0);
    let ahead = with(&with(&one, "from", json!("2126-01-01")), "to", json!("2126-01-02"));
    assert_eq!(shop.ask("trend", &ahead)["series"][0]["points"][0]["incomplete"], true);

    let refuses = |field: &str, value: Json, pointer: &str, message: &str| {
        shop.refuses("trend", &with(&both, field, value), pointer, message);
    };
    refuses("events", Json::Null, "/event", "or `events`");
    refuses("event", json!("Visited"), "/event", "either");
    refuses("events", json!([{"event": "a", "name": "A B"}]), "/events/0/name", "letters");
    refuses("events", json!([{"event": "a", "measure": "sum"}]), "/events/0/measure", "sum:Amount");
    refuses("formula", json!("A / B"), "/formula", "(A, visits) at character 5");
    refuses("compare", json!("next"), "/compare", "`previous`");
    refuses("rolling", json!(-1), "/rolling", "a whole number");
    let none = json!([{"name": "a", "people": {"segment": "none"}}]);
    refuses("segments", none, "/segments/0/people/segment", "no segment");
    let body = json!({"question": both, "cell": {"series": "B"}});
    shop.refuses("trend/people", &body, "/cell/series", "one of `events`");
    shop.refuses("trend/people", &with(&body, "cell", json!({"of": 1})), "/cell/of", "not known");
    let masked = json!([{"event": "Visited", "measure": "sum:Phone"}]);
    shop.guards("trend", &both, &with(&both, "events", masked));
    let who = json!([{"name": "a", "people": {"person": {"property": "Email", "op": "exists"}}}]);
    shop.guards("trend", &both, &with(&both, "segments", who));
}

#[test]
fn a_funnel_holds_excludes_and_counts_attempts() {
    let shop = Shop::open();
    let question = json!({"steps": [{"event": "Visited"}, {"event": "Charged"}],
                          "from": "2026-11-02", "to": "2026-11-05"});
    let counts = |answer: &Json| -> Vec<u64> {
        let steps = answer["steps"].as_array().unwrap().iter();
        steps.map(|step| step["count"].as_u64().unwrap()).collect()
    };
    let asked = |field: &str, value: Json| shop.ask("funnel", &with(&question, field, value));
    assert_eq!(counts(&shop.ask("funnel", &question)), [3, 2]);
    assert_eq!(counts(&asked("order", json!("strict"))), [3, 2]);
    assert_eq!(counts(&asked("count", json!("attempts"))), [4, 2]);
    assert_eq!(counts(&asked("exclude", json!([{"event": "*"}]))), [3, 2]);
    assert_eq!(counts(&asked("hold", json!(["plan"]))), [3, 0]);
    let backwards = json!([{"event": "Charged"}, {"event": "Visited"}]);
    let backwards = with(&question, "steps", backwards);
    assert_eq!(counts(&shop.ask("funnel", &backwards)), [2, 1]);
    assert_eq!(counts(&shop.ask("funnel", &with(&backwards, "order", json!("any")))), [3, 2]);

    let mut whole = with(&with(&question, "times", json!(true)), "interval", json!("day"));
    whole["segments"] = json!([{"name": "a", "people": {"did": {
        "event": "Charged", "where": [{"property": "Amount", "op": "eq", "value": 10}]}}}]);
    let answer = shop.ask("funnel", &whole);
    let times = answer["times"].as_array().unwrap();
    assert_eq!(times.iter().map(|bin| bin["count"].as_u64().unwrap()).sum::<u64>(), 2);
    assert_eq!(answer["points"][0]["counts"], json!([2, 2]));
    assert_eq!(
        (&answer["points"][1]["counts"], answer["points"].as_array().unwrap().len()),
        (&json!([1, 0]), 3)
    );
    assert_eq!(counts(&answer["segments"][0]), [1, 1]);
    for (cell, expected) in [
        (json!({"step": 1}), 3),
        (json!({"step": 2, "lost": true}), 1),
        (json!({"step": 2, "segment": "a"}), 1),
        (json!({"step": 1, "at": "2026-11-03"}), 1),
    ] {
        let all = shop.ask("funnel/people", &json!({"question": whole, "cell": cell}));
        assert_eq!(all["count"], expected, "{cell}");
    }
    let body = json!({"question": whole, "cell": {"step": 2, "lost": true}, "name": "Lost"});
    let (status, saved) = shop.post("funnel/segment", &body);
    assert_eq!((status, &saved["list"]["people"]), (201, &json!(1)), "{saved}");

    let refuses = |field: &str, value: Json, pointer: &str, message: &str| {
        shop.refuses("funnel", &with(&question, field, value), pointer, message);
    };
    refuses("order", json!("reverse"), "/order", "one of `ordered`");
    refuses("count", json!("sessions"), "/count", "`people` or `attempts`");
    refuses("exclude", json!([{"event": "a", "after": 2}]), "/exclude/0/after", "from 1 to 1");
    refuses("exclude", json!([{"event": "a", "between": 1}]), "/exclude/0/between", "not known");
    refuses("hold", json!("plan"), "/hold", "a list");
    refuses("interval", json!("year"), "/interval", "one of `minute`");
    refuses("times", json!("yes"), "/times", "true or false");
    let cell = |cell: Json| json!({"question": question, "cell": cell});
    shop.refuses("funnel/people", &cell(json!({"step": 3})), "/cell/step", "from 1 to 2");
    shop.refuses("funnel/people", &cell(json!({})), "/cell/step", "missing");
    shop.guards("funnel", &question, &with(&question, "hold", json!(["plan", "Email"])));
}

#[test]
fn retention_says_who_comes_back_and_what_they_are_worth() {
    let shop = Shop::open();
    let question = json!({
        "born": {"event": "Visited", "first_ever": true}, "back": {"event": "*"},
        "from": "2026-11-02", "to": "2026-11-04", "periods": 3,
    });
    let start = ["2026-11-02T00:00:00+05:30", "2026-11-03T00:00:00+05:30"];
    let cohort = |at: usize, size: u64, values: [f64; 3]| json!({"start": start[at], "size": size, "values": values, "incomplete": null});
    assert_eq!(
        shop.ask("retention", &question),
        json!({
            "cohorts": [cohort(0, 2, [1.0, 2.0, 0.0]), cohort(1, 1, [0.0, 0.0, 0.0])],
            "average": [1.0 / 3.0, 2.0 / 3.0, 0.0], "groups": [],
        })
    );
    let worth = with(&question, "measure", json!("sum:Amount"));
    let cohorts = &shop.ask("retention", &worth)["cohorts"];
    assert_eq!(cohorts[0]["values"], json!([10.0, 20.0, 0.0]));
    assert_eq!(cohorts[0]["ltv"], json!([5.0, 15.0, 15.0]));
    let some = with(&question, "people", json!({"did": {"event": "Charged"}}));
    assert_eq!(shop.ask("retention", &some)["cohorts"][1]["size"], 0);
    let by = with(&question, "breakdown", json!("plan"));
    assert_eq!(shop.ask("retention", &by)["groups"][0]["key"], json!(["gold"]));

    let refuses = |field: &str, value: Json, pointer: &str, message: &str| {
        shop.refuses("retention", &with(&question, field, value), pointer, message);
    };
    refuses("born", Json::Null, "/born", "missing");
    refuses(
        "back",
        json!({"event": "a", "where": [{"property": "b", "op": "eq"}]}),
        "/back/where/0/value",
        "one number",
    );
    refuses("born", json!({"event": "a", "first": true}), "/born/first", "first_ever");
    refuses("periods", json!(0), "/periods", "1 to 1000");
    refuses("period", json!("year"), "/period", "one of `day`");
    refuses("mode", json!("never"), "/mode", "wrong form");
    refuses("mode", json!("brackets"), "/brackets", "like [[0, 1], [1, 3]]");
    refuses("brackets", json!([[0, 1]]), "/brackets", "go with the mode");
    refuses(
        "mode",
        json!({"brackets": [[0, 1], [3, 2]]}),
        "/mode/brackets/1",
        "one after the last",
    );
    refuses("mode", json!({"brackets": [[0, 3], [1, 2]]}), "/mode/brackets/1", "ends after it");
    refuses("measure", json!("avg:Amount"), "/measure", "like sum:Amount");
    refuses("breakdown", json!(["a", "b"]), "/breakdown", "at most 1");
    refuses("limit", json!(0), "/limit", "1 to 1000");
    refuses("from", json!("1001-01-01"), "/from", "less time");
    refuses("to", json!("2026-11-01"), "/to", "after `from`");
    refuses("timezone", json!("Mars/Base"), "/timezone", "IANA");
    refuses("people", json!({"segment": "none"}), "/people/segment", "no segment");
    let many = json!({"period": "day", "periods": 1000, "from": "2020-01-01", "to": "2026-01-01"});
    let many =
        many.as_object().unwrap().iter().fold(question.clone(), |question, (field, value)| {
            with(&question, field, value.clone())
        });
    shop.refuses("retention", &many, "/periods", "too many numbers");
    shop.guards("retention", &question, &with(&question, "measure", json!("sum:Email")));
}

#[test]
fn stickiness_counts_active_people_by_day_week_and_month() {
    let shop = Shop::open();
    let question = json!({"event": "*", "from": "2026-11-03", "to": "2026-11-05"});
    let day = |at: &str, dau: u64, share: f64| json!({"at": at, "dau": dau, "wau": 3, "mau": 3, "dau_mau": share});
    assert_eq!(
        shop.ask("stickiness", &question),
        json!({
            "days": [day("2026-11-03T00:00:00+05:30", 3, 1.0),
                     day("2026-11-04T00:00:00+05:30", 0, 0.0)],
            "incomplete": null,
            "histogram": [{"days": 1, "people": 3}, {"days": 2, "people": 0}],
        })
    );
    let some = json!([{"property": "plan", "op": "eq", "value": "gold"}]);
    let gold = shop.ask("stickiness", &with(&question, "where", some));
    assert_eq!(gold["days"][0]["dau"], 2);
    let ahead = with(&with(&question, "from", json!("2126-01-01")), "to", json!("2126-01-02"));
    let ahead = shop.ask("stickiness", &ahead);
    assert_eq!((&ahead["days"][0]["dau"], &ahead["incomplete"]), (&Json::Null, &json!(0)));

    let refuses = |field: &str, value: Json, pointer: &str, message: &str| {
        shop.refuses("stickiness", &with(&question, field, value), pointer, message);
    };
    refuses("event", Json::Null, "/event", "missing");
    refuses("from", json!("1066-01-01"), "/from", "less time");
    refuses("where", json!([{"property": "a", "op": "eq"}]), "/where/0/value", "one number");
    refuses("breakdown", json!("plan"), "/breakdown", "not known");
    let masked = json!([{"property": "Email", "op": "exists", "scope": "person"}]);
    shop.guards("stickiness", &question, &with(&question, "where", masked));
}

#[test]
fn paths_follow_visits_from_a_start_and_to_an_end() {
    let shop = Shop::open();
    let question = json!({"start": "Visited", "from": "2026-11-02", "to": "2026-11-04",
                          "within": "1d"});
    let node =
        |step: u64, event: &str, count: u64| json!({"step": step, "event": event, "count": count});
    assert_eq!(
        shop.ask("paths", &question),
        json!({
            "nodes": [node(0, "Visited", 4), node(1, "Charged", 2), node(2, "Visited", 1)],
            "links": [{"step": 0, "from": "Visited", "to": "Charged", "count": 2},
                      {"step": 1, "from": "Charged", "to": "Visited", "count": 1}],
            "sequences": [{"events": ["Visited"], "count": 2},
                          {"events": ["Visited", "Charged"], "count": 1},
                          {"events": ["Visited", "Charged", "Visited"], "count": 1}],
        })
    );
    // Nobody of them paid within 30 minutes of a visit.
    let visits = with(&question, "within", json!("session"));
    assert_eq!(shop.ask("paths", &visits)["links"], json!([]));
    let paid =
        json!({"event": "Charged", "where": [{"property": "Amount", "op": "gt", "value": 10}]});
    let end = with(&with(&question, "start", Json::Null), "end", paid);
    let end = shop.ask("paths", &end);
    assert_eq!(end["sequences"], json!([{"events": ["Visited", "Charged"], "count": 1}]));

    let refuses = |field: &str, value: Json, pointer: &str, message: &str| {
        shop.refuses("paths", &with(&question, field, value), pointer, message);
    };
    refuses("start", Json::Null, "/start", "or else an `end`");
    refuses("end", json!("Charged"), "/start", "or else an `end`");
    let odd = json!({"event": "a", "where": [{"property": "b", "op": "between", "value": 1}]});
    refuses("start", odd, "/start/where/0/value", "a list of two");
    refuses("steps", json!(11), "/steps", "1 to 10");
    refuses("top", json!(0), "/top", "1 to 100");
    refuses("sequences", json!(5_000), "/sequences", "1 to 1000");
    refuses("within", json!("visit"), "/within", "`session`, or a duration");
    refuses("hide", json!(["Charged", "Visited"]), "/hide/1", "not the event");
    let masked = json!({"event": "Visited", "where": [{"property": "Phone", "op": "exists"}]});
    shop.guards("paths", &question, &with(&question, "start", masked));
}

#[test]
fn a_board_shows_a_range_beside_the_one_before() {
    let shop = Shop::open();
    // That a message was sent makes nobody active.
    let sent = json!({"records": [
        event("d", "Notification Sent", "2026-11-03T10:00:00Z", json!({}))]});
    assert_eq!(shop.post_events(&sent)["accepted"], 1);
    let stickiness = json!({"event": "*", "from": "2026-11-03", "to": "2026-11-04"});
    let dau = |_: &Server| shop.post("stickiness", &stickiness).1["days"][0]["dau"].clone();
    assert_eq!(shop.server.eventually(dau, |dau| *dau == 4), 4);
    let question = json!({"from": "2026-11-03", "to": "2026-11-04"});
    let (status, board) = shop.post("board", &question);
    assert_eq!(status, 200, "{board}");
    let figures = |range: &str, names: &[&str]| -> Vec<Json> {
        names.iter().map(|name| board[range][name].clone()).collect()
    };
    let names = ["active", "new", "new_paying", "paying", "revenue", "arpu", "arppu", "mau"];
    let expected = [json!(3), json!(1), json!(0), json!(1), json!(20.0)];
    assert_eq!(figures("current", &names)[..5], expected);
    assert_eq!(figures("current", &names)[5..], [json!(20.0 / 3.0), json!(20.0), json!(3.0)]);
    assert_eq!(
        figures("previous", &names)[..5],
        [json!(2), json!(2), json!(1), json!(1), json!(10.0)]
    );
    assert_eq!(board["previous"]["retention"]["day_1"], 1.0);
    let (from, to) = (&board["previous"]["from"], &board["previous"]["to"]);
    assert_eq!((from, to), (&json!("2026-11-02T00:00:00+05:30"), &board["current"]["from"]));
    let visits = with(&question, "active", json!("Visited"));
    assert_eq!(shop.post("board", &visits).1["current"]["active"], 2);

    shop.refuses(
        "board",
        &with(&question, "from", json!("2026-11-03T10:00:00Z")),
        "/from",
        "a date",
    );
    shop.refuses("board", &with(&question, "to", Json::Null), "/to", "missing");
    shop.refuses("board", &with(&question, "event", json!("a")), "/event", "not known");
    shop.guards("board", &question, &with(&question, "amount", json!("Phone")));
    // Also by the name that is taken where none is sent.
    let class = json!({"class": "sensitive"}).to_string();
    let own = bearer(&shop.publisher);
    let classed = shop.server.send("PUT", "/api/v1/properties/Amount", &own, &class).unwrap();
    assert_eq!(classed.0, 200, "{}", classed.1);
    let reader = shop.token(&["read"]);
    assert_eq!(shop.server.post("/api/v1/insights/board", &reader, &question).0, 403);
}

#[test]
fn a_number_leads_to_the_people_behind_it() {
    let shop = Shop::open();
    let retention = json!({
        "born": {"event": "Visited"}, "back": {"event": "Charged"},
        "from": "2026-11-02", "to": "2026-11-04",
    });
    let paths = json!({"start": "Visited", "from": "2026-11-02", "to": "2026-11-04",
                       "within": "1d", "top": 1});
    let stickiness = json!({"event": "*", "from": "2026-11-02", "to": "2026-11-04"});
    let identities = |answer: &Json| -> Vec<String> {
        let people = answer["people"].as_array().unwrap().iter();
        let mut people: Vec<String> =
            people.map(|person| person["identity"].as_str().unwrap().to_owned()).collect();
        people.sort();
        people
    };
    let day = "2026-11-03T00:00:00+05:30";
    for (kind, question, cell, expected) in [
        ("retention", &retention, json!({"cohort": "2026-11-02"}), vec!["a", "b"]),
        ("retention", &retention, json!({"cohort": "2026-11-02", "period": 1}), vec!["b"]),
        ("stickiness", &stickiness, json!({"at": day, "of": "wau"}), vec!["a", "b", "c"]),
        ("stickiness", &stickiness, json!({"days": 2}), vec!["a", "b"]),
        ("paths", &paths, json!({"step": 1, "event": "Charged"}), vec!["a", "b"]),
        ("paths", &paths, json!({"step": 1, "from": "Charged", "to": "Visited"}), vec!["a"]),
        ("paths", &paths, json!({"events": ["Visited"]}), vec!["a", "c"]),
        ("paths", &paths, json!({"step": 1, "event": "(other)"}), vec![]),
    ] {
        let path = format!("{kind}/people");
        let all = shop.ask(&path, &json!({"question": question, "cell": cell}));
        assert_eq!(identities(&all), expected, "{kind} {cell}");
        assert_eq!((&all["count"], &all["next"]), (&json!(expected.len()), &Json::Null));
    }
    // By pages, each person once.
    let mut body = json!({"question": stickiness, "limit": 2, "cursor": null,
                          "cell": {"at": "2026-11-03", "of": "mau"}});
    let first = shop.ask("stickiness/people", &body);
    body["cursor"] = first["next"].clone();
    let second = shop.ask("stickiness/people", &body);
    let both = [identities(&first), identities(&second)].concat();
    assert_eq!(both.len(), 3, "{both:?}");
    assert_eq!((&first["count"], &second["next"]), (&json!(3), &Json::Null));

    // As a segment they stay who they are.
    let cell = json!({"cohort": "2026-11-02", "period": 1});
    let body = json!({"question": retention, "name": "Back", "cell": cell});
    let (status, saved) = shop.post("retention/segment", &body);
    assert_eq!((status, &saved["list"]["people"]), (201, &json!(1)), "{saved}");
    let within = with(&stickiness, "people", json!({"segment": saved["id"]}));
    let people = json!({"question": within, "cell": {"at": day, "of": "dau"}});
    assert_eq!(identities(&shop.ask("stickiness/people", &people)), ["b"]);
}

#[test]
fn people_behind_numbers_are_masked_and_written_down() {
    let shop = Shop::open();
    let question = json!({"event": "*", "from": "2026-11-02", "to": "2026-11-04"});
    let body = json!({"question": question, "cell": {"days": 1}});
    let path = "/api/v1/insights/stickiness/people";
    let reader = shop.token(&["read"]);
    let (status, masked) = shop.server.post(path, &reader, &body);
    let person = &masked["people"][0];
    assert_eq!((status, &person["identity"]), (200, &json!({"masked": true})), "{masked}");
    assert_eq!(shop.post("stickiness/people", &body).0, 200);
    let named = with(&body, "name", json!("One day"));
    let segment = "/api/v1/insights/stickiness/segment";
    assert_eq!(shop.server.post(segment, &reader, &named).0, 403);
    let (_, audit) = shop.server.get("/api/v1/audit", &shop.publisher);
    let entries = audit["entries"].as_array().unwrap();
    let did = |action: &str| {
        let of = entries.iter().filter(|entry| entry["action"] == action);
        of.filter(|entry| entry["subject"] == "stickiness").count()
    };
    let shown = (did("list people behind a number masked"), did("list people behind a number"));
    assert_eq!(shown, (1, 1), "{audit}");
    let masked = json!([{"property": "Email", "op": "exists", "scope": "person"}]);
    shop.guards(
        "stickiness/people",
        &body,
        &with(&body, "question", with(&question, "where", masked)),
    );

    let refuses = |field: &str, value: Json, pointer: &str, message: &str| {
        shop.refuses("stickiness/people", &with(&body, field, value), pointer, message);
    };
    refuses("cell", json!({"days": 0}), "/cell/days", "from 1");
    refuses("cell", json!({"at": "2026-11-02"}), "/cell", "`at` with `of`");
    refuses("cell", json!({"at": "2026-11-09", "of": "dau"}), "/cell/at", "of the range");
    refuses("cell", json!({"on": 1}), "/cell/on", "not known");
    refuses("cell", Json::Null, "/cell", "missing");
    refuses("question", json!({"event": "*"}), "/question/from", "missing");
    refuses("question", with(&question, "to", json!("2026-11-01")), "/question/to", "after `from`");
    let zone = with(&question, "timezone", json!("Mars/Base"));
    refuses("question", zone, "/question/timezone", "IANA");
    let of = with(&question, "people", json!({"segment": "none"}));
    refuses("question", of, "/question/people/segment", "no segment");
    refuses("limit", json!(0), "/limit", "1 to 1000");
    refuses("cursor", json!("next"), "/cursor", "answer before");
    refuses("name", json!("a"), "/name", "not known");
    shop.refuses("stickiness/segment", &body, "/name", "missing");
    shop.refuses("stickiness/segment", &with(&named, "name", json!(" ")), "/name", "1 to 100");
    for kind in ["trends", "board"] {
        assert_eq!(shop.post(&format!("{kind}/people"), &body).0, 404);
        assert_eq!(shop.post(&format!("{kind}/segment"), &named).0, 404);
    }
}

#[test]
fn single_events_are_found_page_by_page_masked_and_written_down() {
    let shop = Shop::open();
    let find = |who: &Json, body: &Json| shop.server.post("/api/v1/events/find", who, body);
    let body = json!({"event": "Charged", "limit": 1});
    let (status, first) = find(&shop.publisher, &body);
    assert_eq!(status, 200, "{first}");
    let latest = &first["events"][0];
    assert_eq!(latest["at"], "2026-11-03T10:00:00Z");
    assert_eq!(
        (&latest["name"], &latest["properties"]),
        (&json!("Charged"), &json!({"Amount": 20}))
    );
    let (_, second) = find(&shop.publisher, &with(&body, "cursor", first["next"].clone()));
    assert_eq!(second["events"][0]["properties"]["Amount"], 10);
    assert_eq!((second["events"].as_array().unwrap().len(), &second["next"]), (1, &Json::Null));
    assert_ne!(second["events"][0]["person"], latest["person"]);

    let dear = json!([{"property": "Amount", "op": "gt", "value": 5}]);
    let oldest = json!({"where": dear, "order": "oldest", "to": "2026-11-03"});
    let (_, found) = find(&shop.publisher, &oldest);
    assert_eq!(found["events"].as_array().unwrap().len(), 1, "{found}");
    assert_eq!(found["events"][0]["properties"]["Amount"], 10);

    let records = json!({"records": [
        event("a", "Called", "2026-11-04T10:00:00Z", json!({"Phone": "+919812345678"})),
    ]});
    assert_eq!(shop.post_events(&records)["accepted"], 1);
    let called = json!({"event": "Called"});
    let seen = |_: &Server| find(&shop.publisher, &called).1["events"][0]["properties"].clone();
    let clear = shop.server.eventually(seen, |properties| properties.is_object());
    assert_eq!(clear["Phone"], "+919812345678");
    let reader = shop.token(&["read"]);
    let (status, masked) = find(&reader, &called);
    assert_eq!(
        (status, &masked["events"][0]["properties"]["Phone"]),
        (200, &json!({"masked": true}))
    );
    let by_phone = json!({"where": [{"property": "Phone", "op": "exists"}]});
    assert_eq!(find(&reader, &by_phone).0, 403);
    assert_eq!(find(&shop.token(&["ingest"]), &called).0, 403);
    let (_, audit) = shop.server.get("/api/v1/audit", &shop.publisher);
    let entries = audit["entries"].as_array().unwrap();
    let did = |action: &str| {
        let of = entries.iter().filter(|entry| entry["action"] == action);
        of.filter(|entry| entry["subject"] == "1 of \"Called\"").count()
    };
    assert!(did("find events masked") == 1 && did("find events") >= 1, "{audit}");
    for (body, pointer) in [
        (json!({"limit": 0}), "/limit"),
        (json!({"cursor": "none"}), "/cursor"),
        (json!({"order": "best"}), "/order"),
        (json!({"from": "2026-11-04", "to": "2026-11-03"}), "/to"),
        (json!({"people": {"segment": "none"}}), "/people/segment"),
    ] {
        let (status, problem) = find(&shop.publisher, &body);
        assert_eq!((status, &problem["errors"][0]["pointer"]), (400, &json!(pointer)), "{problem}");
    }
}
