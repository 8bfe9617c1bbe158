//! The parts of a mail that came back, without going into the mails inside of it.
//!
//! Anybody may write to the bounce domain. mail-parser reads the headers and decodes the parts; it
//! does not take the mail apart, because it goes into each mail inside another, and a mebibyte of
//! those exhausts the stack.

use std::borrow::Cow;

use mail_parser::decoders::base64::base64_decode;
use mail_parser::decoders::quoted_printable::quoted_printable_decode;
use mail_parser::{MessageParser, MimeHeaders as _};

/// Notifications have two levels and three or four parts.
const DEPTH_MAX: usize = 5;
const PARTS_MAX: usize = 50;
const HEAD_BYTES_MAX: usize = 64 * 1024;

/// One part that has no parts itself.
pub(super) struct Part<'a> {
    /// Like `text/plain`, in lower case.
    pub kind: String,
    /// Decoded; a mail inside is left as it is.
    pub body: Cow<'a, [u8]>,
}

/// The headers of a mail and its parts, the first ones of very many.
pub(super) fn read(raw: &[u8]) -> (String, Vec<Part<'_>>) {
    let mut parts = Vec::new();
    add_parts(raw, 0, &mut parts);
    (head(raw), parts)
}

/// The headers at the start of `raw`, each in one line.
pub(super) fn head(raw: &[u8]) -> String {
    lines(cut(raw).0)
}

/// Text with `\n` for line ends and folded lines in one.
pub(super) fn lines(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text).replace("\r\n", "\n");
    text.replace("\n ", " ").replace("\n\t", " ")
}

/// The values of a field in what [`head`] or [`lines`] returned.
pub(super) fn field<'a>(lines: &'a str, name: &'a str) -> impl Iterator<Item = &'a str> {
    let fields = lines.lines().filter_map(|line| line.split_once(':'));
    let named = move |(found, _): &(&str, &str)| found.trim().eq_ignore_ascii_case(name);
    fields.filter(named).map(|(_, value)| value.trim())
}

/// Headers and body, at the first empty line.
fn cut(raw: &[u8]) -> (&[u8], &[u8]) {
    let mut end = 0;
    for line in raw.split_inclusive(|byte| *byte == b'\n') {
        if matches!(line, b"\n" | b"\r\n") {
            let (head, body) = (&raw[..end], &raw[end + line.len()..]);
            return (&head[..head.len().min(HEAD_BYTES_MAX)], body);
        }
        end += line.len();
    }
    (&raw[..raw.len().min(HEAD_BYTES_MAX)], &[])
}

fn add_parts<'a>(raw: &'a [u8], depth: usize, parts: &mut Vec<Part<'a>>) {
    if parts.len() >= PARTS_MAX {
        return;
    }
    let (head, body) = cut(raw);
    let headers = MessageParser::default().parse_headers(head).unwrap_or_default();
    let part = headers.parts.first();
    let content = part.and_then(|part| part.content_type());
    let boundary = content.and_then(|kind| kind.attribute("boundary")).unwrap_or_default();
    let kind = content.map_or_else(
        || "text/plain".to_owned(),
        |kind| format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or_default()),
    );
    let kind = kind.to_ascii_lowercase();
    if kind.starts_with("multipart/") {
        if depth < DEPTH_MAX && !boundary.is_empty() {
            add_inner(body, boundary.as_bytes(), depth + 1, parts);
        }
        return;
    }
    let encoding = part.and_then(|part| part.content_transfer_encoding()).unwrap_or_default();
    let decoded = match encoding.to_ascii_lowercase().as_str() {
        "base64" => base64_decode(body),
        "quoted-printable" => quoted_printable_decode(body),
        _ => None,
    };
    parts.push(Part { kind, body: decoded.map_or(Cow::Borrowed(body), Cow::Owned) });
}

/// What stands between the boundaries of a body.
fn add_inner<'a>(body: &'a [u8], boundary: &[u8], depth: usize, parts: &mut Vec<Part<'a>>) {
    let mut start = None;
    let mut at = 0;
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        let after = line.strip_prefix(b"--").and_then(|line| line.strip_prefix(boundary));
        if let Some(after) = after {
            if let Some(start) = start {
                add_parts(&body[start..at], depth, parts);
            }
            if after.starts_with(b"--") || parts.len() >= PARTS_MAX {
                return;
            }
            start = Some(at + line.len());
        }
        at += line.len();
    }
    // The end is missing where a mail was cut.
    if let Some(start) = start {
        add_parts(&body[start..], depth, parts);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn kinds(raw: &str) -> Vec<String> {
        let read = |raw: &str| {
            let (_, parts) = super::read(raw.as_bytes());
            parts.iter().map(|part| part.kind.clone()).collect::<Vec<_>>()
        };
        let kinds = read(raw);
        assert_eq!(read(&raw.replace('\n', "\r\n")), kinds, "with the other line ends");
        kinds
    }

    #[test]
    fn parts_hang_where_they_may() {
        let raw = "Content-Type: multipart/mixed; boundary=\"a b\"\n\nPreamble\n--a b\n\nplain\n\
                   --a b\nContent-Type: multipart/report;\n boundary=c\n\n--c\n\
                   Content-Type: Message/Delivery-Status\n\nx: y\n--c--\n--a b\n\
                   Content-Type: message/rfc822\n\nContent-Type: multipart/mixed; boundary=d\n\n\
                   --d\nContent-Type: image/png\n\n--d--\n--a b--\n--a b\n\nepilogue\n";
        assert_eq!(kinds(raw), ["text/plain", "message/delivery-status", "message/rfc822"]);
        assert_eq!(kinds("Subject: no type\n\nHello\n"), ["text/plain"]);
        assert_eq!(kinds("Content-Type: multipart/mixed\n\n--\n"), [] as [&str; 0]);
        assert_eq!(kinds(""), ["text/plain"]);
    }

    #[test]
    fn parts_are_decoded() {
        let body = |encoding: &str, text: &str| {
            let raw = format!("Content-Transfer-Encoding: {encoding}\n\n{text}");
            let (_, parts) = super::read(raw.as_bytes());
            String::from_utf8(parts[0].body.to_vec()).unwrap()
        };
        assert_eq!(body("base64", "SGVsbG8="), "Hello");
        assert_eq!(body("Quoted-Printable", "Hel=6Co"), "Hello");
        assert_eq!(body("7bit", "Hel=6Co"), "Hel=6Co");
    }

    /// Each of these is a mebibyte, and none may take long or much of the stack.
    #[test]
    fn nothing_large_is_dear() {
        let level = |number: usize, kind: &str| match kind {
            "message" => "Content-Type: message/rfc822\n\n".to_owned(),
            "digest" => {
                format!("Content-Type: multipart/digest; boundary=b{number}\n\n--b{number}\n")
            }
            _ => format!("Content-Type: multipart/mixed; boundary=b\n\n--b{number}\n\n--b\n"),
        };
        for kind in ["message", "digest", "parts"] {
            let mut raw = String::new();
            let mut number = 0;
            while raw.len() < 1 << 20 {
                raw.push_str(&level(number, kind));
                number += 1;
            }
            let (_, parts) = super::read(raw.as_bytes());
            assert!(parts.len() <= PARTS_MAX, "{kind}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(raw in "(Content-Type|: |multipart/a|; boundary=|b|--b|\n|\r|.){0,60}") {
            super::read(raw.as_bytes());
        }
    }
}
