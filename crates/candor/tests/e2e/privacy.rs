//! The person's own page, as a browser without script opens it: plain forms.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;

use candor_engage::links::{Purpose, Token};
use candor_event::AccountId;
use candor_keys::PublisherKeys;
use serde_json::{Value as Json, json};

use crate::canary::percent;
use crate::server::{Server, bearer, create};

const ACCOUNT: &str = "TEST-OWN";

/// A publisher, its server, and a person who has said yes to mails and to being measured.
struct Shop {
    server: Server,
    owner: Json,
    person: String,
    /// Another publisher on the same server, and who the same person is there.
    other: (Json, String),
    data: tempfile::TempDir,
}

impl Shop {
    fn open(policy: &str) -> Shop {
        let data = tempfile::tempdir().unwrap();
        let shop = |name: &str, account: &str, email: &str| {
            let ids = ["--account-id", account, "--admin-email", email, "--policy", policy];
            create(data.path(), &[["--name", name].as_slice(), &ids].concat())
        };
        let owner = shop("Shoes & <b>More</b>", ACCOUNT, "a@localhost");
        let other = shop("Other", "TEST-ELSE", "b@localhost");
        let server = Server::start(data.path());
        let (person, stranger) = (Shop::asha(&server, &owner), Shop::asha(&server, &other));
        Shop { server, owner, person, other: (other, stranger), data }
    }

    /// What one publisher holds of the person.
    fn asha(server: &Server, owner: &Json) -> String {
        let purposes = json!({"marketing:email": true, "analytics": true});
        let said = json!({"identity": "asha", "purposes": purposes, "method": "form"});
        let (status, receipt) = server.post("/api/v1/consents", owner, &said);
        assert_eq!(status, 200, "{receipt}");
        let event = |name: &str, at: &str| json!({"type": "event", "identity": "asha", "name": name, "at": at});
        let set = json!({"Email": "asha@example.test", "OS": "Android 16"});
        let records = json!([
            event("Charged", "2026-11-20T10:00:00Z"),
            event("Charged", "2026-11-21T11:30:00Z"),
            event("App Launched", "2026-11-20T09:00:00Z"),
            {"type": "profile", "identity": "asha", "set": set},
        ]);
        let answer = server.post("/api/v1/events", owner, &json!({ "records": records }));
        assert_eq!((answer.0, &answer.1["accepted"]), (200, &json!(4)), "{}", answer.1);
        receipt["subject"].as_str().unwrap().to_owned()
    }

    fn link(&self, owner: &Json, person: &str, shows: &str) -> Json {
        let path = format!("/api/v1/people/{person}/privacy");
        let (status, link) = self.server.post(&path, owner, &json!({ "shows": shows }));
        assert_eq!(status, 200, "{link}");
        link
    }

    fn token(&self, shows: &str) -> String {
        self.link(&self.owner, &self.person, shows)["token"].as_str().unwrap().to_owned()
    }

    fn submit(&self, account: &str, more: &str, form: &str) -> (u16, String) {
        let headers = format!("Content-Type: application/x-www-form-urlencoded\r\n{more}");
        let path = format!("/privacy/{account}");
        let (status, page) = self.server.send("POST", &path, &headers, form).unwrap();
        (status, page.as_str().unwrap().to_owned())
    }

    fn page(&self, token: &str) -> String {
        let (status, page) = self.submit(ACCOUNT, "", &format!("token={token}"));
        assert_eq!(status, 200, "{page}");
        page
    }

    fn say(&self, token: &str, purpose: &str, say: &str) -> String {
        let form = format!("token={token}&purpose={}&say={say}", percent(purpose));
        let (status, page) = self.submit(ACCOUNT, "", &form);
        assert_eq!(status, 200, "{page}");
        page
    }

    /// How many may be written to, once it is so many.
    fn consented(&self, people: u64) {
        let definition = json!({"definition": {"consented": {"purpose": "marketing:email"}}});
        let count = |s: &Server| {
            s.post("/api/v1/segments/count", &self.owner, &definition).1["people"].clone()
        };
        assert_eq!(self.server.eventually(count, |count| *count == people), people);
    }

    /// The page once it shows this: what was acknowledged is visible within a second.
    fn shows(&self, token: &str, what: &str) -> String {
        let page = self
            .server
            .eventually(|_| json!(self.page(token)), |page| page.as_str().unwrap().contains(what));
        assert!(page.as_str().unwrap().contains(what), "{what}: {page}");
        page.as_str().unwrap().to_owned()
    }
}

#[test]
fn a_person_sees_what_is_held_and_changes_their_mind() {
    let shop = Shop::open("strict");
    let token = shop.token("values");
    shop.shows(&token, "<td data-of=\"How\">form</td>");
    let page = shop.shows(&token, "asha@example.test");
    for there in [
        "Shoes &amp; &lt;b&gt;More&lt;/b&gt;",
        "account TEST-OWN",
        "policy “strict”",
        "<dt>Email</dt><dd><bdi>asha@example.test</bdi></dd>",
        "<dt>OS</dt><dd><bdi>Android 16</bdi></dd>",
        ">Charged</td><td data-of=\"Times\">2</td>",
        "20 Nov 2026, 10:00 UTC",
        "aria-label=\"Withdraw: E-mails\"",
        "aria-label=\"Allow: Text messages\"",
        "The link works until ",
    ] {
        assert!(page.contains(there), "{there}: {page}");
    }
    assert!(!page.contains("Became"), "nothing was sent");
    shop.consented(1);
    // A no holds at once, and is said once.
    for done in ["Recorded. Not allowed: E-mails. Receipt <code>c_", "That is how it is already"] {
        let page = shop.say(&token, "marketing:email", "no");
        assert!(page.contains(done), "{page}");
        assert!(page.contains("aria-label=\"Allow: E-mails\""), "{page}");
        shop.shows(&token, "<td data-of=\"How\">person&#39;s page</td>");
    }
    shop.consented(0);
    let said = |s: &Server| {
        let (_, history) = s.get("/api/v1/consents?identity=asha", &shop.owner);
        let receipts = history["consents"].as_array().unwrap().iter();
        let own = receipts.filter(|receipt| receipt["method"] == "person's page");
        own.map(|receipt| receipt["purposes"].clone()).collect()
    };
    let (no, yes) = (json!({"marketing:email": false}), json!({"marketing:email": true}));
    let expected = json!([no]);
    assert_eq!(shop.server.eventually(said, |all| *all == expected), expected);
    // Another mind.
    let page = shop.say(&token, "marketing:email", "yes");
    assert!(page.contains("Recorded. Allowed: E-mails"), "{page}");
    shop.consented(1);
    let expected = json!([no, yes]);
    assert_eq!(shop.server.eventually(said, |all| *all == expected), expected);
    // A receipt on the page is the one of the API.
    let (_, history) = shop.server.get("/api/v1/consents?identity=asha", &shop.owner);
    let receipts = history["consents"].as_array().unwrap();
    let page = shop.page(&token);
    for receipt in receipts {
        assert!(page.contains(receipt["id"].as_str().unwrap()), "{receipt}: {page}");
    }
    // All at once; nothing that comes after is kept.
    let page = shop.say(&token, "*", "no");
    assert!(!page.contains("Withdraw"), "{page}");
    let record = json!({"type": "event", "identity": "asha", "name": "Later"});
    let (_, answer) =
        shop.server.post("/api/v1/events", &shop.owner, &json!({ "records": [record] }));
    assert_eq!(answer["rejected"][0]["code"], "no_consent", "{answer}");
    // What is no purpose, or no word, changes nothing.
    for (purpose, say) in [("*", "yes"), ("research", "yes"), ("analytics", "perhaps"), ("", "no")]
    {
        let page = shop.say(&token, purpose, say);
        assert!(!page.contains("Recorded"), "{purpose} {say}: {page}");
    }
    shop.consented(0);
    let (_, audit) = shop.server.get("/api/v1/audit", &shop.owner);
    for (actor, action) in
        [("the person", "view own page"), ("token first", "give privacy link with values")]
    {
        let entries = audit["entries"].as_array().unwrap().iter();
        let mut entries = entries.filter(|entry| entry["action"] == action);
        let entry = entries.next().unwrap_or_else(|| panic!("{action}: {audit}"));
        assert!(entry["subject"] == *shop.person, "{entry}");
        let by = entry["actor"].as_str().unwrap();
        assert!(by == actor || actor.starts_with("token") && by.starts_with("token"), "{entry}");
    }
}

#[test]
fn a_link_from_a_mail_tells_what_there_is_and_not_what_it_says() {
    let shop = Shop::open("strict");
    let link = shop.link(&shop.owner, &shop.person, "names");
    assert_eq!(link["until"], Json::Null);
    let token = link["token"].as_str().unwrap();
    assert!(link["url"].as_str().unwrap().ends_with(&format!("/privacy/{ACCOUNT}#{token}")));
    let page = shop.shows(token, "Charged");
    for there in ["<p>Email</p>", "<p>OS</p>", "and not what they say"] {
        assert!(page.contains(there), "{there}: {page}");
    }
    for hidden in ["asha", "example.test", "Android", "The link works until"] {
        assert!(!page.contains(hidden), "{hidden}: {page}");
    }
    let page = shop.say(token, "marketing:email", "no");
    assert!(page.contains("Recorded. Not allowed: E-mails"), "{page}");
    // Only who may see values gives them away.
    let scopes = json!({"name": "site", "scopes": ["consent"]});
    let (status, made) = shop.server.post("/api/v1/tokens", &shop.owner, &scopes);
    assert_eq!(status, 200, "{made}");
    let site = json!({"api_token": made["token"]});
    let ask = |person: &str, shows: &str| {
        let path = format!("/api/v1/people/{person}/privacy");
        shop.server.post(&path, &site, &json!({ "shows": shows })).0
    };
    assert_eq!(ask(&shop.person, "names"), 200);
    assert_eq!(ask(&shop.person, "values"), 403);
    assert_eq!(ask(&shop.person, "all"), 400);
    assert_eq!(ask(&format!("p_{}", "0".repeat(32)), "names"), 404);
    assert_eq!(ask("asha", "names"), 404);
}

fn signed(data: &Path, account: &str, purpose: Purpose) -> String {
    let of = AccountId::new(account).unwrap();
    let keys = PublisherKeys::open(&data.join("keys"), &of).unwrap();
    Token { purpose, id: [7; 16], account: of }.write(&|bytes: &[u8]| keys.mac(bytes))
}

#[test]
fn a_link_that_opens_nothing_is_told_so_and_nothing_else() {
    let shop = Shop::open("strict");
    let (token, data) = (shop.token("names"), shop.data.path());
    let (other, stranger) = &shop.other;
    let foreign = shop.link(other, stranger, "names")["token"].as_str().unwrap().to_owned();
    let mut forged = token.clone();
    forged.replace_range(10..11, if &token[10..11] == "A" { "B" } else { "A" });
    let ended = signed(data, ACCOUNT, Purpose::Person { until: Some(1_700_000_000) });
    let unsubscribe = signed(data, ACCOUNT, Purpose::Unsubscribe);
    let opens = signed(data, ACCOUNT, Purpose::Person { until: Some(4_000_000_000) });
    assert!(shop.page(&opens).contains("Nothing but what you said below"));
    let long = "x".repeat(17 << 10);
    let mut refusals = Vec::new();
    for wrong in [&foreign, &forged, &ended, &unsubscribe, "abc", "", &long] {
        let form = format!("token={wrong}&purpose=marketing%3Aemail&say=no");
        refusals.push(shop.submit(ACCOUNT, "", &form));
    }
    for account in ["TEST-ELSE", "TEST-NOBODY", "x%00y", "%22%3E%3Cb%3E"] {
        refusals.push(shop.submit(account, "", &format!("token={token}")));
    }
    for (status, page) in &refusals {
        assert_eq!(*status, 403, "{page}");
        assert_eq!(page, &refusals[0].1);
    }
    assert!(refusals[0].1.contains("This link does not open"));
    shop.consented(1);
    // The way in is the same for an account that there is not, and takes a whole link.
    let way_in = |account: &str| shop.server.send("GET", &format!("/privacy/{account}"), "", "");
    assert_eq!(way_in(ACCOUNT), way_in("TEST-NOBODY"));
    let link = percent(&format!("https://x.test/privacy/{ACCOUNT}#{token}"));
    assert!(shop.page(&link).contains("What is held"));
}

#[test]
fn what_people_and_publishers_write_is_never_markup() {
    let shop = Shop::open("open");
    let evil = "<script>alert('x')</script>\"'&";
    let escaped = "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&quot;&#39;&amp;";
    let record = json!({"type": "profile", "identity": "asha", "set": {
        "Motto": evil, evil: [evil, {"deep": evil}],
    }});
    let event = json!({"type": "event", "identity": "asha", "name": evil});
    let (_, answer) =
        shop.server.post("/api/v1/events", &shop.owner, &json!({ "records": [record, event] }));
    assert_eq!(answer["accepted"], 2, "{answer}");
    let (_, mut policy) = shop.server.get("/api/v1/policy", &shop.owner);
    let rule = &mut policy["purposes"]["analytics"];
    rule["text"] = json!({"en": evil, "de": "Wir z\u{e4}hlen", evil: "x"});
    rule["recipients"] = json!([evil]);
    rule["basis"] = json!({ "declared": evil });
    rule["notice"] = json!(["shop", "3"]);
    let body = policy.to_string();
    let changed = shop.server.send("PUT", "/api/v1/policy", &bearer(&shop.owner), &body).unwrap();
    assert_eq!(changed.0, 200, "{}", changed.1);
    let token = shop.token("values");
    let page = shop.shows(&token, &format!("<dt>Motto</dt><dd><bdi>{escaped}"));
    assert!(!page.contains("<script>") && !page.contains("alert('"), "{page}");
    assert!(page.contains(&format!(">{escaped}</td>")), "the event: {page}");
    assert!(page.contains(&format!("dir=\"auto\">{escaped}</p>")), "the policy's text: {page}");
    assert!(page.contains(&format!("<dt>Goes to</dt><dd>{escaped}</dd>")), "{page}");
    assert!(page.contains("policy “open”"), "{page}");
    // Each reader in their language, and the receipt says in which.
    let form = format!("token={token}&purpose=analytics&say=no");
    let (_, page) = shop.submit(ACCOUNT, "Accept-Language: fr, de-AT;q=0.9, en;q=0.5\r\n", &form);
    assert!(page.contains("<p lang=\"de\" dir=\"auto\">Wir z\u{e4}hlen</p>"), "{page}");
    let said = |s: &Server| {
        let (_, history) = s.get("/api/v1/consents?identity=asha", &shop.owner);
        let last = history["consents"].as_array().and_then(|said| said.last());
        last.map(|receipt| receipt["notice"].clone()).unwrap_or_default()
    };
    let notice = json!({"id": "shop", "version": "3", "language": "de"});
    assert_eq!(shop.server.eventually(said, |said| *said == notice), notice);
    // A refusal wins over what the publisher declares.
    assert!(page.contains("aria-label=\"Allow: Understanding how it is used\""), "{page}");
}

#[test]
fn a_page_of_a_person_is_kept_by_nobody_and_framed_by_nobody() {
    let shop = Shop::open("measured");
    let head = |request: String| {
        let mut stream = TcpStream::connect(shop.server.address()).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split_once("\r\n\r\n").unwrap().0.to_lowercase()
    };
    let rest = "HTTP/1.1\r\nHost: test\r\nConnection: close\r\n";
    let form = format!("token={}", shop.token("values"));
    let length = form.len();
    let pages = [
        format!("GET /privacy/{ACCOUNT} {rest}\r\n"),
        format!("POST /privacy/{ACCOUNT} {rest}Content-Length: {length}\r\n\r\n{form}"),
        format!("POST /privacy/{ACCOUNT} {rest}Content-Length: 0\r\n\r\n"),
    ];
    for request in pages {
        let head = head(request);
        for there in [
            "content-security-policy: default-src 'none'; script-src 'self'; style-src 'self'; \
             base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
            "cache-control: no-store",
            "referrer-policy: no-referrer",
            "x-content-type-options: nosniff",
            "content-type: text/html; charset=utf-8",
        ] {
            assert!(head.contains(there), "{there}: {head}");
        }
    }
    for (path, kind) in [("privacy.js", "text/javascript"), ("privacy.css", "text/css")] {
        let head = head(format!("GET /{path} {rest}\r\n"));
        assert!(head.contains(&format!("content-type: {kind}; charset=utf-8")), "{head}");
    }
    assert!(shop.page(&shop.token("names")).contains("policy “measured”"));
}
