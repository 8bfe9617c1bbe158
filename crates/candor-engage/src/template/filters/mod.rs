//! The filters there are: a closed list.
//!
//! - Any value: `default`, `size`
//! - Texts: `append`, `prepend`, `upcase`, `downcase`, `capitalize`, `strip`, `lstrip`, `rstrip`,
//!   `strip_newlines`, `strip_html`, `replace`, `replace_first`, `remove`, `remove_first`,
//!   `truncate`, `truncatewords`, `split`, `slice`, `escape`, `escape_once`, `url_encode`,
//!   `url_decode`
//! - Numbers: `plus`, `minus`, `times`, `divided_by`, `modulo`, `abs`, `ceil`, `floor`, `round`,
//!   `at_least`, `at_most`
//! - Times: `date: format, zone`
//! - Lists: `join`, `first`, `last`, `slice`, `reverse`, `sort`, `uniq`, `compact`, `map`, `where`,
//!   `concat`

mod date;
mod list;
mod number;
mod text;

use std::borrow::Cow;
use std::ops::RangeInclusive;

use super::Limits;
use super::error::RenderError;
use super::syntax::Call;
use super::value::Datum;

/// One filter.
#[derive(Debug)]
pub(super) struct Filter {
    pub(super) name: &'static str,
    pub(super) arguments: RangeInclusive<usize>,
    /// Instructions, beside those for the size of what goes in and out.
    pub(super) cost: usize,
    pub(super) apply: Apply,
}

/// A value, the arguments, and the longest text that may be made.
type Apply = for<'v> fn(Datum<'v>, &[Datum<'v>], usize) -> Filtered<'v>;

type Filtered<'v> = Result<Datum<'v>, Trouble>;

/// Why a filter has no answer.
#[derive(Debug)]
pub(super) enum Trouble {
    TooLong,
    Unfit(&'static str),
}

impl Trouble {
    pub(super) fn into_error(self, call: &Call, line: u32, limits: &Limits) -> RenderError {
        match self {
            Trouble::TooLong => RenderError::TooLong { bytes_max: limits.output_bytes },
            Trouble::Unfit(message) => {
                RenderError::unfit(line, format!("`{}`: {message}", call.filter.name))
            }
        }
    }
}

const fn filter(
    name: &'static str,
    arguments: RangeInclusive<usize>,
    cost: usize,
    apply: Apply,
) -> Filter {
    Filter { name, arguments, cost, apply }
}

/// What reading, shifting and writing a time costs: about a microsecond.
const DATE_COST: usize = 10;
/// What ordering or telling apart a list costs on top of walking it.
const SORT_COST: usize = 10;

static FILTERS: [Filter; 46] = [
    filter("default", 1..=1, 1, default),
    filter("size", 0..=0, 1, size),
    filter("append", 1..=1, 1, text::append),
    filter("prepend", 1..=1, 1, text::prepend),
    filter("upcase", 0..=0, 1, text::upcase),
    filter("downcase", 0..=0, 1, text::downcase),
    filter("capitalize", 0..=0, 1, text::capitalize),
    filter("strip", 0..=0, 1, text::strip),
    filter("lstrip", 0..=0, 1, text::lstrip),
    filter("rstrip", 0..=0, 1, text::rstrip),
    filter("strip_newlines", 0..=0, 1, text::strip_newlines),
    filter("strip_html", 0..=0, 1, text::strip_html),
    filter("replace", 2..=2, 1, text::replace),
    filter("replace_first", 2..=2, 1, text::replace_first),
    filter("remove", 1..=1, 1, text::remove),
    filter("remove_first", 1..=1, 1, text::remove_first),
    filter("truncate", 0..=2, 1, text::truncate),
    filter("truncatewords", 0..=2, 1, text::truncatewords),
    filter("split", 1..=1, 1, text::split),
    filter("slice", 1..=2, 1, slice),
    filter("escape", 0..=0, 1, text::escape),
    filter("escape_once", 0..=0, 1, text::escape_once),
    filter("url_encode", 0..=0, 1, text::url_encode),
    filter("url_decode", 0..=0, 1, text::url_decode),
    filter("plus", 1..=1, 1, number::plus),
    filter("minus", 1..=1, 1, number::minus),
    filter("times", 1..=1, 1, number::times),
    filter("divided_by", 1..=1, 1, number::divided_by),
    filter("modulo", 1..=1, 1, number::modulo),
    filter("abs", 0..=0, 1, number::abs),
    filter("ceil", 0..=0, 1, number::ceil),
    filter("floor", 0..=0, 1, number::floor),
    filter("round", 0..=1, 1, number::round),
    filter("at_least", 1..=1, 1, number::at_least),
    filter("at_most", 1..=1, 1, number::at_most),
    filter("date", 1..=2, DATE_COST, date::date),
    filter("join", 0..=1, 1, list::join),
    filter("first", 0..=0, 1, list::first),
    filter("last", 0..=0, 1, list::last),
    filter("reverse", 0..=0, 1, list::reverse),
    filter("sort", 0..=1, SORT_COST, list::sort),
    filter("uniq", 0..=0, SORT_COST, list::uniq),
    filter("compact", 0..=0, 1, list::compact),
    filter("map", 1..=1, 1, list::map),
    filter("where", 1..=2, 1, list::filter_where),
    filter("concat", 1..=1, 1, list::concat),
];

pub(super) fn find(name: &str) -> Option<&'static Filter> {
    FILTERS.iter().find(|filter| filter.name == name)
}

/// The first argument where there is nothing, `false`, or something empty.
fn default<'v>(value: Datum<'v>, arguments: &[Datum<'v>], _: usize) -> Filtered<'v> {
    Ok(if !value.is_true() || value.is_empty() { arguments[0].clone() } else { value })
}

fn size<'v>(value: Datum<'v>, _: &[Datum<'v>], _: usize) -> Filtered<'v> {
    let found = value.step(&Datum::Text("size"));
    found.ok_or(Trouble::Unfit("takes a text or a list"))
}

/// Some of a text or a list: from where, and how much of it (one, when not said).
fn slice<'v>(value: Datum<'v>, arguments: &[Datum<'v>], _: usize) -> Filtered<'v> {
    let from = integer(&arguments[0])?;
    let len = arguments.get(1).map_or(Ok(1), integer)?;
    let len = usize::try_from(len).unwrap_or(0);
    let whole = match value.list_len() {
        Some(len) => len,
        None => text(&value)?.chars().count(),
    };
    let from = match from {
        0.. => usize::try_from(from).unwrap_or(usize::MAX),
        _ => super::value::place(from, whole).unwrap_or(usize::MAX),
    };
    match value.list_len() {
        Some(_) => Ok(Datum::MadeList(value.items().skip(from).take(len).collect())),
        None => {
            let part: String = text(&value)?.chars().skip(from).take(len).collect();
            Ok(Datum::made(part))
        }
    }
}

fn text<'a>(value: &'a Datum<'_>) -> Result<Cow<'a, str>, Trouble> {
    value.to_text().ok_or(Trouble::Unfit("an object has no text"))
}

fn integer(value: &Datum<'_>) -> Result<i64, Trouble> {
    match value {
        Datum::Integer(integer) => Ok(*integer),
        _ => {
            let integer = value.as_text().and_then(|text| text.trim().parse().ok());
            integer.ok_or(Trouble::Unfit("takes a whole number"))
        }
    }
}
