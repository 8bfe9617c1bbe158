//! MJML to HTML, with Liquid in it.
//!
//! MJML's reader knows no Liquid: `<` in a condition or quotes in an attribute would break it. So
//! each tag and output becomes a mark of letters and digits first, and takes its place again in
//! the HTML. A mark that MJML drops is an error of the author: nothing gets lost in silence.
//! Letters beyond ASCII become marks, too: the reader (htmlparser 0.2.1) panics on `<mjml>é">`.

use std::fmt::Write;

use crate::template::escape::unescape_html;
use crate::template::source::{self, place_of, shown, wrong};
use crate::template::{Escape, Template, TemplateError};

/// How deep elements may stand inside each other: the reader recurses.
const ELEMENTS_DEEP_MAX: usize = 64;

/// What is kept aside.
struct Aside<'s> {
    /// What all marks begin with; stands nowhere in the source.
    prefix: String,
    /// Each tag, output and run of letters beyond ASCII, and where it stood.
    pieces: Vec<(&'s str, usize)>,
}

/// Places that belong together: in the text that was made, and in the source.
type Places = Vec<(usize, usize)>;

pub(super) fn compile(source: &str) -> Result<Template, TemplateError> {
    // Errors of Liquid itself are found where the author wrote them.
    source::check(source)?;
    check_depth(source)?;
    let (marked, aside, places) = set_aside(source);
    let html = to_html(&marked).map_err(|(at, message)| {
        wrong(source, at.map_or(0, |at| original(&places, at)), message)
    })?;
    let (html, places) = aside.put_back(source, &html)?;
    Template::compile(&html, Escape::Html).map_err(|error| {
        let at = place_of(&html, error.line, error.column);
        wrong(source, marked_before(&places, at), error.message)
    })
}

fn set_aside(source: &str) -> (String, Aside<'_>, Places) {
    let mut prefix = "liquid0".to_owned();
    while source.contains(&prefix) {
        prefix.push('0');
    }
    let mut aside = Aside { prefix, pieces: Vec::new() };
    let mut marked = String::with_capacity(source.len());
    let mut places = vec![(0, 0)];
    let mut at = 0;
    loop {
        let tag = source::next_tag(source, at);
        let (start, end) = tag.unwrap_or((source.len(), source.len()));
        while let Some((letters, after)) = beyond_ascii(source, at, start) {
            marked.push_str(&source[at..letters]);
            aside.mark(source, letters, after, &mut marked, &mut places);
            at = after;
        }
        marked.push_str(&source[at..start]);
        if tag.is_none() {
            return (marked, aside, places);
        }
        aside.mark(source, start, end, &mut marked, &mut places);
        at = end;
    }
}

/// The next run of letters beyond ASCII.
fn beyond_ascii(source: &str, from: usize, to: usize) -> Option<(usize, usize)> {
    let bytes = &source.as_bytes()[from..to];
    let start = bytes.iter().position(|b| !b.is_ascii())?;
    let len = bytes[start..].iter().position(u8::is_ascii).unwrap_or(bytes.len() - start);
    Some((from + start, from + start + len))
}

/// Where a place of the marked text was in the source.
fn original(places: &Places, at: usize) -> usize {
    let before = places.partition_point(|(made, _)| *made <= at).saturating_sub(1);
    let (made, source) = places[before];
    source + (at - made)
}

/// Where the last tag before a place of the HTML was in the source.
fn marked_before(places: &Places, at: usize) -> usize {
    let before = places.partition_point(|(made, _)| *made <= at);
    before.checked_sub(1).map_or(0, |before| places[before].1)
}

/// No font is fetched that its author did not ask for: each fetch tells its server who reads.
fn own_fonts_alone() -> mrml::prelude::render::RenderOptions {
    mrml::prelude::render::RenderOptions { fonts: Default::default(), ..Default::default() }
}

fn to_html(marked: &str) -> Result<String, (Option<usize>, String)> {
    use mrml::prelude::parser::{Error, Warning, WarningKind};
    // Without a loader, `mj-include` is refused: nothing is read from a disk.
    let parsed = mrml::parse(marked).map_err(|error| {
        let at = match &error {
            Error::UnexpectedElement { position, .. }
            | Error::UnexpectedToken { position, .. }
            | Error::MissingAttribute { position, .. }
            | Error::InvalidAttribute { position, .. }
            | Error::InvalidFormat { position, .. }
            | Error::IncludeLoaderError { position, .. } => Some(position.start),
            _ => None,
        };
        (at, format!("MJML: {error}"))
    })?;
    // An unknown attribute is an editor's note to itself; a style that is not applied is a loss.
    let inline = |warning: &&Warning| warning.kind == WarningKind::InlineStyleUnsupported;
    if let Some(warning) = parsed.warnings.iter().find(inline) {
        return Err((Some(warning.span.start), "MJML: styles cannot be inlined".to_owned()));
    }
    let rendered = parsed.element.render(&own_fonts_alone());
    let html = rendered.map_err(|error| (None, format!("MJML: {error}")))?;
    // What MJML does not know goes through as if it were HTML.
    if let Some(found) = html.find("<mj-") {
        let name = html[found + 1..].split([' ', '>', '/']).next().unwrap_or_default();
        let at = marked.find(&format!("<{name}"));
        return Err((at, format!("MJML: `{}` is unknown or misplaced", shown(name))));
    }
    Ok(html)
}

impl<'s> Aside<'s> {
    fn mark(
        &mut self,
        source: &'s str,
        start: usize,
        end: usize,
        marked: &mut String,
        places: &mut Places,
    ) {
        // Writing into a `String` does not fail.
        let _ = write!(marked, "{}n{}z", self.prefix, self.pieces.len());
        self.pieces.push((&source[start..end], start));
        places.push((marked.len(), end));
    }

    /// The HTML with each piece where its mark is, and where each was in the source.
    fn put_back(&self, source: &str, html: &str) -> Result<(String, Places), TemplateError> {
        let mut out = String::with_capacity(html.len());
        let mut places = Vec::new();
        let mut seen = vec![false; self.pieces.len()];
        let mut rest = html;
        while let Some(at) = rest.find(&self.prefix) {
            let (before, mark) = rest.split_at(at);
            let number = mark[self.prefix.len()..].strip_prefix('n');
            let number = number.and_then(|mark| mark.split_once('z')).map(|(number, _)| number);
            let index = number.and_then(|number| number.parse::<usize>().ok());
            let Some((number, index)) = number.zip(index.filter(|index| *index < seen.len()))
            else {
                return Err(wrong(source, 0, "MJML changed a name that stands for Liquid"));
            };
            out.push_str(before);
            let (piece, place) = self.pieces[index];
            seen[index] = true;
            if is_liquid(piece) {
                places.push((out.len(), place));
            }
            // Editors write quotes inside of attributes as `&quot;`.
            out.push_str(&unescape_html(piece));
            rest = &mark[self.prefix.len() + 1 + number.len() + 1..];
        }
        out.push_str(rest);
        let mut pieces = self.pieces.iter().zip(&seen);
        let lost = pieces.find(|((piece, _), seen)| !**seen && is_liquid(piece));
        match lost {
            Some(((_, place), _)) => {
                let message = "MJML drops what stands here; put it into `mj-raw` or a text";
                Err(wrong(source, *place, message))
            }
            None => Ok((out, places)),
        }
    }
}

fn is_liquid(piece: &str) -> bool {
    piece.starts_with('{')
}

/// Elements that have no end of their own.
const VOID: [&str; 14] = [
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source",
    "track", "wbr",
];

fn check_depth(source: &str) -> Result<(), TemplateError> {
    let mut depth = 0usize;
    for (at, _) in source.match_indices('<') {
        let rest = &source[at + 1..];
        if rest.starts_with('/') {
            depth = depth.saturating_sub(1);
            continue;
        }
        let name_end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '-');
        let name = rest[..name_end.unwrap_or(rest.len())].to_ascii_lowercase();
        if name.is_empty() || VOID.contains(&name.as_str()) {
            continue;
        }
        if rest.find('>').is_some_and(|end| rest[..end].ends_with('/')) {
            continue;
        }
        depth += 1;
        if depth > ELEMENTS_DEEP_MAX {
            let message = format!("elements stand more than {ELEMENTS_DEEP_MAX} deep");
            return Err(wrong(source, at, message));
        }
    }
    Ok(())
}
