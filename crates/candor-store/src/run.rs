//! One person's events as a question sees them: rows of the base, those beside it, or both.

use std::ops::Range;

use crate::beside::Beside;
use crate::resident::listed::Theirs;
use crate::resident::segment::Segment;
use crate::view::{Source, VolumeView};

/// A person's events, or those that a question looks at, ordered by (time, arrival).
#[derive(Clone, Copy, Debug)]
pub struct Run<'a> {
    /// Where the first of its rows lie, and how many do.
    segment: &'a Segment,
    of_segment: usize,
    rows: &'a [u32],
    kinds: &'a [u8],
    /// Of the rows behind those.
    codes: &'a [u16],
    /// Of the rows from this place on, which is that of the first behind those at most.
    timed: usize,
    times: &'a [i64],
}

impl<'a> Run<'a> {
    /// Rows that all lie in a segment, with what each is among what is asked for.
    pub(crate) fn of_segment(segment: &'a Segment, rows: &'a [u32], kinds: &'a [u8]) -> Run<'a> {
        let (of_segment, timed) = (rows.len(), rows.len());
        Run { segment, of_segment, rows, kinds, codes: &[], timed, times: &[] }
    }

    /// The same with the times of all of them, read before.
    pub(crate) fn with_times(self, times: &'a [i64]) -> Run<'a> {
        Run { timed: 0, times, ..self }
    }

    /// How many there are; the other questions take a place below this.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// When, in ms since 1970.
    #[inline]
    pub fn time(&self, at: usize) -> i64 {
        match at.checked_sub(self.timed) {
            None => self.segment.time(self.rows[at] as usize),
            Some(at) => self.times[at],
        }
    }

    /// What, as a place in [`VolumeView::event_names`].
    #[inline]
    pub fn code(&self, at: usize) -> u16 {
        match at.checked_sub(self.of_segment) {
            None => self.segment.code(self.rows[at] as usize),
            Some(at) => self.codes[at],
        }
    }

    /// Which row, for [`VolumeView::property`].
    #[inline]
    pub fn row(&self, at: usize) -> u32 {
        self.rows[at]
    }

    /// The rows from a place on.
    pub(crate) fn rows_from(&self, from: usize) -> &[u32] {
        &self.rows[from..]
    }

    /// What each is, as a place in [`crate::Looked::codes`]; nothing where no codes were asked for.
    #[inline]
    pub fn kinds(&self) -> &[u8] {
        self.kinds
    }

    /// Adds the codes of the events from a place on.
    pub fn copy_codes(&self, from: usize, out: &mut Vec<u16>) {
        let mut rest = from;
        if let Some((segment, rows)) = self.side_by_side(from) {
            rest += rows.len();
            segment.copy_codes(rows, out);
        }
        out.extend((rest..self.len()).map(|at| self.code(at)));
    }

    /// The rows from a place on that lie in a segment, where they are all between the first and the
    /// last of these.
    pub(crate) fn side_by_side(&self, from: usize) -> Option<(&'a Segment, Range<usize>)> {
        let rows = self.rows[..self.of_segment].get(from..)?;
        let (first, last) = (*rows.first()? as usize, *rows.last()? as usize);
        (last - first + 1 == rows.len()).then_some((self.segment, first..last + 1))
    }

    /// The first place from one on that is no earlier than a moment; the nearer, the less it costs.
    #[inline]
    pub fn first_since(&self, from: usize, moment: i64) -> usize {
        let (mut from, mut step) = (from, 1);
        while from + step <= self.len() && self.time(from + step - 1) < moment {
            from += step;
            step *= 2;
        }
        let mut to = self.len().min(from + step - 1);
        while from < to {
            let middle = from.midpoint(to);
            match self.time(middle) < moment {
                true => from = middle + 1,
                false => to = middle,
            }
        }
        from
    }

    /// How many happened before a moment.
    #[inline]
    pub fn before(&self, moment: i64) -> usize {
        if self.times.first().is_some_and(|first| *first < moment) {
            return self.timed + self.times.partition_point(|time| *time < moment);
        }
        match self.segment {
            segment if moment <= segment.earliest() => 0,
            segment if moment > segment.latest() => self.timed,
            segment => {
                self.rows[..self.timed].partition_point(|row| segment.time(*row as usize) < moment)
            }
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct Together {
    times: Vec<i64>,
    codes: Vec<u16>,
    rows: Vec<u32>,
    kinds: Vec<u8>,
    order: Vec<(Rank, u32, u16)>,
    /// Of the rows behind the person's own: when it came, and how many own ones of its time before.
    lent: Vec<(i64, u32)>,
}

/// What a person's rows are ordered by: time, place among rows of that time, arrival.
type Rank = (i64, u32, i64);

impl Together {
    /// The run of a person of whom these rows of the base are looked at, each of its kind, and
    /// those beside it that come next; an empty one where they are fewer than `least`. Times of the
    /// rows need not be told.
    pub(crate) fn put_together<'a>(
        &'a mut self,
        volume: &'a VolumeView,
        ordinal: u32,
        theirs: Theirs<'a>,
        beside: &mut Beside,
        codes: Option<&[u16]>,
        least: usize,
    ) -> Run<'a> {
        let Theirs { rows: of_base, kinds, times } = theirs;
        let base = &volume.base;
        self.rows.clear();
        self.times.clear();
        self.codes.clear();
        self.rows.extend_from_slice(of_base);
        let mut lent = false;
        beside.next_of(ordinal, |piece| {
            lent |= piece.lent;
            piece.copy_rows(&mut self.rows);
            piece.copy_times(&mut self.times);
            piece.copy_codes(&mut self.codes);
        });
        if self.rows.len() < least {
            return Run::of_segment(base, &[], &[]);
        }
        let last = match (times.last(), of_base.last()) {
            (Some(last), _) => *last,
            (None, Some(row)) => base.time(*row as usize),
            (None, None) => i64::MIN,
        };
        let behind = self.times.first().is_none_or(|first| *first >= last);
        if !lent && behind && self.times.is_sorted() {
            return self.behind((base, of_base, kinds), codes);
        }
        self.gather(volume, ordinal, of_base.iter().copied(), codes);
        let lent = !self.lent.is_empty();
        if lent && codes.is_some() {
            // Where a lent row goes is told by its place among all own rows of its time.
            let of_base = volume.base.of(ordinal);
            self.gather(volume, ordinal, of_base.start as u32..of_base.end as u32, None);
        }
        if lent || !self.times.is_sorted() {
            self.sort();
        }
        self.kinds.clear();
        if let Some(codes) = codes {
            if lent {
                self.retain(codes);
            }
            self.add_kinds(codes);
        }
        let Together { times, codes, rows, kinds, .. } = self;
        Run { segment: base, of_segment: 0, rows, kinds, codes, timed: 0, times }
    }

    /// The run of all that a person did, of whom these rows are those of the base.
    pub(crate) fn whole<'a>(
        &'a mut self,
        volume: &'a VolumeView,
        ordinal: u32,
        of_base: &[u32],
    ) -> Run<'a> {
        self.gather(volume, ordinal, of_base.iter().copied(), None);
        if !self.lent.is_empty() || !self.times.is_sorted() {
            self.sort();
        }
        let Together { times, codes, rows, .. } = self;
        Run { segment: &volume.base, of_segment: 0, rows, kinds: &[], codes, timed: 0, times }
    }

    /// The run of rows of the base and of those beside it, which are here and all of which come
    /// later: nearly everything that is new does.
    fn behind<'a>(
        &'a mut self,
        (base, of_base, kinds): (&'a Segment, &'a [u32], &'a [u8]),
        codes: Option<&[u16]>,
    ) -> Run<'a> {
        if self.times.is_empty() {
            return Run::of_segment(base, of_base, kinds);
        }
        self.kinds.clear();
        if let Some(codes) = codes {
            self.kinds.extend_from_slice(kinds);
            self.add_kinds(codes);
        }
        let Together { times, codes, rows, kinds, .. } = self;
        let (of_segment, timed) = (of_base.len(), of_base.len());
        Run { segment: base, of_segment, rows, kinds, codes, timed, times }
    }

    fn add_kinds(&mut self, codes: &[u16]) {
        let kind = |code| codes.iter().position(|other| other == code).unwrap_or(codes.len());
        self.kinds.extend(self.codes.iter().map(|code| kind(code) as u8));
    }

    /// Takes up the rows of all sources, one source after the other.
    fn gather(
        &mut self,
        volume: &VolumeView,
        ordinal: u32,
        of_base: impl Iterator<Item = u32> + Clone,
        codes: Option<&[u16]>,
    ) {
        self.times.clear();
        self.codes.clear();
        self.rows.clear();
        self.lent.clear();
        let looked_at = |code: u16| codes.is_none_or(|codes| codes.contains(&code));
        let base = &volume.base;
        self.rows.extend(of_base.clone());
        self.times.extend(of_base.clone().map(|row| base.time(row as usize)));
        self.codes.extend(of_base.map(|row| base.code(row as usize)));
        for (first, source) in &volume.beside {
            match source {
                Source::Segment(segment) => {
                    for row in segment.of(ordinal).filter(|row| looked_at(segment.code(*row))) {
                        self.rows.push(first + row as u32);
                        self.times.push(segment.time(row));
                        self.codes.push(segment.code(row));
                    }
                }
                Source::Chunk(chunk) => {
                    for at in chunk.of(ordinal).filter(|at| looked_at(chunk.rows[*at].code)) {
                        let row = &chunk.rows[at];
                        self.rows.push(first + at as u32);
                        self.times.push(row.time);
                        self.codes.push(row.code);
                        if row.lent_by.is_some() {
                            self.lent.push((row.received, row.own_before));
                        }
                    }
                }
            }
        }
    }

    fn retain(&mut self, codes: &[u16]) {
        let mut kept = 0;
        for at in 0..self.codes.len() {
            if codes.contains(&self.codes[at]) {
                self.times[kept] = self.times[at];
                self.codes[kept] = self.codes[at];
                self.rows[kept] = self.rows[at];
                kept += 1;
            }
        }
        self.times.truncate(kept);
        self.codes.truncate(kept);
        self.rows.truncate(kept);
    }

    /// Sources lie one after the other, oldest first: a stable sort by time keeps arrival. Lent
    /// rows lie behind all of them and go between those that came before them and after.
    fn sort(&mut self) {
        self.order.clear();
        let own = self.times.len() - self.lent.len();
        let cells = self.times.iter().zip(&self.rows).zip(&self.codes);
        let cells = cells.map(|((time, row), code)| ((*time, 0, 0), *row, *code));
        self.order.extend(cells);
        self.order[..own].sort_by_key(|((time, ..), ..)| *time);
        if !self.lent.is_empty() {
            let mut of_time = 0;
            for at in 0..own {
                let same = at > 0 && self.order[at - 1].0.0 == self.order[at].0.0;
                of_time = if same { of_time + 1 } else { 0 };
                self.order[at].0.1 = 2 * of_time + 1;
            }
            for (cell, (received, own_before)) in self.order[own..].iter_mut().zip(&self.lent) {
                (cell.0.1, cell.0.2) = (2 * own_before, *received);
            }
            self.order.sort_by_key(|(rank, ..)| *rank);
        }
        for (place, ((time, ..), row, code)) in self.order.iter().enumerate() {
            self.times[place] = *time;
            self.rows[place] = *row;
            self.codes[place] = *code;
        }
    }
}
