//! Templates: saved when they compile, in versions, and looked at for a person whose consent says
//! what they may show.

use serde_json::{Value as Json, json};

use crate::server::{Server, bearer, create};

struct Shop {
    server: Server,
    publisher: Json,
    data: tempfile::TempDir,
}

fn mail(subject: &str, html: &str) -> Json {
    let variant = json!({"subject": subject, "html": html});
    json!({"email": {"default_language": "en", "languages": {"en": variant}}})
}

impl Shop {
    fn open(policy: &str) -> Shop {
        let data = tempfile::tempdir().unwrap();
        let publisher = create(data.path(), &["--name", "Shop", "--policy", policy]);
        let server = Server::start(data.path());
        Shop { server, publisher, data }
    }

    fn post(&self, path: &str, body: &Json) -> (u16, Json) {
        self.server.post(path, &self.publisher, body)
    }

    fn get(&self, path: &str) -> (u16, Json) {
        self.server.get(path, &self.publisher)
    }

    fn send(&self, method: &str, path: &str, body: &Json) -> (u16, Json) {
        self.server.send(method, path, &bearer(&self.publisher), &body.to_string()).unwrap()
    }

    fn save(&self, name: &str, content: &Json) -> Json {
        let new = json!({"name": name, "content": content});
        let (status, saved) = self.post("/api/v1/templates", &new);
        assert_eq!(status, 201, "{saved}");
        saved
    }

    fn preview(&self, asked: &Json) -> Json {
        let (status, answer) = self.post("/api/v1/templates/preview", asked);
        assert_eq!(status, 200, "{answer}");
        answer
    }

    /// The id of a person who said yes to purposes and has traits.
    fn person(&self, identity: &str, purposes: &[&str], traits: &Json) -> String {
        let yes: serde_json::Map<_, _> =
            purposes.iter().map(|purpose| ((*purpose).to_owned(), json!(true))).collect();
        if !yes.is_empty() {
            let said = json!({"identity": identity, "purposes": yes, "method": "form"});
            assert_eq!(self.post("/api/v1/consents", &said).0, 200);
        }
        let records =
            json!({"records": [{"type": "profile", "identity": identity, "set": traits}]});
        let (_, answer) = self.post("/api/v1/events", &records);
        assert_eq!(answer["accepted"], 1, "{answer}");
        let path = format!("/api/v1/people?identity={identity}");
        let kept = traits.as_object().unwrap().len() - answer["stripped"].as_array().unwrap().len();
        let found = self.server.eventually(
            |_| self.get(&path).1["people"][0].clone(),
            |person| person["traits"].as_object().is_some_and(|traits| traits.len() >= kept),
        );
        found["id"].as_str().unwrap().to_owned()
    }
}

#[test]
fn a_template_is_saved_in_versions_and_nobody_elses() {
    let shop = Shop::open("open");
    let welcome = mail("Hi {{ user.Name }}", "<a href='https://s.example/a'>x</a>");
    let saved = shop.save(" Welcome ", &welcome);
    let id = saved["id"].as_str().unwrap();
    assert_eq!((&saved["name"], &saved["version"]), (&json!("Welcome"), &json!(1)));
    assert_eq!((&saved["channel"], &saved["languages"]), (&json!("email"), &json!(["en"])));
    assert_eq!(saved["content"]["email"]["languages"], welcome["email"]["languages"]);
    let path = format!("/api/v1/templates/{id}");

    let hook = json!({"webhook": {"body": "{}"}});
    let change = |version: Json| {
        let new = json!({"name": "Hook", "content": hook, "version": version});
        shop.send("PUT", &path, &new)
    };
    assert_eq!(change(json!(1)).1["version"], 2);
    let (status, answer) = change(json!(1));
    assert_eq!((status, &answer["code"]), (409, &json!("changed_meanwhile")), "{answer}");
    assert_eq!(change(Json::Null).1["version"], 2, "the same again is no new version");
    assert_eq!(shop.get(&path).1["content"], hook);
    assert_eq!(shop.get(&format!("{path}?version=1")).1["name"], "Welcome");
    assert_eq!(shop.get(&format!("{path}?version=3")).0, 404);
    assert_eq!(shop.get(&format!("{path}?version=x")).0, 400);
    let (_, versions) = shop.get(&format!("{path}/versions"));
    let versions = versions["versions"].as_array().unwrap();
    assert_eq!((versions.len(), &versions[0]["version"]), (2, &json!(2)));
    assert!(versions[0]["actor"].as_str().unwrap().starts_with("token "), "{versions:?}");
    let (_, list) = shop.get("/api/v1/templates");
    assert_eq!(list["templates"][0]["channel"], "webhook");
    assert_eq!(list["templates"][0]["content"], Json::Null);

    // Another publisher, and who may only look.
    let other = ["--name", "Other", "--policy", "open", "--admin-email", "other@x.test"];
    let other = create(shop.data.path(), &other);
    let of_other = |method: &str, path: &str, body: &Json| {
        shop.server.send(method, path, &bearer(&other), &body.to_string()).unwrap().0
    };
    let new = json!({"name": "x", "content": hook});
    for (method, path) in [("GET", &path), ("PUT", &path), ("DELETE", &path)] {
        assert_eq!(of_other(method, path, &new), 404);
    }
    assert_eq!(of_other("GET", &format!("{path}/versions"), &Json::Null), 404);
    assert_eq!(of_other("POST", "/api/v1/templates/preview", &json!({"template": id})), 404);
    let reader = json!({"name": "reader", "scopes": ["read"]});
    let reader = json!({"api_token": shop.post("/api/v1/tokens", &reader).1["token"]});
    assert_eq!(shop.server.get(&path, &reader).0, 200);
    assert_eq!(shop.server.post("/api/v1/templates", &reader, &new).0, 403);

    assert_eq!(shop.send("DELETE", &path, &Json::Null).0, 204);
    assert_eq!(shop.get(&path).0, 404);
    assert_eq!(shop.get(&format!("{path}/versions")).0, 404);
    let (_, audit) = shop.get("/api/v1/audit");
    let entries = audit["entries"].as_array().unwrap();
    let count = |action: &str| entries.iter().filter(|entry| entry["action"] == action).count();
    assert_eq!((count("save template"), count("delete template")), (3, 1), "{audit}");
}

#[test]
fn a_mistake_says_where_it_is() {
    let shop = Shop::open("open");
    let check = |content: Json, pointer: &str, part: &str| {
        let new = json!({"name": "x", "content": content});
        let (status, answer) = shop.post("/api/v1/templates", &new);
        let error = &answer["errors"][0];
        assert_eq!((status, &error["pointer"]), (400, &json!(pointer)), "{answer}");
        assert!(error["message"].as_str().unwrap().contains(part), "{answer}");
    };
    let html = "/content/email/languages/en/html";
    check(mail("x", "<p>\n{{ x | nope }}</p>"), html, "line 2, column 8: ");
    check(mail("x", "<b onclick=\"{{ x }}\">"), html, "line 1, column 13: ");
    check(mail("{% if x %}", ""), "/content/email/languages/en/subject", "line 1");
    check(json!({"webhook": {"body": "{{"}}), "/content/webhook/body", "line 1");
    check(json!({"sms": {}}), "/content", "`email` or `webhook`");
    let mut extra = mail("x", "");
    extra["email"]["from"] = json!("secret");
    check(extra, "/content/email/from", "not known");
    let (status, answer) =
        shop.post("/api/v1/templates", &json!({"name": " ", "content": mail("x", "")}));
    assert_eq!((status, &answer["errors"][0]["pointer"]), (400, &json!("/name")), "{answer}");
    let long = json!({"name": "x", "content": mail("x", &"x".repeat(1 << 20))});
    assert_eq!(shop.post("/api/v1/templates", &long).0, 413);
    let preview = |asked: Json| shop.post("/api/v1/templates/preview", &asked);
    for (asked, pointer) in [
        (json!({}), ""),
        (json!({"template": "x", "content": mail("x", "")}), ""),
        (json!({"content": mail("x", "{{")}), html),
        (json!({"content": mail("x", ""), "language": "e n"}), "/language"),
        (json!({"content": mail("x", ""), "person": "ann"}), "/person"),
        (json!({"content": mail("x", ""), "purpose": "No!"}), "/purpose"),
        (json!({"content": {"webhook": {"body": "1"}}, "person": "p_x"}), "/purpose"),
    ] {
        let (status, answer) = preview(asked);
        assert_eq!((status, &answer["errors"][0]["pointer"]), (400, &json!(pointer)), "{answer}");
    }
    assert_eq!(preview(json!({"template": "x"})).0, 404);
}

#[test]
fn a_preview_shows_what_this_person_allows() {
    let shop = Shop::open("strict");
    for (name, class) in [("plan", "behaviour"), ("City", "location")] {
        let path = format!("/api/v1/properties/{name}");
        assert_eq!(shop.send("PUT", &path, &json!({"class": class})).0, 200);
    }
    let traits = json!({"plan": "gold", "City": "Oslo", "Email": "a@x.test", "locale": "ar_EG"});
    let all = ["analytics", "personalisation", "marketing:email"];
    let ann = shop.person("ann", &all, &traits);
    let bob = shop.person("bob", &["analytics", "marketing:email"], &traits);
    let eve = shop.person("eve", &["analytics"], &traits);
    let preview = |person: &str, html: &str| {
        shop.preview(&json!({"content": mail("{{ campaign.name }}", html), "person": person}))
    };
    let shown = |answer: &Json| answer["email"]["html"].as_str().unwrap_or("dropped").to_owned();

    assert_eq!(shown(&preview(&ann, "{{ user.plan }} {{ user.City }}")), "gold Oslo");
    // Behaviour is of marketing; where somebody is, only of personalisation.
    assert_eq!(shown(&preview(&bob, "{{ user.plan }} {{ user.Email }}")), "gold a@x.test");
    let dropped = preview(&bob, "{{ user.plan }} {{ user.City }}");
    let expected = json!({"reason": "missing_data", "path": "user.City",
                          "message": "missing data: user.City"});
    assert_eq!(dropped["dropped"], expected);
    assert_eq!(dropped["missing"], json!(["user.City"]));
    assert_eq!(shown(&preview(&bob, "{{ user.City | default: 'there' }}")), "there");
    // What people said, and their devices, are nothing to write.
    for hidden in ["guids", "['$consent:analytics']"] {
        let path = if hidden.starts_with('[') { hidden.to_owned() } else { format!(".{hidden}") };
        assert_eq!(shown(&preview(&ann, &format!("{{{{ user{path} | default: 'no' }}}}"))), "no");
    }
    assert_eq!(preview(&bob, "x")["in_force"], true);
    assert_eq!(preview(&eve, "x")["in_force"], false);

    // The person's language chooses, whether or not it may be shown.
    let variant = |subject: &str| json!({"subject": subject, "html": "x"});
    let content = json!({"email": {"default_language": "en", "missing_translation": "drop",
        "languages": {"en": variant("Hello"), "ar": variant("مرحبا")}}});
    let saved = shop.save("Hello", &content);
    let answer = shop.preview(&json!({"template": saved["id"], "person": ann}));
    assert_eq!(
        (&answer["email"]["language"], &answer["email"]["right_to_left"]),
        (&json!("ar"), &json!(true))
    );
    let german = shop.preview(&json!({"template": saved["id"], "person": ann, "language": "de"}));
    assert_eq!(german["dropped"]["path"], "translation.de");
    assert_eq!(shop.preview(&json!({"template": saved["id"]}))["email"]["subject"], "Hello");

    // Who may not see people does not see them here.
    let reader = json!({"name": "reader", "scopes": ["read"]});
    let reader = json!({"api_token": shop.post("/api/v1/tokens", &reader).1["token"]});
    let asked = json!({"content": mail("x", "x"), "person": bob});
    assert_eq!(shop.server.post("/api/v1/templates/preview", &reader, &asked).0, 403);
    let (_, audit) = shop.get("/api/v1/audit");
    let entries = audit["entries"].as_array().unwrap();
    let looked = |action: &str| {
        let fits = |entry: &&Json| entry["action"] == action && entry["subject"] == bob.as_str();
        entries.iter().filter(fits).count()
    };
    assert!(looked("view person") > 0 && looked("view person masked") == 1, "{audit}");

    let (_, fields) = shop.get("/api/v1/templates/fields");
    let field = |name: &str| {
        let found = fields.as_array().unwrap().iter().find(|field| field["name"] == name);
        let field = found.unwrap();
        (field["allowed"] == true, field["personalised"] == true)
    };
    assert_eq!(field("plan"), (true, false));
    assert_eq!(field("City"), (false, true));
    assert_eq!(field("Name"), (false, false));
    let (_, fields) = shop.get("/api/v1/templates/fields?purpose=personalisation");
    let email = fields.as_array().unwrap().iter().find(|field| field["name"] == "Email").unwrap();
    assert_eq!(email["allowed"], false);
    assert_eq!(shop.get("/api/v1/templates/fields?purpose=No!").0, 400);
}

#[test]
fn hostile_values_come_out_as_they_are() {
    let shop = Shop::open("open");
    let names = [
        ("{{7*7}} {% abort %}", "{{7*7}} {% abort %}", "{{7*7}} {% abort %}"),
        (
            "<script>alert(1)</script>",
            "<script>alert(1)</script>",
            "&lt;script&gt;alert(1)&lt;/script&gt;",
        ),
        ("\r\nBcc: x@y", " Bcc: x@y", "\nBcc: x@y"),
        ("a\u{202e}b\u{0}c", "ab c", "abc"),
    ];
    let html = "<p title=\"{{ user.Name }}\">{{ user.Name }}</p>";
    for (name, subject, escaped) in names {
        let values = json!({"user": {"Name": name}});
        let asked = json!({"content": mail("{{ user.Name }}", html), "values": values});
        let answer = shop.preview(&asked);
        assert_eq!(answer["email"]["subject"], subject);
        assert_eq!(answer["email"]["html"], format!("<p title=\"{escaped}\">{escaped}</p>"));
        let hook = json!({"webhook": {"body": "{\"name\": \"{{ user.Name }}\"}"}});
        let answer = shop.preview(&json!({"content": hook, "values": values}));
        let body: Json = serde_json::from_str(answer["webhook"]["body"].as_str().unwrap()).unwrap();
        assert_eq!(body["name"], name);
    }
    // The same from a person's own trait.
    let person = shop.person("eve", &[], &json!({"Name": "{{ user.x }}<script>\r\nBcc: x@y"}));
    let answer = shop
        .preview(&json!({"content": mail("{{ user.Name }}", "{{ user.Name }}"), "person": person}));
    assert_eq!(answer["email"]["subject"], "{{ user.x }}<script> Bcc: x@y");
    assert_eq!(answer["email"]["html"], "{{ user.x }}&lt;script&gt;\nBcc: x@y");

    let long = json!({"user": {"Name": "x".repeat(1_000_000)}});
    let dropped = shop.preview(&json!({"content": mail("x", html), "values": long}));
    assert_eq!(dropped["dropped"]["reason"], "bad_content", "{}", dropped["dropped"]);
    let cut = mail("x", "{{ user.Name | truncate: 5 }}");
    let answer = shop.preview(&json!({"content": cut, "values": long}));
    assert_eq!(answer["email"]["html"], "xx...");
}

#[test]
fn a_render_ends_and_says_why_there_is_nothing() {
    let shop = Shop::open("open");
    let endless =
        "{% for i in (1..1000000) %}{% for j in (1..1000000) %}{{ j }}{% endfor %}{% endfor %}";
    let started = std::time::Instant::now();
    let dropped = shop.preview(&json!({"content": mail("x", endless)}));
    assert_eq!(dropped["dropped"]["reason"], "bad_content", "{dropped}");
    assert!(started.elapsed().as_secs() < 5);
    let dropped = shop.preview(&json!({"content": mail("x", "{% abort 'not today' %}")}));
    assert_eq!(
        (&dropped["dropped"]["reason"], &dropped["dropped"]["message"]),
        (&json!("aborted"), &json!("aborted: not today"))
    );
    let dropped = shop.preview(&json!({"content": {"webhook": {"body": "{"}}}));
    assert_eq!(dropped["dropped"]["reason"], "bad_content");
    let answer = shop.preview(&json!({"content": mail("x", "{{ user['First name'] }}")}));
    assert!(answer["missing"][0].as_str().unwrap().contains("First name"), "{answer}");

    // Nothing is followed, and the addresses of our own are there.
    let html = "<a href=\"https://s.example/?a=1&amp;b\">a</a><a href=\"https://s.example/{{ user.id }}\">b\
                </a><a href=\"{{ unsubscribe_url }}\">c</a>";
    let values = json!({"user": {"id": "7"}, "unsubscribe_url": "https://evil.example"});
    let answer = shop.preview(&json!({"content": mail("x", html), "values": values}));
    let html = answer["email"]["html"].as_str().unwrap();
    assert!(html.contains("https://s.example/?a=1&amp;b\"") && !html.contains("evil"), "{html}");
    assert!(html.contains("s.example/7\"") && !html.contains("<img"), "{html}");
    assert!(html.contains("href=\"http://127.0.0.1:"), "{html}");
    assert!(html.contains("/u/"), "{html}");
    let links = json!([{"number": 0, "address": "https://s.example/?a=1&b"},
                       {"number": 1, "address": null}]);
    assert_eq!(answer["links"], links);
}
