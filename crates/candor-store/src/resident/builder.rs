//! A segment out of rows in their final order.

use std::collections::HashMap;
use std::ops::RangeInclusive;

use crate::part::Files;
use crate::resident::arrivals::Arrivals;
use crate::resident::origins::Origins;
use crate::resident::rows::RowsPacker;
use crate::resident::segment::Segment;
use crate::resident::sessions::SessionsBuilder;
use crate::resident::slot::Slot;

/// Builds a segment from rows in their final order.
pub(crate) struct SegmentBuilder {
    rows: RowsPacker,
    /// None: they are in files.
    pub(crate) sessions: Option<SessionsBuilder>,
    pub(crate) columns: HashMap<u32, Slot>,
    /// Of a base.
    pub(crate) origins: Option<Origins>,
    pub(crate) files: Files,
    pub(crate) arrivals: Arrivals,
}

impl SegmentBuilder {
    /// With room for so many rows, all of whose times lie in `span`.
    pub(crate) fn of(rows: usize, span: RangeInclusive<i64>) -> SegmentBuilder {
        SegmentBuilder {
            rows: RowsPacker::new(rows, span),
            sessions: Some(SessionsBuilder::default()),
            columns: HashMap::new(),
            origins: None,
            files: None,
            arrivals: Arrivals::default(),
        }
    }

    /// Adds the next row; its properties and arrival are added by the caller.
    pub(crate) fn push(&mut self, ordinal: u32, time: i64, code: u16, session: u64) -> u32 {
        let row = self.rows.rows();
        if let Some(sessions) = &mut self.sessions {
            sessions.change(row, session);
        }
        self.rows.push(ordinal, &[time], &[code]);
        row
    }

    /// Adds rows of a person, whose sessions the caller tells.
    pub(crate) fn push_rows(&mut self, ordinal: u32, times: &[i64], codes: &[u16]) {
        self.rows.push(ordinal, times, codes);
    }

    pub(crate) fn rows(&self) -> usize {
        self.rows.rows() as usize
    }

    pub(crate) fn finish(mut self) -> Segment {
        self.arrivals.shrink();
        let rows = self.rows();
        let arrivals = (self.arrivals.len() == rows).then_some(self.arrivals);
        let packed = self.rows.finish(self.sessions, self.origins);
        Segment::new(packed, self.columns, self.files, arrivals)
    }
}
