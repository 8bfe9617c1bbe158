//! When rows arrived and what tells each from its repeats, held until a part holds it.

use std::ops::Range;

use crate::part::{Arrived, Print};

/// Of each row; what all have in common is held once.
#[derive(Debug, Default)]
pub(crate) struct Arrivals {
    received: Each<i64>,
    prints: Each<Print>,
}

impl Arrivals {
    /// Of so many rows that arrived at one time and are told by one print.
    pub(crate) fn alike(received: i64, print: Print, rows: usize) -> Arrivals {
        Arrivals { received: Each::Alike(received, rows), prints: Each::Alike(print, rows) }
    }

    pub(crate) fn len(&self) -> usize {
        self.received.len()
    }

    pub(crate) fn received(&self, row: usize) -> i64 {
        self.received.get(row)
    }

    pub(crate) fn print(&self, row: usize) -> Print {
        self.prints.get(row)
    }

    /// Of some rows.
    pub(crate) fn of(&self, rows: Range<usize>) -> impl Iterator<Item = Arrived> + '_ {
        rows.map(|row| (self.received(row), self.print(row)))
    }

    /// Adds a row.
    pub(crate) fn push(&mut self, received: i64, print: Print) {
        self.received.extend(received, 1);
        self.prints.extend(print, 1);
    }

    /// Takes no more room than it needs.
    pub(crate) fn shrink(&mut self) {
        self.received.shrink();
        self.prints.shrink();
    }

    /// Adds some rows of another.
    pub(crate) fn copy(&mut self, other: &Arrivals, rows: Range<usize>) {
        self.received.copy(&other.received, rows.clone());
        self.prints.copy(&other.prints, rows);
    }
}

/// One thing of each row.
#[derive(Debug)]
enum Each<T> {
    Alike(T, usize),
    Apart(Vec<T>),
}

impl<T> Default for Each<T> {
    fn default() -> Each<T> {
        Each::Apart(Vec::new())
    }
}

impl<T: Copy + PartialEq> Each<T> {
    fn len(&self) -> usize {
        match self {
            Each::Alike(_, rows) => *rows,
            Each::Apart(all) => all.len(),
        }
    }

    #[inline]
    fn get(&self, row: usize) -> T {
        match self {
            Each::Alike(one, rows) => {
                assert!(row < *rows, "{row} of {rows}");
                *one
            }
            Each::Apart(all) => all[row],
        }
    }

    /// Adds one so many times.
    #[inline]
    fn extend(&mut self, one: T, times: usize) {
        match self {
            Each::Alike(all, rows) if *all == one => *rows += times,
            Each::Alike(all, rows) => {
                let mut apart = vec![*all; *rows];
                apart.resize(*rows + times, one);
                *self = Each::Apart(apart);
            }
            Each::Apart(all) if all.is_empty() => *self = Each::Alike(one, times),
            Each::Apart(all) => all.resize(all.len() + times, one),
        }
    }

    fn shrink(&mut self) {
        if let Each::Apart(all) = self {
            all.shrink_to_fit();
        }
    }

    fn copy(&mut self, other: &Each<T>, rows: Range<usize>) {
        match (&mut *self, other) {
            (_, Each::Alike(one, len)) => {
                assert!(rows.end <= *len, "{rows:?} of {len}");
                self.extend(*one, rows.len());
            }
            (Each::Apart(all), Each::Apart(other)) if !all.is_empty() => {
                all.extend_from_slice(&other[rows]);
            }
            (_, Each::Apart(other)) => other[rows].iter().for_each(|one| self.extend(*one, 1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn each_row_comes_back(
            pieces in prop::collection::vec(
                (any::<bool>(), prop::collection::vec((0i64..2, 0u64..2), 0..9), 0usize..9, 0usize..9),
                0..8,
            ),
        ) {
            let print = |told: u64| if told == 0 { Print::CONTENT } else { Print::NOTHING };
            let (mut all, mut expected) = (Arrivals::default(), Vec::new());
            for (alike, rows, from, to) in pieces {
                let rows: Vec<Arrived> = match (alike, rows.first()) {
                    (true, Some(first)) => vec![(first.0, print(first.1)); rows.len()],
                    _ => rows.into_iter().map(|row| (row.0, print(row.1))).collect(),
                };
                let mut piece = Arrivals::default();
                match (alike, rows.first()) {
                    (true, Some(first)) => piece = Arrivals::alike(first.0, first.1, rows.len()),
                    _ => rows.iter().for_each(|row| piece.push(row.0, row.1)),
                }
                prop_assert_eq!(piece.of(0..piece.len()).collect::<Vec<_>>(), rows.clone());
                let (from, to) = (from.min(rows.len()), to.min(rows.len()));
                let some = from.min(to)..from.max(to);
                all.copy(&piece, some.clone());
                expected.extend_from_slice(&rows[some]);
            }
            prop_assert_eq!(all.len(), expected.len());
            prop_assert_eq!(all.of(0..all.len()).collect::<Vec<_>>(), expected);
        }
    }
}
