//! What all pages for people share: the frame, the way in with a link, and the refusal.

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{Html as Markup, IntoResponse, Response};

use super::html::Html;

const SCRIPT: &str = include_str!("page.js");
const STYLE: &str = include_str!("page.css");

/// A page loads our one style and one script, sends to this server alone, and is framed by nobody.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; base-uri 'none'; \
                      form-action 'self'; frame-ancestors 'none'";

/// `GET /privacy.js`.
pub async fn script() -> Response {
    file("text/javascript; charset=utf-8", SCRIPT)
}

/// `GET /privacy.css`.
pub async fn style() -> Response {
    file("text/css; charset=utf-8", STYLE)
}

fn file(kind: &'static str, text: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "no-cache"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, text).into_response()
}

/// A page with its headers: kept by no cache, told to no other site.
pub fn page(status: StatusCode, title: &str, inside: impl FnOnce(&mut Html)) -> Response {
    let markup = Html::document("en", |html| {
        html.element("head", &[], |html| {
            html.void("meta", &[("charset", "utf-8")]);
            let scale = "width=device-width, initial-scale=1";
            html.void("meta", &[("name", "viewport"), ("content", scale)]);
            html.void("meta", &[("name", "robots"), ("content", "noindex")]);
            html.line("title", &[], title);
            html.void("link", &[("rel", "stylesheet"), ("href", "/privacy.css")]);
            html.element("script", &[("src", "/privacy.js"), ("defer", "")], |_| {});
        });
        html.element("body", &[], |html| html.element("main", &[], inside));
    });
    let mut response = (status, Markup(markup)).into_response();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Where a person comes in. It is the same at the address of every publisher, also of one that
/// there is not.
pub fn way_in() -> Response {
    page(StatusCode::OK, "Your data and choices", |html| {
        html.line("h1", &[], "Your data and choices");
        html.line(
            "p",
            &[],
            "This page shows what is held about you and what it is used for, and lets you change \
             your mind. It opens with a link that is yours alone: you find it in the mails of \
             whoever sent you here, or where you are logged in with them.",
        );
        ask_for_link(html);
    })
}

/// The answer to a link that opens nothing: whatever is wrong with it, the same.
pub fn unusable() -> Response {
    page(StatusCode::FORBIDDEN, "This link does not open", |html| {
        html.line("h1", &[], "This link does not open");
        html.line(
            "p",
            &[],
            "It has ended, or is not whole. Links from a site you are logged in to end after an \
             hour: go back there and open the page again. Links in mails do not end: open the \
             newest mail, or copy the whole link and paste it here.",
        );
        ask_for_link(html);
    })
}

/// The answer when something of ours failed.
pub fn failed(status: StatusCode) -> Response {
    page(status, "Nothing was changed", |html| {
        html.line("h1", &[], "Nothing was changed");
        html.line(
            "p",
            &[],
            "The server could not do this now. Open the link again in a few minutes; what you said \
             before still holds.",
        );
    })
}

fn ask_for_link(html: &mut Html) {
    html.element("form", &[("method", "post"), ("class", "card main")], |html| {
        html.line("label", &[("for", "token")], "Your link");
        let field = [
            ("type", "text"),
            ("id", "token"),
            ("name", "token"),
            ("required", ""),
            ("autocomplete", "off"),
            ("spellcheck", "false"),
        ];
        html.void("input", &field);
        html.line("button", &[], "Open");
    });
}
