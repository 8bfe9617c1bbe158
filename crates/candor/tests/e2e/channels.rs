//! Providers are set up without their secrets ever coming back, and a test says what they say.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use aws_lc_rs::signature::Ed25519KeyPair;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use candor_engage::channel::webhook::{Endpoint, SigningSecret};
use candor_event::Timestamp;
use serde_json::{Value as Json, json};

use crate::server::{Server, bearer, create};

#[path = "../../../candor-engage/tests/it/peers.rs"]
#[allow(dead_code)]
pub mod peers;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const PASSWORD: &str = "correct-horse-battery";

/// A key in PEM, and the middle of it to look for.
fn dkim_key() -> (String, String) {
    let random = aws_lc_rs::rand::SystemRandom::new();
    let key = Ed25519KeyPair::generate_pkcs8(&random).unwrap();
    let text = STANDARD.encode(key.as_ref());
    (format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n"), text)
}

fn smtp(port: u16) -> Json {
    json!({
        "kind": "smtp", "host": "127.0.0.1", "port": port, "tls": "none",
        "from": {"name": "The Shop", "address": "news@shop.test"},
        "bounce_domain": "bounce.shop.test", "hello_name": "candor.test",
    })
}

fn webhook(url: &str) -> Json {
    json!({"kind": "webhook", "url": url, "secrets": [SECRET], "allow_http": true})
}

fn put(server: &Server, path: &str, publisher: &Json, settings: &Json) -> (u16, Json) {
    let path = format!("/api/v1/channels/{path}");
    server.send("PUT", &path, &bearer(publisher), &settings.to_string()).unwrap()
}

fn test(server: &Server, path: &str, publisher: &Json, to: &Json) -> Json {
    let (status, said) = server.post(&format!("/api/v1/channels/{path}/test"), publisher, to);
    assert_eq!(status, 200, "{said}");
    said
}

/// A token with some scopes only.
fn with_scopes(server: &Server, publisher: &Json, scopes: &[&str]) -> Json {
    let wanted = json!({"name": scopes.join(" "), "scopes": scopes});
    let (status, made) = server.post("/api/v1/tokens", publisher, &wanted);
    assert_eq!(status, 200, "{made}");
    json!({"api_token": made["token"]})
}

/// Every file below a folder, one after the other.
fn all_bytes(folder: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            bytes.extend(all_bytes(&path));
        } else if let Ok(read) = std::fs::read(&path) {
            bytes.extend(read);
        }
    }
    bytes
}

#[test]
fn a_secret_goes_in_and_is_never_shown_again() {
    let data = tempfile::tempdir().unwrap();
    let shop = create(data.path(), &["--name", "Shop"]);
    let traces = data.path().join("traces");
    let server = Server::start_traced(data.path(), &traces);
    let (pem, inner) = dkim_key();
    let mut main = smtp(1);
    main["username"] = json!("shop");
    main["password"] = json!(PASSWORD);
    main["dkim"] = json!([{"domain": "shop.test", "selector": "s1", "private_key": pem}]);
    let url = "https://hooks.example.test/in/path-of-secrets";
    let mut answers = Vec::new();
    let (status, saved) = put(&server, "email/main", &shop, &main);
    assert_eq!(status, 200, "{saved}");
    assert_eq!(saved["settings"]["password"], json!({"set": true}));
    assert_eq!(saved["dns"][0]["name"], "s1._domainkey.shop.test");
    assert!(saved["dns"][0]["value"].as_str().unwrap().starts_with("v=DKIM1; k=ed25519; p="));
    assert_eq!(put(&server, "webhook/crm", &shop, &webhook(url)).0, 200);
    // What was shown goes back in, and the secrets are still there.
    let (status, again) = put(&server, "email/main", &shop, &saved["settings"]);
    assert_eq!((status, &again["dns"]), (200, &saved["dns"]), "{again}");
    // Whoever may only look sees the server and not the whole address.
    let reader = with_scopes(&server, &shop, &["read"]);
    let (_, seen) = server.get("/api/v1/channels/webhook/crm", &reader);
    assert_eq!(seen["settings"]["url"], "https://hooks.example.test");
    let (_, seen) = server.get("/api/v1/channels/webhook/crm", &shop);
    assert_eq!(seen["settings"]["url"], url);
    // Refusals name the place and nothing of what was sent.
    let mut elsewhere = saved["settings"].clone();
    elsewhere["host"] = json!("thief.test");
    let mut broken = main.clone();
    broken["dkim"][0]["private_key"] = json!(format!("{PASSWORD}{inner}"));
    let mut shifted = main.clone();
    shifted["port"] = json!(PASSWORD);
    let mut more = webhook(url);
    more["secrets"] = json!([SECRET, SECRET, SECRET]);
    let unknown = json!({"kind": "outbox", "password": PASSWORD});
    for (path, settings, pointer) in [
        ("email/main", &elsewhere, "/password"),
        ("email/main", &broken, "/dkim"),
        ("email/main", &shifted, "/port"),
        ("email/main", &json!({"kind": "smtp", "password": PASSWORD}), "/host"),
        ("email/main", &unknown, ""),
        ("email/main", &webhook(url), "/kind"),
        ("email/Main", &main, ""),
        ("webhook/crm", &more, "/secrets"),
        ("webhook/crm", &json!({"kind": "webhook", "url": url, "secrets": [PASSWORD]}), "/secrets"),
    ] {
        let (status, problem) = put(&server, path, &shop, settings);
        assert_eq!(status, 400, "{path} {problem}");
        let place = problem["errors"][0]["pointer"].as_str().unwrap();
        assert!(place.starts_with(pointer), "{problem}");
        answers.push(problem);
    }
    assert_eq!(put(&server, "pigeon/main", &shop, &main).0, 404);
    for path in ["channels", "channels/email/main", "audit"] {
        answers.extend(
            [&shop, &reader].map(|caller| server.get(&format!("/api/v1/{path}"), caller).1),
        );
    }
    let tried = test(&server, "email/main", &shop, &json!({"to": "ada@home.test"}));
    assert_eq!(tried["answer"], "later", "nobody listens there: {tried}");
    let audit = server.get("/api/v1/audit", &shop).1.to_string();
    assert_eq!(audit.matches("\"save provider\"").count(), 3, "{audit}");
    assert!(audit.contains("email/main (smtp)") && !audit.contains("ada@home"), "{audit}");
    assert_eq!(server.stop(), Some(0));
    let shown = answers.iter().map(Json::to_string).collect::<String>() + &audit;
    let kept = all_bytes(data.path());
    let secret = SECRET.strip_prefix("whsec_").unwrap();
    for secret in [PASSWORD, secret, &inner, "path-of-secrets"] {
        let found = kept.windows(secret.len()).any(|bytes| bytes == secret.as_bytes());
        assert!(!found, "{secret} is in a file");
        // Who may change an address sees it.
        assert!(secret == "path-of-secrets" || !shown.contains(secret), "{secret}");
    }
}

#[test]
fn only_an_admin_changes_and_another_publisher_sees_nothing() {
    let data = tempfile::tempdir().unwrap();
    let shop = create(data.path(), &["--name", "Shop"]);
    let other = create(data.path(), &["--name", "Other", "--admin-email", "b@x.test"]);
    let server = Server::start(data.path());
    let kept = json!({"kind": "outbox"});
    let reader = with_scopes(&server, &shop, &["read", "engage", "consent"]);
    assert_eq!(put(&server, "email/try", &reader, &kept).0, 403);
    assert_eq!(put(&server, "email/try", &shop, &kept).0, 200);
    let to = json!({"to": "ada@home.test"});
    assert_eq!(server.post("/api/v1/channels/email/try/test", &reader, &to).0, 403);
    let tried = test(&server, "email/try", &shop, &to);
    let message = format!("/api/v1/outbox/{}", tried["id"].as_str().unwrap());
    assert_eq!(server.get(&message, &shop).0, 200);
    assert_eq!(server.get("/api/v1/channels", &other).1, json!({"channels": []}));
    assert_eq!(server.get("/api/v1/outbox", &other).1, json!({"messages": []}));
    for path in ["/api/v1/channels/email/try", &message] {
        assert_eq!(server.get(path, &other).0, 404, "{path}");
    }
    assert_eq!(server.post("/api/v1/channels/email/try/test", &other, &to).0, 404);
    for path in ["/api/v1/outbox", &message] {
        assert_eq!(server.get(path, &reader).0, 403, "{path}");
    }
    let delete = |token: &Json| {
        server.send("DELETE", "/api/v1/channels/email/try", &bearer(token), "").unwrap().0
    };
    assert_eq!((delete(&other), delete(&reader)), (404, 403));
    assert_eq!((delete(&shop), delete(&shop)), (204, 404));
    assert_eq!(server.post("/api/v1/channels/email/try/test", &shop, &to).0, 404);
}

#[test]
fn the_outbox_of_a_demo_shows_what_would_have_gone_out() {
    let data = tempfile::tempdir().unwrap();
    let (server, shop) = Server::demo(data.path());
    let (_, all) = server.get("/api/v1/channels", &shop);
    let names = |one: &Json| format!("{}/{}", one["channel"], one["settings"]["kind"]);
    let names: Vec<String> = all["channels"].as_array().unwrap().iter().map(names).collect();
    assert_eq!(names, [r#""email"/"outbox""#, r#""webhook"/"outbox""#]);
    let to = json!({"to": "ada@home.test"});
    let mail = test(&server, "email/outbox", &shop, &to);
    let hook = test(&server, "webhook/outbox", &shop, &json!({}));
    for said in [&mail, &hook] {
        assert_eq!((&said["answer"], &said["code"]), (&json!("accepted"), &Json::Null));
    }
    for wrong in [json!({}), json!({"to": "ada"}), json!({"to": "a@b.test\r\nBcc: c@d.test"})] {
        assert_eq!(server.post("/api/v1/channels/email/outbox/test", &shop, &wrong).0, 400);
    }
    assert_eq!(server.post("/api/v1/channels/webhook/outbox/test", &shop, &to).0, 400);
    let (_, listed) = server.get("/api/v1/outbox", &shop);
    let rows = listed["messages"].as_array().unwrap();
    assert_eq!((rows.len(), &rows[0]["id"], &rows[1]["id"]), (2, &hook["id"], &mail["id"]));
    assert_eq!((&rows[0]["to"], &rows[1]["to"]), (&Json::Null, &to["to"]));
    assert_eq!(server.get("/api/v1/outbox?limit=1", &shop).1["messages"], json!([rows[0]]));
    assert_eq!(server.get("/api/v1/outbox?limit=x", &shop).0, 400);
    let one = |said: &Json| {
        server.get(&format!("/api/v1/outbox/{}", said["id"].as_str().unwrap()), &shop).1
    };
    let (mail, hook) = (one(&mail), one(&hook));
    let header = |name: &str| {
        let headers = mail["headers"].as_array().unwrap();
        headers.iter().find(|header| header["name"] == name).unwrap()["value"].clone()
    };
    assert_eq!(header("From"), "Demo shop <news@shop.example>");
    assert_eq!(header("Subject"), "Test of email/outbox");
    assert!(mail["html"].as_str().unwrap().contains("<p>"), "{mail}");
    assert!(mail["text"].as_str().unwrap().contains("mail arrives"), "{mail}");
    let body: Json = serde_json::from_str(hook["body"].as_str().unwrap()).unwrap();
    assert_eq!((&body["type"], &body["provider"]), (&json!("test"), &json!("outbox")));
    let audit = server.get("/api/v1/audit", &shop).1.to_string();
    assert!(audit.contains("view outbox") && !audit.contains("ada@home"), "{audit}");
}

#[test]
fn a_test_mail_goes_over_a_real_server() {
    let Some(python) = peers::python("a test mail") else { return };
    let data = tempfile::tempdir().unwrap();
    let mails = tempfile::tempdir().unwrap();
    let port = peers::free_port();
    let script =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../candor-engage/tests/peers/mail_server.py");
    let mut command = Command::new(python);
    command.arg(script).args([&port.to_string(), "plain"]).arg(mails.path());
    let _peer = peers::Peer::when_ready(&mut command);
    let shop = create(data.path(), &["--name", "Shop"]);
    let server = Server::start(data.path());
    let (pem, _) = dkim_key();
    let mut main = smtp(port);
    main["dkim"] = json!([{"domain": "shop.test", "selector": "s1", "private_key": pem}]);
    assert_eq!(put(&server, "email/main", &shop, &main).0, 200);
    let to = |name: &str| json!({"to": format!("{name}@far.test")});
    let said = test(&server, "email/main", &shop, &to("ada"));
    assert_eq!((&said["answer"], &said["provider_id"]), (&json!("accepted"), &json!("QUEUE1")));
    let refused = test(&server, "email/main", &shop, &to("gone"));
    assert_eq!(
        (&refused["answer"], &refused["code"]),
        (&json!("no_such_address"), &json!("550 5.1.1"))
    );
    let file = std::fs::read_dir(mails.path()).unwrap().next().unwrap().unwrap().path();
    let mail = std::fs::read_to_string(file).unwrap();
    assert!(mail.starts_with("DKIM-Signature: v=1; a=ed25519-sha256"), "{mail}");
    let id = said["id"].as_str().unwrap();
    assert!(mail.contains(&format!("Message-ID: <{id}@bounce.shop.test>")), "{mail}");
    // Another server from the next message on.
    let mut moved = main.clone();
    moved["port"] = json!(peers::free_port());
    assert_eq!(put(&server, "email/main", &shop, &moved).0, 200);
    assert_eq!(test(&server, "email/main", &shop, &to("ada"))["answer"], "later");
}

/// Takes one request and answers it; the head and the body.
fn taken(listener: &TcpListener) -> (String, String) {
    let (mut stream, _) = listener.accept().unwrap();
    let mut bytes = Vec::new();
    loop {
        let mut piece = [0; 4096];
        let length = stream.read(&mut piece).unwrap();
        bytes.extend_from_slice(&piece[..length]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let wanted = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        if body.len() == wanted.unwrap().parse::<usize>().unwrap() {
            stream.write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n").unwrap();
            return (head.to_owned(), body.to_owned());
        }
    }
}

#[test]
fn a_webhook_goes_near_us_only_where_the_server_allows_it() {
    let data = tempfile::tempdir().unwrap();
    let shop = create(data.path(), &["--name", "Shop"]);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/in", listener.local_addr().unwrap());
    let mut near = webhook(&url);
    let server = Server::start(data.path());
    assert_eq!(put(&server, "webhook/crm", &shop, &near).0, 200);
    let said = test(&server, "webhook/crm", &shop, &json!({}));
    let expected = (json!("no_such_address"), json!("the address is not public"));
    assert_eq!((said["answer"].clone(), said["code"].clone()), expected);
    near["allow_private"] = json!(true);
    let (status, problem) = put(&server, "webhook/crm", &shop, &near);
    assert_eq!((status, &problem["errors"][0]["pointer"]), (400, &json!("/allow_private")));
    assert!(problem["detail"].as_str().unwrap().contains("engage.private_webhooks"), "{problem}");
    assert_eq!(server.stop(), Some(0));

    let server = Server::start_configured(data.path(), "[engage]\nprivate_webhooks = true\n");
    assert_eq!(put(&server, "webhook/crm", &shop, &near).0, 200);
    let taking = std::thread::spawn(move || taken(&listener));
    let said = test(&server, "webhook/crm", &shop, &json!({}));
    assert_eq!(said["answer"], "accepted", "{said}");
    let (head, body) = taking.join().unwrap();
    let header = |name: &str| {
        let line = head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        line.unwrap().to_owned()
    };
    assert_eq!(header("webhook-id"), said["id"].as_str().unwrap());
    let at = Timestamp::from_seconds(header("webhook-timestamp").parse().unwrap());
    let secrets = vec![SigningSecret::parse(SECRET).unwrap()];
    let endpoint = Endpoint::new(&url, secrets).unwrap();
    let id = header("webhook-id").parse().unwrap();
    assert_eq!(header("webhook-signature"), endpoint.signature(id, at, body.as_bytes()));
    assert_eq!(serde_json::from_str::<Json>(&body).unwrap()["type"], "test");
    assert_eq!(server.stop(), Some(0));
    // Without the word of whoever runs the server it is refused again, and not forgotten.
    let server = Server::start(data.path());
    let said = test(&server, "webhook/crm", &shop, &json!({}));
    assert_eq!((said["answer"].clone(), said["code"].clone()), expected);
}
