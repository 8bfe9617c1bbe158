//! Who did what when: the rows of a segment without their properties, packed as they come.

use std::ops::{Range, RangeInclusive};
use std::sync::{Mutex, OnceLock, PoisonError};

use crate::error::Error;
use crate::part::BaseFiles;
use crate::resident::codes::{Codes, CodesBuilder};
use crate::resident::origins::Origins;
use crate::resident::owners::{Owners, OwnersBuilder};
use crate::resident::packed::{Packed, Packer};
use crate::resident::sessions::{Sessions, SessionsBuilder};

/// Moments as what lies between them and one that is no later.
#[derive(Debug)]
pub(super) struct Times {
    from: i64,
    pub(super) earliest: i64,
    pub(super) latest: i64,
    since: Packed,
}

impl Times {
    #[inline]
    pub(super) fn get(&self, row: usize) -> i64 {
        self.from.wrapping_add(self.since.get(row) as i64)
    }
}

/// The rows of a segment, sorted by person, time and arrival.
#[derive(Debug)]
pub(crate) struct Rows {
    pub(super) owners: Owners,
    pub(super) times: Times,
    pub(super) codes: Codes,
    /// Of a base they are read when first asked for.
    sessions: OnceLock<Sessions>,
    /// One reads them at a time.
    reading: Mutex<()>,
    /// Of a base: from which part each row came.
    origins: Option<Origins>,
}

impl Rows {
    pub(crate) fn len(&self) -> usize {
        self.codes.len()
    }

    /// From which part, of those that its files were first made of, a row came.
    pub(crate) fn origin(&self, row: usize) -> usize {
        self.origins.as_ref().map_or(0, |origins| origins.get(row))
    }

    /// By origin: how many rows come before one, and how many there are.
    pub(crate) fn by_origin(&self, row: usize) -> (Vec<u32>, &[u32]) {
        self.origins.as_ref().map_or((Vec::new(), &[]), |of| (of.before(row), of.rows()))
    }

    /// A person's rows.
    pub(crate) fn of(&self, ordinal: u32) -> Range<usize> {
        self.owners.of(ordinal)
    }

    /// Everybody who has rows, in order, and theirs.
    pub(crate) fn people(&self) -> impl Iterator<Item = (u32, Range<usize>)> + '_ {
        self.owners.people()
    }

    /// The session of each row, where it is in memory.
    pub(super) fn sessions_in_memory(&self) -> Option<&Sessions> {
        self.sessions.get()
    }

    /// The session of each row; what is not in memory is in the files.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(super) fn sessions(&self, files: Option<&BaseFiles>) -> Result<&Sessions, Error> {
        if let Some(sessions) = self.sessions.get() {
            return Ok(sessions);
        }
        let _one = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sessions) = self.sessions.get() {
            return Ok(sessions);
        }
        let read = files.expect("sessions are in memory or in files").sessions(self)?;
        Ok(self.sessions.get_or_init(|| read))
    }

    pub(super) fn bytes(&self) -> usize {
        let sessions = self.sessions.get().map_or(0, Sessions::bytes);
        let origins = self.origins.as_ref().map_or(0, Origins::bytes);
        let (times, codes) = (self.times.since.bytes(), self.codes.bytes());
        self.owners.bytes() + times + codes + sessions + origins
    }
}

/// Packs rows in their final order.
pub(crate) struct RowsPacker {
    owners: OwnersBuilder,
    span: RangeInclusive<i64>,
    earliest: i64,
    latest: i64,
    since: Packer,
    codes: CodesBuilder,
    rows: u32,
}

impl RowsPacker {
    /// With room for so many rows, all of whose times lie in `span`.
    pub(crate) fn new(rows: usize, span: RangeInclusive<i64>) -> RowsPacker {
        let largest = match span.is_empty() {
            true => 0,
            false => span.end().wrapping_sub(*span.start()) as u64,
        };
        RowsPacker {
            owners: OwnersBuilder::default(),
            span,
            earliest: i64::MAX,
            latest: i64::MIN,
            since: Packer::new(rows, largest),
            codes: CodesBuilder::with_room(rows),
            rows: 0,
        }
    }

    pub(crate) fn rows(&self) -> u32 {
        self.rows
    }

    /// Adds rows of a person, who is the last one or later: their times, which ascend and are no
    /// earlier than what is there of the person, and as many codes.
    pub(crate) fn push(&mut self, ordinal: u32, times: &[i64], codes: &[u16]) {
        debug_assert_eq!(times.len(), codes.len(), "a code for each time");
        let ([first, ..], [.., last]) = (times, times) else { return };
        debug_assert!(self.span.contains(first) && self.span.contains(last), "in its span");
        self.owners.push(self.rows, ordinal);
        self.earliest = self.earliest.min(*first);
        self.latest = self.latest.max(*last);
        let from = *self.span.start();
        self.since.extend(times.iter().map(|time| time.wrapping_sub(from) as u64));
        self.codes.push(codes);
        self.rows += times.len() as u32;
    }

    /// The rows; none of the sessions: they are in files.
    pub(crate) fn finish(
        self,
        sessions: Option<SessionsBuilder>,
        origins: Option<Origins>,
    ) -> Rows {
        let told = OnceLock::new();
        if let Some(sessions) = sessions {
            let _ = told.set(sessions.finish(self.rows as usize));
        }
        Rows {
            owners: self.owners.finish(self.rows),
            times: Times {
                from: *self.span.start(),
                earliest: self.earliest,
                latest: self.latest,
                since: self.since.finish(),
            },
            codes: self.codes.finish(),
            sessions: told,
            reading: Mutex::new(()),
            origins,
        }
    }
}
