//! The app board: who is active, new, back and paying in a range, with the range before it beside.

use candor_event::Timestamp;
use candor_store::{Run, View, VolumeView};
use jiff::Span;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::days::{DAYS_MAX, Days, too_far, too_many};
use crate::error::Error;
use crate::question::{Matcher, range, whose};
use crate::scan::{Cancel, Scan};
use crate::segment::{Definition, OF_MESSAGES};
use crate::stickiness::{self, MONTH, Tally};

/// What a board is of.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Board {
    /// The first day.
    pub from: String,
    /// The day after the last.
    pub to: String,
    /// The IANA name of the zone of dates and days; the caller resolves it.
    #[serde(default)]
    pub timezone: Option<String>,
    /// What makes a person active: an event's name, or `*` for any but those that only tell how a
    /// message to them fared.
    #[serde(default = "any")]
    pub active: String,
    /// The event of a payment.
    #[serde(default = "charged")]
    pub paid: String,
    /// The property that says how much.
    #[serde(default = "amount")]
    pub amount: String,
    /// Whose events count.
    #[serde(default)]
    pub people: Option<Definition>,
}

fn any() -> String {
    "*".to_owned()
}

fn charged() -> String {
    "Charged".to_owned()
}

fn amount() -> String {
    "Amount".to_owned()
}

/// After how many days it is asked whether new people are back.
const BACK_AFTER: [usize; 3] = [1, 3, 7];

/// A board's answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Answer {
    /// The range asked for.
    pub current: Figures,
    /// As many days before it.
    pub previous: Figures,
}

/// The figures of one range.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figures {
    /// When it begins, RFC 3339 with offset.
    pub from: String,
    /// When it is over.
    pub to: String,
    /// People who were active in it.
    pub active: u64,
    /// People who were active in it for the first time.
    pub new: u64,
    /// Of these, those who paid in it.
    pub new_paying: u64,
    /// People who paid in it.
    pub paying: u64,
    /// What they paid.
    pub revenue: f64,
    /// By active person; none where nobody was.
    pub arpu: Option<f64>,
    /// By paying person; none where nobody paid.
    pub arppu: Option<f64>,
    /// The mean of the days that are over, as the two that follow; none where no day is.
    pub dau: Option<f64>,
    /// Of weeks up to each day.
    pub wau: Option<f64>,
    /// Of months up to each day.
    pub mau: Option<f64>,
    /// The first of the three by the last, 0 to 1.
    pub stickiness: Option<f64>,
    /// Which share of the new people was active again.
    pub retention: Retained,
    /// One for each day.
    pub days: Vec<Day>,
    /// From which day on they are not over; none where all are.
    pub incomplete: Option<usize>,
}

/// Which share of new people was active again on a day after their first, 0 to 1, of those for
/// whom that day is over; none where there are none.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[allow(missing_docs)]
pub struct Retained {
    pub day_1: Option<f64>,
    pub day_3: Option<f64>,
    pub day_7: Option<f64>,
}

/// One day; nothing is known of one that lies ahead.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Day {
    /// When it begins, and who was active.
    #[serde(flatten)]
    pub active: stickiness::Day,
    /// Active for the first time.
    pub new: Option<u64>,
    /// Paying on it.
    pub paying: Option<u64>,
    /// On it or one of the 6 before.
    pub paying_week: Option<u64>,
    /// On it or one of the 29 before.
    pub paying_month: Option<u64>,
    /// What they paid on it.
    pub revenue: Option<f64>,
}

/// What is counted for one range of days.
#[derive(Clone)]
struct Counts {
    active: Tally,
    paying: Tally,
    /// By day: people active for the first time, and those of them active again, as
    /// [`BACK_AFTER`].
    new: Vec<u64>,
    back: Vec<[u64; 3]>,
    new_paying: u64,
    revenue: Vec<f64>,
}

impl Counts {
    fn new(first: usize, len: usize) -> Counts {
        Counts {
            active: Tally::new(first, len),
            paying: Tally::new(first, len),
            new: vec![0; len],
            back: vec![[0; 3]; len],
            new_paying: 0,
            revenue: vec![0.0; len],
        }
    }

    fn join(&mut self, other: &Counts) {
        self.active.join(&other.active);
        self.paying.join(&other.paying);
        self.new.iter_mut().zip(&other.new).for_each(|(count, more)| *count += more);
        for (back, more) in self.back.iter_mut().zip(&other.back) {
            back.iter_mut().zip(more).for_each(|(count, more)| *count += more);
        }
        self.new_paying += other.new_paying;
        self.revenue.iter_mut().zip(&other.revenue).for_each(|(sum, more)| *sum += more);
    }
}

/// The days looked at: both ranges, a month before them and a week after.
struct Plan {
    days: Days,
    /// The first days of the range before and of the one asked for.
    firsts: [usize; 2],
    /// Of each range.
    len: usize,
}

/// What is found in one volume, and what one person did.
struct Found<'q> {
    active: Matcher<'q>,
    /// Events that make nobody active.
    silent: Vec<u16>,
    paid: Matcher<'q>,
    amount: Option<u32>,
    active_days: Vec<u32>,
    paid_days: Vec<u32>,
    counts: [Counts; 2],
}

impl Board {
    /// Answers the question.
    ///
    /// # Errors
    /// [`Error::Bad`] names what to change; [`Error::Cancelled`] when the asker left.
    pub fn ask(&self, view: &View, zone: &TimeZone, cancel: &Cancel) -> Result<Answer, Error> {
        let plan = self.plan(zone)?;
        let whose = whose(self.people.as_ref(), view, zone, cancel)?;
        let counts = || plan.firsts.map(|first| Counts::new(first, plan.len));
        let new = |volume: &VolumeView| {
            let silent = OF_MESSAGES.iter().filter(|_| self.active == "*");
            Found {
                active: Matcher::new(volume, &self.active, &[]),
                silent: silent.filter_map(|name| volume.event_code(name)).collect(),
                paid: Matcher::new(volume, &self.paid, &[]),
                amount: volume.property_code(&self.amount),
                active_days: Vec::new(),
                paid_days: Vec::new(),
                counts: counts(),
            }
        };
        let see = |of: &mut Found<'_>, volume: &VolumeView, ordinal: u32, run: Run<'_>| {
            plan.pay(of, volume, ordinal, run);
            plan.count(of, volume, ordinal, run);
        };
        let scan = Scan::new(view, cancel)
            .of_people(whose.as_deref())
            .of_events([self.active.as_str(), self.paid.as_str()]);
        let mut all = counts();
        for of in scan.fold(new, see)? {
            all.iter_mut().zip(&of.counts).for_each(|(all, more)| all.join(more));
        }
        let [previous, current] = all;
        let as_of = view.as_of;
        Ok(Answer {
            current: plan.figures(1, &current, as_of),
            previous: plan.figures(0, &previous, as_of),
        })
    }

    fn plan(&self, zone: &TimeZone) -> Result<Plan, Error> {
        let (from, to) = range(&self.from, &self.to, zone)?;
        if to.0.saturating_sub(from.0) / 86_400_000 > DAYS_MAX as i64 / 2 {
            return Err(too_many("/from"));
        }
        let at = |moment: Timestamp, pointer| {
            let far = |_| too_far(pointer);
            let moment = jiff::Timestamp::from_millisecond(moment.0).map_err(far)?;
            let moment = moment.to_zoned(zone.clone());
            match moment.start_of_day().map_err(far)? == moment {
                true => Ok(moment),
                false => Err(Error::bad(pointer, "a date: a board is of whole days")),
            }
        };
        let (first, end) = (at(from, "/from")?, at(to, "/to")?);
        let len = Days::new(&first, &end, "/from")?.len();
        let back = Span::new().days((len + MONTH) as i64);
        let first = first.checked_sub(back).map_err(|_| too_far("/from"))?;
        let on = Span::new().days(BACK_AFTER[2] as i64);
        let end = end.checked_add(on).map_err(|_| too_far("/to"))?;
        let days = Days::new(&first, &end, "/from")?;
        let first = days.of(from.0);
        Ok(Plan { days, firsts: [first - len, first], len })
    }
}

impl Plan {
    /// The place of a day in each range in which it lies.
    fn places(&self, day: usize) -> impl Iterator<Item = (usize, usize)> {
        let len = self.len;
        let places = self.firsts.into_iter().enumerate();
        places.filter_map(move |(range, first)| {
            Some((range, day.checked_sub(first).filter(|place| *place < len)?))
        })
    }

    /// The places of a run that lie in the days looked at.
    fn looked_at(&self, run: Run<'_>) -> std::ops::Range<usize> {
        run.before(self.days.start(0))..run.before(self.days.start(self.days.len()))
    }

    /// Finds when a person paid, and adds what.
    fn pay(&self, of: &mut Found<'_>, volume: &VolumeView, ordinal: u32, run: Run<'_>) {
        of.paid_days.clear();
        let paid = |at: &usize| of.paid.event_matches(volume, ordinal, run, *at);
        for at in self.looked_at(run).filter(paid) {
            let day = self.days.of(run.time(at));
            if of.paid_days.last() != Some(&(day as u32)) {
                of.paid_days.push(day as u32);
            }
            let value = of.amount.and_then(|amount| volume.property(run.row(at), amount));
            if let Some(value) = value.and_then(|value| value.as_number()) {
                for (range, place) in self.places(day) {
                    of.counts[range].revenue[place] += value;
                }
            }
        }
    }

    /// Counts a person whose payments are found.
    fn count(&self, of: &mut Found<'_>, volume: &VolumeView, ordinal: u32, run: Run<'_>) {
        let looked_at = self.looked_at(run);
        let Found { active, silent, active_days, paid_days, counts, .. } = of;
        let is_active = |at: usize| {
            !silent.contains(&run.code(at)) && active.event_matches(volume, ordinal, run, at)
        };
        active_days.clear();
        self.days.active(run, looked_at.clone(), is_active, active_days);
        for counts in counts.iter_mut() {
            counts.active.add(active_days, false);
            counts.paying.add(paid_days, false);
        }
        let Some(birth) = active_days.first().map(|day| *day as usize) else { return };
        let Some((range, place)) = self.places(birth).next() else { return };
        if (0..looked_at.start).any(is_active) {
            return;
        }
        let counts = &mut counts[range];
        counts.new[place] += 1;
        for (back, after) in counts.back[place].iter_mut().zip(BACK_AFTER) {
            let day = (birth + after) as u32;
            *back += u64::from(active_days.binary_search(&day).is_ok());
        }
        let days = self.firsts[range]..self.firsts[range] + self.len;
        let paid = paid_days.iter().any(|day| days.contains(&(*day as usize)));
        counts.new_paying += u64::from(paid);
    }

    fn figures(&self, range: usize, counts: &Counts, as_of: Timestamp) -> Figures {
        let first = self.firsts[range];
        let is_over = |day: usize| self.days.start(day + 1) <= as_of.0;
        let incomplete = (0..self.len).find(|place| !is_over(first + place));
        let (active, paying) = (counts.active.counts(), counts.paying.counts());
        let day = |(place, active): (usize, stickiness::Day)| {
            let known = active.dau.is_some();
            let [paying, paying_week, paying_month] =
                paying[place].map(|count| known.then_some(count));
            let new = known.then_some(counts.new[place]);
            let revenue = known.then_some(counts.revenue[place]);
            Day { active, new, paying, paying_week, paying_month, revenue }
        };
        let days = counts.active.days(&self.days, as_of.0).into_iter().enumerate().map(day);
        let over = &active[..incomplete.unwrap_or(self.len)];
        let sum = |which: usize| over.iter().map(|counts| counts[which]).sum::<u64>() as f64;
        let share = |part: f64, whole: f64| (whole > 0.0).then(|| part / whole);
        let mean = |which: usize| share(sum(which), over.len() as f64);
        let back = |which: usize| {
            let known = (0..self.len).filter(|place| is_over(first + place + BACK_AFTER[which]));
            let (mut back, mut new) = (0, 0);
            for place in known {
                back += counts.back[place][which];
                new += counts.new[place];
            }
            share(back as f64, new as f64)
        };
        let people = |tally: &Tally| tally.histogram().iter().sum::<u64>();
        let revenue: f64 = counts.revenue.iter().sum();
        Figures {
            from: self.days.label(first),
            to: self.days.label(first + self.len),
            active: people(&counts.active),
            new: counts.new.iter().sum(),
            new_paying: counts.new_paying,
            paying: people(&counts.paying),
            revenue,
            arpu: share(revenue, people(&counts.active) as f64),
            arppu: share(revenue, people(&counts.paying) as f64),
            dau: mean(0),
            wau: mean(1),
            mau: mean(2),
            stickiness: share(sum(0), sum(2)),
            retention: Retained { day_1: back(0), day_3: back(1), day_7: back(2) },
            days: days.collect(),
            incomplete,
        }
    }
}
