//! What keeps a provider from being asked too much: a window of messages whose end is not durable
//! yet, a rate, and a breaker that opens when nothing works. All that send by the provider share
//! it.

use std::sync::{Arc, Mutex, PoisonError};

use candor_catalog::Standing;
use candor_event::Timestamp;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::channel::Answer;

/// Messages that are with the provider or of which the end is not durable yet: a crash repeats at
/// most so many.
pub const WINDOW: usize = 64;
/// So many failures without a success open the breaker.
const FAILURES_IN_A_ROW_MAX: u32 = 20;
/// Answers that are looked at together, and how many of these may be failures.
const ANSWERS: u32 = 200;
const FAILURES_MAX: u32 = 100;
const OPEN_MS_MIN: i64 = 5_000;
const OPEN_MS_MAX: i64 = 300_000;
/// A probe without an answer is not waited for longer.
const PROBE_MS_MAX: i64 = 30_000;
const PROBE_LOOK_MS: i64 = 50;
/// A rate is cut by half when the provider says that it is too fast, and grows by this each second.
/// What was on its way already says so again: that is the same news.
const CUT: f64 = 0.5;
const CUT_AGAIN_MS: i64 = 1_000;
const GROWTH: f64 = 1.01;
/// And by at least so many messages a second, so that a small rate does not stay small for minutes.
const GROWTH_MIN: f64 = 0.5;
/// Clocks are set right by less than this.
const CLOCK_STEP_MS: i64 = 60_000;
/// A provider that gives up does so when nothing went by it for so long.
const FAILING_MS_MAX: i64 = 5 * 86_400_000;
/// What passes sooner is not kept.
const FAILING_MS_MIN: i64 = 60_000;
/// Messages a second above which a rate is none.
const RATE_MAX: f64 = 100_000.0;
const RATE_MIN: f64 = 0.1;
/// Seconds that a rate may save up.
const BURST_S: f64 = 1.0;

/// How a provider stands, for people to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// Nothing goes until then.
    pub held_until: Option<Timestamp>,
    /// It said that it does not know us; somebody must change the settings.
    pub refuses_us: bool,
    /// What it said to the last message that it did not take.
    pub last_error: Option<String>,
    /// Messages a second, where it wanted fewer than we had.
    pub per_second: Option<u32>,
    /// Since when nothing went by it, and whether it was switched off for that.
    pub standing: Standing,
}

/// The flow of one provider.
#[derive(Debug)]
pub struct Flow {
    window: Arc<Semaphore>,
    state: Mutex<State>,
    /// Runs of which a part waits for a worker.
    waiting: Mutex<Vec<String>>,
}

/// So many messages a second, and a second's worth saved up at most.
#[derive(Debug)]
struct Bucket {
    most: f64,
    rate: f64,
    tokens: f64,
    counted_at: i64,
}

impl Bucket {
    fn new(per_second: f64) -> Bucket {
        Bucket { most: per_second, rate: per_second, tokens: 1.0, counted_at: 0 }
    }

    /// Of so many messages, how many may go now; and when one may, where none may.
    fn take(&mut self, most: usize, now: i64) -> Result<usize, Timestamp> {
        let passed = (now - self.counted_at).clamp(0, 10_000) as f64 / 1_000.0;
        // A clock that was set back only begins anew.
        self.counted_at = now;
        let grown = (self.rate * GROWTH.powf(passed)).max(self.rate + GROWTH_MIN * passed);
        self.rate = grown.min(self.most);
        self.tokens = (self.tokens + self.rate * passed).min((self.rate * BURST_S).max(1.0));
        match most.min(self.tokens as usize) {
            0 => {
                let wait = (1.0 - self.tokens) / self.rate * 1_000.0;
                Err(Timestamp(now + wait.ceil().max(1.0) as i64))
            }
            taken => {
                self.tokens -= taken as f64;
                Ok(taken)
            }
        }
    }
}

/// The rate of one run, beside its provider's.
#[derive(Debug)]
pub(super) struct Throttle(Option<Mutex<Bucket>>);

impl Throttle {
    pub(super) fn new(per_minute: Option<u32>) -> Throttle {
        Throttle(per_minute.map(|rate| Mutex::new(Bucket::new(f64::from(rate) / 60.0))))
    }

    pub(super) fn take(&self, most: usize, now: Timestamp) -> Result<usize, Timestamp> {
        let Some(bucket) = &self.0 else { return Ok(most) };
        bucket.lock().unwrap_or_else(PoisonError::into_inner).take(most, now.0)
    }

    pub(super) fn give_back(&self, messages: usize) {
        if let Some(bucket) = &self.0 {
            bucket.lock().unwrap_or_else(PoisonError::into_inner).tokens += messages as f64;
        }
    }
}

#[derive(Debug)]
struct State {
    failures_in_a_row: u32,
    answers: u32,
    failures: u32,
    /// From when and until when nothing goes, and for how long the next time.
    held_at: i64,
    held_until: i64,
    hold_ms: i64,
    /// Since when one message is tried after a hold.
    probing: Option<i64>,
    refuses_us: bool,
    last_error: Option<String>,
    bucket: Bucket,
    /// Messages handed over in the running second and in the one before, to know how fast too
    /// fast was.
    second: (i64, u32, u32),
    cut_at: i64,
    standing: Standing,
    /// What of it is durable.
    kept: Standing,
}

impl Flow {
    /// At most so many messages a second, where the provider's settings say so; `standing` as it
    /// was kept.
    pub fn new(per_second: Option<u32>, standing: Standing) -> Flow {
        let state = State {
            failures_in_a_row: 0,
            answers: 0,
            failures: 0,
            held_at: 0,
            held_until: 0,
            hold_ms: OPEN_MS_MIN,
            probing: None,
            refuses_us: false,
            last_error: None,
            bucket: Bucket::new(per_second.map_or(RATE_MAX, f64::from)),
            second: (0, 0, 0),
            cut_at: 0,
            standing,
            kept: standing,
        };
        Flow {
            window: Arc::new(Semaphore::new(WINDOW)),
            state: Mutex::new(state),
            waiting: Mutex::default(),
        }
    }

    /// These runs wait for a worker.
    pub fn runs_wait(&self, runs: Vec<String>) {
        *self.waiting.lock().unwrap_or_else(PoisonError::into_inner) = runs;
    }

    /// Whether another run than this one waits for a worker.
    pub(super) fn others_wait(&self, run: &str) -> bool {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.iter().any(|other| other != run)
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Places in the window, up to so many; waits for the first one only where `wait`.
    pub(super) async fn places(&self, most: usize, wait: bool) -> Vec<OwnedSemaphorePermit> {
        let mut places = Vec::with_capacity(most.min(WINDOW));
        if wait && most > 0 {
            places.extend(self.window.clone().acquire_owned().await);
        }
        while places.len() < most {
            match self.window.clone().try_acquire_owned() {
                Ok(place) => places.push(place),
                Err(_) => break,
            }
        }
        places
    }

    /// Until when nothing may go; none: it may now.
    pub fn held_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.state().held(now)
    }

    /// Of so many messages, how many may go now; and when more may, where none may.
    pub(super) fn take(&self, most: usize, now: Timestamp) -> Result<usize, Timestamp> {
        let mut state = self.state();
        if let Some(held) = state.held(now) {
            return Err(held);
        }
        if state.probing.is_some_and(|since| (0..PROBE_MS_MAX).contains(&(now.0 - since))) {
            // One is on its way; what it brings decides.
            return Err(Timestamp(now.0 + PROBE_LOOK_MS));
        }
        let probes = state.hold_ms > OPEN_MS_MIN;
        let most = if probes { most.min(1) } else { most };
        let taken = state.bucket.take(most, now.0)?;
        state.probing = probes.then_some(now.0);
        let second = now.0 / 1_000;
        state.second = match state.second {
            (known, sent, before) if known == second => (second, sent + taken as u32, before),
            (known, sent, _) if known == second - 1 => (second, taken as u32, sent),
            _ => (second, taken as u32, 0),
        };
        Ok(taken)
    }

    /// Gives back what was taken for messages that did not go after all.
    pub(super) fn give_back(&self, messages: usize) {
        let mut state = self.state();
        state.bucket.tokens += messages as f64;
        state.probing = None;
    }

    /// Whether it was switched off.
    pub fn is_off(&self) -> bool {
        self.state().standing.off
    }

    /// What of its standing is to be kept now, if that is news. Where it `gives_up`, it is switched
    /// off once nothing went for days.
    pub(super) fn news(&self, gives_up: bool, now: Timestamp) -> Option<Standing> {
        let mut state = self.state();
        let since = state.standing.failing_since;
        let for_ms = since.map_or(0, |since| now.0.saturating_sub(since.0));
        state.standing.off |= gives_up && for_ms >= FAILING_MS_MAX;
        let failing_since = since.filter(|_| for_ms >= FAILING_MS_MIN);
        let news = Standing { failing_since, off: state.standing.off };
        (std::mem::replace(&mut state.kept, news) != news).then_some(news)
    }

    /// Takes in what the provider answered.
    pub(super) fn answered(&self, answer: &Answer, now: Timestamp) {
        let mut state = self.state();
        let probe = state.probing.take().is_some();
        state.answers += 1;
        match answer {
            Answer::Accepted { .. } | Answer::NoSuchAddress { .. } | Answer::BadContent { .. } => {
                state.works()
            }
            Answer::BadCredentials { code } => {
                state.refuses_us = true;
                state.last_error = Some(code.clone());
                state.fails(now);
                state.open(now);
            }
            Answer::TooFast { code, retry_after } => {
                state.last_error = Some(code.clone());
                // How fast one message was that is tried alone says nothing.
                if !probe {
                    state.slow_down(now.0);
                }
                if let Some(wait) = retry_after {
                    let until = now.0.saturating_add(wait.as_millis() as i64);
                    let known = state.held(now).map_or(until, |held| held.0);
                    (state.held_at, state.held_until) = (now.0, known.max(until));
                }
            }
            Answer::Later { code } | Answer::Unknown { code } => {
                state.last_error = Some(code.clone());
                state.fails(now);
                state.failures += 1;
                state.failures_in_a_row += 1;
                let often = state.answers >= ANSWERS && state.failures >= FAILURES_MAX;
                if probe || state.failures_in_a_row >= FAILURES_IN_A_ROW_MAX || often {
                    state.open(now);
                }
            }
        }
        if state.answers >= ANSWERS {
            (state.answers, state.failures) = (0, 0);
        }
    }

    /// How the provider stands.
    pub fn health(&self, now: Timestamp) -> Health {
        let state = self.state();
        let slowed = state.bucket.rate < state.bucket.most;
        Health {
            held_until: state.held(now),
            refuses_us: state.refuses_us,
            last_error: state.last_error.clone(),
            per_second: slowed.then_some(state.bucket.rate.ceil() as u32),
            standing: state.standing,
        }
    }
}

impl State {
    fn slow_down(&mut self, now: i64) {
        if (0..CUT_AGAIN_MS).contains(&(now - self.cut_at)) {
            return;
        }
        self.cut_at = now;
        let (second, sent, before) = self.second;
        let sent = sent.max(before);
        let fresh = second >= now / 1_000 - 1 && sent > 0;
        let bucket = &mut self.bucket;
        let seen = if fresh { f64::from(sent) } else { bucket.rate };
        bucket.rate = (bucket.rate.min(seen.max(1.0)) * CUT).max(RATE_MIN);
        bucket.tokens = bucket.tokens.min(1.0);
    }

    fn works(&mut self) {
        self.failures_in_a_row = 0;
        self.refuses_us = false;
        self.hold_ms = OPEN_MS_MIN;
        self.standing.failing_since = None;
    }

    fn fails(&mut self, now: Timestamp) {
        self.standing.failing_since.get_or_insert(now);
    }

    /// Until when nothing goes. A clock that was set back to long before it began ends it.
    fn held(&self, now: Timestamp) -> Option<Timestamp> {
        let held = self.held_at - CLOCK_STEP_MS..self.held_until;
        held.contains(&now.0).then_some(Timestamp(self.held_until))
    }

    fn open(&mut self, now: Timestamp) {
        if self.held(now).is_some() {
            return;
        }
        (self.held_at, self.held_until) = (now.0, now.0 + self.hold_ms);
        self.hold_ms = (self.hold_ms * 2).min(OPEN_MS_MAX);
        (self.failures_in_a_row, self.answers, self.failures) = (0, 0, 0);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn later() -> Answer {
        Answer::later("451")
    }

    fn accepted() -> Answer {
        Answer::Accepted { provider_id: None }
    }

    #[test]
    fn a_rate_is_kept_and_nothing_saved_up_beyond_a_second() {
        let flow = Flow::new(Some(10), Standing::default());
        let mut sent = 0;
        for ms in 0..=10_000 {
            sent += flow.take(64, Timestamp(1_000_000 + ms)).unwrap_or(0);
        }
        assert!((100..=111).contains(&sent), "{sent}");
    }

    #[test]
    fn twenty_failures_in_a_row_hold_it_and_one_probe_decides() {
        let flow = Flow::new(None, Standing::default());
        let at = Timestamp(1_000_000);
        flow.take(64, at).unwrap();
        for _ in 0..19 {
            flow.answered(&later(), at);
        }
        assert_eq!(flow.held_until(at), None);
        flow.answered(&later(), at);
        assert_eq!(flow.held_until(at), Some(Timestamp(1_005_000)));
        assert_eq!(flow.take(1, Timestamp(1_004_999)), Err(Timestamp(1_005_000)));
        // One message only; the others wait for what becomes of it.
        let probe = Timestamp(1_005_000);
        assert_eq!(flow.take(64, probe), Ok(1));
        assert!(flow.take(64, probe).is_err());
        flow.answered(&later(), probe);
        assert_eq!(flow.held_until(probe), Some(Timestamp(1_015_000)), "longer each time");
        assert_eq!(flow.held_until(Timestamp(1)), None, "a clock that was set back ends it");
        let again = Timestamp(1_015_000);
        assert_eq!(flow.take(64, again), Ok(1));
        let slower = Answer::TooFast { code: "421 4.7.0".into(), retry_after: None };
        flow.answered(&slower, again);
        assert_eq!(flow.take(64, again), Ok(1), "neither held for longer nor slower for it");
        flow.answered(&accepted(), again);
        assert_eq!(flow.take(64, again), Ok(64));
    }

    #[test]
    fn who_does_not_know_us_is_asked_no_more_for_a_while() {
        let flow = Flow::new(None, Standing::default());
        let at = Timestamp(1_000_000);
        flow.answered(&Answer::bad_credentials("535"), at);
        let health = flow.health(at);
        assert!(health.refuses_us && health.held_until.is_some());
        assert_eq!(health.last_error.as_deref(), Some("535"));
        flow.answered(&accepted(), Timestamp(1_006_000));
        assert!(!flow.health(Timestamp(1_006_000)).refuses_us);
    }

    #[test]
    fn who_fails_for_five_days_is_switched_off_where_it_gives_up() {
        const DAY_MS: i64 = 86_400_000;
        let at = |ms: i64| Timestamp(1_000_000 + ms);
        let flow = Flow::new(None, Standing::default());
        flow.answered(&later(), at(0));
        assert_eq!(flow.news(true, at(59_999)), None, "this may pass");
        let failing = Standing { failing_since: Some(at(0)), off: false };
        assert_eq!(flow.news(true, at(60_000)), Some(failing));
        assert_eq!(flow.news(true, at(70_000)), None, "it is kept");
        // One that goes, and all begins anew.
        flow.answered(&accepted(), at(2 * DAY_MS));
        assert_eq!(flow.news(true, at(2 * DAY_MS)), Some(Standing::default()));
        flow.answered(&later(), at(2 * DAY_MS));
        // After a restart it goes on from what was kept.
        let failing = Standing { failing_since: Some(at(2 * DAY_MS)), off: false };
        let flow = Flow::new(None, failing);
        flow.answered(&later(), at(6 * DAY_MS));
        assert_eq!(flow.news(true, at(7 * DAY_MS - 1)), None);
        assert_eq!(flow.news(false, at(8 * DAY_MS)), None, "e-mail servers are never given up");
        assert_eq!(flow.news(true, at(7 * DAY_MS)), Some(Standing { off: true, ..failing }));
        assert!(flow.is_off());
    }

    #[test]
    fn too_fast_halves_the_rate_and_waits_as_long_as_it_is_told() {
        let flow = Flow::new(None, Standing::default());
        let at = Timestamp(1_000_000);
        assert_eq!(flow.take(64, at), Ok(64));
        let wait = Some(Duration::from_secs(3));
        flow.answered(&Answer::TooFast { code: "429".into(), retry_after: wait }, at);
        assert_eq!(flow.take(1, at), Err(Timestamp(1_003_000)));
        // All that were on their way say the same.
        for _ in 1..64 {
            flow.answered(&Answer::TooFast { code: "429".into(), retry_after: wait }, at);
        }
        assert_eq!(flow.health(at).per_second, Some(32));
        let mut sent = 0;
        for ms in 0..1_000 {
            sent += flow.take(64, Timestamp(1_003_000 + ms)).unwrap_or(0);
        }
        assert!((30..=70).contains(&sent), "{sent}");
    }

    #[tokio::test]
    async fn the_window_is_never_larger_than_it_is() {
        let flow = Flow::new(None, Standing::default());
        let places = flow.places(1_000, true).await;
        assert_eq!(places.len(), WINDOW);
        assert_eq!(flow.places(1, false).await.len(), 0);
        drop(places);
        assert_eq!(flow.places(1, false).await.len(), 1);
    }
}
