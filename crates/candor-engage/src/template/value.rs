//! What a template computes with: borrowed from the values of a person or made while rendering.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::rc::Rc;

use serde_json::{Map, Number, Value as Json};

/// What is known about one person and one message when a template is rendered: a tree of data. It
/// is data for good: nothing in it is ever read as a template.
///
/// A `null` is the same as an absent value.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Values(Map<String, Json>);

impl Values {
    /// Sets the value that templates call `name`, in place of what was there.
    pub fn set(&mut self, name: &str, value: impl Into<Json>) {
        self.0.insert(name.to_owned(), value.into());
    }

    /// Takes in more values, each in place of what was there; of two objects field by field.
    pub fn take_in(&mut self, more: Map<String, Json>) {
        for (name, value) in more {
            match (self.0.get_mut(&name), value) {
                (Some(Json::Object(there)), Json::Object(more)) => there.extend(more),
                (_, value) => {
                    self.0.insert(name, value);
                }
            }
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<&Json> {
        self.0.get(name)
    }
}

impl From<Map<String, Json>> for Values {
    fn from(map: Map<String, Json>) -> Values {
        Values(map)
    }
}

/// A value on its way through filters. Cheap to copy: texts and lists are borrowed or counted.
#[derive(Clone, Debug)]
pub(super) enum Datum<'v> {
    Nil,
    Bool(bool),
    Integer(i64),
    Float(f64),
    Text(&'v str),
    MadeText(Rc<str>),
    List(&'v [Json]),
    MadeList(Rc<[Datum<'v>]>),
    Object(&'v Map<String, Json>),
    /// `forloop`: a pass counted from 0, and how many there are.
    Loop {
        pass: usize,
        passes: usize,
    },
}

impl<'v> From<&'v Json> for Datum<'v> {
    fn from(json: &'v Json) -> Datum<'v> {
        match json {
            Json::Null => Datum::Nil,
            Json::Bool(truth) => Datum::Bool(*truth),
            Json::Number(number) => Datum::from_number(number),
            Json::String(text) => Datum::Text(text),
            Json::Array(list) => Datum::List(list),
            Json::Object(map) => Datum::Object(map),
        }
    }
}

impl<'v> Datum<'v> {
    fn from_number(number: &Number) -> Datum<'v> {
        match number.as_i64() {
            Some(integer) => Datum::Integer(integer),
            None => Datum::Float(number.as_f64().unwrap_or_default()),
        }
    }

    pub(super) fn made(text: impl Into<Rc<str>>) -> Datum<'v> {
        Datum::MadeText(text.into())
    }

    pub(super) fn as_text(&self) -> Option<&str> {
        match self {
            Datum::Text(text) => Some(text),
            Datum::MadeText(text) => Some(text),
            _ => None,
        }
    }

    /// How many things a list holds; `None` when it is none.
    pub(super) fn list_len(&self) -> Option<usize> {
        match self {
            Datum::List(list) => Some(list.len()),
            Datum::MadeList(list) => Some(list.len()),
            _ => None,
        }
    }

    /// The thing at a place of a list.
    pub(super) fn at(&self, index: usize) -> Option<Datum<'v>> {
        match self {
            Datum::List(list) => list.get(index).map(Datum::from),
            Datum::MadeList(list) => list.get(index).cloned(),
            _ => None,
        }
    }

    /// The things of a list; none when it is no list.
    pub(super) fn items(&self) -> impl DoubleEndedIterator<Item = Datum<'v>> + '_ {
        (0..self.list_len().unwrap_or(0)).filter_map(|index| self.at(index))
    }

    /// What a name or number behind a dot or in brackets finds.
    pub(super) fn step(&self, key: &Datum<'v>) -> Option<Datum<'v>> {
        if let Some(len) = self.list_len() {
            return match key {
                Datum::Integer(index) => self.at(place(*index, len)?),
                _ => match key.as_text()? {
                    "size" => Some(Datum::Integer(len as i64)),
                    "first" => self.at(0),
                    "last" => self.at(len.checked_sub(1)?),
                    _ => None,
                },
            };
        }
        let key = key.as_text()?;
        match self {
            Datum::Object(map) => match map.get(key) {
                Some(found) => Some(Datum::from(found)),
                None if key == "size" => Some(Datum::Integer(map.len() as i64)),
                None => None,
            },
            Datum::Loop { pass, passes } => loop_field(*pass, *passes, key),
            _ if key == "size" => Some(Datum::Integer(self.as_text()?.chars().count() as i64)),
            _ => None,
        }
    }

    /// Everything but `nil` and `false` is true, as in every Liquid.
    pub(super) fn is_true(&self) -> bool {
        !matches!(self, Datum::Nil | Datum::Bool(false))
    }

    pub(super) fn is_empty(&self) -> bool {
        match self {
            Datum::Object(map) => map.is_empty(),
            _ => self.as_text() == Some("") || self.list_len() == Some(0),
        }
    }

    pub(super) fn is_blank(&self) -> bool {
        let blank_text = self.as_text().is_some_and(|text| text.trim().is_empty());
        !self.is_true() || self.is_empty() || blank_text
    }

    pub(super) fn as_number(&self) -> Option<f64> {
        match self {
            Datum::Integer(integer) => Some(*integer as f64),
            Datum::Float(float) => Some(*float),
            _ => None,
        }
    }

    /// Numbers with numbers, texts with texts by code point; nothing else has an order.
    pub(super) fn compare(&self, other: &Datum<'_>) -> Option<Ordering> {
        if let (Datum::Integer(a), Datum::Integer(b)) = (self, other) {
            return Some(a.cmp(b));
        }
        if let (Some(a), Some(b)) = (self.as_text(), other.as_text()) {
            return Some(a.cmp(b));
        }
        self.as_number()?.partial_cmp(&other.as_number()?)
    }

    pub(super) fn equals(&self, other: &Datum<'_>) -> bool {
        match (self, other) {
            (Datum::Nil, Datum::Nil) => true,
            (Datum::Bool(a), Datum::Bool(b)) => a == b,
            _ => self.compare(other) == Some(Ordering::Equal),
        }
    }

    /// The text that is written for it; `None` for an object, which has none.
    pub(super) fn to_text(&self) -> Option<Cow<'_, str>> {
        match self {
            Datum::Nil => Some(Cow::Borrowed("")),
            Datum::Bool(truth) => Some(Cow::Borrowed(if *truth { "true" } else { "false" })),
            Datum::Integer(integer) => Some(Cow::Owned(integer.to_string())),
            Datum::Float(float) => Some(Cow::Owned(float.to_string())),
            Datum::Text(text) => Some(Cow::Borrowed(text)),
            Datum::MadeText(text) => Some(Cow::Borrowed(text)),
            Datum::List(_) | Datum::MadeList(_) => {
                let mut all = String::new();
                for item in self.items() {
                    all.push_str(&item.to_text()?);
                }
                Some(Cow::Owned(all))
            }
            Datum::Object(_) | Datum::Loop { .. } => None,
        }
    }

    /// The value as JSON.
    pub(super) fn to_json(&self) -> Json {
        match self {
            Datum::Nil | Datum::Loop { .. } => Json::Null,
            Datum::Bool(truth) => Json::Bool(*truth),
            Datum::Integer(integer) => Json::from(*integer),
            Datum::Float(float) => Json::from(*float),
            Datum::Text(text) => Json::from(*text),
            Datum::MadeText(text) => Json::from(&**text),
            Datum::List(list) => Json::from(*list),
            Datum::MadeList(list) => list.iter().map(Datum::to_json).collect(),
            Datum::Object(map) => Json::Object((*map).clone()),
        }
    }

    /// What handling it costs, in bytes or things: the measure of fuel for filters and output.
    /// Stops counting at `most`, so that asking is cheap whatever was sent in.
    pub(super) fn weight(&self, most: usize) -> usize {
        match self {
            Datum::List(list) => list_weight(list, most),
            Datum::MadeList(list) => {
                let mut sum = 0;
                for item in list.iter() {
                    sum += THING_WEIGHT + item.as_text().map_or(0, str::len);
                    if sum > most {
                        break;
                    }
                }
                sum
            }
            Datum::Object(map) => map_weight(map, most),
            _ => self.as_text().map_or(THING_WEIGHT, str::len),
        }
    }
}

/// What a number or a place in a list weighs beside a byte of text.
const THING_WEIGHT: usize = 32;

fn list_weight(list: &[Json], most: usize) -> usize {
    let mut sum = 0;
    for item in list {
        sum += THING_WEIGHT + json_weight(item, most);
        if sum > most {
            break;
        }
    }
    sum
}

fn map_weight(map: &Map<String, Json>, most: usize) -> usize {
    let mut sum = 0;
    for (key, item) in map {
        sum += THING_WEIGHT + key.len() + json_weight(item, most);
        if sum > most {
            break;
        }
    }
    sum
}

fn json_weight(json: &Json, most: usize) -> usize {
    match json {
        Json::String(text) => text.len(),
        Json::Array(list) => list_weight(list, most),
        Json::Object(map) => map_weight(map, most),
        _ => 0,
    }
}

/// A place counted from the start, or from the end when negative.
pub(super) fn place(index: i64, len: usize) -> Option<usize> {
    let from_end = usize::try_from(index.unsigned_abs()).ok()?;
    let place = if index < 0 { len.checked_sub(from_end)? } else { from_end };
    (place < len).then_some(place)
}

fn loop_field<'v>(pass: usize, passes: usize, key: &str) -> Option<Datum<'v>> {
    let left = passes - pass;
    Some(match key {
        "index" => Datum::Integer(pass as i64 + 1),
        "index0" => Datum::Integer(pass as i64),
        "rindex" => Datum::Integer(left as i64),
        "rindex0" => Datum::Integer(left as i64 - 1),
        "length" => Datum::Integer(passes as i64),
        "first" => Datum::Bool(pass == 0),
        "last" => Datum::Bool(left == 1),
        _ => return None,
    })
}
