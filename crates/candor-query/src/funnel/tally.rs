//! How many attempts reach each step of a funnel, and how long they take.

use candor_store::Run;
use serde::Serialize;

use crate::funnel::times::Times;

/// What is counted of a group's attempts.
#[derive(Clone, Debug)]
pub(super) struct Tally {
    /// By step: attempts that reached it.
    pub(super) counts: Vec<u64>,
    /// By step after the first: ms since the first, of each attempt that reached it.
    since_first: Vec<Times>,
    /// The same since the step before, where they are asked for.
    since_previous: Vec<Times>,
}

/// Who reached a step.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Reached {
    /// The step's event.
    pub event: String,
    /// People or attempts that reached it.
    pub count: u64,
    /// Of those who took the first step, 0 to 1.
    pub from_start: f64,
    /// Of those who reached the step before, 0 to 1.
    pub from_previous: f64,
    /// Time since the first step, nearest rank; none where nobody came.
    pub median_ms: Option<i64>,
    /// The same for nine of ten.
    pub p90_ms: Option<i64>,
    /// How many took how long since the step before; none for the first, or where it was not asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub times: Option<Vec<Bin>>,
}

/// Attempts that took so long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Bin {
    /// So long or longer.
    pub from_ms: i64,
    /// Not so long.
    pub to_ms: i64,
    /// How many.
    pub count: u64,
}

/// The bins that all groups of an answer share: how wide, and how many.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Scale {
    width: i64,
    bins: usize,
}

/// The scales of a funnel: by step after the first since the one before, then of all steps
/// together.
pub(super) struct Scales(Vec<Scale>);

/// Bins that a scale has at most.
const BINS_MAX: i64 = 20;
const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// Widths that people read easily; the last suffices for the longest window.
const WIDTHS: [i64; 34] = [
    1,
    2,
    5,
    10,
    20,
    50,
    100,
    200,
    500,
    SECOND,
    2 * SECOND,
    5 * SECOND,
    10 * SECOND,
    15 * SECOND,
    30 * SECOND,
    MINUTE,
    2 * MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    15 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
    DAY,
    2 * DAY,
    7 * DAY,
    14 * DAY,
    28 * DAY,
    56 * DAY,
    112 * DAY,
    224 * DAY,
];

impl Scale {
    fn of(times: &Times) -> Scale {
        let Some(longest) = times.iter().max() else { return Scale { width: 1, bins: 0 } };
        let fits = |width: &i64| longest / width < BINS_MAX;
        let width = WIDTHS.into_iter().find(fits).unwrap_or(WIDTHS[WIDTHS.len() - 1]);
        Scale { width, bins: (longest / width + 1) as usize }
    }

    fn bins(self, times: &Times) -> Vec<Bin> {
        let bin = |place: usize| {
            let from_ms = place as i64 * self.width;
            Bin { from_ms, to_ms: from_ms + self.width, count: 0 }
        };
        let mut bins: Vec<Bin> = (0..self.bins).map(bin).collect();
        times.iter().for_each(|time| bins[(time / self.width) as usize].count += 1);
        bins
    }
}

impl Tally {
    pub(super) fn new(steps: usize, times: bool) -> Tally {
        Tally {
            counts: vec![0; steps],
            since_first: vec![Times::default(); steps - 1],
            since_previous: vec![Times::default(); if times { steps - 1 } else { 0 }],
        }
    }

    /// Counts an attempt by the places of its steps.
    pub(super) fn add(&mut self, run: Run<'_>, way: &[usize]) {
        let first = run.time(way[0]);
        let mut previous = first;
        self.counts[0] += 1;
        for (step, place) in way[1..].iter().enumerate() {
            let time = run.time(*place);
            self.counts[step + 1] += 1;
            self.since_first[step].push(time - first);
            if let Some(since) = self.since_previous.get_mut(step) {
                since.push(time - previous);
            }
            previous = time;
        }
    }

    /// Makes its times ready to be joined, on the thread that told them.
    pub(super) fn settle(&mut self) {
        self.since_first.iter_mut().for_each(Times::settle);
    }

    /// Adds those of another, which share their times from now on.
    pub(super) fn join(&mut self, other: &mut Tally) {
        self.counts.iter_mut().zip(&other.counts).for_each(|(count, more)| *count += more);
        let pairs = [
            (&mut self.since_first, &mut other.since_first),
            (&mut self.since_previous, &mut other.since_previous),
        ];
        for (times, more) in pairs {
            times.iter_mut().zip(more).for_each(|(times, more)| times.join(more));
        }
    }

    /// The scales of its times and of any part of them; none where they are not asked for.
    pub(super) fn scales(&self) -> Option<Scales> {
        let whole = self.since_first.last()?;
        let each = self.since_previous.iter().chain([whole]).map(Scale::of);
        (!self.since_previous.is_empty()).then(|| Scales(each.collect()))
    }

    /// How many took how long from the first step to the last.
    pub(super) fn times(&self, scales: Option<&Scales>) -> Option<Vec<Bin>> {
        Some(scales?.0.last()?.bins(self.since_first.last()?))
    }

    /// The steps of an answer, by their events.
    pub(super) fn reached<'e>(
        &self,
        events: impl Iterator<Item = &'e str>,
        scales: Option<&Scales>,
    ) -> Vec<Reached> {
        let share =
            |part: u64, whole: u64| if whole == 0 { 0.0 } else { part as f64 / whole as f64 };
        let counts = &self.counts;
        let reached = |(step, event): (usize, &str)| {
            let count = counts[step];
            let [median_ms, p90_ms] = match step {
                0 => [(count > 0).then_some(0); 2],
                _ => self.since_first[step - 1].ranks([50, 90]),
            };
            let bins = |scales: &Scales| {
                Some(scales.0[step.checked_sub(1)?].bins(&self.since_previous[step - 1]))
            };
            Reached {
                event: event.to_owned(),
                count,
                from_start: if step == 0 { 1.0 } else { share(count, counts[0]) },
                from_previous: if step == 0 { 1.0 } else { share(count, counts[step - 1]) },
                median_ms,
                p90_ms,
                times: scales.and_then(bins),
            }
        };
        events.enumerate().map(reached).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_are_even_and_round_and_hold_every_time() {
        for (longest, width, count) in [
            (0, 1, 1),
            (19, 1, 20),
            (20, 2, 11),
            (59 * SECOND, 5 * SECOND, 12),
            (90 * MINUTE, 5 * MINUTE, 19),
            (7 * DAY, 12 * HOUR, 15),
            (3_660 * DAY, 224 * DAY, 17),
        ] {
            let mut times = Times::default();
            [longest, longest / 2, 0].into_iter().for_each(|time| times.push(time));
            let scale = Scale::of(&times);
            assert_eq!(scale, Scale { width, bins: count }, "{longest}");
            let bins = scale.bins(&times);
            assert_eq!(bins.iter().map(|bin| bin.count).sum::<u64>(), 3);
            assert!(bins.windows(2).all(|two| two[0].to_ms == two[1].from_ms));
            let last = bins[bins.len() - 1];
            assert!((last.from_ms..last.to_ms).contains(&longest) && last.count > 0);
        }
        assert_eq!(Scale::of(&Times::default()).bins(&Times::default()), []);
    }
}
