//! Stickiness: how many people are active in a day, a week and a month, and on how many days.

use candor_event::PersonId;
use candor_store::{PeopleSet, Run, View, VolumeView};
use jiff::Span;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::days::{DAYS_MAX, Days, too_far, too_many};
use crate::error::Error;
use crate::filter::Condition;
use crate::period::{self, Interval};
use crate::question::{Matcher, check_all, range, whose};
use crate::scan::{Cancel, Did, Scan};
use crate::segment::Definition;

/// Days of the trailing week and month, the day itself among them.
const WEEK: usize = 7;
pub(crate) const MONTH: usize = 30;

/// A question about active people.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stickiness {
    /// What makes a person active: an event's name, or `*` for any.
    pub event: String,
    /// What must hold of it.
    #[serde(default, rename = "where")]
    pub conditions: Vec<Condition>,
    /// Days from this moment on; weeks and months look back beyond it.
    pub from: String,
    /// Up to, not including, this moment.
    pub to: String,
    /// The IANA name of the zone of dates and days; the caller resolves it.
    #[serde(default)]
    pub timezone: Option<String>,
    /// Whose events count.
    #[serde(default)]
    pub people: Option<Definition>,
}

/// A stickiness's answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Answer {
    /// One for each day of the range.
    pub days: Vec<Day>,
    /// From which day on they are not over yet; none where all are.
    pub incomplete: Option<usize>,
    /// By number of days of the range: how many people were active on so many.
    pub histogram: Vec<Bar>,
}

/// Who was active up to a day; nothing of days that lie ahead.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Day {
    /// When it begins, RFC 3339 with offset.
    pub at: String,
    /// On that day.
    pub dau: Option<u64>,
    /// On it or one of the 6 before.
    pub wau: Option<u64>,
    /// On it or one of the 29 before.
    pub mau: Option<u64>,
    /// The first by the last, 0 to 1; 0 where nobody was.
    pub dau_mau: Option<f64>,
}

/// How many people were active on so many days.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Bar {
    /// On so many.
    pub days: usize,
    /// So many people.
    pub people: u64,
}

/// A part of the answer: who was active up to a day, or on so many days.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cell {
    /// The day's start, as the answer says it.
    #[serde(default)]
    pub at: Option<String>,
    /// With `at`: how far back.
    #[serde(default)]
    pub of: Option<Reach>,
    /// On so many days of the range.
    #[serde(default)]
    pub days: Option<usize>,
}

/// How many days a number of active people is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// The day.
    Dau,
    /// It and the 6 before.
    Wau,
    /// It and the 29 before.
    Mau,
}

impl Reach {
    fn days(self) -> usize {
        match self {
            Reach::Dau => 1,
            Reach::Wau => WEEK,
            Reach::Mau => MONTH,
        }
    }
}

/// Counts active people by day, out of the days of each.
#[derive(Clone, Debug)]
pub(crate) struct Tally {
    /// The first of the days that are counted.
    first: usize,
    dau: Vec<u64>,
    /// How many more there are than the day before.
    wau: Vec<i64>,
    mau: Vec<i64>,
    /// By number of active days.
    histogram: Vec<u64>,
}

impl Tally {
    /// For `len` days from the day `first` on.
    pub(crate) fn new(first: usize, len: usize) -> Tally {
        let more = vec![0; len + 1];
        Tally {
            first,
            dau: vec![0; len],
            wau: more.clone(),
            mau: more,
            histogram: vec![0; len + 1],
        }
    }

    /// Counts one person, active on these days, ascending; `early` if on the first of the counted
    /// days only before what is asked about begins.
    #[inline]
    pub(crate) fn add(&mut self, days: &[u32], early: bool) {
        let (first, len) = (self.first as i64, self.dau.len() as i64);
        let mut active = 0;
        for (at, day) in days.iter().enumerate() {
            let day = i64::from(*day) - first;
            if day >= len {
                break;
            }
            if day > 0 || day == 0 && !early {
                self.dau[day as usize] += 1;
                active += 1;
            }
            // A day counts until the next one on which the person is active.
            let next = days.get(at + 1).map_or(len, |next| (i64::from(*next) - first).min(len));
            for (more, span) in [(&mut self.wau, WEEK), (&mut self.mau, MONTH)] {
                let (start, end) = (day.max(0), next.min(day + span as i64));
                if start < end {
                    more[start as usize] += 1;
                    more[end as usize] -= 1;
                }
            }
        }
        self.histogram[active] += 1;
    }

    pub(crate) fn join(&mut self, other: &Tally) {
        self.dau.iter_mut().zip(&other.dau).for_each(|(count, more)| *count += more);
        self.wau.iter_mut().zip(&other.wau).for_each(|(count, more)| *count += more);
        self.mau.iter_mut().zip(&other.mau).for_each(|(count, more)| *count += more);
        self.histogram.iter_mut().zip(&other.histogram).for_each(|(count, more)| *count += more);
    }

    /// People of each day, of its week and of its month.
    pub(crate) fn counts(&self) -> Vec<[u64; 3]> {
        let (mut wau, mut mau) = (0, 0);
        let each = self.dau.iter().zip(&self.wau).zip(&self.mau);
        let each = each.map(|((dau, more_of_week), more_of_month)| {
            wau += more_of_week;
            mau += more_of_month;
            [*dau, wau as u64, mau as u64]
        });
        each.collect()
    }

    /// The counts as they are shown at a moment.
    pub(crate) fn days(&self, days: &Days, as_of: i64) -> Vec<Day> {
        let day = |(at, [dau, wau, mau]): (usize, [u64; 3])| {
            let known = days.start(self.first + at) <= as_of;
            let share = if mau == 0 { 0.0 } else { dau as f64 / mau as f64 };
            Day {
                at: days.label(self.first + at),
                dau: known.then_some(dau),
                wau: known.then_some(wau),
                mau: known.then_some(mau),
                dau_mau: known.then_some(share),
            }
        };
        self.counts().into_iter().enumerate().map(day).collect()
    }

    /// By number of days, from 1: people who were active on so many.
    pub(crate) fn histogram(&self) -> &[u64] {
        &self.histogram[1..]
    }
}

/// A question that makes sense.
struct Plan<'q> {
    question: &'q Stickiness,
    days: Days,
    /// The first day of the range.
    first: usize,
    from: i64,
    to: i64,
}

/// What is found in one volume, and the days of the person looked at.
struct Found<'q> {
    matcher: Matcher<'q>,
    days: Vec<u32>,
}

impl Stickiness {
    /// Answers the question.
    ///
    /// # Errors
    /// [`Error::Bad`] names what to change; [`Error::Cancelled`] when the asker left.
    pub fn ask(&self, view: &View, zone: &TimeZone, cancel: &Cancel) -> Result<Answer, Error> {
        let plan = self.plan(zone)?;
        let whose = whose(self.people.as_ref(), view, zone, cancel)?;
        let len = plan.days.len() - plan.first;
        let all_days = plan.days.len() as u32;
        type Counted<'q> = (Found<'q>, Tally);
        let new = |volume: &VolumeView| (plan.find(volume), Tally::new(plan.first, len));
        let see = |(of, tally): &mut Counted<'_>, volume: &VolumeView, ordinal, run: Run<'_>| {
            if let Some(early) = plan.active(of, volume, ordinal, run) {
                tally.add(&of.days, early);
            }
        };
        let see_days =
            |counted: &mut Counted<'_>, volume: &VolumeView, ordinal, did: Did<'_>| match did {
                Did::Events(run) => see(counted, volume, ordinal, run),
                Did::Days(active) => {
                    let (of, tally) = counted;
                    of.days.clear();
                    let inside = active.flatten().map(|(day, _)| day);
                    let inside = inside.take_while(|day| *day < all_days);
                    of.days.extend(inside);
                    if !of.days.is_empty() {
                        tally.add(&of.days, false);
                    }
                }
            };
        let scan = plan.scan(view, whose.as_deref(), cancel);
        let by_days = match plan.of_whole_days() {
            true => scan.fold_days(&plan.days, new, see_days)?,
            false => None,
        };
        let tallies = match by_days {
            Some(tallies) => tallies,
            None => scan.fold(new, see)?,
        };
        let mut all = Tally::new(plan.first, len);
        tallies.iter().for_each(|(_, tally)| all.join(tally));
        Ok(plan.answer(&all, view.as_of.0))
    }

    /// The people behind a number of the answer, in the order of their ids.
    ///
    /// # Errors
    /// As [`Stickiness::ask`]; pointers into the cell begin with `/cell`.
    pub fn people(
        &self,
        cell: &Cell,
        view: &View,
        zone: &TimeZone,
        cancel: &Cancel,
    ) -> Result<Vec<PersonId>, Error> {
        let plan = self.plan(zone)?;
        let wanted = plan.wanted(cell, zone)?;
        let whose = whose(self.people.as_ref(), view, zone, cancel)?;
        type Looked<'q> = (Found<'q>, Vec<PersonId>);
        let new = |volume: &VolumeView| -> Looked<'_> { (plan.find(volume), Vec::new()) };
        let see = |(of, people): &mut Looked<'_>, volume: &VolumeView, ordinal, run: Run<'_>| {
            let Some(early) = plan.active(of, volume, ordinal, run) else { return };
            let from = |day: usize| of.days.partition_point(|active| (*active as usize) < day);
            let counts = match wanted {
                Wanted::Active { since, day } => {
                    let early = early && day == plan.first && since == day;
                    !early && from(since) < from(day + 1)
                }
                Wanted::OnDays(days) => {
                    of.days.len() - from(plan.first) - usize::from(early) == days
                }
            };
            if counts {
                people.push(volume.person_id(ordinal));
            }
        };
        let partials = plan.scan(view, whose.as_deref(), cancel).fold(new, see)?;
        let mut people: Vec<PersonId> = partials.into_iter().flat_map(|looked| looked.1).collect();
        people.sort_unstable();
        Ok(people)
    }

    fn plan(&self, zone: &TimeZone) -> Result<Plan<'_>, Error> {
        let (from, to) = range(&self.from, &self.to, zone)?;
        check_all(&self.conditions, "/where")?;
        let days = days_back_from(from.0, to.0, zone)?;
        let first = days.of(from.0);
        Ok(Plan { question: self, days, first, from: from.0, to: to.0 })
    }
}

/// The days from `from` up to `to`, and before them as many as a month looks back.
pub(crate) fn days_back_from(from: i64, to: i64, zone: &TimeZone) -> Result<Days, Error> {
    let far = |_| too_far("/from");
    let at = |moment: i64| {
        let moment = jiff::Timestamp::from_millisecond(moment).map_err(far)?;
        Ok::<_, Error>(moment.to_zoned(zone.clone()))
    };
    if to.saturating_sub(from) / 86_400_000 > DAYS_MAX as i64 {
        return Err(too_many("/from"));
    }
    let first = period::floor(&at(from)?, Interval::Day).map_err(far)?;
    let first = first.checked_sub(Span::new().days(MONTH as i64 - 1)).map_err(far)?;
    Days::new(&first, &at(to)?, "/from")
}

/// Who is looked for.
#[derive(Clone, Copy)]
enum Wanted {
    /// Whoever was active from one day to another.
    Active { since: usize, day: usize },
    /// Whoever was active on so many days of the range.
    OnDays(usize),
}

impl Plan<'_> {
    fn scan<'a>(
        &'a self,
        view: &'a View,
        whose: Option<&'a [PeopleSet]>,
        cancel: &'a Cancel,
    ) -> Scan<'a> {
        Scan::new(view, cancel).of_people(whose).of_events([self.question.event.as_str()])
    }

    /// Whether it is about any event on days that are whole.
    fn of_whole_days(&self) -> bool {
        self.question.event == "*"
            && self.question.conditions.is_empty()
            && self.from == self.days.start(self.first)
            && self.to == self.days.start(self.days.len())
    }

    fn find(&self, volume: &VolumeView) -> Found<'_> {
        let question = self.question;
        let matcher = Matcher::new(volume, &question.event, &question.conditions);
        Found { matcher, days: Vec::new() }
    }

    /// Finds the days on which a person was active, those that a month looks back included; none
    /// if they were on none. Says whether the first day of the range is among them only for what
    /// happened before the range begins.
    fn active(
        &self,
        of: &mut Found<'_>,
        volume: &VolumeView,
        ordinal: u32,
        run: Run<'_>,
    ) -> Option<bool> {
        if !of.matcher.person_matches(volume, ordinal) {
            return None;
        }
        let Found { matcher, days } = of;
        days.clear();
        let matches = |at| matcher.event_matches(volume, ordinal, run, at);
        let (start, end) = (run.before(self.days.start(0)), run.before(self.to));
        let mut early = false;
        if self.from == self.days.start(self.first) {
            self.days.active(run, start..end, matches, days);
        } else {
            let from = run.before(self.from);
            self.days.active(run, start..from, matches, days);
            let first = self.first as u32;
            early = days.pop_if(|last| *last == first).is_some();
            let before = days.len();
            self.days.active(run, from..end, matches, days);
            early &= days.get(before) != Some(&first);
            if early {
                days.insert(before, first);
            }
        }
        (!days.is_empty()).then_some(early)
    }

    fn wanted(&self, cell: &Cell, zone: &TimeZone) -> Result<Wanted, Error> {
        match (&cell.at, cell.of, cell.days) {
            (None, None, Some(days)) if days > 0 => Ok(Wanted::OnDays(days)),
            (None, None, Some(_)) => Err(Error::bad("/cell/days", "a number from 1")),
            (Some(at), Some(of), None) => {
                let at = period::moment(at, zone, "/cell/at")?.0;
                let day = (self.first..self.days.len()).find(|day| self.days.start(*day) == at);
                let message = "the start of a day of the range";
                let day = day.ok_or_else(|| Error::bad("/cell/at", message))?;
                Ok(Wanted::Active { since: (day + 1).saturating_sub(of.days()), day })
            }
            _ => {
                let message = "`at` with `of` (dau, wau or mau), or a number of `days`";
                Err(Error::bad("/cell", message))
            }
        }
    }

    fn answer(&self, tally: &Tally, as_of: i64) -> Answer {
        let is_over = |day: usize| self.days.start(day + 1).min(self.to) <= as_of;
        let incomplete = (self.first..self.days.len()).find(|day| !is_over(*day));
        let bars = tally.histogram().iter().enumerate();
        Answer {
            days: tally.days(&self.days, as_of),
            incomplete: incomplete.map(|day| day - self.first),
            histogram: bars.map(|(at, people)| Bar { days: at + 1, people: *people }).collect(),
        }
    }
}
