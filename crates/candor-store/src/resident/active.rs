//! On which days each person of a segment did something: what questions about any event of whole
//! days need, in two bytes for each person and day.

use crate::resident::segment::Segment;

/// The active days of the people of a segment.
#[derive(Debug)]
pub struct ActiveDays {
    zone: String,
    /// When each day begins, and when the last one ends.
    edges: Vec<i64>,
    /// By the how many-th person who has rows: where their days are; one more at the end.
    starts: Vec<u32>,
    /// A day's number times two, one more if something else was done on it.
    days: Vec<u16>,
}

/// Days that fit beside the mark of a second event.
const DAYS_MAX: usize = 1 << 15;

impl ActiveDays {
    /// The days of somebody who also did something at some moments; whether all of these lie on
    /// days that are known.
    pub(crate) fn with(&self, own: &[u16], times: &[i64], days: &mut Vec<u16>) -> bool {
        days.clear();
        days.extend_from_slice(own);
        // What is new is mostly of one day.
        let mut day = 0;
        for time in times {
            if !self.is_on(day, *time) {
                let begun = self.edges.partition_point(|edge| edge <= time);
                match begun.checked_sub(1).filter(|day| self.is_on(*day, *time)) {
                    Some(of_time) => day = of_time,
                    None => return false,
                }
            }
            if days.last().is_some_and(|last| usize::from(last >> 1) < day) {
                days.push((day as u16) << 1);
                continue;
            }
            match days.binary_search_by_key(&day, |known| usize::from(known >> 1)) {
                Ok(place) => days[place] |= 1,
                Err(place) => days.insert(place, (day as u16) << 1),
            }
        }
        true
    }

    fn is_on(&self, day: usize, time: i64) -> bool {
        let ends = self.edges.get(day + 1);
        ends.is_some_and(|ends| time < *ends && self.edges[day] <= time)
    }

    /// How many bytes of memory they take.
    pub(crate) fn bytes(&self) -> usize {
        self.starts.capacity() * 4 + self.days.capacity() * 2
    }

    /// Finds the days of a segment; nothing where they are too many. `edges` are those of a zone
    /// that hold all its rows.
    pub(crate) fn of(segment: &Segment, zone: &str, edges: Vec<i64>) -> Option<ActiveDays> {
        let (first, last) = (*edges.first()?, *edges.last()?);
        if edges.len() > DAYS_MAX || segment.earliest() < first || segment.latest() >= last {
            return None;
        }
        let (mut starts, mut days) = (vec![0u32], Vec::new());
        for rows in segment.owners().ranges() {
            let (mut day, mut until) = (0, i64::MIN);
            for time in rows.map(|row| segment.time(row)) {
                if time >= until {
                    day += edges[day + 1..].partition_point(|edge| *edge <= time);
                    until = edges[day + 1];
                    days.push((day as u16) << 1);
                } else if let Some(last) = days.last_mut() {
                    *last |= 1;
                }
            }
            starts.push(days.len() as u32);
        }
        days.shrink_to_fit();
        Some(ActiveDays { zone: zone.to_owned(), edges, starts, days })
    }

    /// Those of a segment without rows, whose days never come.
    pub(crate) fn none(zone: &str) -> ActiveDays {
        let (zone, edges) = (zone.to_owned(), vec![i64::MAX]);
        ActiveDays { zone, edges, starts: vec![0], days: Vec::new() }
    }

    /// The name of the zone whose days they are.
    pub(crate) fn zone(&self) -> &str {
        &self.zone
    }

    /// When each day begins, in ms, and when the last one ends.
    pub fn edges(&self) -> &[i64] {
        &self.edges
    }

    /// The days of the how many-th person who has rows.
    #[inline]
    pub(crate) fn of_rank(&self, rank: usize) -> &[u16] {
        &self.days[self.starts[rank] as usize..self.starts[rank + 1] as usize]
    }
}
