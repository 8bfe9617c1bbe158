//! Webhooks against a server of a few lines, and against the verifiers of Standard Webhooks.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::mpsc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use candor_engage::channel::webhook::{Endpoint, SigningSecret, Webhook, WebhookSettings};
use candor_engage::channel::{Answer, MessageId};
use candor_event::Timestamp;
use serde_json::{Value as Json, json};

use crate::peers;

const OLD: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const NEW: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const BODY: &str = "{\"hello\":\"Köln\"}";

fn endpoint(url: &str) -> Endpoint {
    let secrets = [NEW, OLD].map(|secret| SigningSecret::parse(secret).unwrap());
    Endpoint::new(url, secrets.to_vec()).unwrap()
}

fn webhook() -> Webhook {
    let settings = WebhookSettings {
        allow_http: true,
        allow_private: true,
        timeout: Duration::from_millis(1500),
        ..WebhookSettings::default()
    };
    Webhook::new(settings).unwrap()
}

/// A server that reads one request of each connection whole, shows it, and says `answer`; it hangs
/// where there is no answer and closes where it is empty.
fn server(answer: Option<String>) -> (String, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook?a=b", listener.local_addr().unwrap());
    let (shows, shown) = mpsc::channel();
    std::thread::spawn(move || {
        let mut hanging = Vec::new();
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = shows.send(request(&mut stream));
            match &answer {
                Some(answer) => drop(stream.write_all(answer.as_bytes())),
                None => hanging.push(stream),
            }
        }
    });
    (url, shown)
}

fn request(stream: &mut TcpStream) -> String {
    stream.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    while !String::from_utf8_lossy(&bytes).ends_with(BODY) {
        match stream.read(&mut buffer) {
            Ok(length @ 1..) => bytes.extend_from_slice(&buffer[..length]),
            _ => break,
        }
    }
    String::from_utf8(bytes).unwrap()
}

fn now() -> Timestamp {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    Timestamp::from_seconds(seconds as i64)
}

async fn answer_to(status: &str, headers: &str) -> Answer {
    let said = format!("HTTP/1.1 {status}\r\n{headers}Content-Length: 2\r\n\r\nok");
    let (url, _shown) = server(Some(said));
    webhook().hand_over(&endpoint(&url), MessageId(1), now(), BODY.as_bytes()).await
}

#[tokio::test]
async fn each_answer_says_what_to_do() {
    assert_eq!(answer_to("200 OK", "").await, Answer::Accepted { provider_id: None });
    let gone = Answer::NoSuchAddress { code: "410".to_owned(), retire: true };
    assert_eq!(answer_to("410 Gone", "").await, gone);
    let slow =
        Answer::TooFast { code: "503".to_owned(), retry_after: Some(Duration::from_secs(9)) };
    assert_eq!(answer_to("503 Busy", "Retry-After: 9\r\n").await, slow);
    let away = Answer::BadContent { code: "302".to_owned() };
    assert_eq!(answer_to("302 Found", "Location: http://127.0.0.1:1/\r\n").await, away);
}

#[tokio::test]
async fn silence_after_the_body_is_unknown_and_before_it_is_not() {
    let send = |url: String| async move {
        webhook().hand_over(&endpoint(&url), MessageId(1), now(), BODY.as_bytes()).await
    };
    let (url, shown) = server(None);
    assert_eq!(send(url).await, Answer::Unknown { code: "timeout".to_owned() });
    assert!(shown.recv().unwrap().ends_with(BODY));
    let (url, _shown) = server(Some(String::new()));
    assert_eq!(send(url).await, Answer::Unknown { code: "connection lost".to_owned() });
    let nobody = format!("http://127.0.0.1:{}/", peers::free_port());
    assert_eq!(send(nobody).await, Answer::Later { code: "connect".to_owned() });
}

#[tokio::test]
async fn a_large_answer_is_not_read_to_its_end() {
    let endless = format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(4 << 20));
    let (url, _shown) = server(Some(endless));
    let answer = webhook().hand_over(&endpoint(&url), MessageId(1), now(), BODY.as_bytes()).await;
    assert_eq!(answer, Answer::Accepted { provider_id: None });
    let large = vec![b'x'; candor_engage::channel::webhook::BODY_BYTES_MAX + 1];
    let answer = webhook().hand_over(&endpoint(&url), MessageId(1), now(), &large).await;
    assert_eq!(answer, Answer::BadContent { code: "body too long".to_owned() });
}

#[tokio::test]
async fn only_a_server_somebody_vouches_for_is_told() {
    const WHAT: &str = "webhooks over https";
    let Some(python) = peers::python(WHAT) else { return };
    let folder = tempfile::tempdir().unwrap();
    let Some((certificate, key)) = peers::certificate(WHAT, folder.path()) else { return };
    let port = peers::free_port();
    let mut command = Command::new(python);
    command.arg(peers::script("https_server.py")).arg(port.to_string());
    let _server = peers::Peer::when_ready(command.args([&certificate, &key]));
    let url = format!("https://localhost:{port}/hook");
    let send = async |authorities: Option<String>| {
        let settings =
            WebhookSettings { allow_private: true, authorities, ..WebhookSettings::default() };
        let webhook = Webhook::new(settings).unwrap();
        webhook.hand_over(&endpoint(&url), MessageId(1), now(), BODY.as_bytes()).await
    };
    let vouched = send(std::fs::read_to_string(&certificate).ok()).await;
    assert_eq!(vouched, Answer::Accepted { provider_id: None });
    assert_eq!(send(None).await, Answer::Later { code: "connect".to_owned() });
}

/// What the other side sees of one request, in the form its verifiers want.
async fn seen(at: Timestamp) -> Json {
    let (url, shown) = server(Some("HTTP/1.1 204 No Content\r\n\r\n".to_owned()));
    let answer = webhook().hand_over(&endpoint(&url), MessageId(7), at, BODY.as_bytes()).await;
    assert_eq!(answer, Answer::Accepted { provider_id: None });
    let text = shown.recv().unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let headers = head.lines().skip(1).map(|line| line.split_once(": ").unwrap());
    let headers: Json =
        headers.map(|(name, value)| (name.to_ascii_lowercase(), json!(value))).collect();
    assert_eq!(headers["webhook-id"], MessageId(7).to_string());
    assert_eq!(headers["content-length"], BODY.len().to_string());
    json!({ "headers": headers, "body": body })
}

#[tokio::test]
async fn other_libraries_accept_the_signature_of_either_secret() {
    let with = |request: &Json, secret: &str, body: &str| {
        let headers = &request["headers"];
        json!({ "headers": headers, "secret": secret, "body": body })
    };
    let fresh = seen(now()).await;
    let old = seen(Timestamp(now().0 - 3_600_000)).await;
    let stranger = NEW.replace("AAEC", "AAED");
    let requests = json!([
        with(&fresh, OLD, BODY),
        with(&fresh, NEW, BODY),
        with(&fresh, &stranger, BODY),
        with(&fresh, OLD, "{\"hello\":\"Bonn\"}"),
        with(&old, OLD, BODY),
    ]);
    let expected = json!([true, true, false, false, false]);
    if let Some(python) = peers::python("webhooks by standardwebhooks in Python") {
        let script = peers::script("verify_webhook.py");
        assert_eq!(peers::ask(Command::new(python).arg(script), &requests), expected);
    }
    if peers::part("node_modules/standardwebhooks", "webhooks by standardwebhooks").is_some() {
        let script = peers::script("verify-webhook.mjs");
        let mut node = Command::new("node");
        assert_eq!(peers::ask(node.arg(script).arg(peers::folder()), &requests), expected);
    }
}
