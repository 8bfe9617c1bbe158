//! Signatures are verified by two programs that share no code with ours: dkimpy and mailauth.

use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use candor_engage::channel::email::{DkimKey, EmailMessage};
use serde_json::{Value as Json, json};

use crate::peers;

const ALGORITHMS: [&str; 2] = ["rsa-sha256", "ed25519-sha256"];

fn keys(folder: &std::path::Path) -> Option<Vec<DkimKey>> {
    let file = |name: &str| folder.join(name).display().to_string();
    let (rsa, ed25519) = (file("rsa.pem"), file("ed25519.pem"));
    let made = peers::openssl("DKIM", &["genrsa", "-out", &rsa, "2048"])
        && peers::openssl("DKIM", &["genpkey", "-algorithm", "ed25519", "-out", &ed25519]);
    let read = |path: &str, selector: &str| {
        let pem = std::fs::read_to_string(path).unwrap();
        DkimKey::from_pem("local.test", selector, &pem).unwrap()
    };
    made.then(|| vec![read(&rsa, "r1"), read(&ed25519, "e1")])
}

/// Asks each verifier about all messages; both signatures of each are to be valid or not to be.
fn check(records: &Json, cases: &[(String, Vec<u8>, bool)]) {
    let messages: Vec<String> = cases.iter().map(|(_, bytes, _)| STANDARD.encode(bytes)).collect();
    let input = json!({ "messages": messages, "records": records });
    let compare = |verifier: &str, verdicts: Json| {
        for ((what, _, valid), verdict) in cases.iter().zip(verdicts.as_array().unwrap()) {
            let expected = ALGORITHMS.map(|algorithm| json!([algorithm, valid]));
            assert_eq!(verdict, &json!(expected), "{verifier}: {what}");
        }
    };
    if let Some(python) = peers::python("DKIM by dkimpy") {
        let script = peers::script("verify_dkim.py");
        compare("dkimpy", peers::ask(Command::new(python).arg(script), &input));
    }
    if peers::part("node_modules/mailauth", "DKIM by mailauth").is_some() {
        let script = peers::script("verify-dkim.mjs");
        let mut node = Command::new("node");
        compare("mailauth", peers::ask(node.arg(script).arg(peers::folder()), &input));
    }
}

#[test]
fn both_signatures_are_valid_and_break_with_the_message() {
    let folder = tempfile::tempdir().unwrap();
    let Some(keys) = keys(folder.path()) else { return };
    let records: Json = keys.iter().map(DkimKey::record).map(|(n, t)| (n, json!(t))).collect();
    let email = peers::email(peers::settings(25), keys);
    let signed = |message: &EmailMessage| email.compose(message).unwrap().bytes().to_vec();
    let whole = signed(&peers::message(1, "ada@home.test"));
    let mut odd = peers::message(2, "ada@home.test");
    odd.subject = "two  spaces, \"quotes\" and\r\nBcc: x@y.test".to_owned();
    odd.to.name = Some("Ada \"\\ Ł \u{202e}\0, (x)".to_owned());
    odd.text = "\n\n  trailing  \t\n\n\n".to_owned();
    odd.html = format!("<p>{}</p>", "long ".repeat(1000));
    let mut cases = vec![("as it is".to_owned(), whole.clone(), true)];
    cases.push(("odd text".to_owned(), signed(&odd), true));
    odd.html.clear();
    cases.push(("one part".to_owned(), signed(&odd), true));

    let text = String::from_utf8(whole).unwrap();
    let changes = [
        ("List-Unsubscribe: <https://shop.test", "List-Unsubscribe: <https://evil.test"),
        ("List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n", ""),
        ("List-Unsubscribe: ", "X-Was: "),
        ("Message-ID: <0", "Message-ID: <1"),
        ("Subject: ", "Subject: =?utf-8?B?SGk=?=\r\nSubject: "),
        ("From: ", "From: evil@evil.test\r\nFrom: "),
        ("One dot first", "One dot last"),
    ];
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        cases.push((from.to_owned(), text.replacen(from, to, 1).into_bytes(), false));
    }
    check(&records, &cases);
}
