//! SQL through the door: who may ask what, in which form, and within which bounds.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use arrow_ipc::reader::StreamReader;
use serde_json::{Value as Json, json};

use crate::server::{Server, bearer, create};

struct Shop {
    server: Server,
    publisher: Json,
    _data: tempfile::TempDir,
}

impl Shop {
    /// So many events of three people, two of them of one plan.
    fn open(events: usize, settings: &str) -> Shop {
        let data = tempfile::tempdir().unwrap();
        let publisher = create(data.path(), &["--name", "Shop", "--policy", "open"]);
        let server = Server::start_configured(data.path(), settings);
        let person = |at: usize| format!("u{}", at % 3);
        let profile = |at: usize| {
            let set = json!({"plan": if at == 2 { "gold" } else { "free" },
                             "Email": format!("{}@x.test", person(at))});
            json!({"type": "profile", "identity": person(at), "set": set})
        };
        let event = |at: usize| {
            json!({"type": "event", "identity": person(at), "name": "Charged", "id": at.to_string(),
                   "at": "2026-11-02T10:00:00Z", "properties": {"Amount": at, "country": "IN"}})
        };
        let mut records: Vec<Json> = (0..3).map(profile).collect();
        records.extend((0..events).map(event));
        for batch in records.chunks(1_000) {
            let (status, answer) =
                server.post("/api/v1/events", &publisher, &json!({"records": batch}));
            assert_eq!((status, &answer["accepted"]), (200, &json!(batch.len())), "{answer}");
        }
        let shop = Shop { server, publisher, _data: data };
        let count = |_: &Server| shop.rows("SELECT count(*) FROM events");
        let all = json!([[events]]);
        assert_eq!(shop.server.eventually(count, |rows| *rows == all), all);
        shop
    }

    fn ask(&self, sql: &str) -> (u16, Json) {
        self.server.post("/api/v1/sql", &self.publisher, &json!({ "sql": sql }))
    }

    fn rows(&self, sql: &str) -> Json {
        let (status, answer) = self.ask(sql);
        assert_eq!(status, 200, "{sql}: {answer}");
        answer["rows"].clone()
    }

    fn reader(&self) -> Json {
        let reader = json!({"name": "reader", "scopes": ["read"]});
        let (_, made) = self.server.post("/api/v1/tokens", &self.publisher, &reader);
        json!({"api_token": made["token"]})
    }

    /// Head and body of an answer in Arrow.
    fn in_arrow(&self, body: &Json) -> (String, Vec<u8>) {
        let (body, token) = (body.to_string(), bearer(&self.publisher));
        let head = format!(
            "POST /api/v1/sql HTTP/1.1\r\nHost: test\r\nConnection: close\r\n{token}Accept: \
             application/vnd.apache.arrow.stream\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let mut stream = TcpStream::connect(self.server.address()).unwrap();
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        let head = String::from_utf8_lossy(&answer[..end]).to_lowercase();
        (head, answer.split_off(end + 4))
    }
}

#[test]
fn a_statement_is_answered_in_rows() {
    let shop = Shop::open(30, "");
    let sql = "SELECT p.plan, sum(e.Amount) AS Spent, max(e.at) FROM events e \
               JOIN people p USING (person) GROUP BY p.plan ORDER BY p.plan";
    let (status, answer) = shop.ask(sql);
    assert_eq!(status, 200, "{answer}");
    let at = "2026-11-02T10:00:00Z";
    assert_eq!(answer["rows"], json!([["free", 280, at], ["gold", 155, at]]));
    let columns = json!([{"name": "plan", "type": "text"}, {"name": "Spent", "type": "integer"},
                         {"name": "max(e.at)", "type": "timestamp"}]);
    assert_eq!((&answer["columns"], &answer["truncated"]), (&columns, &json!(false)));
    assert_eq!(answer["meta"]["events_scanned"], 30);

    let steps = r#"[{"event": "Charged"}, {"event": "Charged"}]"#;
    let funnel = format!(
        "SELECT step, count FROM funnel('{{\"steps\": {steps}, \"from\": \"2026-11-01\", \
         \"to\": \"2026-11-10\"}}')"
    );
    assert_eq!(shop.rows(&funnel), json!([[1, 3], [2, 3]]));
    let retention = r#"SELECT size, "period", value FROM retention('{"born": {"event": "Charged"},
        "back": {"event": "Charged"}, "from": "2026-11-02", "to": "2026-11-03", "periods": 1}')"#;
    assert_eq!(shop.rows(retention), json!([[3, 0, 3.0]]));

    let (status, schema) = shop.server.get("/api/v1/sql/schema", &shop.publisher);
    assert_eq!((status, &schema["tables"][0]["name"]), (200, &json!("events")), "{schema}");
    let people = schema["tables"][1]["columns"].as_array().unwrap();
    let email = people.iter().find(|column| column["name"] == "Email").unwrap();
    assert_eq!(
        *email,
        json!({"name": "Email", "type": "text", "property": "Email", "masked": false})
    );
}

#[test]
fn who_may_not_see_who_people_are_cannot_ask_either() {
    let shop = Shop::open(3, "");
    let reader = shop.reader();
    let ask = |sql: &str| shop.server.post("/api/v1/sql", &reader, &json!({ "sql": sql }));
    for sql in [
        "SELECT Email FROM people",
        "SELECT count(*) FROM people WHERE Email LIKE 'u1%'",
        "SELECT country, count(*) FROM events GROUP BY country",
        r#"SELECT * FROM funnel('{"steps": [{"event": "Charged"}, {"event": "Charged", "where":
           [{"property": "Email", "scope": "person", "op": "exists"}]}], "from": "2026-11-01",
           "to": "2026-11-10"}')"#,
        r#"SELECT * FROM retention('{"born": {"event": "Charged"}, "back": {"event": "*"},
           "from": "2026-11-01", "to": "2026-11-10", "breakdown": "Email"}')"#,
    ] {
        let (status, problem) = ask(sql);
        assert_eq!((status, &problem["code"]), (403, &json!("forbidden")), "{sql}: {problem}");
    }
    let (_, problem) = ask("SELECT\nEmail FROM people");
    assert!(problem["detail"].as_str().unwrap().contains("'Email'"), "{problem}");
    assert_eq!(problem["position"], json!({"line": 2, "column": 1}), "{problem}");
    let (status, all) = ask("SELECT * FROM people");
    assert_eq!(status, 200, "{all}");
    assert!(!all.to_string().contains("x.test"), "{all}");
    let (_, schema) = shop.server.get("/api/v1/sql/schema", &reader);
    let people = schema["tables"][1]["columns"].as_array().unwrap();
    let masked =
        |name: &str| people.iter().find(|one| one["name"] == name).unwrap()["masked"].clone();
    assert_eq!((masked("Email"), masked("plan")), (json!(true), json!(false)));

    // Who may see is written down, with what was looked at.
    assert_eq!(shop.rows("SELECT count(Email) FROM people"), json!([[3]]));
    let (_, audit) = shop.server.get("/api/v1/audit", &shop.publisher);
    let looks: Vec<&Json> = audit["entries"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|entry| entry["action"] == "query properties")
        .collect();
    assert_eq!(looks.len(), 1, "{audit}");
    assert_eq!(looks[0]["subject"], "Email");

    // So is what a question within a statement is about.
    let retention = r#"SELECT count(*) FROM retention('{"born": {"event": "Charged"}, "back":
        {"event": "*"}, "from": "2026-11-02", "to": "2026-11-03", "breakdown": "Email"}')"#;
    let funnel = r#"SELECT count(*) FROM funnel('{"steps": [{"event": "Charged"}, {"event": "Charged",
        "where": [{"property": "Phone", "scope": "person", "op": "exists"}]}],
        "from": "2026-11-01", "to": "2026-11-10"}') JOIN people ON Email IS NOT NULL"#;
    shop.rows(retention);
    shop.rows(funnel);
    let (_, audit) = shop.server.get("/api/v1/audit", &shop.publisher);
    let looks = audit["entries"].as_array().into_iter().flatten();
    let mut looks: Vec<&str> = looks
        .filter(|entry| entry["action"] == "query properties")
        .filter_map(|entry| entry["subject"].as_str())
        .collect();
    looks.sort_unstable();
    assert_eq!(looks, ["Email", "Email", "Email, Phone"], "{audit}");

    let ingest = json!({"name": "ingest", "scopes": ["ingest"]});
    let (_, made) = shop.server.post("/api/v1/tokens", &shop.publisher, &ingest);
    let ingest = json!({"api_token": made["token"]});
    assert_eq!(shop.server.post("/api/v1/sql", &ingest, &json!({"sql": "SELECT 1"})).0, 403);
    assert_eq!(shop.server.send("POST", "/api/v1/sql", "", "{}").unwrap().0, 401);
    let other = create(
        shop._data.path(),
        &["--name", "Other", "--policy", "open", "--admin-email", "other@x.test"],
    );
    let sql =
        json!({"sql": "SELECT (SELECT count(*) FROM events) e, (SELECT count(*) FROM people) p"});
    assert_eq!(shop.server.post("/api/v1/sql", &other, &sql).1["rows"], json!([[0, 0]]));
}

#[test]
fn faults_have_a_place_and_nothing_but_reading_is_done() {
    let shop = Shop::open(3, "");
    let (status, problem) = shop.ask("SELECT count(*)\nFORM events");
    assert_eq!((status, &problem["code"]), (400, &json!("bad_request")), "{problem}");
    assert_eq!(problem["errors"][0]["pointer"], "/sql");
    assert_eq!(problem["position"], json!({"line": 2, "column": 6}), "{problem}");
    for sql in [
        "DROP TABLE events",
        "COPY events TO '/tmp/candor-out.csv'",
        "CREATE EXTERNAL TABLE t STORED AS CSV LOCATION '/etc/passwd'",
        "SELECT * FROM '/etc/passwd'",
        "SELECT 1; SELECT 2",
        "SET datafusion.execution.batch_size = 1",
        "SELECT CAST(NULL AS BIGINT[2000000000][1000000])",
        "SELECT regexp_replace(name, '(', 'x') FROM events",
    ] {
        assert_eq!(shop.ask(sql).0, 400, "{sql}");
    }
    let bad = |body: Json| shop.server.post("/api/v1/sql", &shop.publisher, &body);
    for (body, pointer) in [
        (json!({"sql": "SELECT 1", "limit": 0}), "/limit"),
        (json!({"sql": "SELECT 1", "limit": 100_001}), "/limit"),
        (json!({"limit": 1}), "/sql"),
        (json!({"sql": "x".repeat(70_000)}), "/sql"),
        (json!({"sql": "SELECT * FROM funnel('{\"steps\": 1}')"}), "/sql"),
    ] {
        let (status, problem) = bad(body);
        assert_eq!((status, &problem["errors"][0]["pointer"]), (400, &json!(pointer)), "{problem}");
    }
    assert_eq!(bad(json!({"sql": "x".repeat(500_000)})).0, 413);
}

#[test]
fn rows_are_bounded_and_come_in_arrow_too() {
    let shop = Shop::open(3_000, "");
    let body = json!({"sql": "SELECT Amount FROM events ORDER BY Amount", "limit": 5});
    let (_, answer) = shop.server.post("/api/v1/sql", &shop.publisher, &body);
    assert_eq!(
        (&answer["rows"], &answer["truncated"]),
        (&json!([[0], [1], [2], [3], [4]]), &json!(true))
    );
    for (limit, truncated) in [(3_000, "false"), (2_999, "true")] {
        let body = json!({"sql": "SELECT person, Amount, at FROM events", "limit": limit});
        let (head, bytes) = shop.in_arrow(&body);
        assert!(head.contains("content-type: application/vnd.apache.arrow.stream"), "{head}");
        let reader = StreamReader::try_new(bytes.as_slice(), None).unwrap();
        assert_eq!(reader.schema().metadata()["truncated"], truncated);
        let rows: usize = reader.map(|batch| batch.unwrap().num_rows()).sum();
        assert_eq!(rows, limit);
    }
    let (head, problem) = shop.in_arrow(&json!({"sql": "SELECT nothing FROM events"}));
    assert!(head.starts_with("http/1.1 400"), "{head}");
    assert!(head.contains("content-type: application/problem+json"), "{head}");
    assert!(String::from_utf8_lossy(&problem).contains("nothing"));
}

#[test]
fn a_statement_that_takes_too_long_or_too_much_is_cut() {
    let settings = "question_seconds_max = 2\nsql_memory_max = 8_388_608\n";
    let shop = Shop::open(3_000, settings);
    let endless = "SELECT sum(value) FROM generate_series(1, 9000000000000000)";
    let (status, problem) = shop.ask(endless);
    assert_eq!((status, &problem["code"]), (503, &json!("question_too_long")), "{problem}");
    let (status, problem) = shop.ask(
        "SELECT a.Amount, b.Amount, count(*) FROM events a, events b GROUP BY a.Amount, b.Amount",
    );
    assert_eq!((status, &problem["code"]), (422, &json!("question_too_large")), "{problem}");
    // Whoever leaves makes room.
    for _ in 0..3 {
        let (body, token) = (json!({ "sql": endless }).to_string(), bearer(&shop.publisher));
        let length = body.len();
        let mut stream = TcpStream::connect(shop.server.address()).unwrap();
        let head = format!("POST /api/v1/sql HTTP/1.1\r\nHost: test\r\n{token}Content-Length: ");
        stream.write_all(format!("{head}{length}\r\n\r\n{body}").as_bytes()).unwrap();
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(shop.rows("SELECT count(*) FROM events"), json!([[3_000]]));
}

#[test]
fn several_ask_at_once_while_others_are_answered() {
    let shop = Shop::open(3_000, "");
    let slow = "SELECT count(*) FROM events a JOIN events b ON a.Amount % 10 = b.Amount % 10";
    std::thread::scope(|scope| {
        let askers: Vec<_> = (0..5).map(|_| scope.spawn(|| shop.rows(slow))).collect();
        let trend = json!({"event": "Charged", "measure": "total", "from": "2026-11-01",
                           "to": "2026-11-10"});
        let (status, answer) = shop.server.post("/api/v1/insights/trend", &shop.publisher, &trend);
        assert_eq!((status, &answer["series"][0]["total"]), (200, &json!(3_000.0)), "{answer}");
        for asker in askers {
            assert_eq!(asker.join().unwrap(), json!([[900_000]]));
        }
    });
}
