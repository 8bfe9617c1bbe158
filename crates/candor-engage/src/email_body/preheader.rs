//! Words that mail programs show beside the subject: hidden at the start of the body.

use super::plain_text::read_tag;

/// Puts rendered markup where the body begins. No value in a mail can pretend that it does: every
/// `<` of a value is escaped.
pub(super) fn put(html: &mut String, words: &str) {
    let hidden = format!(
        "<div style=\"display:none;max-height:0;overflow:hidden;mso-hide:all\">{words}</div>"
    );
    html.insert_str(body_start(html), &hidden);
}

/// Behind `<body>`; where there is none, behind what stands before a body.
fn body_start(html: &str) -> usize {
    let mut start = 0;
    let mut at = 0;
    while let Some(found) = html[at..].find('<') {
        at += found;
        let rest = &html[at..];
        if rest.starts_with("<!--") {
            at += rest.find("-->").map_or(rest.len(), |end| end + "-->".len());
            continue;
        }
        let Some((tag, after)) = read_tag(rest) else {
            // A tag without an end, and then none comes after it; or a sign of its own.
            if rest[1..].starts_with(|c: char| c.is_ascii_alphabetic() || "/!?".contains(c)) {
                break;
            }
            at += 1;
            continue;
        };
        let first = html[..at].trim().is_empty();
        at = html.len() - after.len();
        match (tag.name.as_str(), tag.closing) {
            ("body", false) => return at,
            ("html", false) | ("head", true) => start = at,
            // The doctype.
            ("", _) if first => start = at,
            _ => {}
        }
    }
    start
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(html: &str, start: &str) {
        assert_eq!(&html[body_start(html)..], start, "{html}");
    }

    #[test]
    fn it_stands_where_the_body_begins() {
        check("<html><head></head><BODY class=\"a>b\">x</body>", "x</body>");
        check("<!doctype html><html><head><title>t</title></head><p>x", "<p>x");
        check("<!doctype html><p>x", "<p>x");
        check("<p>x", "<p>x");
        check("1 < 2", "1 < 2");
        check("<!--[if mso]><body><![endif]--><body>x", "x");
        check("<!-- <body>", "<!-- <body>");
        check("<p>x<!x>y", "<p>x<!x>y");
        check("<p>x<a <body>", "<p>x<a <body>");
        check("", "");
    }
}
