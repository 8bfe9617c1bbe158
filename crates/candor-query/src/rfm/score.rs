//! How recently, often and for how much people did something, and in which bins that puts them.

use std::cmp::Ordering;
use std::ops::{Range, RangeInclusive};

use candor_store::{Cells, PeopleSet, Run, View, VolumeView};

use crate::error::Error;
use crate::filter::Condition;
use crate::question::Matcher;
use crate::scan::{Cancel, Scan};

/// Bins that a question may ask for.
pub(crate) const BINS: RangeInclusive<usize> = 2..=10;

/// What is looked at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Asked<'q> {
    /// The event's name, or `*` for any.
    pub(crate) event: &'q str,
    pub(crate) conditions: &'q [Condition],
    /// The property that holds the money.
    pub(crate) amount: &'q str,
    pub(crate) bins: usize,
}

/// The same, found in one volume.
pub(crate) struct Habits<'q> {
    matcher: Matcher<'q>,
    amount: Cells,
}

/// What one person did in a range.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Habit {
    /// How often; nothing else counts where this is 0.
    pub(crate) times: u32,
    /// Whether there was a number of money.
    pub(crate) paid: bool,
    /// When for the last time, in ms.
    pub(crate) last: i64,
    pub(crate) money: f64,
}

/// One person's habits in the question's range and in the one it is compared with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    pub(crate) ordinal: u32,
    pub(crate) now: Habit,
    pub(crate) before: Habit,
}

/// A person's bins, each from 1, the lowest; money only where it is scored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Score {
    pub(crate) r: u8,
    pub(crate) f: u8,
    pub(crate) m: Option<u8>,
}

/// Where the bins of a population end: whoever is above a border is in a higher bin.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Borders {
    last: Vec<i64>,
    times: Vec<u32>,
    money: Option<Vec<f64>>,
}

impl<'q> Asked<'q> {
    pub(crate) fn find(&self, volume: &VolumeView) -> Habits<'q> {
        Habits {
            matcher: Matcher::new(volume, self.event, self.conditions),
            amount: volume.cells(self.amount),
        }
    }

    /// The habits of everyone who did it in one of the ranges, volume by volume.
    pub(crate) fn habits(
        &self,
        view: &View,
        whose: Option<&[PeopleSet]>,
        now: &Range<i64>,
        before: Option<&Range<i64>>,
        cancel: &Cancel,
    ) -> Result<Vec<Vec<Seen>>, Error> {
        let new = |volume: &VolumeView| (self.find(volume), Vec::new());
        type Partial<'q> = (Habits<'q>, Vec<Seen>);
        let see = |partial: &mut Partial<'_>, volume: &VolumeView, ordinal, run: Run<'_>| {
            let (found, habits) = partial;
            let of = |range: &Range<i64>| found.habit(volume, ordinal, run, range);
            let (now, before) = (of(now), before.map(of).unwrap_or_default());
            if now.times > 0 || before.times > 0 {
                habits.push(Seen { ordinal, now, before });
            }
        };
        let scan = Scan::new(view, cancel).of_people(whose).of_events([self.event]);
        Ok(scan.fold(new, see)?.into_iter().map(|(_, habits)| habits).collect())
    }

    /// Where the bins end among people of these habits.
    pub(crate) fn borders<'h>(
        &self,
        habits: impl Iterator<Item = &'h Habit> + Clone,
        with_money: bool,
    ) -> Borders {
        let (habits, bins) = (habits.filter(|habit| habit.times > 0), self.bins);
        let mut last: Vec<i64> = habits.clone().map(|habit| habit.last).collect();
        let mut times: Vec<u32> = habits.clone().map(|habit| habit.times).collect();
        let money = with_money.then(|| {
            let mut money: Vec<f64> = habits.map(|habit| habit.money).collect();
            borders(&mut money, bins, f64::total_cmp)
        });
        let (last, times) =
            (borders(&mut last, bins, i64::cmp), borders(&mut times, bins, u32::cmp));
        Borders { last, times, money }
    }
}

impl Habits<'_> {
    /// What a person did in a range.
    pub(crate) fn habit(
        &self,
        volume: &VolumeView,
        ordinal: u32,
        run: Run<'_>,
        range: &Range<i64>,
    ) -> Habit {
        let mut habit = Habit::default();
        if run.is_empty() || !self.matcher.person_matches(volume, ordinal) {
            return habit;
        }
        let (first, end) = (run.before(range.start), run.before(range.end));
        let mut last = None;
        for at in first..end {
            if !self.matcher.event_matches(volume, ordinal, run, at) {
                continue;
            }
            habit.times = habit.times.saturating_add(1);
            last = Some(at);
            let money = self.amount.get(volume, run.row(at));
            if let Some(money) = money.and_then(|money| money.as_number()) {
                habit.paid = true;
                habit.money += money;
            }
        }
        habit.last = last.map_or(0, |at| run.time(at));
        habit.money = rounded(habit.money);
        habit
    }
}

/// A sum to the millionth: the same numbers in another order come to the same.
pub(crate) fn rounded(sum: f64) -> f64 {
    const PARTS: f64 = 1e6;
    let rounded = (sum * PARTS).round() / PARTS;
    // And 0 is one number.
    if rounded.is_finite() { rounded + 0.0 } else { sum }
}

impl Borders {
    /// The bins of somebody who did it.
    pub(crate) fn score(&self, habit: &Habit) -> Score {
        let above = |passed: usize| 1 + passed as u8;
        Score {
            r: above(self.last.partition_point(|border| *border < habit.last)),
            f: above(self.times.partition_point(|border| *border < habit.times)),
            m: self.money.as_ref().map(|borders| {
                above(borders.partition_point(|border| border.total_cmp(&habit.money).is_lt()))
            }),
        }
    }
}

/// The values above which the bins after the first begin. Bins are of equal size by rank, the first
/// ones larger by one where it does not come out even (SQL's `ntile`); who is equal is in the bin
/// of the first of them. With fewer values than bins the highest bins stay empty.
fn borders<T: Copy>(values: &mut [T], bins: usize, order: impl Fn(&T, &T) -> Ordering) -> Vec<T> {
    let len = values.len();
    let (size, larger) = (len / bins, len % bins);
    let begins = (1..bins).map(|bin| bin * size + bin.min(larger));
    let mut found = Vec::new();
    let mut done = 0;
    for begin in begins.filter(|begin| (1..len).contains(begin)) {
        // The one before the first of the bin: what equals it belongs to a bin below.
        let (_, border, _) = values[done..].select_nth_unstable_by(begin - 1 - done, &order);
        found.push(*border);
        done = begin;
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The bin of SQL's `min(ntile(bins)) over (partition by value)`.
    fn naive(values: &[u32], bins: usize, value: u32) -> usize {
        let mut sorted = values.to_vec();
        sorted.sort_unstable();
        let rank = sorted.iter().position(|other| *other == value).unwrap();
        let (size, larger) = (sorted.len() / bins, sorted.len() % bins);
        let mut end = 0;
        (1..=bins)
            .find(|bin| {
                end += size + usize::from(*bin <= larger);
                rank < end
            })
            .unwrap()
    }

    proptest! {
        #[test]
        fn bins_are_those_of_the_first_of_equals(
            values in prop::collection::vec(0u32..12, 0..40),
            bins in BINS,
        ) {
            let borders = borders(&mut values.clone(), bins, u32::cmp);
            for value in &values {
                let bin = 1 + borders.partition_point(|border| border < value);
                prop_assert_eq!(bin, naive(&values, bins, *value), "{}", value);
            }
        }
    }
}
