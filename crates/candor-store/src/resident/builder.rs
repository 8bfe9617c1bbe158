//! A segment out of rows in their final order.

use std::collections::HashMap;
use std::ops::Range;

use crate::part::Files;
use crate::resident::order::Sorted;
use crate::resident::origins::Origins;
use crate::resident::owners::{Owners, OwnersBuilder};
use crate::resident::segment::{Arrivals, Rows, Segment};
use crate::resident::slot::Slot;

/// Builds a segment from rows in their final order.
#[derive(Default)]
pub(crate) struct SegmentBuilder {
    owners: OwnersBuilder,
    times: Vec<i64>,
    codes: Vec<u16>,
    session_rows: Vec<u32>,
    session_ids: Vec<u64>,
    pub(crate) columns: HashMap<u32, Slot>,
    /// Of a base.
    pub(crate) origins: Option<Origins>,
    pub(crate) files: Files,
    pub(crate) arrivals: Arrivals,
}

impl SegmentBuilder {
    /// With room for so many rows and, where they are held, their arrivals.
    pub(crate) fn of(rows: usize, arrivals: bool) -> SegmentBuilder {
        let mut builder = SegmentBuilder::default();
        builder.times.reserve_exact(rows);
        builder.codes.reserve_exact(rows);
        if arrivals {
            builder.arrivals.received.reserve_exact(rows);
            builder.arrivals.prints.reserve_exact(rows);
        }
        builder
    }

    /// Adds the next row; its properties and arrival are added by the caller.
    pub(crate) fn push(&mut self, ordinal: u32, time: i64, code: u16, session: u64) -> u32 {
        let row = self.times.len() as u32;
        self.owners.push(row, ordinal);
        self.change_session(row, session);
        self.times.push(time);
        self.codes.push(code);
        row
    }

    /// From this row on, which comes after those told before, the session is another.
    #[inline]
    pub(crate) fn change_session(&mut self, row: u32, session: u64) {
        if self.session_ids.last().copied().unwrap_or(0) != session {
            self.session_rows.push(row);
            self.session_ids.push(session);
        }
    }

    /// Adds rows of a source, whose sessions the caller told.
    pub(crate) fn push_rows(&mut self, ordinal: u32, source: &impl Sorted, rows: Range<usize>) {
        self.owners.push(self.times.len() as u32, ordinal);
        source.copy_times(rows.clone(), &mut self.times);
        source.copy_codes(rows, &mut self.codes);
    }

    /// Adds the rows of a person, which `fill` puts onto the ends of all times and all codes, as
    /// many of the one as of the other; returns what it does. Sessions are told by the caller.
    pub(crate) fn fill<R>(
        &mut self,
        ordinal: u32,
        fill: impl FnOnce(&mut Vec<i64>, &mut Vec<u16>) -> R,
    ) -> R {
        let first = self.times.len();
        let filled = fill(&mut self.times, &mut self.codes);
        if self.times.len() > first {
            self.owners.push(first as u32, ordinal);
        }
        filled
    }

    pub(crate) fn rows(&self) -> usize {
        self.times.len()
    }

    pub(crate) fn finish(mut self) -> Segment {
        let (columns, origins, files) =
            (std::mem::take(&mut self.columns), self.origins.take(), self.files.take());
        let arrivals = std::mem::take(&mut self.arrivals);
        let arrivals = (arrivals.received.len() == self.rows()).then_some(arrivals);
        Segment::new(Rows::packed(self.unpacked(), origins), columns, files, arrivals)
    }

    /// The rows alone, on their way to another segment.
    pub(crate) fn unpacked(self) -> Unpacked {
        let SegmentBuilder { owners, times, codes, session_rows, session_ids, .. } = self;
        let owners = owners.finish(times.len() as u32);
        Unpacked { owners, times, codes, session_rows, session_ids }
    }
}

/// Who did what when, quick to write and to read.
pub(crate) struct Unpacked {
    pub(super) owners: Owners,
    pub(super) times: Vec<i64>,
    pub(super) codes: Vec<u16>,
    /// Rows at which the session changes, and the session from there on (0: none).
    pub(super) session_rows: Vec<u32>,
    pub(super) session_ids: Vec<u64>,
}

impl Sorted for Unpacked {
    fn owners(&self) -> &Owners {
        &self.owners
    }

    fn time(&self, row: usize) -> i64 {
        self.times[row]
    }

    fn copy_times(&self, rows: Range<usize>, out: &mut Vec<i64>) {
        out.extend_from_slice(&self.times[rows]);
    }

    fn copy_codes(&self, rows: Range<usize>, out: &mut Vec<u16>) {
        out.extend_from_slice(&self.codes[rows]);
    }

    fn sessions(&self) -> impl Iterator<Item = (u32, u64)> {
        self.session_rows.iter().copied().zip(self.session_ids.iter().copied())
    }
}
