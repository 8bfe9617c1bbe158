//! How many mails a core renders in a second: `cargo bench -p candor-engage --bench renders`.

#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

use std::hash::{DefaultHasher, Hash, Hasher};
use std::hint::black_box;
use std::time::Instant;

use candor_engage::email_body::{EmailBody, Markup};
use candor_engage::links::{Parameters, Tracking};
use candor_engage::template::{Limits, Values};
use candor_event::AccountId;

/// Stands in for a MAC, at about the cost of one.
fn sign(bytes: &[u8]) -> [u8; 16] {
    let mut mac = [0; 16];
    for (seed, half) in mac.chunks_exact_mut(8).enumerate() {
        let mut hasher = DefaultHasher::new();
        (seed, bytes).hash(&mut hasher);
        half.copy_from_slice(&hasher.finish().to_be_bytes());
    }
    mac
}

/// A mail of 10 KB with 20 values, 8 links, a condition and a loop.
fn source() -> String {
    let mut html = "<!doctype html><html><head><title>{{ f0 }}</title></head><body>".to_owned();
    for n in 1..12 {
        html.push_str(&format!("<p style=\"color:#333\">Dear {{{{ f{n} | default: \"you\" }}}}, "));
        html.push_str(&"some words of the mail that everybody gets, ".repeat(17));
        html.push_str("</p>");
    }
    for n in 12..16 {
        html.push_str(&format!("<a href=\"https://shop.example/{n}?id={{{{ f{n} }}}}\">Go</a>"));
        html.push_str("<a href=\"https://shop.example/terms?a=1&amp;b=2\">Terms</a>");
    }
    html.push_str("{% if f16 == \"v16\" %}{% for x in list %}{{ x.title | upcase }}");
    html.push_str("{% endfor %}{% endif %}{{ f17 }}{{ f18 }}{{ f19 | truncate: 20 }}");
    while html.len() < 10 * 1024 {
        html.push_str("<td class=\"filler\">&nbsp;</td>");
    }
    html.push_str("</body></html>");
    html
}

fn main() {
    const MAILS: u32 = 20_000;
    let source = source();
    let account = AccountId::new("TEST").unwrap();
    let parameters = Parameters::new(&[("utm_source", "mail"), ("utm_campaign", "speed")]);
    for (name, text) in [("text given", Some("Hi {{ f0 }}")), ("text made", None)] {
        let body = EmailBody::compile(Markup::Html(&source), text).unwrap();
        assert_eq!(body.links().len(), 8);
        let start = Instant::now();
        let mut bytes = 0;
        for mail in 0..MAILS {
            let mut values = Values::default();
            for n in 0..20 {
                values.set(&format!("f{n}"), format!("v{n}"));
            }
            values.set("list", serde_json::json!([{"title": "a"}, {"title": "b"}]));
            let mut message_id = [0; 16];
            message_id[..4].copy_from_slice(&mail.to_be_bytes());
            let tracking = Tracking {
                base: "https://mail.example.org",
                message_id,
                account: &account,
                sign: &sign,
                first_link: 0,
                links: true,
                opens: true,
                parameters: &parameters,
            };
            let out = body.render(&mut values, &Limits::default(), &tracking).unwrap();
            bytes += black_box(out).html.len();
        }
        let seconds = start.elapsed().as_secs_f64();
        let rate = f64::from(MAILS) / seconds;
        println!("{name}: {rate:.0} mails/s, {} bytes each", bytes / MAILS as usize);
    }
}
