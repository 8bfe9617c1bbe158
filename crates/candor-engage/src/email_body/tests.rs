#![allow(clippy::unwrap_used)]

use std::hash::{DefaultHasher, Hash, Hasher};

use candor_event::AccountId;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::*;
use crate::links::{Parameters, Purpose, Token};

fn sign(bytes: &[u8]) -> [u8; 16] {
    let half = |seed: u8| {
        let mut hasher = DefaultHasher::new();
        (seed, bytes).hash(&mut hasher);
        hasher.finish().to_be_bytes()
    };
    [half(1), half(2)].concat().try_into().unwrap()
}

fn values(json: Json) -> Values {
    match json {
        Json::Object(map) => Values::from(map),
        _ => panic!("values are an object"),
    }
}

fn rendered(body: &EmailBody, given: Json) -> Result<RenderedBody, RenderError> {
    let account = AccountId::new("TEST").unwrap();
    let parameters = Parameters::new(&[("utm_source", "mail")]);
    let tracking = Tracking {
        base: "https://t.example",
        message_id: [1; 16],
        account: &account,
        sign: &sign,
        first_link: 0,
        links: true,
        opens: true,
        parameters: &parameters,
    };
    body.render(&mut values(given), &Limits::default(), &tracking)
}

/// What each address of ours in the markup is for.
fn purposes(html: &str) -> Vec<Purpose> {
    let mut found = Vec::new();
    for part in html.split("https://t.example/").skip(1) {
        let address = &part[..part.find('"').unwrap()];
        let text = address.rsplit(['/', '#']).next().unwrap();
        found.push(Token::verify(text, &sign).unwrap().purpose);
    }
    found
}

const MJML: &str = r#"<mjml>
<mj-head><mj-title>For {{ name }}</mj-title><mj-preview>{{ name }}, look</mj-preview></mj-head>
<mj-body>
<mj-raw>{% if items.size < 1 %}</mj-raw>
<mj-section><mj-column><mj-text>Nothing, {{ name }}</mj-text></mj-column></mj-section>
<mj-raw>{% else %}{% for item in items %}</mj-raw>
<mj-section background-color="{{ colour }}"><mj-column>
<mj-text>{{ item.title | default: "a > b" }} &amp; more</mj-text>
<mj-image src="{{ item.image }}" alt="{{ item.title }}" href="{{ item.link }}" />
<mj-button href="https://shop.example/?a=1&amp;id={{ item.id }}">Buy {{ item.title }}</mj-button>
</mj-column></mj-section>
<mj-raw>{% endfor %}{% endif %}</mj-raw>
<mj-section><mj-column><mj-text><a href="https://shop.example/terms?v=2&amp;w">Terms</a>
<a href="mailto:a@b.example">Write</a> <a href="{{ unsubscribe_url }}">Leave</a></mj-text>
<mj-button href="{{ preferences_url | default: &quot;x&quot; }}">Prefs</mj-button>
</mj-column></mj-section>
</mj-body></mjml>"#;

fn given(title: &str) -> Json {
    json!({"name": title, "colour": title, "unsubscribe_url": "https://evil.example", "items": [
        {"title": title, "image": "https://i.example/1.png", "id": title, "link": "https://l.example/#x"},
    ]})
}

#[test]
fn liquid_survives_mjml() {
    let body = EmailBody::compile(Markup::Mjml(MJML), None).unwrap();
    let out = rendered(&body, given("Ada")).unwrap();
    assert!(out.html.contains("<title>For Ada</title>"), "{}", out.html);
    assert!(out.html.contains("Ada &amp; more"));
    assert!(out.html.contains("src=\"https://i.example/1.png\""));
    assert!(out.html.contains("alt=\"Ada\""));
    assert!(out.html.contains("background-color:Ada"));
    assert!(!out.html.contains("liquid0"), "{}", out.html);
    assert!(!out.html.contains("Nothing"));
    let none = rendered(&body, json!({"name": "Ada", "items": []})).unwrap();
    assert!(none.html.contains("Nothing, Ada"));
}

#[test]
fn no_other_server_is_told_who_reads() {
    let source = "<mjml><mj-body><mj-section><mj-column><mj-text>Hi</mj-text></mj-column>\
                  </mj-section></mj-body></mjml>";
    let body = EmailBody::compile(Markup::Mjml(source), None).unwrap();
    let html = rendered(&body, json!({})).unwrap().html;
    assert!(!html.contains("googleapis"), "{html}");
    assert!(!html.contains("<link") && !html.contains("@import"), "{html}");
}

#[test]
fn links_are_followed_and_ours_are_not() {
    let body = EmailBody::compile(Markup::Mjml(MJML), None).unwrap();
    let links: Vec<Option<&str>> = body.links().collect();
    assert_eq!(links, [None, None, Some("https://shop.example/terms?v=2&w")]);
    let out = rendered(&body, given("a&b")).unwrap();
    let to = |number, address: Option<&str>| Purpose::Link {
        number,
        address: address.map(str::to_owned),
    };
    let expected = [
        to(0, Some("https://l.example/?utm_source=mail#x")),
        to(1, Some("https://shop.example/?a=1&id=a%26b&utm_source=mail")),
        to(2, None),
        Purpose::Unsubscribe,
        Purpose::Preferences,
        Purpose::Open,
    ];
    assert_eq!(purposes(&out.html), expected);
    assert!(out.html.contains("href=\"mailto:a@b.example\""));
    assert!(!out.html.contains("evil.example"));
    assert!(out.html.trim_end().ends_with("</html>"));
}

#[test]
fn without_tracking_a_link_leads_where_it_says() {
    let source = "<a href='https://a.example/?x=1&amp;y=2#f'>a</a><a href='{{ u }}'>b</a>";
    let body = EmailBody::compile(Markup::Html(source), None).unwrap();
    let account = AccountId::new("TEST").unwrap();
    let parameters = Parameters::new(&[("utm_source", "mail")]);
    let tracking = Tracking {
        base: "https://t.example",
        message_id: [1; 16],
        account: &account,
        sign: &sign,
        first_link: 0,
        links: false,
        opens: false,
        parameters: &parameters,
    };
    let mut values = values(json!({"u": "https://b.example"}));
    let out = body.render(&mut values, &Limits::default(), &tracking).unwrap();
    let expected = "<a href='https://a.example/?x=1&amp;y=2&amp;utm_source=mail#f'>a</a>\
        <a href='https://b.example?utm_source=mail'>b</a>";
    assert_eq!(out.html, expected);
    let text =
        "a (https://a.example/?x=1&y=2&utm_source=mail#f)b (https://b.example?utm_source=mail)";
    assert_eq!(out.text, text);
}

#[test]
fn a_text_of_its_own_is_used() {
    let body =
        EmailBody::compile(Markup::Html("<p>x</p>"), Some("Hi {{ name }} <{{ unsubscribe_url }}>"));
    let out = rendered(&body.unwrap(), json!({"name": "A&B"})).unwrap();
    assert!(out.text.starts_with("Hi A&B <https://t.example/u/"), "{}", out.text);
}

#[test]
fn the_text_is_made_from_the_markup() {
    let body = EmailBody::compile(Markup::Mjml(MJML), None).unwrap();
    let out = rendered(&body, given("Ada")).unwrap();
    assert!(out.text.starts_with("Ada & more\nAda (https://t.example/l/"), "{}", out.text);
    assert!(out.text.contains("\nBuy Ada (https://t.example/l/"), "{}", out.text);
    assert!(!out.text.contains("look"), "{}", out.text);
}

#[test]
fn a_mistake_in_mjml_is_found_where_it_is() {
    let check = |source: &str, line: u32, column: u32, part: &str| {
        let error = EmailBody::compile(Markup::Mjml(source), None).unwrap_err();
        assert!(error.message.contains(part), "{source}: {error}");
        assert_eq!((error.line, error.column), (line, column), "{source}: {error}");
    };
    let body = |inside: &str| {
        format!(
            "<mjml><mj-body>\n<mj-section><mj-column>\n{inside}\n</mj-column></mj-section>\n</mj-body></mjml>"
        )
    };
    check(&body("<mj-text>{{ x | nope }}</mj-text>"), 3, 17, "no filter");
    check(
        &body("<mj-text>{{ x }}</mj-text><mj-text><b onclick=\"{{ y }}\"></b></mj-text>"),
        3,
        48,
        "this attribute",
    );
    check(&body("<mj-text>{{ x }}</mj-text><mj-nope></mj-nope>"), 3, 27, "MJML");
    check("<mjml><mj-head>{{ x }}</mj-head></mjml>", 1, 16, "MJML");
    check(
        &body("<mj-text>a</mj-text><mj-style inline=\"inline\">a{}</mj-style>"),
        3,
        21,
        "mj-style",
    );
    check("<mjml><mj-head><mj-include path=\"/etc/passwd\" /></mj-head></mjml>", 1, 17, "MJML");
    check("<p>x</p>", 1, 1, "MJML");
    check(
        "<mjml><mj-head><mj-style inline=\"inline\">a{}</mj-style></mj-head></mjml>",
        1,
        26,
        "inlined",
    );
    check(
        "<mjml><mj-body><mj-social><mj-raw>{{ x }}</mj-raw></mj-social></mj-body></mjml>",
        1,
        27,
        "MJML",
    );
    check(&body("<mj-text>é {{ x }} ü</mj-text><mj-nope></mj-nope>"), 3, 31, "mj-nope");
    check("<mjml>é\">", 1, 7, "MJML");
    // More would overflow the stack of the reader.
    let deep = "<div>".repeat(40_000);
    let error = EmailBody::compile(Markup::Mjml(&body(&deep)), None).unwrap_err();
    assert_eq!((error.line, error.column), (3, 301), "{}", error.message);
}

const OPEN: &str = "<mjml><mj-body><mj-section><mj-column>";
const CLOSE: &str = "</mj-column></mj-section></mj-body></mjml>";

/// Pieces of MJML, HTML and Liquid that fit, and that do not.
#[rustfmt::skip]
const PIECES: &[&str] = &[
    "<mjml>", "<mj-head>", "<mj-text>", "</mj-text>", "<mj-text ", "<mj-raw>", "</mj-raw>",
    "<mj-image ", "<mj-button ", "</mj-button>", "<mj-style>", "</mj-style>", "<mj-spacer ",
    "<mj-table>", "</mj-table>", "<mj-social>", "<mj-carousel>", "<mj-navbar>", "<mj-hero ",
    "width=\"", "height=\"", "href=\"", "padding=\"", "font-size=\"", "10px", "-1", "99999999999%",
    "1px 2px 3px 4px 5px", "\"", "'", "<", ">", "/>", "=", "/", "é", "ü>", " ", "\n", "a", "<b>",
    "</b>", "<br>", "<a href=\"", "</a>", "<!--", "-->", "<![CDATA[", "]]>", "<?", "<!doctype", "&",
    "&quot;", "{{ x }}", "{% if x %}", "{% endif %}", "{{", "%}", "liquid0", "liquid0n0z",
    "<script>", "<style>", "</body>", "<p style=\"", "display:none",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn hostile_values_stay_in_their_attributes(title in "[<>\"'&{}%= a-z/\\r\\n]{0,20}") {
        let body = EmailBody::compile(Markup::Mjml(MJML), None).unwrap();
        let harmless = rendered(&body, given("x")).unwrap();
        let out = rendered(&body, given(&title)).unwrap();
        let count = |html: &str, c: char| html.matches(c).count();
        for c in ['<', '>', '"'] {
            prop_assert_eq!(count(&out.html, c), count(&harmless.html, c), "{}", c);
        }
    }

    #[test]
    fn no_source_panics(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..20)) {
        let source = pieces.concat();
        let inside = format!("{OPEN}{source}{CLOSE}");
        let given = json!({"x": "https://x"});
        for markup in [Markup::Mjml(&source), Markup::Mjml(&inside), Markup::Html(&source)] {
            if let Ok(body) = EmailBody::compile(markup, None) {
                let _ = rendered(&body, given.clone());
            }
        }
    }
}
