//! Records on their way from the door to who follows the log: what was sealed a moment ago need
//! not be opened again. The log stays the truth, and what is not here is opened from it.

use std::collections::VecDeque;
use std::mem::size_of;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use candor_event::{Column, Record, TraitOp, Value};
use candor_log::Offset;

/// Bytes of memory that records may take that nobody has followed yet: about 40,000 events.
const BYTES_MAX: usize = 32 << 20;

/// One publisher's frames that the log holds, with what they say, in their order.
#[derive(Debug, Default)]
pub(crate) struct Handed {
    bytes: Arc<AtomicUsize>,
    frames: Mutex<VecDeque<(Offset, Parcel)>>,
}

/// What a frame says. It takes of the room that there is until it is dropped.
#[derive(Debug)]
pub struct Parcel {
    records: Vec<Record>,
    bytes: usize,
    taken: Arc<AtomicUsize>,
}

impl Drop for Parcel {
    fn drop(&mut self) {
        self.taken.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

impl Handed {
    /// What a frame says, to be put here once the log holds it; nothing where there is no room.
    pub(crate) fn parcel(&self, records: Vec<Record>) -> Option<Parcel> {
        let bytes = records.iter().map(bytes_of).sum();
        let parcel = Parcel { records, bytes, taken: Arc::clone(&self.bytes) };
        // One that finds no room gives it back as it is dropped.
        let taken = self.bytes.fetch_add(bytes, Ordering::Relaxed);
        (taken + bytes <= BYTES_MAX).then_some(parcel)
    }

    /// The log holds the frame, at this offset; frames come in their order.
    pub(crate) fn put(&self, at: Offset, parcel: Parcel) {
        self.frames().push_back((at, parcel));
    }

    /// What the frame at an offset says, where it is here. Those before it are of no use any more.
    pub(crate) fn take(&self, at: Offset) -> Option<Vec<Record>> {
        let mut frames = self.frames();
        while let Some((of, mut parcel)) = frames.pop_front_if(|(of, _)| *of <= at) {
            if of == at {
                return Some(std::mem::take(&mut parcel.records));
            }
        }
        None
    }

    fn frames(&self) -> std::sync::MutexGuard<'_, VecDeque<(Offset, Parcel)>> {
        self.frames.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// About how many bytes of memory a record takes.
fn bytes_of(record: &Record) -> usize {
    let list = |values: &[Value]| -> usize {
        values.iter().map(|value| size_of::<Value>() + value.bytes_within()).sum()
    };
    size_of::<Record>()
        + match record {
            Record::Event(event) => event.properties.bytes_within(),
            Record::Sheet(sheet) => {
                let column = |column: &Column| 4 * column.codes.len() + list(&column.values);
                let columns: usize = sheet.columns.iter().map(column).sum();
                let names: usize = sheet.names.iter().map(|name| name.len()).sum();
                // Whose, what, when and in which session; and ids of 16 bytes.
                columns + names + sheet.len() * (4 + 4 + 8 + 8) + sheet.people.len() * 16
            }
            Record::Trait(change) => match &change.op {
                TraitOp::Set(value) => value.bytes_within(),
                TraitOp::Add(values) | TraitOp::Remove(values) => list(values),
                TraitOp::Unset | TraitOp::Increment(_) => 0,
            },
            _ => 0,
        }
}

#[cfg(test)]
mod tests {
    use candor_event::{Event, PersonId, Timestamp};

    use super::*;

    fn events(count: usize, text: &str) -> Vec<Record> {
        let event = Event {
            person: PersonId([7; 16]),
            occurred_at: Timestamp(0),
            received_at: Timestamp(1),
            name: "Seen".into(),
            session: None,
            fingerprint: 0,
            properties: [("item", text.into())].into(),
        };
        vec![Record::Event(event); count]
    }

    fn put(handed: &Handed, at: u64, records: Vec<Record>) {
        handed.put(Offset(at), handed.parcel(records).unwrap());
    }

    #[test]
    fn frames_are_taken_in_their_order_and_those_passed_over_are_gone() {
        let handed = Handed::default();
        (1..=4).for_each(|n| put(&handed, 10 * n, events(n as usize, "a")));
        assert_eq!(handed.take(Offset(5)), None);
        assert_eq!(handed.take(Offset(10)), Some(events(1, "a")));
        assert_eq!(handed.take(Offset(10)), None);
        assert_eq!(handed.take(Offset(30)), Some(events(3, "a")));
        assert_eq!(handed.take(Offset(20)), None, "passed over");
        // Somebody reads on behind all that is here.
        assert_eq!(handed.take(Offset(99)), None);
        assert_eq!(handed.take(Offset(40)), None);
        assert_eq!(handed.bytes.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn there_is_room_for_so_much_and_again_when_it_was_taken() {
        let handed = Handed::default();
        let large = "x".repeat(BYTES_MAX / 2);
        put(&handed, 1, events(1, &large));
        let small = handed.parcel(events(2, "a"));
        assert!(small.is_some() && handed.parcel(events(1, &large)).is_none());
        drop(handed.take(Offset(1)).unwrap());
        assert!(handed.parcel(events(1, &large)).is_some(), "and what was dropped takes none");
        drop(small);
        assert_eq!(handed.bytes.load(Ordering::Relaxed), 0);
        let nested = Value::List(vec![large.as_str().into(); 2]);
        let change = candor_event::TraitChange {
            person: PersonId([7; 16]),
            at: Timestamp(0),
            property: "tags".into(),
            op: TraitOp::Set(nested),
        };
        assert!(handed.parcel(vec![Record::Trait(change)]).is_none(), "however it lies");
    }
}
