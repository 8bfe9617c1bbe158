//! How text travels in a mail: encoded words in headers, quoted-printable or base64 in bodies.
//!
//! Whatever goes in, what comes out is ASCII, has CR LF line ends and lines below 78 columns, so
//! that no mail server on the way has a reason to change it (which would break its signature).
//! It is written here rather than taken from a library because a message must become the same bytes
//! each time; it is held to what mail-parser reads back.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

const COLUMNS_MAX: usize = 76;
/// RFC 2047: an encoded word has at most 75 characters, `=?utf-8?B?` and `?=` among them; 39 bytes
/// become 52 characters, which leaves room for the name of the header in the first line.
const WORD_BYTES_MAX: usize = 39;

/// Text that may stand in a header: what could end the header or hide in it becomes a space.
pub(super) fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() || is_line_end(c) { ' ' } else { c }).collect()
}

/// Ends a line for some reader, though Unicode does not call it a control.
fn is_line_end(c: char) -> bool {
    matches!(c, '\u{2028}' | '\u{2029}')
}

/// Adds `text` to a header whose last line is `column` long, folded, in encoded words where needed.
pub(super) fn unstructured(text: &str, column: usize, out: &mut String) {
    let plain = text.bytes().all(|byte| (b' '..0x7f).contains(&byte));
    let longest = text.split(' ').map(str::len).max().unwrap_or(0);
    // A text with leading, trailing or double spaces would lose them when it is folded.
    let regular = !text.starts_with(' ') && !text.ends_with(' ') && !text.contains("  ");
    if !plain || !regular || text.contains("=?") || longest > COLUMNS_MAX - 20 {
        return encoded_words(text, out);
    }
    let mut column = column;
    for (number, word) in text.split(' ').enumerate() {
        if number > 0 {
            let folds = column + 1 + word.len() > COLUMNS_MAX;
            out.push_str(if folds { "\r\n " } else { " " });
            column = if folds { 1 } else { column + 1 };
        }
        out.push_str(word);
        column += word.len();
    }
}

fn encoded_words(text: &str, out: &mut String) {
    let mut rest = text;
    while !rest.is_empty() {
        let mut end = rest.len().min(WORD_BYTES_MAX);
        while !rest.is_char_boundary(end) {
            end -= 1;
        }
        out.push_str("=?utf-8?B?");
        STANDARD.encode_string(&rest[..end], out);
        out.push_str("?=");
        rest = &rest[end..];
        if !rest.is_empty() {
            out.push_str("\r\n ");
        }
    }
}

/// Adds the name that stands before an address: as it is, in quotes, or in encoded words.
pub(super) fn phrase(name: &str, out: &mut String) {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || b" !#$%&'*+-/=?^_`{|}~".contains(&byte);
    let printable = name.bytes().all(|byte| (b' '..0x7f).contains(&byte));
    let regular = !name.starts_with(' ') && !name.ends_with(' ') && !name.contains("  ");
    if !printable || !regular || name.contains("=?") || name.len() > COLUMNS_MAX - 20 {
        encoded_words(name, out);
    } else if name.bytes().all(word) {
        out.push_str(name);
    } else {
        out.push('"');
        for c in name.chars() {
            if matches!(c, '"' | '\\') {
                out.push('\\');
            }
            out.push(c);
        }
        out.push('"');
    }
}

/// How the bytes of a body are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Plain,
    QuotedPrintable,
    Base64,
}

impl Encoding {
    /// The plainest that is safe for `body`, and of the two safe ones the shorter.
    pub(super) fn of(body: &str) -> Encoding {
        let mut special = 0;
        let mut safe = true;
        for line in body.split('\n') {
            let line = line.strip_suffix('\r').unwrap_or(line);
            // A space at the end is dropped by some, `From ` is quoted by others, and a boundary
            // of ours begins with two hyphens.
            let fragile =
                line.ends_with([' ', '\t']) || line.starts_with("From ") || line.starts_with("--");
            safe &= line.len() <= COLUMNS_MAX && !fragile;
            let unlike = line.bytes().filter(|byte| !is_literal(*byte)).count();
            safe &= unlike == line.bytes().filter(|byte| *byte == b'=').count();
            special += unlike;
        }
        match safe {
            true => Encoding::Plain,
            false if special * 2 <= body.len() / 3 => Encoding::QuotedPrintable,
            false => Encoding::Base64,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Encoding::Plain => "7bit",
            Encoding::QuotedPrintable => "quoted-printable",
            Encoding::Base64 => "base64",
        }
    }

    /// Adds `body`, ending with a line end whatever it ended with.
    pub(super) fn write(self, body: &str, out: &mut String) {
        match self {
            Encoding::Plain => {
                for line in lines(body) {
                    out.push_str(line);
                    out.push_str("\r\n");
                }
            }
            Encoding::QuotedPrintable => {
                for line in lines(body) {
                    quoted_printable(line, out);
                    out.push_str("\r\n");
                }
            }
            Encoding::Base64 => {
                let canonical = lines(body).collect::<Vec<_>>().join("\r\n") + "\r\n";
                // 57 bytes make 76 characters.
                for line in canonical.as_bytes().chunks(57) {
                    STANDARD.encode_string(line, out);
                    out.push_str("\r\n");
                }
            }
        }
    }
}

/// Stands for itself in quoted-printable. Without a branch: it is asked of each byte of each mail.
fn is_literal(byte: u8) -> bool {
    (byte == b'\t') | ((b' '..0x7f).contains(&byte) & (byte != b'='))
}

/// The lines of a text, whichever of the three line ends it uses.
fn lines(body: &str) -> impl Iterator<Item = &str> {
    let body = body.strip_suffix('\n').unwrap_or(body);
    let body = body.strip_suffix('\r').unwrap_or(body);
    body.split('\n').flat_map(|line| line.strip_suffix('\r').unwrap_or(line).split('\r'))
}

/// Writes a line: what stands for itself as many bytes at a time as the column takes.
fn quoted_printable(line: &str, out: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    // The last column is kept for the `=` of a soft line end.
    const COLUMNS: usize = COLUMNS_MAX - 1;
    let bytes = line.as_bytes();
    // A space at the end is dropped by some.
    let end = bytes.len() - usize::from(line.ends_with([' ', '\t']));
    let (mut place, mut column) = (0, 0);
    while let Some(&byte) = bytes.get(place) {
        let rest = &bytes[place..end];
        let fragile = column == 0 && (byte == b'.' || rest.starts_with(b"From "));
        let literal = match fragile {
            true => 0,
            false => rest.iter().take(COLUMNS).take_while(|byte| is_literal(**byte)).count(),
        };
        let width = if literal == 0 { 3 } else { 1 };
        if column + width > COLUMNS {
            out.push_str("=\r\n");
            column = 0;
        } else if literal == 0 {
            out.push('=');
            out.push(char::from(HEX[usize::from(byte >> 4)]));
            out.push(char::from(HEX[usize::from(byte & 15)]));
            (place, column) = (place + 1, column + 3);
        } else {
            let run = literal.min(COLUMNS - column);
            out.push_str(&line[place..place + run]);
            (place, column) = (place + run, column + run);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read_back(headers: &str, body: &str) -> mail_parser::Message<'static> {
        let raw = format!("{headers}\r\n\r\n{body}");
        for line in raw.split("\r\n") {
            assert!(line.len() <= 78, "{line}");
            assert!(line.bytes().all(|byte| byte == b'\t' || (b' '..0x7f).contains(&byte)));
        }
        mail_parser::MessageParser::default().parse(raw.as_bytes()).unwrap().into_owned()
    }

    fn canonical(body: &str) -> String {
        lines(body).collect::<Vec<_>>().join("\n")
    }

    fn check_body(encoding: Encoding, body: &str) {
        let mut written = String::new();
        encoding.write(body, &mut written);
        let headers = format!(
            "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: {}",
            encoding.name()
        );
        let message = read_back(&headers, &written);
        let read = message.body_text(0).unwrap_or_default().replace("\r\n", "\n");
        assert_eq!(read.trim_end_matches('\n'), canonical(body).trim_end_matches('\n'));
    }

    proptest! {
        #[test]
        fn any_subject_is_read_back(subject in "\\PC{1,200}") {
            let subject = one_line(&subject);
            let mut header = "Subject: ".to_owned();
            unstructured(&subject, header.len(), &mut header);
            let message = read_back(&header, "");
            prop_assert_eq!(message.subject().unwrap_or_default(), subject.as_str());
        }

        #[test]
        fn any_name_is_read_back(name in "[^\\x00-\\x1f]{1,80}") {
            let name = one_line(&name);
            let mut header = "From: ".to_owned();
            phrase(&name, &mut header);
            header.push_str("\r\n <a@b.test>");
            let message = read_back(&header, "");
            let from = message.from().and_then(|from| from.first()).unwrap();
            prop_assert_eq!(from.address.as_deref(), Some("a@b.test"));
            prop_assert_eq!(from.name.as_deref().unwrap_or_default().trim(), name.trim());
        }

        #[test]
        fn any_body_is_read_back(body in "([a-zé=. \t]|From |\n|\r\n|𝄞){0,300}") {
            check_body(Encoding::of(&body), &body);
            check_body(Encoding::QuotedPrintable, &body);
            check_body(Encoding::Base64, &body);
        }
    }

    #[test]
    fn the_plainest_safe_encoding_is_taken() {
        assert_eq!(Encoding::of("Hello,\r\n\r\nthere = here\n"), Encoding::Plain);
        assert_eq!(Encoding::of("one \u{e9} in a longer line"), Encoding::QuotedPrintable);
        assert_eq!(Encoding::of("Привет, как дела"), Encoding::Base64);
        assert_eq!(Encoding::of("ends with a space \nthe next line"), Encoding::QuotedPrintable);
        assert_eq!(Encoding::of(&"x".repeat(2000)), Encoding::QuotedPrintable);
        assert_eq!(Encoding::of("nul\0"), Encoding::Base64);
    }

    #[test]
    fn nothing_ends_a_header_early() {
        assert_eq!(one_line("a\r\nBcc: x@y\0\u{85}\u{2028}b"), "a  Bcc: x@y   b");
    }
}
