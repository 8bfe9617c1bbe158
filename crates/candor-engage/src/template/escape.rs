//! What keeps a value in the place where a template puts it.

use std::borrow::Cow;

use super::value::Datum;

/// What a template makes, and so how each value in it is escaped. There is no way around it: no
/// filter marks a value as safe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Escape {
    /// Markup. Where in the markup a value stands is worked out when the template is compiled:
    /// text, attribute, address or style; scripts and unquoted attributes take none.
    Html,
    /// A JSON document. Inside quotes a value is escaped; outside, it is written as JSON itself.
    Json,
    /// An address: whatever a value holds stays inside one of its parts.
    Url,
    /// Plain text, as for SMS and push: control characters are left out.
    Text,
    /// One line of a mail header: line ends and control characters become a space.
    Header,
}

/// Where a single value stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Text,
    Header,
    Html,
    /// Inside `style`: only what colours, lengths and names are made of.
    Css,
    JsonString,
    JsonValue,
    /// A whole address or its start, in markup.
    AddressStart,
    /// After the start of an address in markup, before its query.
    AddressPath,
    /// In the query or fragment of an address in markup.
    AddressQuery,
    /// Anywhere in an address outside of markup.
    AddressPart,
}

/// Schemes that a value may bring into an address of a picture or the like.
const SCHEMES: [&str; 5] = ["https://", "http://", "mailto:", "tel:", "cid:"];

/// Writes a value where it stands; an address inside a link is escaped later, as a whole. Says what
/// is wrong otherwise.
pub(super) fn write(
    value: &Datum<'_>,
    place: Place,
    in_link: bool,
    out: &mut String,
) -> Result<(), &'static str> {
    if place == Place::JsonValue {
        out.push_str(&value.to_json().to_string());
        return Ok(());
    }
    let text = value.to_text().ok_or("an object has no text; name one of its fields")?;
    match place {
        Place::Text => plain(&text, out),
        Place::Header => one_line(&text, out),
        Place::Html => html(&text, out),
        Place::Css => out.extend(text.chars().filter(|c| is_style(*c))),
        Place::JsonString => {
            let quoted = serde_json::Value::from(&*text).to_string();
            out.push_str(&quoted[1..quoted.len() - 1]);
        }
        Place::JsonValue => {}
        Place::AddressStart if !has_known_scheme(&text) => {
            return Err("an address begins with http, https, mailto, tel or cid");
        }
        Place::AddressStart | Place::AddressPath if in_link => percent(&text, is_address, out),
        Place::AddressStart | Place::AddressPath => {
            let mut address = String::new();
            percent(&text, is_address, &mut address);
            html(&address, out);
        }
        // Nothing is left that markup would have to escape.
        Place::AddressQuery | Place::AddressPart => percent(&text, is_unreserved, out),
    }
    Ok(())
}

/// Markup's five characters, and nothing that a reader cannot see.
pub(crate) fn html(text: &str, out: &mut String) {
    let mut from = 0;
    for (at, c) in text.char_indices() {
        let escaped = match c {
            '&' => "&amp;",
            '<' => "&lt;",
            '>' => "&gt;",
            '"' => "&quot;",
            '\'' => "&#39;",
            c if is_unseen(c) => "",
            _ => continue,
        };
        out.push_str(&text[from..at]);
        out.push_str(escaped);
        from = at + c.len_utf8();
    }
    out.push_str(&text[from..]);
}

fn plain(text: &str, out: &mut String) {
    out.extend(text.chars().filter(|c| !is_unseen(*c)));
}

/// A run of control characters becomes one space: no value can begin a header of its own.
pub(super) fn one_line(text: &str, out: &mut String) {
    let mut pending = false;
    for c in text.chars() {
        if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') {
            pending = true;
        } else if !is_unseen(c) {
            if std::mem::take(&mut pending) {
                out.push(' ');
            }
            out.push(c);
        }
    }
    if pending {
        out.push(' ');
    }
}

/// Control characters but tab and line feed, and those that turn the direction of all text behind
/// them: with one in a name, the rest of a mail reads backwards.
fn is_unseen(c: char) -> bool {
    (c.is_control() && !matches!(c, '\t' | '\n'))
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn is_style(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, ' ' | '#' | '%' | '.' | ',' | '-' | '_')
}

fn has_known_scheme(text: &str) -> bool {
    let starts = |scheme: &str| {
        text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    };
    SCHEMES.iter().any(|scheme| starts(scheme))
}

fn is_unreserved(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~')
}

/// What may stand anywhere in an address as it is.
fn is_address(b: u8) -> bool {
    is_unreserved(b) || b":/?#[]@!$&()*+,;=%".contains(&b)
}

const DIGITS: &[u8; 16] = b"0123456789ABCDEF";

/// Percent-encodes the bytes that may not stay.
pub(crate) fn percent(text: &str, stays: fn(u8) -> bool, out: &mut String) {
    for b in text.bytes() {
        if stays(b) {
            out.push(char::from(b));
        } else {
            out.push('%');
            out.push(char::from(DIGITS[usize::from(b >> 4)]));
            out.push(char::from(DIGITS[usize::from(b & 15)]));
        }
    }
}

/// Percent-encodes a text as one part of an address.
pub(crate) fn percent_part(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    percent(text, is_unreserved, &mut out);
    out
}

/// The characters that `&amp;` and the like stand for: those an author writes into addresses and
/// texts. Unknown names stay as they are.
pub(crate) fn unescape_html(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.bytes().take(ENTITY_BYTES_MAX).position(|b| b == b';');
        match end.and_then(|end| Some((entity(&rest[1..end])?, end))) {
            Some((c, end)) => {
                out.push(c);
                rest = &rest[end + 1..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

const ENTITY_BYTES_MAX: usize = 12;

const ENTITIES: [(&str, char); 20] = [
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("nbsp", '\u{a0}'),
    ("copy", '©'),
    ("reg", '®'),
    ("trade", '™'),
    ("hellip", '…'),
    ("mdash", '—'),
    ("ndash", '–'),
    ("lsquo", '‘'),
    ("rsquo", '’'),
    ("ldquo", '“'),
    ("rdquo", '”'),
    ("laquo", '«'),
    ("raquo", '»'),
    ("bull", '•'),
    ("euro", '€'),
];

fn entity(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        };
        return char::from_u32(code).filter(|c| *c != '\0');
    }
    ENTITIES.iter().find(|(known, _)| *known == name).map(|(_, c)| *c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_stays_in_its_place() {
        let hostile = "a\"'<>&\r\nBcc: x\u{202e}\0";
        for (place, expected) in [
            (Place::Html, "a&quot;&#39;&lt;&gt;&amp;\nBcc: x"),
            (Place::Header, "a\"'<>& Bcc: x "),
            (Place::Text, "a\"'<>&\nBcc: x"),
            (Place::Css, "aBcc x"),
            (Place::JsonString, "a\\\"'<>&\\r\\nBcc: x\u{202e}\\u0000"),
            (Place::AddressPath, "a%22%27%3C%3E&amp;%0D%0ABcc:%20x%E2%80%AE%00"),
            (Place::AddressQuery, "a%22%27%3C%3E%26%0D%0ABcc%3A%20x%E2%80%AE%00"),
        ] {
            let mut out = String::new();
            write(&Datum::Text(hostile), place, false, &mut out).unwrap();
            assert_eq!(out, expected, "{place:?}");
        }
    }

    #[test]
    fn an_address_begins_with_a_harmless_scheme() {
        for (address, fits) in [
            ("https://a", true),
            ("HTTP://a", true),
            ("javascript:alert(1)", false),
            ("java\nscript:alert(1)", false),
            ("//evil", false),
            ("", false),
        ] {
            let mut out = String::new();
            let written = write(&Datum::Text(address), Place::AddressStart, false, &mut out);
            assert_eq!(written.is_ok(), fits, "{address:?}");
        }
    }

    #[test]
    fn names_of_characters_are_read_once() {
        for (text, expected) in [
            ("a&amp;b", "a&b"),
            ("&amp;lt;", "&lt;"),
            ("&#39;&#x41;", "'A"),
            ("&unknown; & &", "&unknown; & &"),
            ("&#0;&#xFFFFFFFF;", "&#0;&#xFFFFFFFF;"),
            ("&ä;", "&ä;"),
        ] {
            assert_eq!(unescape_html(text), expected);
        }
    }
}
