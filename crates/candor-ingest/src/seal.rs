//! Batches of records as sealed frames of the log, drawn in `docs/formats/record.md`.

use std::sync::{Mutex, PoisonError};

use candor_event::{AccountId, DataClass, Event, Record};
use candor_keys::{PublisherKeys, Sealer};
use zstd::bulk::{Compressor, Decompressor};

use crate::codec;
use crate::error::Error;

const VERSION: u8 = 1;

/// Sections below this size are not worth compressing.
const COMPRESS_BYTES_MIN: usize = 64;

/// The largest section a frame may open to; guards against a damaged length.
const SECTION_BYTES_MAX: usize = 64 << 20;

/// The level of zstd: a log is written more often than it is read, and not for long. Below 1 it
/// finds what comes again and leaves the letters of the rest: 2 % more bytes for usual events, 14 %
/// where every text is another, in three quarters of the time.
const ZSTD_LEVEL: i32 = -1;

/// Seals one publisher's batches, each class under its own key.
pub struct BatchSealer {
    account: AccountId,
    sealers: Vec<Sealer>,
    /// Made once: its tables cost more than a small batch. `None` where they cannot be had.
    compressor: Mutex<Option<Compressor<'static>>>,
}

impl BatchSealer {
    /// A sealer with fresh derived keys of every class.
    pub fn new(keys: &PublisherKeys) -> BatchSealer {
        let sealers = DataClass::ALL.into_iter().map(|class| keys.sealer(class)).collect();
        let compressor = Mutex::new(Compressor::new(ZSTD_LEVEL).ok());
        BatchSealer { account: keys.account().clone(), sealers, compressor }
    }

    /// The frame's payload for `records`.
    ///
    /// # Errors
    /// [`Error::Keys`] when a class can no longer be sealed; [`Error::BadRecord`] when the records
    /// are too much for a frame.
    pub fn seal(
        &self,
        records: &[Record],
        class_of: &dyn Fn(&str) -> DataClass,
    ) -> Result<Vec<u8>, Error> {
        let account = self.account.as_str().as_bytes();
        let mut payload = Vec::with_capacity(256 + records.len() * 64);
        payload.extend_from_slice(&[VERSION, account.len() as u8]);
        payload.extend_from_slice(account);
        for (class, plain) in codec::encode(records, class_of) {
            // What could not be opened again must not be acknowledged.
            if plain.len() > SECTION_BYTES_MAX {
                return Err(Error::BadRecord("too much for one frame"));
            }
            let plain = self.compress(&plain);
            let aad = additional_data(&self.account, class);
            let sealed = self.sealers[class as usize].seal(&aad, &plain)?;
            payload.push(class as u8);
            payload.extend_from_slice(&(sealed.len() as u32).to_le_bytes());
            payload.extend_from_slice(&sealed);
        }
        Ok(payload)
    }

    fn compress(&self, plain: &[u8]) -> Vec<u8> {
        if plain.len() >= COMPRESS_BYTES_MIN {
            let mut compressor = self.compressor.lock().unwrap_or_else(PoisonError::into_inner);
            let small = compressor.as_mut().map(|compressor| compressor.compress(plain));
            if let Some(Ok(small)) = small
                && small.len() < plain.len()
            {
                return [&[1], small.as_slice()].concat();
            }
        }
        [&[0], plain].concat()
    }
}

/// Whose frame it is. Needs no key.
///
/// # Errors
/// [`Error::BadRecord`] when the payload is not a frame of this version.
pub fn account_of(payload: &[u8]) -> Result<AccountId, Error> {
    split(payload).map(|(account, _)| account)
}

/// Opens the frames of one publisher.
pub struct FrameOpener {
    keys: PublisherKeys,
    decompressor: Mutex<Option<Decompressor<'static>>>,
}

impl FrameOpener {
    /// An opener with a publisher's keys.
    pub fn new(keys: PublisherKeys) -> FrameOpener {
        FrameOpener { keys, decompressor: Mutex::new(Decompressor::new().ok()) }
    }

    /// Whose frames it opens.
    pub fn account(&self) -> &AccountId {
        self.keys.account()
    }

    /// The records of a frame. A class whose key does not open is left out.
    ///
    /// # Errors
    /// [`Error::BadRecord`] when the bytes are not a frame of this publisher, [`Error::Keys`] when
    /// what says that records exist (`behaviour`) does not open.
    pub fn open(&self, payload: &[u8]) -> Result<Vec<Record>, Error> {
        let (account, mut rest) = split(payload)?;
        if account != *self.keys.account() {
            return Err(Error::BadRecord("the frame is another publisher's"));
        }
        let (mut sections, mut whole) = (Vec::new(), true);
        while !rest.is_empty() {
            let short = Error::BadRecord("a section is cut short");
            let Some((head, more)) = rest.split_at_checked(5) else { return Err(short) };
            let class = DataClass::ALL.get(usize::from(head[0])).copied();
            let class = class.ok_or(Error::BadRecord("unknown class"))?;
            let length = u32::from_le_bytes([head[1], head[2], head[3], head[4]]) as usize;
            let Some((sealed, more)) = more.split_at_checked(length) else { return Err(short) };
            rest = more;
            match self.keys.open_sealed(class, &additional_data(&account, class), sealed) {
                Ok(plain) => sections.push((class, self.expand(plain)?)),
                Err(error) if class == DataClass::Behaviour => return Err(error.into()),
                Err(error) => {
                    tracing::warn!(class = class.name(), %error, "a class does not open");
                    whole = false;
                }
            }
        }
        let records = codec::decode(&sections)?;
        Ok(if whole { records } else { self.told_apart(payload, records) })
    }

    /// Records of a frame of which not all opened: what would tell events apart may not be here any
    /// more, so each is told by its place.
    fn told_apart(&self, payload: &[u8], records: Vec<Record>) -> Vec<Record> {
        let each = |record| match record {
            Record::Sheet(sheet) => (0..sheet.len()).map(|at| sheet.event(at).into()).collect(),
            record => vec![record],
        };
        let frame = self.keys.fingerprint(payload).to_le_bytes();
        let mut records: Vec<Record> = records.into_iter().flat_map(each).collect();
        for (place, record) in (0u64..).zip(&mut records) {
            if let Record::Event(event) = record
                && event.fingerprint == Event::BY_CONTENT
            {
                let told = [frame, place.to_le_bytes()].concat();
                event.fingerprint = self.keys.fingerprint(&told);
            }
        }
        records
    }

    fn expand(&self, mut bytes: Vec<u8>) -> Result<Vec<u8>, Error> {
        match bytes.first() {
            Some(0) => {
                bytes.remove(0);
                Ok(bytes)
            }
            Some(1) => {
                let failed = Error::BadRecord("a section does not decompress");
                let size = size_of_frame(&bytes[1..])?;
                let mut opener = self.decompressor.lock().unwrap_or_else(PoisonError::into_inner);
                let plain = opener.as_mut().map(|opener| opener.decompress(&bytes[1..], size));
                plain.and_then(Result::ok).ok_or(failed)
            }
            _ => Err(Error::BadRecord("unknown compression")),
        }
    }
}

/// The records of one frame; see [`FrameOpener::open`].
///
/// # Errors
/// As [`FrameOpener::open`].
pub fn open_frame(keys: &PublisherKeys, payload: &[u8]) -> Result<Vec<Record>, Error> {
    FrameOpener::new(keys.clone()).open(payload)
}

fn split(payload: &[u8]) -> Result<(AccountId, &[u8]), Error> {
    let bad = Error::BadRecord("the frame's head is damaged");
    let [VERSION, length, rest @ ..] = payload else { return Err(bad) };
    let Some((account, sections)) = rest.split_at_checked(usize::from(*length)) else {
        return Err(bad);
    };
    let account = std::str::from_utf8(account).ok().and_then(AccountId::new);
    account.map(|account| (account, sections)).ok_or(bad)
}

fn additional_data(account: &AccountId, class: DataClass) -> Vec<u8> {
    let mut aad = b"candor record".to_vec();
    aad.push(VERSION);
    aad.extend_from_slice(account.as_str().as_bytes());
    aad.push(class as u8);
    aad
}

/// The size that the zstd frame itself states, within the bound.
fn size_of_frame(small: &[u8]) -> Result<usize, Error> {
    match zstd::zstd_safe::get_frame_content_size(small) {
        Ok(Some(size)) if size <= SECTION_BYTES_MAX as u64 => Ok(size as usize),
        _ => Err(Error::BadRecord("a section states no usable size")),
    }
}

#[cfg(test)]
mod tests {
    use candor_event::{Event, PersonId, Timestamp};

    use super::*;

    fn events(count: u8) -> Vec<Record> {
        let event = |seed: u8| Event {
            person: PersonId([seed; 16]),
            occurred_at: Timestamp(1_795_500_000_000 + i64::from(seed)),
            received_at: Timestamp(1_795_500_000_400),
            name: "Product Viewed".into(),
            session: Some(1_795_500_000),
            fingerprint: u64::from(seed) * 0x9E37_79B9,
            properties: [
                ("Email", "ann@example.test".into()),
                ("item", format!("sku-{seed}").as_str().into()),
            ]
            .into(),
        };
        (0..count).map(|seed| Record::Event(event(seed))).collect()
    }

    fn class_of(name: &str) -> DataClass {
        if name == "Email" { DataClass::Contact } else { DataClass::Behaviour }
    }

    #[test]
    fn a_batch_opens_to_what_was_sealed() {
        let keys = PublisherKeys::for_tests(3);
        let payload = BatchSealer::new(&keys).seal(&events(50), &class_of).unwrap();
        assert_eq!(account_of(&payload).unwrap(), *keys.account());
        assert_eq!(open_frame(&keys, &payload).unwrap(), events(50));
    }

    #[test]
    fn nothing_of_a_batch_can_be_read_without_keys() {
        let keys = PublisherKeys::for_tests(3);
        let payload = BatchSealer::new(&keys).seal(&events(3), &class_of).unwrap();
        for canary in ["Product", "example", "sku-", "item"] {
            let found = payload.windows(canary.len()).any(|w| w == canary.as_bytes());
            assert!(!found, "{canary}");
        }
        assert!(open_frame(&PublisherKeys::for_tests(4), &payload).is_err());
    }

    #[test]
    fn every_changed_byte_is_refused_or_loses_only_a_class() {
        let keys = PublisherKeys::for_tests(3);
        let whole = BatchSealer::new(&keys).seal(&events(2), &class_of).unwrap();
        for place in 0..whole.len() {
            let mut payload = whole.clone();
            payload[place] ^= 1;
            if let Ok(records) = open_frame(&keys, &payload) {
                assert_ne!(records, events(2), "byte {place} does not matter");
            }
        }
    }

    #[test]
    fn events_are_not_taken_for_repeats_of_each_other_when_a_class_is_lost() {
        let keys = PublisherKeys::for_tests(3);
        let one = |mail: &str| {
            let Record::Event(event) = events(1).remove(0) else { unreachable!("events") };
            let properties = [("Email", mail.into())].into();
            Record::Event(Event { fingerprint: Event::BY_CONTENT, properties, ..event })
        };
        let records = [one("a@b.test"), one("c@d.test")];
        let mut payload = BatchSealer::new(&keys).seal(&records, &class_of).unwrap();
        assert_eq!(open_frame(&keys, &payload).unwrap(), records);
        // The first section, of contacts, no longer opens.
        payload[2 + keys.account().as_str().len() + 8] ^= 1;
        let prints = |records: Vec<Record>| -> Vec<u64> {
            let print = |record| match record {
                Record::Event(event) => event.fingerprint,
                other => unreachable!("{other:?}"),
            };
            records.into_iter().map(print).collect()
        };
        let opened = prints(open_frame(&keys, &payload).unwrap());
        assert!(opened[0] != opened[1] && !opened.contains(&Event::BY_CONTENT), "{opened:?}");
        assert_eq!(prints(open_frame(&keys, &payload).unwrap()), opened, "the same each time");
    }
}
