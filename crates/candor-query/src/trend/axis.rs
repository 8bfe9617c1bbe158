//! The time axis of a trend: cells that events are counted in, and the points made of them.

use std::ops::Range;

use crate::period::Intervals;

/// How far back a point looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Over its own interval.
    Own,
    /// Over so many intervals, its own the last.
    Trailing(usize),
    /// Back to the start of the range.
    Whole,
}

impl Reach {
    /// Intervals that are read before the first point's.
    pub(crate) fn lead(self) -> usize {
        match self {
            Reach::Trailing(intervals) => intervals - 1,
            Reach::Own | Reach::Whole => 0,
        }
    }
}

/// A range of time in cells, each in an interval. A point is measured over the events of adjacent
/// cells, the total over those from `from` on.
#[derive(Debug)]
pub(crate) struct Axis {
    /// The moments whose events are read: for trailing points from before the range on.
    pub(crate) read: Range<i64>,
    cells: Intervals,
    /// Intervals before the first point's.
    lead: usize,
    /// By point: its cells.
    pub(crate) spans: Vec<Range<usize>>,
    /// The cells of the total.
    pub(crate) counted: Range<usize>,
    /// By cell: the points that it is part of.
    points: Vec<Range<u32>>,
}

impl Axis {
    /// Of intervals that cover a range, the first ones of which lead in.
    pub(crate) fn new(intervals: Intervals, range: &Range<i64>, reach: Reach) -> Axis {
        let lead = reach.lead();
        let points = intervals.len() - lead;
        // A trailing point sees the first interval whole, the total from the middle of it on.
        let split = lead > 0 && intervals.edges[lead] < range.start;
        let mut edges = intervals.edges.clone();
        if split {
            edges.insert(lead + 1, range.start);
        }
        let cells = intervals.between(edges);
        let first = lead + usize::from(split);
        let span = |point: usize| match reach {
            Reach::Own => point..point + 1,
            Reach::Whole => 0..point + 1,
            // It begins `lead` intervals before its own.
            Reach::Trailing(_) => point + usize::from(split && point > lead)..point + first + 1,
        };
        let spans: Vec<Range<usize>> = (0..points).map(span).collect();
        let within = |cell: usize| {
            let from = spans.partition_point(|span| span.end <= cell);
            let to = spans.partition_point(|span| span.start <= cell);
            from as u32..to as u32
        };
        let start = if lead > 0 { cells.edges[0] } else { range.start };
        Axis {
            read: start..range.end,
            points: (0..cells.len()).map(within).collect(),
            counted: first..cells.len(),
            spans,
            cells,
            lead,
        }
    }

    /// One point for a whole range.
    pub(crate) fn whole(&self) -> Axis {
        let from = self.cells.edges[self.counted.start].max(self.read.start);
        let range = from..self.read.end;
        Axis::new(self.cells.between(vec![range.start, range.end]), &range, Reach::Own)
    }

    /// How many cells there are.
    pub(crate) fn len(&self) -> usize {
        self.cells.len()
    }

    /// The cell of a moment that is read; `hint` is where it may well be.
    #[inline]
    pub(crate) fn place(&self, time: i64, hint: usize) -> usize {
        self.cells.place(time, hint)
    }

    /// The points that a cell is part of.
    #[inline]
    pub(crate) fn points(&self, cell: usize) -> Range<usize> {
        let points = &self.points[cell];
        points.start as usize..points.end as usize
    }

    /// The start of a point's interval, RFC 3339 with offset.
    pub(crate) fn label(&self, point: usize) -> String {
        self.cells.label(self.first_cell(point))
    }

    /// The point whose interval starts at a moment.
    pub(crate) fn starting(&self, at: i64) -> Option<usize> {
        (0..self.spans.len()).find(|point| self.cells.edges[self.first_cell(*point)] == at)
    }

    /// Whether a point's interval is cut by the range, or was not over at a moment.
    pub(crate) fn incomplete(&self, point: usize, as_of: i64) -> bool {
        let start = self.cells.edges[self.first_cell(point)];
        let end = self.cells.edges[self.spans[point].end];
        start < self.read.start || end > self.read.end.min(as_of)
    }

    /// The first cell of a point's own interval; that of the first point may have two.
    fn first_cell(&self, point: usize) -> usize {
        if point == 0 { self.lead } else { self.counted.start + point }
    }

    /// The moments whose events a point is measured over; of none, those of the total.
    pub(crate) fn moments(&self, point: Option<usize>) -> Range<i64> {
        let cells = point.map_or(&self.counted, |point| &self.spans[point]);
        let (first, last) = (self.cells.edges[cells.start], self.cells.edges[cells.end]);
        first.max(self.read.start)..last.min(self.read.end)
    }
}
