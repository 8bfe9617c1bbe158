#![allow(clippy::unwrap_used)]

use candor_event::AccountId;
use serde_json::json;

use super::*;
use crate::links::{Parameters, Purpose, Token};

fn sign(bytes: &[u8]) -> [u8; 16] {
    let sum = |seed: u8| bytes.iter().fold(seed, |sum, b| sum.rotate_left(3) ^ b);
    std::array::from_fn(|at| sum(at as u8))
}

fn content(document: Json) -> Content {
    serde_json::from_value(document).unwrap()
}

fn email(languages: Json) -> Content {
    content(json!({"email": {"default_language": "en", "languages": languages}}))
}

/// Renders with links followed, or not.
fn rendered(
    compiled: &Compiled,
    values: Json,
    wanted: Option<&str>,
    links: bool,
) -> Result<Rendered, ContentDrop> {
    let account = AccountId::new("TEST").unwrap();
    let tracking = Tracking {
        base: "https://t.example",
        message_id: [1; 16],
        account: &account,
        sign: &sign,
        first_link: 9,
        links,
        opens: links,
        parameters: &Parameters::default(),
    };
    let Json::Object(values) = values else { panic!("values are an object") };
    let wanted = wanted.and_then(Language::new);
    compiled.render(&mut Values::from(values), wanted.as_ref(), &Limits::default(), &tracking)
}

fn mail(rendered: Result<Rendered, ContentDrop>) -> (String, String, String, String) {
    match rendered.unwrap() {
        Rendered::Email { subject, html, text, language } => {
            (subject, html, text, language.as_str().to_owned())
        }
        Rendered::Webhook { body } => panic!("no mail: {body}"),
    }
}

#[test]
fn a_document_reads_back_and_refuses_what_it_does_not_know() {
    let document = json!({"email": {"default_language": "en", "missing_translation": "drop",
        "languages": {"en": {"subject": "Hi", "html": "<p>x</p>", "preheader": "p"}}}});
    assert_eq!(serde_json::to_value(content(document.clone())).unwrap(), document);
    for wrong in [
        json!({}),
        json!({"sms": {"body": "x"}}),
        json!({"webhook": {"body": "{}"}, "email": null}),
        json!({"webhook": {"body": "{}", "url": "x"}}),
        json!({"email": {"default_language": "en", "languages": {}, "from": "x"}}),
    ] {
        assert!(serde_json::from_value::<Content>(wrong.clone()).is_err(), "{wrong}");
    }
}

#[test]
fn a_mistake_is_found_where_it_is() {
    let check = |languages: Json, pointer: &str, part: &str| {
        let error = email(languages).compile().unwrap_err();
        assert_eq!(error.pointer, pointer, "{error}");
        assert!(error.message.contains(part), "{error}");
    };
    let one = |variant: Json| json!({"en": variant});
    check(
        one(json!({"subject": "{{ x | nope }}", "html": ""})),
        "/email/languages/en/subject",
        "line 1, column 8",
    );
    check(
        one(json!({"subject": "x", "html": "<p>\n{{ x"})),
        "/email/languages/en/html",
        "line 2, column 5",
    );
    check(
        one(json!({"subject": "x", "mjml": "<mjml><mj-body>\n<mj-nope /></mj-body></mjml>"})),
        "/email/languages/en/mjml",
        "line 2",
    );
    check(
        one(json!({"subject": "x", "html": "", "text": "{% if %}"})),
        "/email/languages/en/text",
        "line 1",
    );
    check(
        one(json!({"subject": "x", "html": "", "preheader": "{% x %}"})),
        "/email/languages/en/preheader",
        "line 1",
    );
    check(one(json!({"subject": " ", "html": ""})), "/email/languages/en/subject", "500");
    let long = "é".repeat(501);
    check(one(json!({"subject": long, "html": ""})), "/email/languages/en/subject", "500");
    check(one(json!({"subject": "x"})), "/email/languages/en", "either");
    check(one(json!({"subject": "x", "html": "", "mjml": ""})), "/email/languages/en", "either");
    let variant = json!({"subject": "x", "html": ""});
    check(json!({"de": variant}), "/email/default_language", "one of");
    check(json!({"en": variant, "a/b": variant}), "/email/languages", "tag");
    check(json!({"en": variant, "pt_BR": variant, "pt-br": variant}), "/email/languages", "twice");
    let many: Map<String, Json> =
        (0..=LANGUAGES_MAX).map(|at| (format!("x{at}"), variant.clone())).collect();
    check(Json::Object(many), "/email/languages", "at most 40");
    let error = content(json!({"webhook": {"body": "{\n {{ x"}})).compile().unwrap_err();
    assert_eq!(error.pointer, "/webhook/body");
    assert!(error.message.starts_with("line 2, column"), "{error}");
}

#[test]
fn each_language_has_numbers_of_its_own() {
    let variant = |name: &str| {
        let html = format!(
            "<a href=\"https://{name}/1?x=1&amp;y\">1</a><a href=\"https://{name}/{{{{ n }}}}\">2</a>"
        );
        json!({"subject": name, "html": html})
    };
    let languages =
        json!({"pt": variant("pt"), "en": variant("en"), "DE": variant("de"), "Fr": variant("fr")});
    let compiled = email(languages).compile().unwrap();
    for (index, name) in ["de", "en", "fr", "pt"].into_iter().enumerate() {
        let first = index as u16 * 500;
        let (subject, html, _, language) =
            mail(rendered(&compiled, json!({"n": 7}), Some(name), true));
        assert_eq!((subject.as_str(), language.as_str()), (name, name));
        let tokens = html.split("https://t.example/l/").skip(1);
        let tokens = tokens.map(|part| Token::verify(part.split('"').next().unwrap(), &sign));
        let purposes: Vec<Purpose> = tokens.map(|token| token.unwrap().purpose).collect();
        let changing = Some(format!("https://{name}/7"));
        let expected = [
            Purpose::Link { number: first, address: None },
            Purpose::Link { number: first + 1, address: changing },
        ];
        assert_eq!(purposes, expected);
        let address = format!("https://{name}/1?x=1&y");
        assert_eq!(compiled.link(first), Some(address.as_str()));
        let links = compiled.links(Language::new(name).as_ref());
        assert_eq!(links, [(first, Some(address.as_str())), (first + 1, None)]);
    }
    for none in [1, 2, 499, 502, 2_000, u16::MAX] {
        assert_eq!(compiled.link(none), None, "{none}");
    }
}

#[test]
fn a_missing_translation_falls_back_or_drops() {
    let languages =
        json!({"en": {"subject": "en", "html": ""}, "pt": {"subject": "pt", "html": ""}});
    let compiled = email(languages.clone()).compile().unwrap();
    for (wanted, expected) in [(Some("pt-BR"), "pt"), (Some("de"), "en"), (None, "en")] {
        assert_eq!(mail(rendered(&compiled, json!({}), wanted, false)).0, expected);
    }
    let strict = content(json!({"email": {"default_language": "en",
        "missing_translation": "drop", "languages": languages}}));
    let strict = strict.compile().unwrap();
    assert_eq!(mail(rendered(&strict, json!({}), Some("pt-BR"), false)).0, "pt");
    for (wanted, path) in [(Some("de"), "translation.de"), (None, "translation.unknown")] {
        let drop = rendered(&strict, json!({}), wanted, false).unwrap_err();
        assert_eq!((drop.reason(), drop.path().unwrap().as_str()), ("missing_data", path));
    }
}

#[test]
fn the_preheader_is_hidden_at_the_start_of_the_body() {
    let mjml = "<mjml><mj-body><mj-section><mj-column><mj-text>Hello</mj-text></mj-column>\
                </mj-section></mj-body></mjml>";
    let variant = json!({"subject": "x", "mjml": mjml, "preheader": "For {{ user.name }}"});
    let compiled = email(json!({"en": variant})).compile().unwrap();
    let values = json!({"user": {"name": "<body><b>"}});
    let (_, html, text, _) = mail(rendered(&compiled, values, None, false));
    let body = html.find("<body").unwrap();
    let (_, inside) = html[body..].split_once('>').unwrap();
    let hidden = "<div style=\"display:none;max-height:0;overflow:hidden;mso-hide:all\">\
                  For &lt;body&gt;&lt;b&gt;</div>";
    assert!(inside.starts_with(hidden), "{inside}");
    assert_eq!(text, "Hello");
    let drop = rendered(&compiled, json!({}), None, false).unwrap_err();
    assert_eq!(drop, ContentDrop::MissingData("user.name".to_owned()));
}

#[test]
fn a_webhook_is_json_or_nothing() {
    let check = |body: &str, expected: Result<&str, &str>| {
        let compiled = content(json!({"webhook": {"body": body}})).compile().unwrap();
        let values = json!({"user": {"name": "a\"}\n,{{ user.x }}", "plan": ["x", 1]}});
        let made = rendered(&compiled, values, None, false);
        let made = made.as_ref().map_err(ContentDrop::reason);
        match expected {
            Ok(body) => assert_eq!(made, Ok(&Rendered::Webhook { body: body.to_owned() })),
            Err(reason) => assert_eq!(made, Err(reason)),
        }
        assert_eq!(compiled.link(0), None);
    };
    check(r#"{"n": "{{ user.name }}"}"#, Ok(r#"{"n": "a\"}\n,{{ user.x }}"}"#));
    check(r#"{"p": {{ user.plan }}}"#, Ok(r#"{"p": ["x",1]}"#));
    check(r#"{"p": {{ user.age | default: 0 }}}"#, Ok(r#"{"p": 0}"#));
    check(r#"{"p": {{ user.age }}}"#, Err("missing_data"));
    check(r#"{"p": }"#, Err("bad_content"));
    check(r#"{"p": 1} 2"#, Err("bad_content"));
    check(r#"{% abort "no" %}"#, Err("aborted"));
    let compiled = content(json!({"webhook": {"body": "\"{{ unsubscribe_url }}\""}})).compile();
    let Ok(Rendered::Webhook { body }) = rendered(&compiled.unwrap(), json!({}), None, false)
    else {
        panic!("an address of ours is always there");
    };
    assert!(body.starts_with("\"https://t.example/u/"), "{body}");
}

#[test]
fn what_went_wrong_is_told_without_values() {
    let variant =
        json!({"subject": "{{ user.name }}", "html": "<a href=\"{{ user.name }}\">x</a>"});
    let compiled = email(json!({"en": variant})).compile().unwrap();
    let drop = |name: String| {
        let drop = rendered(&compiled, json!({"user": {"name": name}}), None, false).unwrap_err();
        assert_eq!((drop.reason(), drop.path()), ("bad_content", None));
        drop.to_string()
    };
    assert!(drop("javascript:alert('secret')".to_owned()).starts_with("body: line 1: an address"));
    let long = format!("https://{}", "x".repeat(1_500));
    assert_eq!(drop(long), "subject: more than 998 bytes");
}

#[test]
fn values_hold_what_is_allowed_and_nothing_else() {
    let traits: BTreeMap<String, Value> = [
        ("First name".to_owned(), Value::from("Ada")),
        ("plan".to_owned(), Value::from("gold")),
        ("age".to_owned(), Value::from(36i64)),
        ("odd".to_owned(), Value::from(f64::NAN)),
        ("$consent:analytics".to_owned(), Value::from(true)),
    ]
    .into();
    let values = values_of(&traits, &|name| !name.starts_with('$') && name != "plan", "Spring");
    let expected = json!({"user": {"First name": "Ada", "age": 36, "odd": null},
                          "campaign": {"name": "Spring"}});
    let Json::Object(expected) = expected else { unreachable!() };
    assert_eq!(values, Values::from(expected));
}

#[test]
fn a_persons_language_is_read_from_their_traits() {
    let check = |traits: &[(&str, &str)], expected: Option<&str>| {
        let traits = traits.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value)));
        let language = language_of(&traits.collect());
        assert_eq!(language.as_ref().map(Language::as_str), expected);
    };
    check(&[("locale", "pt_BR.UTF-8")], Some("pt-br"));
    check(&[("locale", "de"), ("Language", "fr")], Some("de"));
    check(&[("locale", "?"), ("Language", "fr-CA")], Some("fr-ca"));
    check(&[("language", "fr")], None);
    check(&[], None);
}
