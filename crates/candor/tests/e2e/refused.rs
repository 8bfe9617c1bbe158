//! How requests are refused: in the shape of their protocol, with the place that is wrong.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::{Value as Json, json};

use crate::server::{Server, bearer, create};

/// The pointer of the first error of a problem, and what is said of it.
fn place(problem: &Json) -> (&str, &str) {
    let error = &problem["errors"][0];
    (error["pointer"].as_str().unwrap_or("none"), error["message"].as_str().unwrap_or("none"))
}

#[test]
fn a_wrong_body_is_told_where_it_is_wrong() {
    let data = tempfile::tempdir().unwrap();
    let shop = create(data.path(), &["--name", "Shop"]);
    let server = Server::start(data.path());
    let refused = |path: &str, body: &str, pointer: &str, message: &str| {
        let method = if path.ends_with("policy") { "PUT" } else { "POST" };
        let path = format!("/api/v1/{path}");
        let (status, problem) = server.send(method, &path, &bearer(&shop), body).unwrap();
        assert_eq!(status, 400, "{body}: {problem}");
        assert_eq!(place(&problem).0, pointer, "{body}: {problem}");
        assert!(place(&problem).1.contains(message), "{body}: {problem}");
    };
    let trend = |field: &str, value: Json| {
        let mut question = json!({"event": "a", "from": "2026-11-01", "to": "2026-11-02"});
        question[field] = value;
        question.to_string()
    };
    refused("events", "[1]", "", "records");
    refused("events", "{}", "/records", "records");
    refused("events", r#"{"records":[],"x":1}"#, "", "beside");
    let one = "insights/trend";
    refused(one, &trend("from", json!(5)), "/from", "a text");
    refused(one, r#"{"event":"a","from":"2026-11-01"}"#, "/to", "missing");
    refused(one, &trend("interval", json!("year")), "/interval", "one of `minute`");
    refused(one, &trend("interval", json!(5)), "/interval", "wrong form");
    refused(one, &trend("measure", json!("sum")), "/measure", "like sum:Amount");
    refused(one, &trend("limit", json!(-1)), "/limit", "a whole number");
    refused(one, &trend("timezone", json!("Mars/Base")), "/timezone", "IANA");
    refused(one, &trend("where", json!({"property": "a"})), "/where", "a list");
    let condition = json!([{"property": "a", "op": "exists"}, {"property": "a", "op": "like"}]);
    refused(one, &trend("where", condition), "/where/1/op", "one of `eq`");
    refused(one, &trend("where", json!([{"op": "exists"}])), "/where/0/property", "missing");
    refused(one, &trend("colour", json!(1)), "/colour", "not known");
    refused(one, "[]", "", "an object");
    refused(one, "{\"event\":", "", "not JSON (line 1 column 9)");
    let steps = r#"{"steps":[{"event":"a"},{"name":"b"}],"from":"2026-11-01","to":"2026-11-02"}"#;
    refused("insights/funnel", steps, "/steps/1/name", "not known");
    let two = r#"{"definition":{"all":[{"did":{"event":"a"},"not":{"did":{"event":"b"}}}]}}"#;
    refused("segments/count", two, "/definition/all/0", "wrong form");
    let yes = r#"{"identity":"u","purposes":{"analytics":"yes"}}"#;
    refused("consents", yes, "/purposes/analytics", "true or false");
    refused(
        "consents",
        r#"{"identity":"u","purposes":{"analytics":true},"method":"a@b.test"}"#,
        "/method",
        "nobody's address",
    );
    // A name of the sender's own making is not repeated.
    refused("consents", r#"{"identity":"u","purposes":{"Asha Rao":"yes"}}"#, "/purposes", "true");
    let (_, mut policy) = server.get("/api/v1/policy", &shop);
    policy["purposes"]["Bad Name"] = policy["purposes"]["analytics"].clone();
    refused("policy", &policy.to_string(), "/purposes", "a-z, 0-9 and _");
    refused("policy", r#"{"preset":"lax","purposes":{}}"#, "/preset", "`strict`");
}

#[test]
fn an_address_that_cannot_be_read_is_a_problem_too() {
    let data = tempfile::tempdir().unwrap();
    let shop = create(data.path(), &["--name", "Shop", "--policy", "open"]);
    let other = create(data.path(), &["--name", "Other", "--admin-email", "b@x.test"]);
    let server = Server::start(data.path());
    let record = json!({"type": "event", "identity": "u1", "name": "Seen"});
    server.post("/api/v1/events", &shop, &json!({ "records": [record] }));
    let find = |s: &Server| s.get("/api/v1/people?identity=%75%31", &shop).1["people"].clone();
    let people = server.eventually(find, |people| people[0].is_object());
    let id = people[0]["id"].as_str().unwrap();
    for path in [
        "people",
        "people?name=a",
        "people?identity=",
        "people?identity=a&guid=b",
        "people/%FF",
        &format!("people/{id}/timeline?limit=x"),
        &format!("people/{id}/timeline?before=now"),
        &format!("people/{id}/timeline?since=2026-11-01"),
        "consents",
        "consents?name=a",
        "consents?identity=a&identity=b",
        "audit?from=x",
        "audit?from=1&from=2",
        "audit?name=a",
        "events/names?limit=x",
        "properties/%FF/values",
    ] {
        let (status, problem) = server.get(&format!("/api/v1/{path}"), &shop);
        assert_eq!((status, &problem["code"]), (400, &json!("bad_request")), "{path}: {problem}");
    }
    assert_eq!(server.get("/api/v1/audit?from=2026-11-01&to=2100-01-01", &shop).0, 200);
    assert_eq!(
        server.get(&format!("/api/v1/people/{id}/timeline?before=2100-01-01"), &shop).0,
        200
    );
    // Of another's person nothing is told apart from a person who is not there.
    for path in [format!("people/{id}"), format!("people/{id}/timeline")] {
        let (status, problem) = server.get(&format!("/api/v1/{path}"), &other);
        assert_eq!((status, &problem["code"]), (404, &json!("not_found")), "{path}: {problem}");
    }
}

#[test]
fn each_protocol_refuses_in_its_own_shape() {
    let data = tempfile::tempdir().unwrap();
    let shop = create(data.path(), &["--name", "Shop"]);
    let server = Server::start(data.path());
    let ask = |method: &str, path: &str| server.send(method, path, "", "").unwrap();
    for (method, path, status) in [
        ("POST", "/a", 405),
        ("GET", "/a1", 405),
        ("POST", "/hello", 405),
        ("GET", "/defineVars", 405),
        ("GET", "/1/upload", 405),
        ("GET", "/1/nothing.json", 404),
        ("GET", "/hello", 401),
    ] {
        let (answered, answer) = ask(method, path);
        let said = (answered, &answer["status"], &answer["code"]);
        assert_eq!(said, (status, &json!("fail"), &json!(status)), "{method} {path}: {answer}");
    }
    for (method, path, status) in [
        ("POST", "/ready", 405),
        ("GET", "/nothing", 404),
        ("GET", "/sdk/v1/consent", 405),
        ("POST", "/sdk/v1/nothing", 404),
        ("GET", "/api/v1/nothing", 404),
    ] {
        let (answered, answer) = ask(method, path);
        let kind = answer["type"].as_str().unwrap_or_default();
        assert!(answered == status && kind.starts_with("urn:candor:problem:"), "{path}: {answer}");
    }
    let text = |name: &str| shop[name].as_str().unwrap();
    let device = format!(
        "X-CleverTap-Account-ID: {}\r\nX-CleverTap-Token: {}\r\n",
        text("account_id"),
        text("account_token")
    );
    let large = " ".repeat(8_388_609);
    let (status, answer) = server.send("POST", "/a1", &device, &large).unwrap();
    assert_eq!((status, &answer["code"]), (413, &json!(413)));
    assert!(answer["error"].as_str().unwrap().contains("8388608"), "{answer}");
    // A device that is not known is told so in words of its own headers.
    let (status, answer) = server.send("POST", "/sdk/v1/consent", "", "{}").unwrap();
    assert_eq!((status, &answer["detail"]), (401, &json!("Account ID is not valid")));
    let nobody = json!({"purposes": {"analytics": true}}).to_string();
    let (status, answer) = server.send("POST", "/sdk/v1/consent", &device, &nobody).unwrap();
    assert_eq!((status, place(&answer).0), (400, "/guid"), "{answer}");
}

/// As the format asks: all lines of a metric together, after its type.
#[test]
fn the_lines_of_a_metric_stand_together() {
    let data = tempfile::tempdir().unwrap();
    create(data.path(), &["--name", "Shop"]);
    create(data.path(), &["--name", "Other", "--admin-email", "b@x.test"]);
    let server = Server::start(data.path());
    let (status, metrics) = server.send("GET", "/metrics", "", "").unwrap();
    let mut types = Vec::new();
    for line in metrics.as_str().unwrap().lines() {
        match line.strip_prefix("# TYPE ") {
            Some(declared) => types.push(declared.split(' ').next().unwrap()),
            None => assert_eq!(line.split(['{', ' ']).next(), types.last().copied(), "{line}"),
        }
    }
    let count = types.len();
    types.sort_unstable();
    types.dedup();
    assert!(status == 200 && count > 6 && count == types.len(), "{metrics}");
}

/// The library refuses such targets by itself; a browser whose first request fails stops for good.
#[test]
fn a_target_that_cannot_be_read_is_answered_so_that_the_browser_goes_on() {
    let data = tempfile::tempdir().unwrap();
    create(data.path(), &["--name", "Shop"]);
    let server = Server::start(data.path());
    let long = "A".repeat(66_000);
    for target in ["/a?d=<\"#&rn=1", &format!("/a?rn=1&d={long}"), &format!("/a?{long}{long}")] {
        let (status, answer) = server.send("GET", target, "", "").unwrap();
        let answer = answer.as_str().unwrap();
        assert_eq!(status, 200, "{answer}");
        assert!(answer.starts_with("$WZRK_WR.s(") && answer.ends_with(",false);"), "{answer}");
    }
}

/// A frame of HTTP/2 (RFC 9113, 4.1) on the first stream of a client, or on none.
fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u32).to_be_bytes();
    [&length[1..], &[kind, flags, 0, 0, 0, stream], payload].concat()
}

/// A header field as it is written without any table (RFC 7541, 6.2.2).
fn field(name: &str, value: &str) -> Vec<u8> {
    let text = |text: &str| {
        let mut bytes = Vec::new();
        match text.len() {
            short @ ..127 => bytes.push(short as u8),
            long => {
                bytes.push(127);
                let mut rest = long - 127;
                while rest >= 128 {
                    bytes.push((rest % 128) as u8 | 128);
                    rest /= 128;
                }
                bytes.push(rest as u8);
            }
        }
        [bytes, text.as_bytes().to_vec()].concat()
    };
    [vec![0], text(name), text(value)].concat()
}

#[test]
fn a_browser_that_speaks_http_2_may_send_as_long_a_target() {
    let data = tempfile::tempdir().unwrap();
    create(data.path(), &["--name", "Shop"]);
    let server = Server::start(data.path());
    let mut stream = TcpStream::connect(server.address()).unwrap();
    let target = format!("/a?rn=1&d={}", "A".repeat(60_000));
    let fields = [(":method", "GET"), (":scheme", "http"), (":authority", "x"), (":path", &target)];
    let fields: Vec<u8> = fields.iter().flat_map(|(name, value)| field(name, value)).collect();
    const HEADERS: u8 = 1;
    const CONTINUATION: u8 = 9;
    let mut sent = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    sent.extend(frame(4, 0, 0, &[]));
    let pieces: Vec<&[u8]> = fields.chunks(16_384).collect();
    for (place, piece) in pieces.iter().enumerate() {
        let (kind, ends_stream) = if place == 0 { (HEADERS, 1) } else { (CONTINUATION, 0) };
        let ends_headers = if place + 1 == pieces.len() { 4 } else { 0 };
        sent.extend(frame(kind, ends_stream | ends_headers, 1, piece));
    }
    stream.write_all(&sent).unwrap();
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head).unwrap();
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; length as usize];
        stream.read_exact(&mut payload).unwrap();
        assert!(![3, 7].contains(&head[3]), "the request was given up: {payload:?}");
        if head[3] == HEADERS {
            // `:status: 200` of the static table.
            assert_eq!(payload[0], 0x88);
            return;
        }
    }
}
