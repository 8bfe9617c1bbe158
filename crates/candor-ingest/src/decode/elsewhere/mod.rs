//! Lines that other products export, as records: who, when and what under our names, the rest as it
//! was called there.

mod clevertap;
mod mixpanel;

use std::sync::Arc;

use candor_event::{Properties, Timestamp, TraitOp};
use serde_json::{Map, Value as Json};

use super::json::parse;
use super::value::check_text;
use super::{Incoming, LINE_BYTES_MAX, Limit, PROPERTIES_MAX, RefusalCode, read_value};

type Refusal = (RefusalCode, String);
type Fields = Map<String, Json>;

/// Nested values of one record, its properties not counted.
const NESTED_MAX: usize = 4096;

/// Whose export it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Product {
    /// Event and profile exports to cloud storage, and records of the API's pages.
    CleverTap,
    /// The raw export of events, and profiles of Engage.
    Mixpanel,
}

/// How lines of an export are read.
#[derive(Clone, Debug)]
pub struct Elsewhere {
    /// Whose they are.
    pub product: Product,
    /// The event's name, where lines do not say it.
    pub event: Option<Arc<str>>,
}

/// Reads times that are no seconds or milliseconds, so that this room needs no calendar.
#[derive(Clone, Copy)]
pub struct Clocks<'a> {
    /// RFC 3339.
    pub instant: &'a dyn Fn(&str) -> Option<Timestamp>,
    /// A number YYYYMMDDhhmmss by the clock on the publisher's wall.
    pub wall: &'a dyn Fn(i64) -> Option<Timestamp>,
}

impl Elsewhere {
    /// A line of an export: an event or a profile, as it shows.
    ///
    /// # Errors
    /// Why the line is no record.
    pub fn line(&self, index: usize, line: &[u8], clocks: Clocks<'_>) -> Result<Incoming, Refusal> {
        if line.len() > LINE_BYTES_MAX {
            return Err(bad(&format!("a line has at most {LINE_BYTES_MAX} bytes")));
        }
        let Ok(json) = parse(line) else { return Err(bad("the line is not JSON")) };
        let Json::Object(fields) = &json else { return Err(bad("the line is no JSON object")) };
        let is_list = |name: &&str| fields.get(*name).is_some_and(Json::is_array);
        if let Some(list) = ["records", "results"].into_iter().find(is_list) {
            let message = format!("this is a page of the API: give its {list} line by line");
            return Err(bad(&message));
        }
        match self.product {
            Product::CleverTap => clevertap::record(index, fields, self.event.as_ref(), clocks),
            Product::Mixpanel => mixpanel::record(index, fields, self.event.as_ref(), clocks),
        }
    }
}

fn bad(message: &str) -> Refusal {
    (RefusalCode::BadRecord, message.to_owned())
}

fn nobody(names: &str) -> Refusal {
    (RefusalCode::MissingIdentity, format!("the line names nobody: {names} are empty"))
}

/// An id as a text; some are numbers.
fn id(json: Option<&Json>) -> Option<String> {
    match json? {
        Json::String(text) if !text.is_empty() => Some(text.clone()),
        Json::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Properties or traits as they come, within the limits of a record.
struct Filling {
    properties: Properties,
    nested_left: usize,
}

impl Filling {
    fn new() -> Filling {
        Filling { properties: Properties::new(), nested_left: NESTED_MAX }
    }

    /// Fills one in, unless something says it already. Null is nothing.
    fn add(&mut self, name: &str, json: &Json) -> Result<(), Refusal> {
        check_text(name, Limit::Name)?;
        if self.properties.contains(name) {
            return Ok(());
        }
        if let Some(value) = read_value(json, &mut self.nested_left)? {
            self.properties.insert(name, value);
        }
        match self.properties.len() > PROPERTIES_MAX {
            true => Err(Limit::Count.into()),
            false => Ok(()),
        }
    }

    /// Fills in those of an object, under the names that `called` has for them; nothing of those
    /// for which that is empty.
    fn add_all(&mut self, json: Option<&Json>, called: &[(&str, &str)]) -> Result<(), Refusal> {
        let fields = json.and_then(Json::as_object).into_iter().flatten();
        for (name, json) in fields {
            let ours = called.iter().find(|(theirs, _)| theirs == name);
            match ours.map_or(name.as_str(), |(_, ours)| ours) {
                "" => {}
                ours => self.add(ours, json)?,
            }
        }
        Ok(())
    }

    /// Fills in those of an object that `called` has a name for.
    fn add_named(&mut self, json: Option<&Json>, called: &[(&str, &str)]) -> Result<(), Refusal> {
        let Some(Json::Object(fields)) = json else { return Ok(()) };
        for (theirs, ours) in called {
            if let Some(json) = fields.get(*theirs) {
                self.add(ours, json)?;
            }
        }
        Ok(())
    }

    /// As traits that are set.
    fn into_changes(self) -> Vec<(Arc<str>, TraitOp)> {
        self.properties.into_iter().map(|(name, value)| (name, TraitOp::Set(value))).collect()
    }
}

#[cfg(test)]
mod tests;
