//! RFM: how recently, how often and for how much people did something, as bins, as kinds of people
//! with names, and how people moved between those from one range to another.
//!
//! Read in this order: `score` (habits and bins), `name` (the grid), this file (the question).

mod name;
mod score;

use std::ops::Range;

use candor_event::PersonId;
use candor_store::View;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::filter::Condition;
use crate::period;
use crate::question::{check_all, range, whose};
use crate::scan::Cancel;
use crate::segment::Definition;

use name::NAMES;
pub use name::Name;
pub(crate) use score::{Asked, Borders, Habits, rounded};
use score::{BINS, Habit, Score, Seen};

/// An RFM question.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rfm {
    /// The event's name, or `*` for any; `Charged` when missing.
    #[serde(default = "charged")]
    pub event: String,
    /// The property that holds the money, `Amount` when missing. Money is scored where one of the
    /// events has a number in it.
    #[serde(default = "amount")]
    pub amount: String,
    /// When.
    pub from: String,
    /// Up to, not including, this moment.
    pub to: String,
    /// Since when recency is told, and what lies after it does not count; `to` when missing.
    #[serde(default)]
    pub as_of: Option<String>,
    /// How many bins each score has: 2 to 10.
    #[serde(default = "five")]
    pub bins: usize,
    /// The IANA name of the zone of dates; the caller resolves it.
    #[serde(default)]
    pub timezone: Option<String>,
    /// What must hold of the events.
    #[serde(default, rename = "where")]
    pub conditions: Vec<Condition>,
    /// Whose events count.
    #[serde(default)]
    pub people: Option<Definition>,
    /// Another range: people who move from what they were in it to what they are in the question's.
    #[serde(default)]
    pub compare: Option<Compared>,
}

/// A range that a question is compared with.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Compared {
    /// When.
    pub from: String,
    /// Up to, not including, this moment.
    pub to: String,
}

/// The event that stands for a purchase.
pub(crate) const CHARGED: &str = "Charged";
/// The property of its money.
pub(crate) const AMOUNT: &str = "Amount";

fn charged() -> String {
    CHARGED.to_owned()
}

fn amount() -> String {
    AMOUNT.to_owned()
}

fn five() -> usize {
    5
}

/// An RFM answer. Each person who did it once or more in the range is in one cell.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Answer {
    /// People who did it in the range.
    pub people: u64,
    /// The money of all of them.
    pub revenue: f64,
    /// Those with people, by recency, frequency and money ascending.
    pub cells: Vec<Scored>,
    /// The ten kinds, those without people included.
    pub named: Vec<Named>,
    /// What the bins mean, those with people.
    pub scores: Scores,
    /// Who became what since the range compared with, the most people first; none where nothing was
    /// to be compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moves: Option<Vec<Move>>,
}

/// The people of equal scores.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Scored {
    /// The bin of recency, from 1; the highest is the most recent.
    pub r: u8,
    /// The bin of frequency.
    pub f: u8,
    /// The bin of money; none where money is not scored.
    pub m: Option<u8>,
    /// What such people are called.
    pub segment: Name,
    /// How many they are.
    pub people: u64,
    /// Their money.
    pub revenue: f64,
}

/// The people of one kind.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Named {
    /// The kind.
    pub segment: Name,
    /// How many they are.
    pub people: u64,
    /// Their money.
    pub revenue: f64,
}

/// What each bin of each score means.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Scores {
    /// Days from the last event to `as_of`.
    pub r: Vec<Bin>,
    /// How often.
    pub f: Vec<Bin>,
    /// How much money; empty where it is not scored.
    pub m: Vec<Bin>,
}

/// The people of one bin.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Bin {
    /// Which, from 1.
    pub bin: u8,
    /// How many they are.
    pub people: u64,
    /// The smallest value of one of them.
    pub least: f64,
    /// The largest.
    pub most: f64,
}

/// People who became something else, or stayed what they were.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Move {
    /// What they were in the range compared with: a kind, or `(none)`.
    pub from: Place,
    /// What they are in the question's range.
    pub to: Place,
    /// How many they are.
    pub people: u64,
}

/// A kind of people, or those who did it not at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Place {
    /// A kind.
    Named(Name),
    /// `(none)`: they did it not once in that range.
    None(Nobody),
}

/// The word `(none)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Nobody {
    /// Not once.
    #[serde(rename = "(none)")]
    None,
}

/// A number of an answer whose people are wanted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Cell {
    /// Those of a kind.
    Segment(OfSegment),
    /// Those who moved.
    Move(OfMove),
    /// Those of these bins.
    Cell(OfCell),
}

/// The people of a kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfSegment {
    /// Which.
    pub segment: Name,
}

/// The people of a move.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfMove {
    /// What they were.
    pub from: Place,
    /// What they became.
    pub to: Place,
}

/// The people of bins; a score that is not named may be any.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfCell {
    /// Recency.
    #[serde(default)]
    pub r: Option<u8>,
    /// Frequency.
    #[serde(default)]
    pub f: Option<u8>,
    /// Money.
    #[serde(default)]
    pub m: Option<u8>,
}

/// Everyone of a question with their habits, and how these are scored.
struct Everybody<'q> {
    asked: Asked<'q>,
    /// Whether money is scored.
    with_money: bool,
    as_of: i64,
    /// By volume.
    seen: Vec<Vec<Seen>>,
    now: Borders,
    before: Borders,
}

impl Rfm {
    /// Answers the question.
    ///
    /// # Errors
    /// [`Error::Bad`] names what to change; [`Error::Cancelled`] when the asker left.
    pub fn ask(&self, view: &View, zone: &TimeZone, cancel: &Cancel) -> Result<Answer, Error> {
        let scored = self.scored(view, zone, cancel)?;
        let moves = self.compare.is_some().then(|| scored.moves());
        Ok(Answer { moves, ..scored.answer() })
    }

    /// The people of a number of the answer, in the order of their ids.
    ///
    /// # Errors
    /// As [`Rfm::ask`]; pointers into the cell begin with `/cell`.
    pub fn people(
        &self,
        cell: &Cell,
        view: &View,
        zone: &TimeZone,
        cancel: &Cancel,
    ) -> Result<Vec<PersonId>, Error> {
        if matches!(cell, Cell::Cell(OfCell { r: None, f: None, m: None })) {
            return Err(Error::bad("/cell", "one of `r`, `f` and `m`, a segment, or a move"));
        }
        if matches!(cell, Cell::Move(_)) && self.compare.is_none() {
            return Err(Error::bad("/compare", "a range: there are no moves without it"));
        }
        let scored = self.scored(view, zone, cancel)?;
        let mut people = Vec::new();
        for (volume, seen) in view.volumes.iter().zip(&scored.seen) {
            let wanted = seen.iter().filter(|seen| scored.is_wanted(cell, seen));
            people.extend(wanted.map(|seen| volume.person_id(seen.ordinal)));
        }
        people.sort_unstable();
        Ok(people)
    }

    fn scored(
        &self,
        view: &View,
        zone: &TimeZone,
        cancel: &Cancel,
    ) -> Result<Everybody<'_>, Error> {
        let (from, to) = range(&self.from, &self.to, zone)?;
        let as_of = match &self.as_of {
            Some(as_of) => period::moment(as_of, zone, "/as_of")?,
            None => to,
        };
        if as_of <= from {
            return Err(Error::bad("/as_of", "a moment after `from`"));
        }
        if !BINS.contains(&self.bins) {
            let (least, most) = (BINS.start(), BINS.end());
            return Err(Error::bad("/bins", format!("a number from {least} to {most}")));
        }
        check_all(&self.conditions, "/where")?;
        let before = self.compare.as_ref().map(|compared| compared.range(zone)).transpose()?;
        let asked = Asked {
            event: &self.event,
            conditions: &self.conditions,
            amount: &self.amount,
            bins: self.bins,
        };
        let whose = whose(self.people.as_ref(), view, zone, cancel)?;
        let now = from.0..to.0.min(as_of.0);
        let seen = asked.habits(view, whose.as_deref(), &now, before.as_ref(), cancel)?;
        let all = || seen.iter().flatten();
        let with_money = all().any(|seen| seen.now.paid || seen.before.paid);
        let now = asked.borders(all().map(|seen| &seen.now), with_money);
        let before = asked.borders(all().map(|seen| &seen.before), with_money);
        Ok(Everybody { asked, with_money, as_of: as_of.0, seen, now, before })
    }
}

impl Compared {
    fn range(&self, zone: &TimeZone) -> Result<Range<i64>, Error> {
        let from = period::moment(&self.from, zone, "/compare/from")?;
        let to = period::moment(&self.to, zone, "/compare/to")?;
        match from < to {
            true => Ok(from.0..to.0),
            false => Err(Error::bad("/compare/to", "a moment after `from`; it is not included")),
        }
    }
}

/// People and money.
#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    people: u64,
    revenue: f64,
}

impl Sum {
    fn add(&mut self, habit: &Habit) {
        self.people += 1;
        self.revenue += habit.money;
    }
}

impl Everybody<'_> {
    fn answer(&self) -> Answer {
        let bins = self.asked.bins;
        let mut cells = vec![Sum::default(); bins * bins * bins];
        let mut scores = Scores::default();
        let mut whole = Sum::default();
        for habit in self.seen.iter().flatten().map(|seen| &seen.now) {
            if habit.times == 0 {
                continue;
            }
            let score = self.now.score(habit);
            cells[place(score, bins)].add(habit);
            whole.add(habit);
            widen(&mut scores.r, score.r, (self.as_of - habit.last) as f64 / DAY_MS);
            widen(&mut scores.f, score.f, f64::from(habit.times));
            if let Some(m) = score.m {
                widen(&mut scores.m, m, habit.money);
            }
        }
        [&mut scores.r, &mut scores.f, &mut scores.m].into_iter().for_each(|bins| {
            bins.retain(|bin| bin.people > 0);
        });
        let mut kinds = [Sum::default(); NAMES.len()];
        let filled = cells.iter().enumerate().filter(|(_, sum)| sum.people > 0);
        let cells = filled.map(|(place, sum)| {
            let score = self.score_at(place);
            let segment = Name::of(score, bins);
            kinds[segment.place()].people += sum.people;
            kinds[segment.place()].revenue += sum.revenue;
            let Score { r, f, m } = score;
            Scored { r, f, m, segment, people: sum.people, revenue: sum.revenue }
        });
        let cells = cells.collect();
        let named = NAMES.iter().zip(kinds);
        let named = named.map(|(segment, sum)| Named {
            segment: *segment,
            people: sum.people,
            revenue: sum.revenue,
        });
        let (people, revenue) = (whole.people, whole.revenue);
        Answer { people, revenue, cells, named: named.collect(), scores, moves: None }
    }

    /// The score whose place this is; places that no score has are never asked for.
    fn score_at(&self, place: usize) -> Score {
        let bins = self.asked.bins;
        let bin = |digit: usize| 1 + (digit % bins) as u8;
        let m = self.with_money.then(|| bin(place));
        Score { r: bin(place / bins / bins), f: bin(place / bins), m }
    }

    fn moves(&self) -> Vec<Move> {
        // By what they were, then by what they are; the last is nobody.
        let kinds = NAMES.len() + 1;
        let mut counts = vec![0u64; kinds * kinds];
        for seen in self.seen.iter().flatten() {
            let (from, to) = self.places(seen);
            counts[from.place() * kinds + to.place()] += 1;
        }
        let at = |place: usize| NAMES.get(place).map_or(Place::None(Nobody::None), |n| n.into());
        let moved = counts.into_iter().enumerate().filter(|(_, people)| *people > 0);
        let mut moves: Vec<Move> = moved
            .map(|(place, people)| Move { from: at(place / kinds), to: at(place % kinds), people })
            .collect();
        // Of equal numbers the order of the kinds stays.
        moves.sort_by_key(|one| std::cmp::Reverse(one.people));
        moves
    }

    /// What somebody was and is.
    fn places(&self, seen: &Seen) -> (Place, Place) {
        let of = |habit: &Habit, borders: &Borders| match habit.times {
            0 => Place::None(Nobody::None),
            _ => Place::Named(Name::of(borders.score(habit), self.asked.bins)),
        };
        (of(&seen.before, &self.before), of(&seen.now, &self.now))
    }

    fn is_wanted(&self, cell: &Cell, seen: &Seen) -> bool {
        match cell {
            Cell::Move(OfMove { from, to }) => self.places(seen) == (*from, *to),
            _ if seen.now.times == 0 => false,
            Cell::Segment(OfSegment { segment }) => self.places(seen).1 == Place::Named(*segment),
            Cell::Cell(OfCell { r, f, m }) => {
                let score = self.now.score(&seen.now);
                let any = |wanted: &Option<u8>, found| wanted.is_none_or(|bin| bin == found);
                any(r, score.r) && any(f, score.f) && (m.is_none() || *m == score.m)
            }
        }
    }
}

impl Place {
    fn place(self) -> usize {
        match self {
            Place::Named(name) => name.place(),
            Place::None(_) => NAMES.len(),
        }
    }
}

impl From<&Name> for Place {
    fn from(name: &Name) -> Place {
        Place::Named(*name)
    }
}

const DAY_MS: f64 = 86_400_000.0;

/// Where the people of a score are counted.
fn place(score: Score, bins: usize) -> usize {
    let digit = |bin: u8| usize::from(bin) - 1;
    (digit(score.r) * bins + digit(score.f)) * bins + score.m.map_or(0, digit)
}

/// Takes one more person's value into a bin.
fn widen(bins: &mut Vec<Bin>, bin: u8, value: f64) {
    for next in bins.len() as u8 + 1..=bin {
        bins.push(Bin { bin: next, people: 0, least: f64::INFINITY, most: f64::NEG_INFINITY });
    }
    let bin = &mut bins[usize::from(bin) - 1];
    bin.people += 1;
    bin.least = bin.least.min(value);
    bin.most = bin.most.max(value);
}
