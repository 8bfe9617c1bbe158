//! Log records as bytes: compact, one section per data class, so that each class is sealed under
//! its own key. The bytes are drawn in `docs/formats/record.md`.
//!
//! A batch holds the records of one request. Texts and people that occur more than once in it are
//! written once per section and referred to by number.

mod reader;
#[cfg(test)]
mod tests;
mod writer;

use std::collections::BTreeMap;

use candor_event::{DataClass, FirstSeen, Merge, Properties, Record, Split, Value};

use reader::Reader;
use writer::Writer;

use crate::error::Error;

/// The sections of a batch: the class and the plain bytes that are to be sealed under its key.
pub(crate) type Sections = Vec<(DataClass, Vec<u8>)>;

/// Divides `records` into one section per class. What says that a record exists (who, when, which
/// name) is `behaviour`; each property and trait goes to the class that `class_of` names.
pub(crate) fn encode(records: &[Record], class_of: &dyn Fn(&str) -> DataClass) -> Sections {
    let mut writers: BTreeMap<DataClass, Writer> = BTreeMap::new();
    for (index, record) in records.iter().enumerate() {
        encode_record(index, record, class_of, &mut writers);
    }
    writers.into_iter().map(|(class, writer)| (class, writer.finish())).collect()
}

fn encode_record(
    index: usize,
    record: &Record,
    class_of: &dyn Fn(&str) -> DataClass,
    writers: &mut BTreeMap<DataClass, Writer>,
) {
    if let Record::Trait(change) = record {
        let writer = writers.entry(class_of(&change.property)).or_default();
        writer.head(index, Kind::Trait);
        writer.trait_change(change);
        return;
    }
    let class = match record {
        Record::Link(_) | Record::Merge(_) | Record::Split(_) => DataClass::Identity,
        _ => DataClass::Behaviour,
    };
    let writer = writers.entry(class).or_default();
    match record {
        Record::Event(event) => {
            writer.head(index, Kind::Event);
            writer.event(event);
            let mut by_class: BTreeMap<DataClass, Vec<(&String, &Value)>> = BTreeMap::new();
            for property in &event.properties {
                by_class.entry(class_of(property.0)).or_default().push(property);
            }
            for (class, properties) in by_class {
                let writer = writers.entry(class).or_default();
                writer.head(index, Kind::Properties);
                writer.properties(&properties);
            }
        }
        Record::Link(link) => {
            writer.head(index, Kind::Link);
            writer.out.push(link.kind as u8);
            writer.out.extend_from_slice(&link.hash);
            writer.person(link.person);
            writer.time(link.at);
        }
        Record::Merge(merge) => {
            writer.head(index, Kind::Merge);
            writer.person(merge.winner);
            writer.person(merge.loser);
            writer.time(merge.at);
            writer.text(&merge.reason);
        }
        Record::Split(split) => {
            writer.head(index, Kind::Split);
            writer.person(split.winner);
            writer.person(split.loser);
            writer.time(split.at);
        }
        Record::Consent(change) => {
            writer.head(index, Kind::Consent);
            writer.consent(change);
        }
        Record::Erase { person, at } => {
            writer.head(index, Kind::Erase);
            writer.person(*person);
            writer.time(*at);
        }
        Record::FirstSeen(first) => {
            writer.head(index, Kind::FirstSeen);
            writer.person(first.person);
            writer.time(first.at);
            writer.out.extend_from_slice(&first.fingerprint.to_le_bytes());
        }
        Record::Trait(_) => unreachable!("written above"),
    }
}

/// Puts the sections of one batch together again, in the order in which they were encoded. A
/// section that could not be opened may be left out: its properties and traits are then missing.
///
/// # Errors
/// [`Error::BadRecord`] when the bytes are not what `encode` writes.
pub(crate) fn decode(sections: &[(DataClass, Vec<u8>)]) -> Result<Vec<Record>, Error> {
    let mut records: BTreeMap<u64, Record> = BTreeMap::new();
    let mut properties: Vec<(u64, Properties)> = Vec::new();
    for (_, bytes) in sections {
        let mut reader = Reader::new(bytes)?;
        while !reader.at_end() {
            let index = reader.number()?;
            let record = match Kind::from_byte(reader.byte()?)? {
                Kind::Properties => {
                    properties.push((index, reader.properties()?));
                    continue;
                }
                Kind::Event => Record::Event(reader.event()?),
                Kind::Trait => Record::Trait(reader.trait_change()?),
                Kind::Link => Record::Link(reader.link()?),
                Kind::Merge => Record::Merge(Merge {
                    winner: reader.person()?,
                    loser: reader.person()?,
                    at: reader.time()?,
                    reason: reader.text()?.to_owned(),
                }),
                Kind::Split => Record::Split(Split {
                    winner: reader.person()?,
                    loser: reader.person()?,
                    at: reader.time()?,
                }),
                Kind::Consent => Record::Consent(reader.consent()?),
                Kind::Erase => Record::Erase { person: reader.person()?, at: reader.time()? },
                Kind::FirstSeen => Record::FirstSeen(FirstSeen {
                    person: reader.person()?,
                    at: reader.time()?,
                    fingerprint: u64::from_le_bytes(reader.array()?),
                }),
            };
            if records.insert(index, record).is_some() {
                return Err(Error::BadRecord("two records have one number"));
            }
        }
    }
    for (index, more) in properties {
        match records.get_mut(&index) {
            Some(Record::Event(event)) => event.properties.extend(more),
            _ => return Err(Error::BadRecord("properties belong to no event")),
        }
    }
    Ok(records.into_values().collect())
}

#[derive(Clone, Copy)]
enum Kind {
    Event,
    Properties,
    Trait,
    Link,
    Merge,
    Split,
    Consent,
    Erase,
    FirstSeen,
}

impl Kind {
    const ALL: [Kind; 9] = [
        Kind::Event,
        Kind::Properties,
        Kind::Trait,
        Kind::Link,
        Kind::Merge,
        Kind::Split,
        Kind::Consent,
        Kind::Erase,
        Kind::FirstSeen,
    ];

    fn from_byte(byte: u8) -> Result<Kind, Error> {
        Kind::ALL.get(usize::from(byte)).copied().ok_or(Error::BadRecord("unknown kind"))
    }
}
