//! A campaign's own mails are signed, the headers of one click included: two verifiers that share no
//! code with ours say so.

use std::process::Command;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value as Json, json};

use crate::campaigns::{publish, put};
use crate::channels::peers;

use super::{Sink, house_configured, smtp, stands, to_sink};

const SOON: Duration = Duration::from_secs(30);

/// What each verifier says of these mails: for each the signatures, and whether they are valid.
fn verdicts(records: &Json, mails: &[String]) -> Vec<(&'static str, Json)> {
    let messages: Vec<String> = mails.iter().map(|mail| STANDARD.encode(mail)).collect();
    let input = json!({"messages": messages, "records": records});
    // They are beside the tests of the channel.
    let script = |name: &str| {
        let engage = concat!(env!("CARGO_MANIFEST_DIR"), "/../candor-engage/tests/peers/");
        format!("{engage}{name}")
    };
    let mut said = Vec::new();
    if let Some(python) = peers::python("a campaign's signatures by dkimpy") {
        let dkimpy = peers::ask(Command::new(python).arg(script("verify_dkim.py")), &input);
        said.push(("dkimpy", dkimpy));
    }
    if peers::part("node_modules/mailauth", "a campaign's signatures by mailauth").is_some() {
        let mut node = Command::new("node");
        node.arg(script("verify-dkim.mjs")).arg(peers::folder());
        said.push(("mailauth", peers::ask(&mut node, &input)));
    }
    said
}

#[test]
fn two_verifiers_find_every_mail_of_a_campaign_signed_and_see_what_was_changed() {
    let folder = tempfile::tempdir().unwrap();
    let mut keys = Vec::new();
    for (selector, kind) in
        [("r1", vec!["genrsa"]), ("e1", vec!["genpkey", "-algorithm", "ed25519"])]
    {
        let file = folder.path().join(selector).display().to_string();
        let made = [&kind[..], &["-out", &file]].concat();
        if !peers::openssl("a campaign's signatures", &made) {
            return;
        }
        let key = std::fs::read_to_string(file).unwrap();
        keys.push(json!({"domain": "shop.test", "selector": selector, "private_key": key}));
    }
    let sink = Sink::start();
    let public = "public_url = \"https://mail.shop.test\"\n";
    let (_data, server, shop) = house_configured(12, &sink, public);
    let mut settings = smtp(sink.port);
    settings["dkim"] = json!(keys);
    let set = put(&server, &shop, "/api/v1/channels/email/main", &settings);
    let of_key = |record: &&Json| record["name"].as_str().unwrap().contains("_domainkey");
    let records = set["dns"].as_array().unwrap().iter().filter(of_key);
    let records: Json = records
        .map(|record| (record["name"].as_str().unwrap().to_owned(), record["value"].clone()))
        .collect::<serde_json::Map<_, _>>()
        .into();
    let id = publish(&server, &shop, &to_sink(&json!({})));
    stands(&server, &shop, &id, "completed", SOON);
    let raw = |text: String| text[1..].replace('\n', "\r\n");
    let mails: Vec<String> = sink.mails().into_iter().map(|mail| raw(mail.text)).collect();
    assert!(mails.len() > 5);
    let both = |valid: bool| json!([["rsa-sha256", valid], ["ed25519-sha256", valid]]);
    for (verifier, said) in verdicts(&records, &mails) {
        assert_eq!(said, json!(vec![both(true); mails.len()]), "{verifier}");
    }
    let changed = [
        ("List-Unsubscribe: <https://mail.shop.test", "List-Unsubscribe: <https://evil.test"),
        ("List-Unsubscribe-Post: ", "X-Was: "),
        ("Subject: ", "Subject: Not "),
    ];
    let changed = changed.map(|(from, to)| {
        assert!(mails[0].contains(from), "{from}: {}", mails[0]);
        mails[0].replacen(from, to, 1)
    });
    for (verifier, said) in verdicts(&records, &changed) {
        assert_eq!(said, json!(vec![both(false); changed.len()]), "{verifier}");
    }
}
