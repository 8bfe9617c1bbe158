//! The words of a rendered mail, for its text part: one pass over the markup, no tree.

use crate::template::escape::unescape_html;

/// Elements whose content is not for reading.
const SKIPPED: [&str; 5] = ["head", "style", "script", "title", "template"];

/// Elements that stand on lines of their own.
const BLOCKS: [&str; 16] = [
    "div", "tr", "table", "li", "ul", "ol", "section", "header", "footer", "article", "body", "dd",
    "dt", "center", "address", "figure",
];

/// Elements with an empty line around them.
const PARAGRAPHS: [&str; 9] = ["p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre"];

/// A tag of the markup: `<name attributes>` or `</name>`.
pub(super) struct Tag<'m> {
    pub(super) name: String,
    attributes: &'m str,
    pub(super) closing: bool,
    void: bool,
}

#[derive(Default)]
struct Words {
    out: String,
    /// A space, or line ends, that are due before the next word.
    space: bool,
    lines: usize,
    /// Where the open anchor leads, and where its text began.
    link: Option<(String, usize)>,
}

/// The words of `html`, with the addresses of links behind them.
pub(super) fn of(html: &str) -> String {
    let mut words = Words::default();
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        words.text(&rest[..start]);
        rest = &rest[start..];
        if let Some(comment) = rest.strip_prefix("<!--") {
            rest = comment.find("-->").map_or("", |end| &comment[end + 3..]);
            continue;
        }
        let Some((tag, after)) = read_tag(rest) else {
            // No tag: a sign of its own, or a tag without an end, and then none comes after it.
            let begins = rest[1..].starts_with(|c: char| c.is_ascii_alphabetic() || c == '/');
            let len = if begins { rest.len() } else { 1 };
            words.text(&rest[..len]);
            rest = &rest[len..];
            continue;
        };
        rest = after;
        let unseen = SKIPPED.contains(&tag.name.as_str()) || is_hidden(&tag);
        if unseen && !tag.closing && !tag.void {
            rest = after_element(rest, &tag.name);
        } else {
            words.tag(&tag);
        }
    }
    words.text(rest);
    words.out
}

impl Words {
    fn text(&mut self, text: &str) {
        let text = unescape_html(text);
        for (index, word) in text.split([' ', '\t', '\r', '\n']).enumerate() {
            self.space |= index > 0;
            // Spaces of no width fill the preview line of a mail; they are nothing to read.
            if word.chars().any(|c| !is_filler(c)) {
                self.push(word);
            }
        }
    }

    fn push(&mut self, word: &str) {
        if !self.out.is_empty() {
            let lines = "\n".repeat(self.lines);
            self.out.push_str(if self.lines == 0 && self.space { " " } else { &lines });
        }
        (self.lines, self.space) = (0, false);
        self.out.push_str(word);
    }

    fn tag(&mut self, tag: &Tag<'_>) {
        let name = tag.name.as_str();
        match name {
            "br" => self.lines = (self.lines + 1).min(2),
            "td" | "th" => self.space = true,
            "img" if !tag.closing => {
                self.text(&attribute(tag.attributes, "alt").unwrap_or_default());
            }
            "a" if tag.closing => self.leave_link(),
            "a" => {
                let address = attribute(tag.attributes, "href").unwrap_or_default();
                self.link = Some((address, self.out.len()));
            }
            _ if PARAGRAPHS.contains(&name) => self.lines = 2,
            _ if BLOCKS.contains(&name) => self.lines = self.lines.max(1),
            _ => {}
        }
        if name == "li" && !tag.closing {
            self.push("-");
            self.space = true;
        }
    }

    /// Writes where the link leads, unless that is what its text says.
    fn leave_link(&mut self) {
        let Some((address, start)) = self.link.take() else { return };
        let said = self.out[start..].trim();
        let web = address.starts_with("http://") || address.starts_with("https://");
        if web && said != address {
            let shown = if said.is_empty() { address } else { format!("({address})") };
            self.space = true;
            self.push(&shown);
        }
    }
}

fn is_filler(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200d}' | '\u{feff}' | '\u{34f}' | '\u{ad}' | '\u{a0}')
}

/// The tag that `rest` begins with, and what follows it.
pub(super) fn read_tag(rest: &str) -> Option<(Tag<'_>, &str)> {
    let inside = rest.strip_prefix('<')?;
    if inside.starts_with(['!', '?']) {
        let end = inside.find('>')?;
        let tag = Tag { name: String::new(), attributes: "", closing: false, void: true };
        return Some((tag, &inside[end + 1..]));
    }
    let closing = inside.starts_with('/');
    let named = inside.strip_prefix('/').unwrap_or(inside);
    let starts = named.starts_with(|c: char| c.is_ascii_alphabetic());
    starts.then_some(())?;
    let name_end = named.find(|c: char| c.is_ascii_whitespace() || c == '>' || c == '/')?;
    let end = name_end + tag_end(&named[name_end..])?;
    let attributes = &named[name_end..end];
    let name = named[..name_end].to_ascii_lowercase();
    let void = attributes.ends_with('/') || matches!(name.as_str(), "img" | "br" | "hr");
    Some((Tag { name, attributes, closing, void }, &named[end + 1..]))
}

/// The `>` that ends a tag: not one inside of quotes.
fn tag_end(attributes: &str) -> Option<usize> {
    let mut quote = None;
    for (at, b) in attributes.bytes().enumerate() {
        match (quote, b) {
            (None, b'>') => return Some(at),
            (None, b'"' | b'\'') => quote = Some(b),
            (Some(open), b) if b == open => quote = None,
            _ => {}
        }
    }
    None
}

/// The value of a quoted attribute.
fn attribute(attributes: &str, wanted: &str) -> Option<String> {
    let mut rest = attributes;
    while let Some(equals) = rest.find('=') {
        let name = rest[..equals].trim().rsplit(|c: char| c.is_ascii_whitespace()).next()?;
        let value = rest[equals + 1..].trim_start();
        let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
        let Some(quote) = quote else {
            rest = value;
            continue;
        };
        let end = value[1..].find(quote)? + 1;
        if name.eq_ignore_ascii_case(wanted) {
            return Some(unescape_html(&value[1..end]).into_owned());
        }
        rest = &value[end + 1..];
    }
    None
}

fn is_hidden(tag: &Tag<'_>) -> bool {
    let style = attribute(tag.attributes, "style").unwrap_or_default();
    style.split(';').any(|rule| {
        let parts = rule.split_once(':');
        parts.is_some_and(|(name, value)| name.trim() == "display" && value.trim() == "none")
    })
}

/// What follows the end of an element whose start was read.
fn after_element<'m>(markup: &'m str, name: &str) -> &'m str {
    let mut depth = 1;
    let mut rest = markup;
    while let Some(start) = rest.find('<') {
        rest = &rest[start..];
        match read_tag(rest) {
            Some((tag, after)) => {
                if tag.name == name && !tag.void {
                    depth = if tag.closing { depth - 1 } else { depth + 1 };
                }
                rest = after;
            }
            None if rest[1..].starts_with(|c: char| c.is_ascii_alphabetic()) => return "",
            None => rest = &rest[1..],
        }
        if depth == 0 {
            return rest;
        }
    }
    ""
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(html: &str, expected: &str) {
        assert_eq!(of(html), expected, "{html}");
    }

    #[test]
    fn blocks_become_lines() {
        check("<p>One\n  two</p><p>three</p>", "One two\n\nthree");
        check("a<br>b<br/>c<div>d</div>e", "a\nb\nc\nd\ne");
        check("<ul><li>a</li><li>b</li></ul>", "- a\n- b");
        check("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc");
    }

    #[test]
    fn links_and_pictures_keep_what_they_say() {
        check(r#"<a href="https://a/?b=1&amp;c=2">Go</a> on"#, "Go (https://a/?b=1&c=2) on");
        check(r#"<a href="https://a">https://a</a>"#, "https://a");
        check(r#"<a href="mailto:a@b">write</a>"#, "write");
        check(r#"<a href='https://a'><img src="x" alt="Shop"></a>"#, "Shop (https://a)");
        check(r#"<a href="https://a"><img src="x" alt=""></a>"#, "https://a");
    }

    #[test]
    fn what_is_not_seen_is_not_written() {
        check("<head><title>x</title><style>a>b{}</style></head><body>y</body>", "y");
        check("<!--[if mso]><p>x</p><![endif]-->y<!-- open", "y");
        check(r#"<div style="color:red;display: none"><div>x</div>z</div>y"#, "y");
        check("<!doctype html><p>y", "y");
    }

    #[test]
    fn marks_that_are_no_tags_stay() {
        check("1 < 2 &lt;b&gt; &amp;", "1 < 2 <b> &");
        check("a<", "a<");
        check("<a href=\"x", "<a href=\"x");
    }
}
