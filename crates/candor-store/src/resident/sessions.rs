//! Which session each row is of, told by the rows at which it changes.

use std::ops::Range;

use crate::resident::marks::Marks;
use crate::resident::packed::Packed;

/// The sessions of rows; 0: none.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    /// Rows at which the session changes, and the session from there on.
    rows: Marks,
    ids: Packed,
}

impl Sessions {
    /// The session of a row.
    pub(crate) fn at(&self, row: usize) -> u64 {
        let place = self.rows.place(row).or_else(|| self.rows.before(row).checked_sub(1));
        place.map_or(0, |place| self.ids.get(place))
    }

    /// The rows of a range that share a session, piece by piece: the session and where they end.
    pub(crate) fn pieces(&self, rows: Range<usize>) -> impl Iterator<Item = (u64, usize)> {
        let (mut row, mut place) = (rows.start, self.rows.before(rows.start + 1));
        let mut changes = self.rows.iter_from(rows.start + 1);
        std::iter::from_fn(move || {
            if row >= rows.end {
                return None;
            }
            let session = place.checked_sub(1).map_or(0, |place| self.ids.get(place));
            row = changes.next().map_or(rows.end, |next| rows.end.min(next as usize));
            place += 1;
            Some((session, row))
        })
    }

    /// Rows at which the session changes, ascending, and the session from there on.
    pub(crate) fn changes(&self) -> impl Iterator<Item = (u32, u64)> + '_ {
        self.rows.iter().zip(self.ids.iter())
    }

    /// How many bytes of memory they take.
    pub(crate) fn bytes(&self) -> usize {
        self.rows.bytes() + self.ids.bytes()
    }
}

/// Hears of the session of one row after the other.
#[derive(Debug, Default)]
pub(crate) struct SessionsBuilder {
    rows: Vec<u32>,
    ids: Vec<u64>,
}

impl SessionsBuilder {
    /// From this row on, which comes after those told before, the session is another.
    #[inline]
    pub(crate) fn change(&mut self, row: u32, session: u64) {
        if self.ids.last().copied().unwrap_or(0) != session {
            self.rows.push(row);
            self.ids.push(session);
        }
    }

    /// Rows at which the session changes, ascending, and the session from there on.
    pub(crate) fn changes(&self) -> impl Iterator<Item = (u32, u64)> + '_ {
        self.rows.iter().copied().zip(self.ids.iter().copied())
    }

    /// Those of so many rows.
    pub(crate) fn finish(self, rows: usize) -> Sessions {
        let largest = self.ids.iter().copied().max().unwrap_or(0);
        Sessions {
            rows: Marks::of(self.rows.into_iter(), rows),
            ids: Packed::of(self.ids.into_iter(), largest),
        }
    }
}
