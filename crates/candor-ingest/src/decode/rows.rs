//! Rows of files that people bring: which column says what, and a row as a record.

use std::collections::HashMap;
use std::sync::Arc;

use candor_event::{PersonId, Properties, Timestamp, TraitOp, Value};
use candor_store::Cell;
use serde_json::Value as Json;

use super::cell::{id_text, instant_of_cell, property, session};
use super::json::parse;
use super::records::record;
use super::sheet::SheetReader;
use super::value::{check_text, check_value};
use super::{Body, ID_BYTES_MAX, Incoming, Limit, PROPERTIES_MAX, RefusalCode, read_value};
use crate::who::Ids;

/// The longest line of JSON, in bytes.
pub const LINE_BYTES_MAX: usize = 1 << 20;

/// Nested values of one row, its columns not counted.
const NESTED_MAX: usize = 4096;

/// Columns of a file; a row fills at most as many as a record has properties.
const COLUMNS_MAX: usize = 16_384;

/// Begins the name of a column that is a property, whatever follows: `property:time` is the
/// property `time`.
pub const PROPERTY_COLUMN: &str = "property:";

/// Begins the name of a column whose texts are JSON: the values of the property that follows.
pub const JSON_COLUMN: &str = "json:";

pub(super) type Refusal = (RefusalCode, String);

/// What a column says of a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Role {
    /// The publisher's own id of the person.
    Identity,
    /// The device.
    Guid,
    /// The event's name.
    Event,
    /// When it happened.
    Time,
    /// The visit.
    Session,
    /// The sender's own id of the row.
    Id,
    /// Who it is to the publisher that the file comes from, as an id of Candor's, for rows with no
    /// other. Anything else in such a column is a property.
    Person,
    /// A property, or a trait, of that name.
    Property(Arc<str>),
    /// The same, as a text of JSON.
    Json(Arc<str>),
    /// Nothing: it is left out.
    Nothing,
}

/// Which column says what: by its name, or as the importer was told.
#[derive(Clone, Debug, Default)]
pub struct Roles {
    named: HashMap<String, Role>,
    profiles: bool,
}

impl Roles {
    /// `map` holds pairs of what a column is and its name in the file: `identity`, `guid`, `event`,
    /// `time`, `session`, `id`, or the name that its property gets. Columns of `without` are left
    /// out. Rows are profiles where `profiles` says so, else events.
    ///
    /// # Errors
    /// Names the column that is given twice.
    pub fn new(
        map: &[(String, String)],
        without: &[String],
        profiles: bool,
    ) -> Result<Roles, String> {
        let mut named = HashMap::new();
        let told = map.iter().map(|(role, column)| {
            let role = match role.as_str() {
                "event" | "name" if !profiles => Role::Event,
                role => Roles::by_name(role).unwrap_or_else(|| Role::Property(role.into())),
            };
            (column, role)
        });
        for (column, role) in told.chain(without.iter().map(|column| (column, Role::Nothing))) {
            if named.insert(column.clone(), role).is_some() {
                return Err(format!("the column {column:?} is given two meanings"));
            }
        }
        Ok(Roles { named, profiles })
    }

    fn by_name(name: &str) -> Option<Role> {
        Some(match name {
            "identity" => Role::Identity,
            "guid" => Role::Guid,
            "time" => Role::Time,
            "session" => Role::Session,
            "id" => Role::Id,
            "person" => Role::Person,
            _ => return None,
        })
    }

    /// The role of a column among others. A column `name` is the event's where no other is.
    fn of(&self, column: &str, others_name_events: bool) -> Role {
        if let Some(role) = self.named.get(column) {
            return role.clone();
        }
        if let Some(name) = column.strip_prefix(PROPERTY_COLUMN) {
            return Role::Property(name.into());
        }
        if let Some(name) = column.strip_prefix(JSON_COLUMN) {
            return Role::Json(name.into());
        }
        let role = Roles::by_name(column).filter(|role| !self.is_told(role));
        role.unwrap_or_else(|| match column {
            "event" if !self.profiles && !self.is_told(&Role::Event) => Role::Event,
            "name" if !self.profiles && !others_name_events => Role::Event,
            other => Role::Property(other.into()),
        })
    }

    fn is_told(&self, role: &Role) -> bool {
        self.named.values().any(|told| told == role)
    }

    /// The columns of a table that say something, and what; properties in the order of their names.
    ///
    /// # Errors
    /// Says which column is missing and how to name it.
    pub fn columns(&self, columns: &[Arc<str>]) -> Result<Vec<(usize, Role)>, String> {
        let told = self.is_told(&Role::Event);
        let named = told || columns.iter().any(|column| &**column == "event");
        let roles: Vec<Role> = columns.iter().map(|column| self.of(column, named)).collect();
        let has = |role: &Role| roles.contains(role);
        for column in self.named.keys() {
            if !columns.iter().any(|other| **other == **column) {
                return Err(format!("the file has no column {column:?}"));
            }
        }
        if ![Role::Identity, Role::Guid, Role::Person].iter().any(has) {
            return Err("no column says who: name one 'identity' or 'guid', or give \
                        --map identity=COLUMN"
                .to_owned());
        }
        if !self.profiles && !has(&Role::Event) {
            return Err("no column says what happened: name one 'event', give --map \
                        event=COLUMN, or --profiles where each row is a person"
                .to_owned());
        }
        if roles.len() > COLUMNS_MAX {
            return Err(format!("a file has at most {COLUMNS_MAX} columns"));
        }
        for name in roles.iter().filter_map(Role::property) {
            check_text(name, Limit::Name).map_err(|limit| Refusal::from(limit).1)?;
        }
        let mut roles: Vec<(usize, Role)> = roles.into_iter().enumerate().collect();
        roles.retain(|(_, role)| *role != Role::Nothing);
        roles.sort_by(|(_, a), (_, b)| a.property().cmp(&b.property()));
        Ok(roles)
    }

    /// Reads tables whose columns have these roles as sheets; none where they cannot be such.
    pub fn sheets(&self, roles: &[(usize, Role)]) -> Option<SheetReader> {
        if self.profiles { None } else { SheetReader::new(roles) }
    }

    /// A row of a table whose columns have these roles. `parse_time` reads times that are texts.
    ///
    /// # Errors
    /// Why the row is no record.
    pub fn row(
        &self,
        index: usize,
        roles: &[(usize, Role)],
        cell: impl Fn(usize) -> Option<Cell>,
        parse_time: &dyn Fn(&str) -> Option<Timestamp>,
    ) -> Result<Incoming, Refusal> {
        let mut row = Row::with_room(roles.len());
        for (column, role) in roles {
            if let Some(cell) = cell(*column) {
                row.put(role, cell, parse_time)?;
            }
        }
        row.finish(index, self.profiles)
    }

    /// A line of JSON: a record of `POST /api/v1/events` where it has a `type`, else a row whose
    /// keys are columns.
    ///
    /// # Errors
    /// Why the line is no record.
    pub fn line(
        &self,
        index: usize,
        line: &[u8],
        parse_time: &dyn Fn(&str) -> Option<Timestamp>,
    ) -> Result<Incoming, Refusal> {
        let bad = |message: &str| (RefusalCode::BadRecord, message.to_owned());
        if line.len() > LINE_BYTES_MAX {
            return Err(bad(&format!("a line has at most {LINE_BYTES_MAX} bytes")));
        }
        let Ok(json) = parse(line) else { return Err(bad("the line is not JSON")) };
        let Json::Object(fields) = &json else { return Err(bad("the line is no JSON object")) };
        if fields.contains_key("type") && !self.named.contains_key("type") {
            return record(index, json, parse_time);
        }
        let named = self.is_told(&Role::Event) || fields.contains_key("event");
        let (mut row, mut left) = (Row::with_room(fields.len()), NESTED_MAX);
        for (column, json) in fields {
            let role = self.of(column, named);
            if role == Role::Nothing {
                continue;
            }
            if let Some(name) = role.property() {
                check_text(name, Limit::Name)?;
            }
            if let Some(value) = read_value(json, &mut left)? {
                row.put(&role, Cell::Value(value), parse_time)?;
            }
        }
        row.finish(index, self.profiles)
    }
}

impl Role {
    /// The property that a column fills, if it does.
    fn property(&self) -> Option<&Arc<str>> {
        match self {
            Role::Property(name) | Role::Json(name) => Some(name),
            _ => None,
        }
    }
}

/// A row as its cells come.
struct Row {
    ids: Ids,
    /// Who it is to another publisher.
    person: Option<Arc<str>>,
    at: Option<Timestamp>,
    id: Option<String>,
    event: Option<Arc<str>>,
    properties: Properties,
    nested_left: usize,
}

impl Row {
    fn with_room(cells: usize) -> Row {
        Row {
            ids: Ids::default(),
            person: None,
            at: None,
            id: None,
            event: None,
            properties: Properties::with_capacity(cells.min(PROPERTIES_MAX)),
            nested_left: NESTED_MAX,
        }
    }

    fn put(
        &mut self,
        role: &Role,
        cell: Cell,
        parse_time: &dyn Fn(&str) -> Option<Timestamp>,
    ) -> Result<(), Refusal> {
        match role {
            Role::Identity => self.ids.identity = Some(id_text(cell, "identity")?),
            Role::Guid => self.ids.guid = Some(id_text(cell, "guid")?),
            Role::Id => {
                let id = id_text(cell, "id")?;
                if id.len() > ID_BYTES_MAX {
                    let message = format!("'id' has at most {ID_BYTES_MAX} bytes");
                    return Err((RefusalCode::ValueTooLong, message));
                }
                self.id = Some(id);
            }
            Role::Time => {
                self.at = Some(instant_of_cell(cell, parse_time)?);
            }
            Role::Event => match cell {
                Cell::Value(Value::Text(name)) if !name.is_empty() => {
                    check_text(&name, Limit::Name)?;
                    self.event = Some(name);
                }
                _ => {
                    let message = "an event's name is a text".to_owned();
                    return Err((RefusalCode::BadRecord, message));
                }
            },
            Role::Session => {
                let session = session(cell);
                check_value(&session, &mut self.nested_left)?;
                self.properties.insert("session", session);
            }
            Role::Person => match cell {
                Cell::Value(Value::Text(id)) if PersonId::parse(&id).is_some() => {
                    self.person = Some(id);
                }
                cell => self.fill("person".into(), property(cell))?,
            },
            Role::Property(name) => self.fill(name.clone(), property(cell))?,
            Role::Json(name) => {
                let bad = || {
                    let message = "a column whose name begins with 'json:' holds JSON".to_owned();
                    (RefusalCode::BadRecord, message)
                };
                let Cell::Value(Value::Text(text)) = cell else { return Err(bad()) };
                let json = parse(text.as_bytes()).map_err(|_| bad())?;
                if let Some(value) = read_value(&json, &mut self.nested_left)? {
                    self.fill(name.clone(), value)?;
                }
            }
            Role::Nothing => {}
        }
        Ok(())
    }

    fn fill(&mut self, name: Arc<str>, value: Value) -> Result<(), Refusal> {
        check_value(&value, &mut self.nested_left)?;
        self.properties.insert(name, value);
        match self.properties.len() > PROPERTIES_MAX {
            true => Err(Limit::Count.into()),
            false => Ok(()),
        }
    }

    fn finish(mut self, index: usize, profile: bool) -> Result<Incoming, Refusal> {
        if self.ids == Ids::default() {
            self.ids.guid = self.person.take().map(|id| id.as_ref().to_owned());
        }
        if self.ids == Ids::default() {
            let message = "the row names nobody: 'identity' and 'guid' are empty".to_owned();
            return Err((RefusalCode::MissingIdentity, message));
        }
        let body = match (profile, self.event) {
            (false, Some(name)) => Body::Event { name, properties: self.properties },
            (false, None) => {
                let message = "the row names no event".to_owned();
                return Err((RefusalCode::BadRecord, message));
            }
            (true, _) => {
                let traits = self.properties.into_iter();
                Body::Profile(traits.map(|(name, value)| (name, TraitOp::Set(value))).collect())
            }
        };
        Ok(Incoming { index, ids: self.ids, at: self.at, id: self.id, body })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Timestamp = Timestamp(1_795_500_000_000);

    fn parse_time(text: &str) -> Option<Timestamp> {
        (text == "2026-11-24T10:00:00Z").then_some(AT)
    }

    fn roles(map: &[(&str, &str)], profiles: bool) -> Roles {
        let map: Vec<_> = map.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        Roles::new(&map, &["secret".to_owned()], profiles).unwrap()
    }

    fn line(roles: &Roles, line: &str) -> Result<Incoming, &'static str> {
        roles.line(0, line.as_bytes(), &parse_time).map_err(|(code, _)| code.word())
    }

    #[test]
    fn columns_are_found_by_name_or_as_told() {
        let roles =
            roles(&[("identity", "distinct_id"), ("time", "ts"), ("Item", "item_id")], false);
        let columns =
            ["distinct_id", "ts", "event", "item_id", "secret", "name"].map(Arc::<str>::from);
        let found = roles.columns(&columns).unwrap();
        let expected = [
            (0, Role::Identity),
            (1, Role::Time),
            (2, Role::Event),
            (3, Role::Property("Item".into())),
            (5, Role::Property("name".into())),
        ];
        assert_eq!(found, expected);
        assert!(roles.columns(&columns[..3]).is_err(), "a column that was named is not there");
        let none = Roles::default();
        assert!(none.columns(&["event".into()]).unwrap_err().contains("identity"));
        assert!(none.columns(&["guid".into()]).unwrap_err().contains("--profiles"));
    }

    #[test]
    fn a_row_is_an_event_or_a_profile() {
        let event =
            line(&Roles::default(), r#"{"identity":7,"name":"Seen","time":1795500000,"n":2}"#);
        let event = event.unwrap();
        assert_eq!((event.ids.identity.as_deref(), event.at), (Some("7"), Some(AT)));
        let properties = [("n", Value::Integer(2))].into();
        assert_eq!(event.body, Body::Event { name: "Seen".into(), properties });
        let profile = line(&roles(&[], true), r#"{"guid":"g","name":"Asha","secret":1,"x":null}"#);
        let set = TraitOp::Set("Asha".into());
        assert_eq!(profile.unwrap().body, Body::Profile(vec![("name".into(), set)]));
    }

    #[test]
    fn a_line_with_a_type_is_a_record_of_the_api() {
        let sent = r#"{"type":"event","identity":"u","name":"n","at":"2026-11-24T10:00:00Z"}"#;
        assert_eq!(line(&Roles::default(), sent).unwrap().at, Some(AT));
        assert_eq!(line(&Roles::default(), r#"{"type":"x","identity":"u"}"#), Err("bad_record"));
    }

    #[test]
    fn a_column_can_be_a_property_whatever_its_name_and_hold_json() {
        let line = line(
            &Roles::default(),
            r#"{"identity":"u","event":"n","property:time":"noon","property:json:a":1,
                "json:Items":"[{\"sku\":\"s\"}]","person":"me"}"#,
        );
        let items = Value::List(vec![Value::Object([("sku", "s".into())].into())]);
        let properties = [
            ("Items", items),
            ("json:a", Value::Integer(1)),
            ("person", "me".into()),
            ("time", "noon".into()),
        ];
        let body = Body::Event { name: "n".into(), properties: properties.into() };
        assert_eq!(line.unwrap().body, body);
    }

    #[test]
    fn a_person_of_another_publisher_is_known_by_that_where_nothing_else_is_known() {
        let person = PersonId([7; 16]).to_string();
        let who = |more: &str| {
            let text = format!(r#"{{"person":"{person}","event":"n"{more}}}"#);
            let row = line(&Roles::default(), &text).unwrap();
            assert_eq!(row.body, Body::Event { name: "n".into(), properties: Properties::new() });
            row.ids
        };
        assert_eq!(who("").guid.as_deref(), Some(person.as_str()));
        let known = Ids { identity: Some("u".to_owned()), ..Ids::default() };
        assert_eq!(who(r#","identity":"u""#), known);
    }

    #[test]
    fn a_bad_row_says_why() {
        let refused = |text: &str| line(&Roles::default(), text).unwrap_err();
        assert_eq!(refused("{"), "bad_record");
        assert_eq!(refused(r#"{"event":"n"}"#), "missing_identity");
        assert_eq!(refused(r#"{"identity":"u"}"#), "bad_record");
        assert_eq!(refused(r#"{"identity":"u","event":"n","time":"noon"}"#), "bad_time");
        let long = format!(r#"{{"identity":"u","event":"n","p":"{}"}}"#, "x".repeat(1025));
        assert_eq!(refused(&long), "value_too_long");
        assert_eq!(refused(r#"{"identity":"u","event":"n","json:p":"{"}"#), "bad_record");
        let fields = |n: usize| (0..n).map(|n| format!(",\"p{n}\":1")).collect::<String>();
        let row = |n: usize| format!(r#"{{"identity":"u","event":"n"{}}}"#, fields(n));
        assert_eq!(refused(&row(257)), "too_many_properties");
        assert!(line(&Roles::default(), &row(256)).is_ok());
    }
}
