//! Templates in the Liquid language, compiled once and rendered for each person.
//!
//! The language is our own small implementation. The `liquid` crate (0.26.11, the last release of
//! February 2025) was tried first and cannot be held to the limits below from outside: it panics
//! on `{{ 99999999999999999999 }}`, overflows the stack on 20,000 nested `if`, takes over a minute
//! to parse 64 KiB of spaces and 21 s for a loop over a range that breaks at once, makes an error
//! of `{{ x | default: "you" }}` when `x` is absent, and has no place to escape outputs or to
//! count instructions.
//!
//! - Absent values are refused: only `default`, as the first filter, tolerates one.
//! - Every output is escaped for where it stands; there is no filter that says "safe".
//! - Values are data. They are never compiled, and what is rendered is never rendered again.
//! - There is no tag or filter that reads a file, another template, the clock or the network.
//! - Source, nesting, instructions and output are bounded.
//!
//! Tags: `if`, `elsif`, `else`, `unless`, `case`, `when`, `for` (`limit`, `offset`, `reversed`),
//! `break`, `continue`, `cycle`, `assign`, `capture`, `comment`, `raw`, `#`, and `abort "reason"`.
//! The filters are listed in `filters`.
//!
//! ```
//! use candor_engage::template::{Escape, Limits, Template, Values};
//!
//! let source = "<p>Hello {{ name | default: \"you\" }}</p>";
//! let template = Template::compile(source, Escape::Html)?;
//! let mut values = Values::default();
//! values.set("name", "<Ada>");
//! let html = template.render(&values, &Limits::default())?;
//! assert_eq!(html, "<p>Hello &lt;Ada&gt;</p>");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Read in this order: `syntax`, `scan`, `parser`, `source`, `markup`, `arrange`, `value`,
//! `render`, `escape`, `filters`, `language`.

mod arrange;
mod error;
pub(crate) mod escape;
mod filters;
mod language;
mod markup;
mod parser;
mod render;
mod scan;
pub(crate) mod source;
mod syntax;
#[cfg(test)]
mod tests;
mod value;

pub use error::{RenderError, TemplateError};
pub use escape::Escape;
pub use language::{Language, MissingTranslation, NoTranslation, Translations};
pub use value::Values;

use crate::links::Tracking;

/// The longest source, in bytes.
pub const SOURCE_BYTES_MAX: usize = 256 * 1024;
/// How deep blocks may stand inside each other; and how long a path may be.
pub const NESTING_MAX: usize = 32;
/// The most instructions of one render; at most 100 ns each, so that none takes over 5 ms.
pub const INSTRUCTIONS_MAX: u32 = 50_000;
/// The longest output, and the longest text made on the way, in bytes.
pub const OUTPUT_BYTES_MAX: usize = 256 * 1024;
/// The longest header line, in bytes; RFC 5322 allows 998 before it must be folded.
pub const HEADER_BYTES_MAX: usize = 998;
/// Filters that may follow each other.
const FILTERS_MAX: usize = 32;
/// Arguments of a filter, and conditions with `and` and `or` between them.
const ARGUMENTS_MAX: usize = 32;

/// How much one render may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Instructions: nodes, look-ups, filters, turns of loops, and each 32 bytes handled.
    pub instructions: u32,
    /// Bytes of output.
    pub output_bytes: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { instructions: INSTRUCTIONS_MAX, output_bytes: OUTPUT_BYTES_MAX }
    }
}

/// A compiled template. It can be rendered from several threads at once.
#[derive(Debug)]
pub struct Template {
    nodes: Vec<syntax::Node>,
    names: Vec<Box<str>>,
    cycles: usize,
    links: Vec<Option<Box<str>>>,
    bytes: usize,
    escape: Escape,
}

impl Template {
    /// Compiles a template whose output is what `escape` says.
    pub fn compile(source: &str, escape: Escape) -> Result<Template, TemplateError> {
        let mut parsed = parser::parse(source)?;
        let links = arrange::arrange(&mut parsed, escape)?;
        let parser::Parsed { nodes, names, cycles } = parsed;
        Ok(Template { nodes, names, cycles, links, bytes: source.len(), escape })
    }

    /// Renders for one person.
    pub fn render(&self, values: &Values, limits: &Limits) -> Result<String, RenderError> {
        self.render_tracked(values, limits, None)
    }

    /// Renders markup whose links and opening are followed, when there is `tracking`.
    pub(crate) fn render_tracked(
        &self,
        values: &Values,
        limits: &Limits,
        tracking: Option<&Tracking<'_>>,
    ) -> Result<String, RenderError> {
        let mut limits = *limits;
        if self.escape == Escape::Header {
            limits.output_bytes = limits.output_bytes.min(HEADER_BYTES_MAX);
        }
        render::Render::run(self, values, &limits, tracking)
    }

    /// Each followed link of markup by its number: where it leads, or nothing where that differs
    /// from person to person.
    pub fn links(&self) -> &[Option<Box<str>>] {
        &self.links
    }
}
