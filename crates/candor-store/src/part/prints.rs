//! What tells an event from its repeats, and how to work it out of what is held.

use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use candor_event::{Event, Value, ValueRef, content};
use candor_keys::PublisherKeys;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::resident::arrivals::Arrivals;
use crate::resident::column::Column;
use crate::resident::names::Names;
use crate::resident::segment::Segment;
use crate::resident::tail::Row;

/// A repeat is known for so long after the first one arrived.
const TOLD_MS: i64 = 7 * 86_400_000;

/// What tells an event from its repeats of the same person, time and name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Print(u64);

impl Print {
    /// Its content, as it is held.
    pub(crate) const CONTENT: Print = Print(0);
    /// Nothing any more: it has no repeats.
    pub(crate) const NOTHING: Print = Print(1);

    /// The fingerprint that came with it.
    pub(crate) fn told(fingerprint: u64) -> Print {
        match fingerprint {
            Event::BY_CONTENT => Print::CONTENT,
            told => Print::hashed(told),
        }
    }

    fn hashed(hash: u64) -> Print {
        Print(hash.max(2))
    }

    /// As files hold it: no number is the content.
    pub(super) fn to_file(self) -> Option<i64> {
        (self != Print::CONTENT).then_some(self.0 as i64)
    }

    pub(super) fn of_file(number: Option<i64>) -> Print {
        number.map_or(Print::CONTENT, |number| Print(number as u64))
    }
}

/// The print of a row that waits for its segment: once somebody worked out its content's, that.
#[derive(Debug)]
pub(crate) struct KnownPrint(AtomicU64);

impl KnownPrint {
    pub(crate) fn get(&self) -> Print {
        Print(self.0.load(Ordering::Relaxed))
    }

    fn set(&self, print: Print) {
        self.0.store(print.0, Ordering::Relaxed);
    }
}

impl From<Print> for KnownPrint {
    fn from(print: Print) -> KnownPrint {
        KnownPrint(AtomicU64::new(print.0))
    }
}

impl Clone for KnownPrint {
    fn clone(&self) -> KnownPrint {
        self.get().into()
    }
}

/// Which prints of a part lie in its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Told {
    /// Events whose print is not their content's.
    pub(crate) events: u64,
    /// Until when, in ms, one of them may have a repeat.
    pub(crate) until: i64,
}

impl Told {
    pub(crate) const NONE: Told = Told { events: 0, until: i64::MIN };

    /// Of a part of which nothing is known.
    pub(crate) fn unknown() -> Told {
        Told { events: u64::MAX, until: i64::MAX }
    }

    /// Whether it holds prints that tell nothing any more.
    pub(crate) fn is_over(&self, now: i64) -> bool {
        self.until != i64::MIN && self.until < now
    }
}

/// Works out prints of the content of rows.
pub(crate) struct Contents<'a> {
    /// None: of a store without files.
    keys: Option<&'a PublisherKeys>,
    bytes: Vec<u8>,
}

impl<'a> Contents<'a> {
    pub(crate) fn new(keys: Option<&'a PublisherKeys>) -> Contents<'a> {
        Contents { keys, bytes: Vec::new() }
    }

    /// Of a row that waits for its segment, whose properties are among these names: what came with
    /// it, or else its content's.
    pub(crate) fn print_of(&mut self, row: &Row, names: &Names) -> Print {
        if row.print.get() != Print::CONTENT {
            return row.print.get();
        }
        let cells = row.properties.iter().map(|(property, value)| (names.name(*property), value));
        let mut cells: Vec<(&Arc<str>, &Value)> = cells.collect();
        cells.sort_unstable_by_key(|(name, _)| *name);
        let cells = cells.into_iter().map(|(name, value)| (&**name, value.into()));
        row.print.set(self.hashed(cells, row.session));
        row.print.get()
    }

    /// Of a row of a segment.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(crate) fn print(
        &mut self,
        segment: &Segment,
        row: usize,
        names: &Names,
    ) -> Result<Print, Error> {
        let mut cells = Vec::new();
        for property in segment.properties() {
            let column = segment.read_column(property)?;
            let value = column.and_then(|column| column.get(row as u32));
            cells.extend(value.map(|value| (names.name(property).clone(), value.to_value())));
        }
        cells.sort_by(|a, b| a.0.cmp(&b.0));
        let cells = cells.iter().map(|(name, value)| (&**name, value.into()));
        Ok(self.hashed(cells, segment.read_sessions()?.at(row)))
    }

    fn hashed<'v>(
        &mut self,
        cells: impl Iterator<Item = (&'v str, ValueRef<'v>)>,
        session: u64,
    ) -> Print {
        self.bytes.clear();
        content(cells, session, &mut self.bytes);
        Print::hashed(match self.keys {
            Some(keys) => keys.fingerprint(&self.bytes),
            None => BuildHasherDefault::<DefaultHasher>::default().hash_one(&self.bytes),
        })
    }
}

/// The prints of a segment as its part is to hold them: those that its content tells are left out,
/// and those that tell nothing any more.
pub(super) fn to_hold(
    keys: &PublisherKeys,
    segment: &Segment,
    sessions: &[i64],
    arrivals: &Arrivals,
    named: &[(Arc<str>, &Column)],
    now: i64,
) -> (Vec<Print>, Told) {
    let mut contents = Contents::new(Some(keys));
    let (mut prints, mut told) = (Vec::with_capacity(segment.rows()), Told::NONE);
    // Nested values come back from a file as JSON tells them, which may not be to the bit.
    let nested: Vec<bool> = named.iter().map(|(_, column)| has_nested(column)).collect();
    for first in (0..segment.rows()).step_by(super::writer::PIECE_ROWS) {
        let rows = first..segment.rows().min(first + super::writer::PIECE_ROWS);
        let codes: Vec<Vec<u32>> =
            named.iter().map(|(_, column)| column.codes(rows.clone())).collect();
        for (at, row) in rows.enumerate() {
            let print = arrivals.print(row);
            let gone = arrivals.received(row).saturating_add(TOLD_MS);
            let held = match print {
                Print::CONTENT | Print::NOTHING => print,
                _ if gone < now => Print::NOTHING,
                _ => {
                    let cells = named.iter().zip(&codes).filter_map(|((name, column), codes)| {
                        let place = codes[at].checked_sub(1)?;
                        Some((&**name, column.values().get(place as usize)))
                    });
                    let is_nested = |(nested, codes): (&bool, &Vec<u32>)| *nested && codes[at] != 0;
                    let told = nested.iter().zip(&codes).any(is_nested)
                        || contents.hashed(cells, sessions[row] as u64) != print;
                    if told { print } else { Print::CONTENT }
                }
            };
            told.events += u64::from(held != Print::CONTENT);
            if ![Print::CONTENT, Print::NOTHING].contains(&held) {
                told.until = told.until.max(gone);
            }
            prints.push(held);
        }
    }
    (prints, told)
}

/// Whether files give the values back as something that may have another print.
pub(crate) fn is_nested(value: &Value) -> bool {
    matches!(value, Value::List(_) | Value::Object(_))
}

fn has_nested(column: &Column) -> bool {
    column.values().iter().any(|v| matches!(v, ValueRef::List(_) | ValueRef::Object(_)))
}
