//! Liquid as it stands inside of another language, before it is compiled.

use super::error::TemplateError;
use super::parser;
pub(crate) use super::scan::shown;
use super::scan::{Scanner, Token};

/// Says what is wrong with the Liquid in a source, if anything is.
pub(crate) fn check(source: &str) -> Result<(), TemplateError> {
    let decoded = unquoted(source);
    parser::parse(decoded.as_deref().unwrap_or(source)).map(|_| ())
}

/// The source with the quotes of its tags read, where editors have written them as `&quot;`.
fn unquoted(source: &str) -> Option<String> {
    if !source.contains("&quot;") {
        return None;
    }
    let mut out = String::with_capacity(source.len());
    let mut at = 0;
    while let Some((start, end)) = next_tag(source, at) {
        out.push_str(&source[at..start]);
        out.push_str(&super::escape::unescape_html(&source[start..end]));
        at = end;
    }
    out.push_str(&source[at..]);
    Some(out)
}

/// Where the next tag or output begins and ends. Ends inside of quotes do not count.
pub(crate) fn next_tag(source: &str, from: usize) -> Option<(usize, usize)> {
    let start = from + parser::next_tag(&source[from..])?;
    let close = if source[start..].starts_with("{{") { "}}" } else { "%}" };
    let mut scanner = Scanner { source, at: start + 2 };
    if scanner.rest().starts_with('-') {
        scanner.at += 1;
    }
    scanner.skip_space();
    while !scanner.rest().starts_with('#') {
        match scanner.next() {
            Ok(Token::End { .. }) => return Some((start, scanner.at)),
            Ok(_) => {}
            Err(_) => break,
        }
    }
    // A remark, or `&quot;`: anything may stand there.
    let len = source[start..].find(close)?;
    Some((start, start + len + close.len()))
}

/// An error at a place of the source, in bytes.
pub(crate) fn wrong(source: &str, at: usize, message: impl Into<String>) -> TemplateError {
    let at = (0..=at.min(source.len())).rev().find(|at| source.is_char_boundary(*at));
    Scanner { source, at: 0 }.wrong(at.unwrap_or(0), message)
}

/// The place in bytes of a line and column.
pub(crate) fn place_of(source: &str, line: u32, column: u32) -> usize {
    let lines = source.split_inclusive('\n').take(line.saturating_sub(1) as usize);
    let start: usize = lines.map(str::len).sum();
    let before = source[start..].chars().take(column.saturating_sub(1) as usize);
    start + before.map(char::len_utf8).sum::<usize>()
}
