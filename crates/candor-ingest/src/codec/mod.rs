//! Log records as bytes: compact, one section per data class, so that each class is sealed under
//! its own key. The bytes are drawn in `docs/formats/record.md`.
//!
//! A batch holds the records of one request. Texts, people and the shapes of properties are written
//! once per section and referred to by number.

mod reader;
mod sheet;
#[cfg(test)]
mod tests;
mod writer;

use candor_event::{ClassSet, DataClass, Event, FirstSeen, Merge, Record, Split, Value};

use reader::Reader;
use writer::{Lately, Writer};

use crate::error::Error;

/// The sections of a batch: the class and the plain bytes that are to be sealed under its key.
pub(crate) type Sections = Vec<(DataClass, Vec<u8>)>;

/// Divides `records` into one section per class. What says that a record exists (who, when, which
/// name) is `behaviour`; each property and trait goes to the class that `class_of` names.
pub(crate) fn encode(records: &[Record], class_of: &dyn Fn(&str) -> DataClass) -> Sections {
    let mut writers = Writers { records: records.len(), ..Writers::default() };
    for (index, record) in records.iter().enumerate() {
        encode_record(index, record, class_of, &mut writers);
    }
    let written = DataClass::ALL.into_iter().zip(writers.by_class);
    written.filter_map(|(class, writer)| Some((class, writer?.finish()))).collect()
}

/// A writer for each class that is written, and what one event's properties are sorted out in.
#[derive(Default)]
struct Writers<'a> {
    records: usize,
    by_class: [Option<Writer<'a>>; DataClass::ALL.len()],
    classes_lately: Lately<'a, DataClass>,
    classes: Vec<DataClass>,
    properties: Vec<(&'a str, &'a Value)>,
}

impl<'a> Writers<'a> {
    fn of(&mut self, class: DataClass) -> &mut Writer<'a> {
        let records = self.records;
        self.by_class[class as usize].get_or_insert_with(|| Writer::with_room(records))
    }

    fn event(&mut self, index: usize, event: &'a Event, class_of: &dyn Fn(&str) -> DataClass) {
        let writer = self.of(DataClass::Behaviour);
        writer.head(index, Kind::Event);
        writer.event(event);
        self.classes.clear();
        for name in event.properties.keys() {
            let class = self.classes_lately.get(name).unwrap_or_else(|| {
                let class = class_of(name);
                self.classes_lately.put(name, class);
                class
            });
            self.classes.push(class);
        }
        let present: ClassSet = self.classes.iter().copied().collect();
        for class in DataClass::ALL.into_iter().filter(|class| present.contains(*class)) {
            let mut properties = std::mem::take(&mut self.properties);
            properties.clear();
            let classed = event.properties.iter().zip(&self.classes);
            let of_class = classed.filter(|(_, of)| **of == class);
            properties.extend(of_class.map(|((name, value), _)| (&**name, value)));
            let writer = self.of(class);
            writer.head(index, Kind::Properties);
            writer.properties(&properties);
            self.properties = properties;
        }
    }
}

fn encode_record<'a>(
    index: usize,
    record: &'a Record,
    class_of: &dyn Fn(&str) -> DataClass,
    writers: &mut Writers<'a>,
) {
    let class = match record {
        Record::Event(event) => return writers.event(index, event, class_of),
        Record::Sheet(sheet) => return writers.sheet(index, sheet, class_of),
        Record::Trait(change) => class_of(&change.property),
        Record::Link(_) | Record::Merge(_) | Record::Split(_) => DataClass::Identity,
        Record::Consent(_) | Record::Erase { .. } | Record::FirstSeen(_) => DataClass::Behaviour,
    };
    let writer = writers.of(class);
    match record {
        Record::Event(_) | Record::Sheet(_) => unreachable!("written above"),
        Record::Trait(change) => {
            writer.head(index, Kind::Trait);
            writer.trait_change(change);
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
    }
}

/// Set in the form of an event's session: no fingerprint follows, its content tells it.
const BY_CONTENT: u8 = 4;

/// About what a record takes when its section is not compressed.
const BYTES_PER_RECORD: usize = 32;

/// Puts the sections of one batch together again, in the order in which they were encoded. A
/// section that could not be opened may be left out: its properties and traits are then missing.
///
/// # Errors
/// [`Error::BadRecord`] when the bytes are not what `encode` writes.
pub(crate) fn decode(sections: &[(DataClass, Vec<u8>)]) -> Result<Vec<Record>, Error> {
    // Every record has an entry of at least one byte, so there are no more than bytes.
    let bytes: usize = sections.iter().map(|(_, bytes)| bytes.len()).sum();
    let mut records: Vec<Option<Record>> = Vec::with_capacity(bytes / BYTES_PER_RECORD);
    // Behaviour first: it holds the events that the properties of other classes belong to.
    let (first, then): (Vec<_>, Vec<_>) =
        sections.iter().partition(|(class, _)| *class == DataClass::Behaviour);
    for (_, section) in first.into_iter().chain(then) {
        let mut reader = Reader::new(section)?;
        while !reader.at_end() {
            let (index, kind) = reader.head()?;
            let index = usize::try_from(index).ok().filter(|index| *index < bytes);
            let index = index.ok_or(Error::BadRecord("a record's number is too large"))?;
            if records.len() <= index {
                records.resize_with(index + 1, || None);
            }
            let record = &mut records[index];
            match (kind, record) {
                (Kind::Properties, Some(Record::Event(event))) => reader.properties(event)?,
                (Kind::Columns, Some(Record::Sheet(sheet))) => reader.columns(sheet)?,
                (Kind::Properties | Kind::Columns, _) => {
                    return Err(Error::BadRecord("properties belong to no event"));
                }
                (_, Some(_)) => return Err(Error::BadRecord("two records have one number")),
                (kind, record) => *record = Some(decode_record(kind, &mut reader)?),
            }
        }
    }
    records.iter_mut().for_each(|record| {
        if let Some(Record::Sheet(sheet)) = record {
            sheet.columns.sort_by(|a, b| a.name.cmp(&b.name));
        }
    });
    let whole = |record: &Option<Record>| match record {
        Some(Record::Sheet(sheet)) => sheet.is_whole(),
        _ => true,
    };
    if !records.iter().all(whole) {
        return Err(Error::BadRecord("a sheet is not whole"));
    }
    // In place: numbers without a record belong to classes that were not given.
    records.retain(Option::is_some);
    Ok(records.into_iter().map_while(|record| record).collect())
}

fn decode_record(kind: Kind, reader: &mut Reader<'_>) -> Result<Record, Error> {
    Ok(match kind {
        Kind::Properties | Kind::Columns => unreachable!("read onto their events"),
        Kind::Sheet => Record::Sheet(Box::new(reader.sheet()?)),
        Kind::Event => Record::Event(reader.event()?),
        Kind::Trait => Record::Trait(reader.trait_change()?),
        Kind::Link => Record::Link(reader.link()?),
        Kind::Merge => Record::Merge(Merge {
            winner: reader.person()?,
            loser: reader.person()?,
            at: reader.time()?,
            reason: reader.text()?.as_ref().to_owned(),
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
    })
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
    Sheet,
    Columns,
}

impl Kind {
    const ALL: [Kind; 11] = [
        Kind::Event,
        Kind::Properties,
        Kind::Trait,
        Kind::Link,
        Kind::Merge,
        Kind::Split,
        Kind::Consent,
        Kind::Erase,
        Kind::FirstSeen,
        Kind::Sheet,
        Kind::Columns,
    ];

    /// Low bits of an entry's head that tell its kind.
    const BITS: u32 = 4;

    fn from_bits(head: u64) -> Result<Kind, Error> {
        let kind = Kind::ALL.get((head & ((1 << Kind::BITS) - 1)) as usize);
        kind.copied().ok_or(Error::BadRecord("unknown kind"))
    }
}
