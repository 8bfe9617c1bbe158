//! The body of `POST /api/v1/events` as senders most often write it: read in one go, with nothing
//! between the bytes and the records. What is not as usual, every mistake among it, has the answer
//! none here, and is then read by `records`, whose word counts.

use std::borrow::Cow;
use std::sync::Arc;

use ahash::RandomState;
use candor_event::{Properties, Timestamp, TraitOp, Value};

use super::json::first_of;
use super::records::{Decoded, NESTED_MAX, instant, record};
use super::scan::Scan;
use super::value::check_text;
use super::{Body, DEPTH_MAX, ID_BYTES_MAX, Incoming, Limit, PROPERTIES_MAX, RECORDS_MAX, Refused};
use crate::who::Ids;

/// Reads a body whose form as a whole is as usual; a record that is not is read in full.
pub(super) fn records(
    body: &[u8],
    parse_time: &dyn Fn(&str) -> Option<Timestamp>,
) -> Option<Decoded> {
    let scan = Scan::new(std::str::from_utf8(body).ok()?);
    let mut reading = Reading { scan, texts: Texts::new(), parse_time };
    let mut decoded = Decoded::default();
    reading.scan.expect(b'{')?;
    if reading.scan.text()? != "records" {
        return None;
    }
    reading.scan.expect(b':')?;
    reading.scan.expect(b'[')?;
    let mut more = !reading.scan.eat(b']');
    while more {
        if decoded.sent == RECORDS_MAX {
            return None;
        }
        reading.next(&mut decoded)?;
        more = reading.scan.more(b']')?;
    }
    reading.scan.expect(b'}')?;
    reading.scan.peek().is_none().then_some(decoded)
}

struct Reading<'a> {
    scan: Scan<'a>,
    texts: Texts,
    parse_time: &'a dyn Fn(&str) -> Option<Timestamp>,
}

impl<'a> Reading<'a> {
    fn next(&mut self, decoded: &mut Decoded) -> Option<()> {
        let (index, start) = (decoded.sent, self.scan.at());
        decoded.sent += 1;
        if let Some(record) = self.record(index) {
            decoded.records.push(record);
            return Some(());
        }
        self.scan.go_to(start);
        let (json, length) = first_of(self.scan.rest())?;
        self.scan.go_to(start + length);
        match record(index, json, self.parse_time) {
            Ok(record) => decoded.records.push(record),
            Err((code, message)) => decoded.refused.push(Refused { index, code, message }),
        }
        Some(())
    }

    fn record(&mut self, index: usize) -> Option<Incoming> {
        let mut draft = Draft::default();
        self.scan.expect(b'{')?;
        let mut more = true;
        while more {
            let name = self.scan.text()?;
            self.scan.expect(b':')?;
            match &*name {
                "type" => put(&mut draft.kind, Some(self.scan.text()?))?,
                "identity" => put(&mut draft.ids.identity, self.id()?)?,
                "guid" => put(&mut draft.ids.guid, self.id()?)?,
                "id" => put(&mut draft.id, self.own_id()?)?,
                "at" => put(&mut draft.at, self.time()?)?,
                "name" => put(&mut draft.name, Some(self.name()?))?,
                "properties" => put(&mut draft.properties, Some(self.properties()?))?,
                "set" => put(&mut draft.set, Some(self.properties()?))?,
                _ => return None,
            }
            more = self.scan.more(b'}')?;
        }
        draft.finish(index)
    }

    /// A person's id: a text or a whole number.
    fn id(&mut self) -> Option<Option<String>> {
        if self.scan.null() {
            return Some(None);
        }
        if self.scan.peek()? != b'"' {
            let Value::Integer(number) = self.scan.number()? else { return None };
            return Some(Some(number.to_string()));
        }
        let id = self.scan.text().filter(|id| !id.is_empty())?;
        check_text(&id, Limit::Value).ok()?;
        Some(Some(id.into_owned()))
    }

    /// The sender's own id of a record.
    fn own_id(&mut self) -> Option<Option<String>> {
        if self.scan.null() {
            return Some(None);
        }
        let id = self.scan.text()?;
        (1..=ID_BYTES_MAX).contains(&id.len()).then(|| Some(id.into_owned()))
    }

    fn time(&mut self) -> Option<Option<Timestamp>> {
        if self.scan.null() {
            return Some(None);
        }
        if self.scan.peek()? == b'"' {
            return (self.parse_time)(&self.scan.text()?).map(Some);
        }
        let Value::Integer(number) = self.scan.number()? else { return None };
        instant(number).map(Some)
    }

    /// A name of an event, a property or a trait.
    fn name(&mut self) -> Option<Arc<str>> {
        let name = self.scan.text()?;
        check_text(&name, Limit::Name).ok()?;
        Some(self.texts.shared(&name))
    }

    fn properties(&mut self) -> Option<Properties> {
        if self.scan.null() {
            return Some(Properties::new());
        }
        self.scan.expect(b'{')?;
        let (mut left, mut count) = (NESTED_MAX, 0);
        let mut properties = Properties::with_capacity(8);
        let mut more = !self.scan.eat(b'}');
        while more {
            count += 1;
            if count > PROPERTIES_MAX {
                return None;
            }
            self.entry(&mut properties, &mut left, 1)?;
            more = self.scan.more(b'}')?;
        }
        Some(properties)
    }

    /// A name and its value. A name that stands there twice is not as usual.
    fn entry(&mut self, to: &mut Properties, left: &mut usize, depth: usize) -> Option<()> {
        let name = self.name()?;
        self.scan.expect(b':')?;
        let before = match self.value(left, depth)? {
            Some(value) => to.insert(name, value).is_some(),
            None => to.contains(&name),
        };
        (!before).then_some(())
    }

    /// A value within the limits; null is the absence of one.
    fn value(&mut self, left: &mut usize, depth: usize) -> Option<Option<Value>> {
        if depth > DEPTH_MAX {
            return None;
        }
        Some(Some(match self.scan.peek()? {
            b'"' => {
                let text = self.scan.text()?;
                Value::Text(self.texts.shared(check_text(&text, Limit::Value).ok()?))
            }
            b'{' => Value::Object(self.object(left, depth)?),
            b'[' => Value::List(self.list(left, depth)?),
            b't' => self.scan.word("true").map(|()| Value::Bool(true))?,
            b'f' => self.scan.word("false").map(|()| Value::Bool(false))?,
            b'n' => return self.scan.word("null").map(|()| None),
            _ => self.scan.number()?,
        }))
    }

    fn object(&mut self, left: &mut usize, depth: usize) -> Option<Properties> {
        self.scan.expect(b'{')?;
        let mut object = Properties::new();
        let mut more = !self.scan.eat(b'}');
        while more {
            *left = left.checked_sub(1)?;
            self.entry(&mut object, left, depth + 1)?;
            more = self.scan.more(b'}')?;
        }
        Some(object)
    }

    fn list(&mut self, left: &mut usize, depth: usize) -> Option<Vec<Value>> {
        self.scan.expect(b'[')?;
        let mut list = Vec::new();
        let mut more = !self.scan.eat(b']');
        while more {
            *left = left.checked_sub(1)?;
            list.extend(self.value(left, depth + 1)?);
            more = self.scan.more(b']')?;
        }
        Some(list)
    }
}

/// The fields of a record as they come.
#[derive(Default)]
struct Draft<'a> {
    kind: Option<Cow<'a, str>>,
    ids: Ids,
    id: Option<String>,
    at: Option<Timestamp>,
    name: Option<Arc<str>>,
    properties: Option<Properties>,
    set: Option<Properties>,
}

/// Fills a field in, which may be there once.
fn put<T>(field: &mut Option<T>, value: Option<T>) -> Option<()> {
    match field {
        Some(_) => None,
        None => {
            *field = value;
            Some(())
        }
    }
}

impl Draft<'_> {
    fn finish(self, index: usize) -> Option<Incoming> {
        let body = match (self.kind?.as_ref(), self.name, self.properties, self.set) {
            ("event", Some(name), properties, None) if !name.is_empty() => {
                Body::Event { name, properties: properties.unwrap_or_default() }
            }
            ("profile", None, None, set) => {
                let set = set.unwrap_or_default().into_iter();
                Body::Profile(set.map(|(name, value)| (name, TraitOp::Set(value))).collect())
            }
            _ => return None,
        };
        let named = self.ids.identity.is_some() || self.ids.guid.is_some();
        let (ids, at, id) = (self.ids, self.at, self.id);
        named.then_some(Incoming { index, ids, at, id, body })
    }
}

/// Texts that came lately in the same body: names and many values come with every record, and are
/// then one text. What is pushed out by another is only held twice.
struct Texts {
    hasher: RandomState,
    lately: Vec<Option<Arc<str>>>,
}

impl Texts {
    /// A power of two; enough for the names and the common values of a body.
    const HELD: usize = 256;
    /// Longer ones are rarely the same.
    const BYTES_MAX: usize = 48;

    fn new() -> Texts {
        Texts { hasher: RandomState::new(), lately: vec![None; Texts::HELD] }
    }

    fn shared(&mut self, text: &str) -> Arc<str> {
        if text.len() > Texts::BYTES_MAX {
            return text.into();
        }
        let place = self.hasher.hash_one(text) as usize % Texts::HELD;
        match &self.lately[place] {
            Some(known) if **known == *text => known.clone(),
            _ => self.lately[place].insert(text.into()).clone(),
        }
    }
}

#[cfg(test)]
mod tests;
