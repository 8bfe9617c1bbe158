//! Many events side by side: what a bulk load brings.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{Event, PersonId, Properties, Timestamp, Value};

/// Events column by column, in the order in which they came. Each is told from its repeats by its
/// content ([`Event::BY_CONTENT`]).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sheet {
    /// When all of them arrived.
    pub received_at: Timestamp,
    /// The people whose they are; somebody may be there twice.
    pub people: Vec<PersonId>,
    /// By event: the place of its person.
    pub owners: Vec<u32>,
    /// By event: when it happened, in ms since 1970.
    pub times: Vec<i64>,
    /// What happened.
    pub names: Vec<Arc<str>>,
    /// By event: the place of its name.
    pub codes: Vec<u32>,
    /// By event: its session, 0 for none; empty where none has one.
    pub sessions: Vec<u64>,
    /// Their details, by name; each name is there once.
    pub columns: Vec<Column>,
}

/// One property of the events of a sheet. No value is a list or an object.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Column {
    /// Its name.
    pub name: Arc<str>,
    /// By event: the place of its value plus one, 0 where it has none.
    pub codes: Vec<u32>,
    /// The values; one may be there twice.
    pub values: Vec<Value>,
}

impl Column {
    /// The value of an event.
    pub fn get(&self, at: usize) -> Option<&Value> {
        self.codes[at].checked_sub(1).map(|place| &self.values[place as usize])
    }
}

impl Sheet {
    /// How many events there are.
    pub fn len(&self) -> usize {
        self.times.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.times.is_empty()
    }

    /// One of the events.
    pub fn event(&self, at: usize) -> Event {
        let mut properties = Properties::with_capacity(self.columns.len());
        for column in &self.columns {
            if let Some(value) = column.get(at) {
                properties.push(column.name.clone(), value.clone());
            }
        }
        Event {
            person: self.people[self.owners[at] as usize],
            occurred_at: Timestamp(self.times[at]),
            received_at: self.received_at,
            name: self.names[self.codes[at] as usize].clone(),
            session: self.sessions.get(at).copied().filter(|session| *session != 0),
            fingerprint: Event::BY_CONTENT,
            properties,
        }
    }

    /// Whether every place that is named is there, for each event, and names stand in their order.
    pub fn is_whole(&self) -> bool {
        let (len, people, names) = (self.len(), self.people.len(), self.names.len());
        let within = |places: &[u32], count: usize| {
            places.len() == len && places.iter().all(|place| (*place as usize) < count)
        };
        let flat = |value: &Value| !matches!(value, Value::List(_) | Value::Object(_));
        within(&self.owners, people)
            && within(&self.codes, names)
            && [0, len].contains(&self.sessions.len())
            && self.columns.is_sorted_by(|a, b| a.name < b.name)
            && self.columns.iter().all(|column| {
                within(&column.codes, column.values.len() + 1) && column.values.iter().all(flat)
            })
    }
}
