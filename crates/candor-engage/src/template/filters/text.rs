//! Filters of texts. Lengths are counted in characters.

use super::{Datum, Filtered, Trouble, integer, text};
use crate::template::escape;

/// Parts that a text may be split into.
const PARTS_MAX: usize = 10_000;

pub(super) fn append<'v>(value: Datum<'v>, arguments: &[Datum<'v>], most: usize) -> Filtered<'v> {
    together(&[&text(&value)?, &text(&arguments[0])?], most)
}

pub(super) fn prepend<'v>(value: Datum<'v>, arguments: &[Datum<'v>], most: usize) -> Filtered<'v> {
    together(&[&text(&arguments[0])?, &text(&value)?], most)
}

fn together<'v>(parts: &[&str], most: usize) -> Filtered<'v> {
    let len: usize = parts.iter().map(|part| part.len()).sum();
    if len > most {
        return Err(Trouble::TooLong);
    }
    Ok(Datum::made(parts.concat()))
}

pub(super) fn upcase<'v>(value: Datum<'v>, _: &[Datum<'v>], _: usize) -> Filtered<'v> {
    Ok(Datum::made(text(&value)?.to_uppercase()))
}

pub(super) fn downcase<'v>(value: Datum<'v>, _: &[Datum<'v>], _: usize) -> Filtered<'v> {
    Ok(Datum::made(text(&value)?.to_lowercase()))
}

/// The first character in upper case, all others in lower case.
pub(super) fn capitalize<'v>(value: Datum<'v>, _: &[Datum<'v>], _: usize) -> Filtered<'v> {
    let text = text(&value)?;
    let mut chars = text.chars();
    let mut capitalized: String = chars.next().into_iter().flat_map(char::to_uppercase).collect();
    capitalized.push_str(&chars.as_str().to_lowercase());
    Ok(Datum::made(capitalized))
}

pub(super) fn strip<'v>(value: Datum<'v>, _: &[Datum<'v>], _: usize) -> Filtered<'v> {
    Ok(Datum::made(text(&value)?.trim()))
}

pub(super) fn lstrip<'v>(value: Datum<'v>, _: &[Datum<'v>], _: usize) -> Filtered<'v> {
    Ok(Datum::made(text(&value)?.trim_start()))
}

pub(super) fn rstrip<'v>(value: Datum<'v>, _: &[Datum<'v>], _: usize) -> Filtered<'v> {
    Ok(Datum::made(text(&value)?.trim_end()))
}

pub(super) fn strip_newlines<'v>(value: Datum<'v>, _: &[Datum<'v>], _: usize) -> Filtered<'v> {
    Ok(Datum::made(text(&value)?.replace(['\r', '\n'], "")))
}

/// Leaves out everything from `<` to `>`. It makes a text readable; what makes it safe is the
/// escape of its place.
pub(super) fn strip_html<'v>(value: Datum<'v>, _: &[Datum<'v>], _: usize) -> Filtered<'v> {
    let text = text(&value)?;
    let mut out = String::with_capacity(text.len());
    let mut rest = &*text;
    while let Some(start) = rest.find('<') {
        let Some(len) = rest[start..].find('>') else { break };
        out.push_str(&rest[..start]);
        rest = &rest[start + len + 1..];
    }
    out.push_str(rest);
    Ok(Datum::made(out))
}

pub(super) fn replace<'v>(value: Datum<'v>, arguments: &[Datum<'v>], most: usize) -> Filtered<'v> {
    replaced(&value, &arguments[0], &text(&arguments[1])?, usize::MAX, most)
}

pub(super) fn replace_first<'v>(
    value: Datum<'v>,
    arguments: &[Datum<'v>],
    most: usize,
) -> Filtered<'v> {
    replaced(&value, &arguments[0], &text(&arguments[1])?, 1, most)
}

pub(super) fn remove<'v>(value: Datum<'v>, arguments: &[Datum<'v>], most: usize) -> Filtered<'v> {
    replaced(&value, &arguments[0], "", usize::MAX, most)
}

pub(super) fn remove_first<'v>(
    value: Datum<'v>,
    arguments: &[Datum<'v>],
    most: usize,
) -> Filtered<'v> {
    replaced(&value, &arguments[0], "", 1, most)
}

/// Replaces the first `times` finds. An empty text is found nowhere.
fn replaced<'v>(
    value: &Datum<'v>,
    wanted: &Datum<'v>,
    with: &str,
    times: usize,
    most: usize,
) -> Filtered<'v> {
    let (text, wanted) = (text(value)?, text(wanted)?);
    if wanted.is_empty() {
        return Ok(value.clone());
    }
    let mut out = String::new();
    let mut rest = &*text;
    for _ in 0..times {
        let Some(at) = rest.find(&*wanted) else { break };
        out.push_str(&rest[..at]);
        out.push_str(with);
        if out.len() > most {
            return Err(Trouble::TooLong);
        }
        rest = &rest[at + wanted.len()..];
    }
    out.push_str(rest);
    Ok(Datum::made(out))
}

/// At most so many characters (50), the ending (`...`) among them.
pub(super) fn truncate<'v>(value: Datum<'v>, arguments: &[Datum<'v>], _: usize) -> Filtered<'v> {
    let most = arguments.first().map_or(Ok(50), integer)?;
    let most = usize::try_from(most).unwrap_or(0);
    let ending = arguments.get(1).map_or(Ok("...".into()), text)?;
    let text = text(&value)?;
    if text.chars().nth(most).is_none() {
        return Ok(value.clone());
    }
    let kept = most.saturating_sub(ending.chars().count());
    let mut out: String = text.chars().take(kept).collect();
    out.push_str(&ending);
    Ok(Datum::made(out))
}

/// At most so many words (15), then the ending (`...`).
pub(super) fn truncatewords<'v>(
    value: Datum<'v>,
    arguments: &[Datum<'v>],
    _: usize,
) -> Filtered<'v> {
    let most = arguments.first().map_or(Ok(15), integer)?;
    let most = usize::try_from(most).unwrap_or(0).max(1);
    let ending = arguments.get(1).map_or(Ok("...".into()), text)?;
    let text = text(&value)?;
    let mut words = text.split_whitespace();
    let mut out = String::new();
    for word in words.by_ref().take(most) {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    if words.next().is_none() {
        return Ok(value.clone());
    }
    out.push_str(&ending);
    Ok(Datum::made(out))
}

/// The parts between separators, or the characters when there is none; empty ones at the end are
/// left out.
pub(super) fn split<'v>(value: Datum<'v>, arguments: &[Datum<'v>], _: usize) -> Filtered<'v> {
    let (text, separator) = (text(&value)?, text(&arguments[0])?);
    let mut parts: Vec<Datum<'v>> = match separator.is_empty() {
        true => text.chars().take(PARTS_MAX + 1).map(|c| Datum::made(c.to_string())).collect(),
        false => text.split(&*separator).take(PARTS_MAX + 1).map(Datum::made).collect(),
    };
    if parts.len() > PARTS_MAX {
        return Err(Trouble::Unfit("makes more than 10,000 parts"));
    }
    while parts.last().is_some_and(Datum::is_empty) {
        parts.pop();
    }
    Ok(Datum::MadeList(parts.into()))
}

pub(super) fn escape<'v>(value: Datum<'v>, _: &[Datum<'v>], _: usize) -> Filtered<'v> {
    let mut out = String::new();
    escape::html(&text(&value)?, &mut out);
    Ok(Datum::made(out))
}

pub(super) fn escape_once<'v>(value: Datum<'v>, _: &[Datum<'v>], _: usize) -> Filtered<'v> {
    let mut out = String::new();
    escape::html(&escape::unescape_html(&text(&value)?), &mut out);
    Ok(Datum::made(out))
}

/// Percent-encodes a text for the query of an address: a space becomes `+`, as in every Liquid.
pub(super) fn url_encode<'v>(value: Datum<'v>, _: &[Datum<'v>], _: usize) -> Filtered<'v> {
    Ok(Datum::made(escape::percent_part(&text(&value)?).replace("%20", "+")))
}

/// Reads `%20` and `+`; what is not valid UTF-8 then is replaced.
pub(super) fn url_decode<'v>(value: Datum<'v>, _: &[Datum<'v>], _: usize) -> Filtered<'v> {
    let text = text(&value)?;
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let digits = after.get(..2).filter(|_| *first == b'%');
        let digits = digits.and_then(|digits| std::str::from_utf8(digits).ok());
        let encoded = digits.filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
        match encoded.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(b) => {
                bytes.push(b);
                rest = &after[2..];
            }
            None => {
                bytes.push(if *first == b'+' { b' ' } else { *first });
                rest = after;
            }
        }
    }
    Ok(Datum::made(String::from_utf8_lossy(&bytes)))
}
