//! The country of an address: derived where it may be, and nothing else of the address kept.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;

use serde_json::{Value as Json, json};

use crate::server::{Server, create};

/// An address of Google's, which the table places in the United States.
const ADDRESS: &str = "8.8.8.8";

fn launch(server: &Server, shop: &Json, guid: &str, use_ip: bool) {
    let meta = json!({"type": "meta", "g": guid, "af": {"useIP": use_ip}});
    let event = json!({"type": "event", "evtName": "Looked", "evtData": {}});
    let body = json!([meta, event]).to_string();
    let text = |name: &str| shop[name].as_str().unwrap().to_owned();
    let head = format!(
        "POST /a1 HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n\
         x-clevertap-account-id: {}\r\nx-clevertap-token: {}\r\nx-forwarded-for: {ADDRESS}\r\n\r\n",
        body.len(),
        text("account_id"),
        text("account_token"),
    );
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream.write_all((head + &body).as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

/// The countries of the event, as (value, count).
fn countries(server: &Server, shop: &Json, launched: u64) -> Json {
    let total = |server: &Server| {
        let names = server.get("/api/v1/events/names", shop).1["names"].clone();
        names[0]["count"].clone()
    };
    server.eventually(total, |count| *count == launched);
    server.get("/api/v1/properties/country/values", shop).1["values"].clone()
}

#[test]
fn the_country_is_derived_where_sdk_proxy_and_class_allow_it() {
    let table = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/country/country.mmdb"));
    if !table.exists() {
        println!("SKIP countries: there is no table (scripts/country-table fetches it)");
        return;
    }
    let data = tempfile::tempdir().unwrap();
    let shop = create(data.path(), &["--name", "Shop", "--policy", "open"]);
    let measured = ["--name", "Bank", "--policy", "measured", "--admin-email", "b@x.test"];
    let bank = create(data.path(), &measured);
    let server = Server::start_configured(data.path(), "trusted_proxies = [\"127.0.0.0/8\"]\n");
    launch(&server, &shop, "g1", true);
    let us = json!([{"value": "US", "count": 1}]);
    assert_eq!(countries(&server, &shop, 1), us);
    launch(&server, &shop, "g2", false);
    assert_eq!(countries(&server, &shop, 2), us, "without useIP nobody looks at the address");
    // `measured` keeps behaviour and device of everyone, and no location.
    launch(&server, &bank, "g3", true);
    assert_eq!(countries(&server, &bank, 1), json!([]));
    let (_, gate) = server.get("/api/v1/gate", &bank);
    assert_eq!(gate["stripped"], json!({}), "what nobody sent is not taken out");
    assert_eq!(server.stop(), Some(0));
    // A peer that is not trusted speaks for itself alone: loopback is in no country.
    let server = Server::start_configured(data.path(), "");
    launch(&server, &shop, "g4", true);
    assert_eq!(countries(&server, &shop, 3), us);
    assert_eq!(server.stop(), Some(0));
    for file in walk(data.path()) {
        let bytes = std::fs::read(&file).unwrap();
        let found = bytes.windows(ADDRESS.len()).any(|window| window == ADDRESS.as_bytes());
        assert!(!found, "the address is in {}", file.display());
    }
}

#[test]
fn what_an_app_says_of_its_device_is_told_of_each_event_where_it_may_be() {
    let data = tempfile::tempdir().unwrap();
    let shop = create(data.path(), &["--name", "Shop", "--policy", "open"]);
    let server = Server::start(data.path());
    let fields = json!({"OS": "Android", "Make": "+91 98765 43210", "Model": "X", "Carrier": "T"});
    let meta = json!({"type": "meta", "g": "g1", "af": fields});
    let event = json!({"type": "event", "evtName": "Looked", "evtData": {"Model": "Y"}});
    let device = format!(
        "X-CleverTap-Account-ID: {}\r\nX-CleverTap-Token: {}\r\n",
        shop["account_id"].as_str().unwrap(),
        shop["account_token"].as_str().unwrap(),
    );
    let sent = server.send("POST", "/a1", &device, &json!([meta, event]).to_string());
    assert_eq!(sent.unwrap().0, 200);
    let find = |server: &Server| server.get("/api/v1/people?guid=g1", &shop).1["people"].clone();
    let seen = server.eventually(find, |people| people[0]["events"][0]["name"] == "Looked");
    let id = seen[0]["id"].as_str().unwrap();
    let (_, timeline) = server.get(&format!("/api/v1/people/{id}/timeline"), &shop);
    let properties = &timeline["events"][0]["properties"];
    // The event's own word wins, and what looks like a phone is no make.
    assert_eq!(*properties, json!({"Model": "Y", "OS": "Android"}), "{timeline}");
}

fn walk(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] });
    files.collect()
}
