//! One worker on one part of an audience: asks the gates, hands over, and makes durable what came
//! of it.
//!
//! What is handed over was durably intended before, and counts against the window until its end is
//! durable, too: so a crash loses nothing and repeats at most a window (spec: engagement, 2.3).
//! Intents and ends are committed together, one sync for many.

mod ends;
mod standing;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use candor_catalog::{Cap, Delivery, DeliveryState, Lease, Moved, RunState};
use candor_event::Timestamp;
use candor_ingest::Outcome;
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use self::ends::End;
use super::flow::Flow;
use super::gate::{Ready, Recall, Stop};
use super::making::{MADE_TOGETHER, Making};
use super::sender::{Plan, Sender};
use super::{Error, settle};
use crate::channel::Answer;

/// A lease runs out after this, and is kept for longer at half of it.
pub const LEASE_MS: i64 = 60_000;
/// After so long another run has its turn, if one waits: nobody waits a second for a worker.
const SLICE: Duration = Duration::from_millis(500);
/// Ends that are worth a commit of their own.
const COMMIT_AT: usize = 32;
/// How long a few ends wait for more, and at most where more is on its way.
const LINGER: Duration = Duration::from_millis(5);
const END_WAITS_MAX: Duration = Duration::from_millis(250);
/// So long after the last end, who has only answers to wait for makes room for another worker.
const ANSWER_WAITS_MAX: Duration = Duration::from_secs(1);
/// Frames of outcomes on their way to the log, and outcomes of one where many are told again.
const TELLING_MAX: usize = 8;
const TOLD_TOGETHER: usize = 500;

/// What was handed over and has no durable end yet.
struct Flying {
    delivery: Delivery,
    /// It may have gone before a crash.
    doubted: bool,
    variant: Option<String>,
    address: String,
    place: OwnedSemaphorePermit,
}

/// Work on one lease.
struct Work<'w> {
    sender: &'w Arc<Sender>,
    plan: &'w Arc<Plan>,
    flow: &'w Arc<Flow>,
    lease: &'w Lease,
    /// What its run's changes were when its state was read.
    seen: u64,
    begun: Instant,
    kept_at: Instant,
    todo: VecDeque<Delivery>,
    making: Making,
    ready: VecDeque<(Delivery, Ready)>,
    flying: JoinSet<(u32, Result<Answer, Recall>)>,
    flown: HashMap<u32, Flying>,
    /// Ends and drops that are not durable yet, and since when the first of them waits for that.
    ends: Vec<End>,
    first_end_at: Instant,
    /// Addresses that there are not, to be left alone.
    retired: Vec<String>,
    /// Why the run is to pause by itself.
    pauses: Option<String>,
    /// Of ends that are not durable yet, and free ones: the commit that makes the ends durable may
    /// give them to what goes next.
    places: Vec<OwnedSemaphorePermit>,
    telling: JoinSet<Result<(), String>>,
    /// When there is more to do.
    later: Option<Timestamp>,
    halted: bool,
}

/// Works on a lease until nothing of it is due, somebody halts its run, or another run has its
/// turn. `seen`: the run's changes when its plan was made. `busy` is dropped as soon as nothing is
/// left but to wait for answers, or at the end.
///
/// # Errors
/// [`Error`] where something durable could not be done; the lease runs out then.
pub async fn work(
    sender: &Arc<Sender>,
    plan: &Arc<Plan>,
    flow: &Arc<Flow>,
    lease: &Lease,
    seen: u64,
    busy: impl Send,
) -> Result<(), Error> {
    let now = sender.now();
    let id = sender.message_ids(&lease.run);
    let due = plan.run.due;
    let all = sender.catalog.deliveries_of(lease, now, id, due).await?;
    let Some(all) = all else { return Ok(()) };
    let begun = Instant::now();
    let mut work = Work {
        sender,
        plan,
        flow,
        lease,
        seen,
        begun,
        kept_at: begun,
        todo: VecDeque::new(),
        making: Making::default(),
        ready: VecDeque::new(),
        flying: JoinSet::new(),
        flown: HashMap::new(),
        ends: Vec::new(),
        first_end_at: begun,
        retired: Vec::new(),
        pauses: None,
        places: Vec::new(),
        telling: JoinSet::new(),
        later: None,
        halted: false,
    };
    if lease.torn {
        // Whoever had it before may not have told everything; told twice, it counts once.
        let told: Vec<Outcome> =
            all.iter().filter_map(|delivery| settle::told_again(plan, delivery)).collect();
        for some in told.chunks(TOLD_TOGETHER) {
            work.tell(some.to_vec());
            work.hear_of_telling(TELLING_MAX).await?;
        }
    }
    work.sort(all, now);
    match work.run(busy).await? {
        true => work.end().await,
        // Another worker has it: what we know is not ours to say.
        false => Ok(()),
    }
}

impl Work<'_> {
    /// What is due now, and when the rest is.
    fn sort(&mut self, all: Vec<Delivery>, now: Timestamp) {
        let stopped = self.plan.run.state == RunState::Stopped;
        for delivery in all {
            match delivery.state {
                // Its end is not known: it goes again, and is counted as such.
                DeliveryState::HandingOver => self.todo.push_front(delivery),
                DeliveryState::Planned if stopped || delivery.due <= now => {
                    self.todo.push_back(delivery);
                }
                DeliveryState::Planned => self.put_off(delivery.due),
                _ => {}
            }
        }
    }

    fn put_off(&mut self, due: Timestamp) {
        self.later = Some(self.later.map_or(due, |later| later.min(due)));
    }

    /// Whether nothing more of this may go out now.
    fn look(&mut self) -> bool {
        self.halted |= self.sender.is_halted(self.plan, self.seen);
        self.halted
    }

    fn has_had_its_turn(&self) -> bool {
        self.begun.elapsed() > SLICE && self.flow.others_wait(&self.plan.run.run)
    }

    /// True when all that could be done was; false when the lease was lost.
    async fn run(&mut self, busy: impl Send) -> Result<bool, Error> {
        let mut busy = Some(busy);
        loop {
            self.stands().await?;
            if self.look() || self.has_had_its_turn() {
                self.give_up_rest();
            }
            self.make().await?;
            let (going, wait) = self.may_go().await;
            let commits = going > 0 || self.worth_a_commit();
            if commits && !self.commit(going).await? {
                return Ok(false);
            }
            self.hear_of_telling(TELLING_MAX).await?;
            if self.is_done() {
                return Ok(true);
            }
            if self.flying.is_empty() && !self.flown.is_empty() {
                // Of whom nobody says anything any more: another worker hands it over again.
                return Err(Error::Broken("a hand-over ended without an answer"));
            }
            if !self.keep_lease().await? {
                return Ok(false);
            }
            if self.rests() {
                busy.take();
            }
            if !commits {
                self.wait(wait).await;
            }
        }
    }

    fn is_done(&self) -> bool {
        self.todo.is_empty()
            && self.making.is_empty()
            && self.ready.is_empty()
            && self.flown.is_empty()
            && self.ends.is_empty()
    }

    /// What was not handed over yet is left for another turn.
    fn give_up_rest(&mut self) {
        if !self.todo.is_empty() || !self.ready.is_empty() || !self.making.is_empty() {
            let now = self.sender.now();
            self.put_off(now);
        }
        self.todo.clear();
        self.making.abandon();
        self.ready.clear();
    }

    /// Lets messages be made ahead, and takes in what was made, in its order; waits for it only
    /// where there is nothing else to do.
    async fn make(&mut self) -> Result<(), Error> {
        if self.ready.len() < MADE_TOGETHER {
            self.making.begin(self.sender, self.plan, &mut self.todo);
        }
        loop {
            let idle = self.ready.is_empty() && self.flown.is_empty() && self.ends.is_empty();
            let Some(made) = self.making.take(idle).await? else { return Ok(()) };
            made.into_iter().for_each(|(delivery, judged)| self.sorted(delivery, judged));
        }
    }

    fn sorted(&mut self, delivery: Delivery, judged: Result<Ready, Stop>) {
        match judged {
            Ok(ready) => self.ready.push_back((delivery, ready)),
            Err(Stop::Drop(reason, detail)) => {
                let doubted = delivery.state == DeliveryState::HandingOver;
                self.drops(delivery, reason, (doubted, detail), None);
            }
            Err(Stop::Later(due)) => {
                self.put_off(due);
                let moved = settle::put_off(&delivery, due);
                self.ends_as(End { delivery, moved, variant: None });
            }
            Err(Stop::Cannot(answer)) => self.ends_with(delivery, None, None, &answer),
        }
    }

    /// How much of what is ready has a place and may go now; and until when to wait where none may.
    async fn may_go(&mut self) -> (usize, Option<Timestamp>) {
        if self.ready.is_empty() {
            return (0, None);
        }
        let now = self.sender.now();
        if self.flow.held_until(now).is_some() {
            // Nothing goes for a while, or until the provider's settings change: whoever gives
            // out leases knows, and what is ready is made anew then.
            self.give_up_rest();
            return (0, None);
        }
        let lacking = self.ready.len().saturating_sub(self.places.len());
        let idle = self.flown.is_empty() && self.places.is_empty();
        self.places.extend(self.flow.places(lacking, idle).await);
        let most = self.places.len().min(self.ready.len());
        if most == 0 {
            return (0, None);
        }
        let taken = self.plan.throttle.take(most, now).and_then(|most| {
            let taken = self.flow.take(most, now);
            self.plan.throttle.give_back(most - taken.unwrap_or_default());
            taken
        });
        match taken {
            Ok(taken) => (taken, None),
            Err(when) => {
                // Others may use what is free meanwhile.
                self.places.truncate(self.ends.len());
                (0, Some(when))
            }
        }
    }

    /// Commits ends, and the intents for what has a place; then hands that over. False when the
    /// lease was lost.
    async fn commit(&mut self, going: usize) -> Result<bool, Error> {
        let going: Vec<(Delivery, Ready)> = self.ready.drain(..going).collect();
        let ends = std::mem::take(&mut self.ends);
        let intents = going.iter().map(|(delivery, ready)| Moved {
            counts_since: ready.counts_since,
            ..settle::step(delivery, DeliveryState::HandingOver)
        });
        let moved: Vec<Moved> = ends.iter().map(|end| end.moved.clone()).chain(intents).collect();
        self.retire().await?;
        let cap = self.plan.campaign.frequency_cap.as_ref();
        let channel = self.plan.campaign.channel.word();
        let cap = cap.map(|cap| Cap { channel, messages: cap.messages });
        let now = self.sender.now();
        let done = self.sender.catalog.move_deliveries(self.lease, moved, cap, now).await?;
        let Some(capped) = done else { return Ok(false) };
        // The ends are durable: their places are free.
        let places = std::mem::take(&mut self.places);
        let told = |end: &End| {
            settle::outcome(self.plan, &end.delivery, end.variant.as_deref(), &end.moved, now)
        };
        let mut outcomes: Vec<Outcome> = ends.iter().filter_map(told).collect();
        let mut back = 0;
        for ((mut delivery, ready), place) in going.into_iter().zip(places) {
            if capped.contains(&delivery.place) {
                back += 1;
                let reason = Some(candor_catalog::FREQUENCY_CAP);
                let moved = Moved { reason, ..settle::step(&delivery, DeliveryState::Dropped) };
                let variant = ready.variant.as_deref();
                outcomes.extend(settle::outcome(self.plan, &delivery, variant, &moved, now));
                continue;
            }
            let doubted = delivery.state == DeliveryState::HandingOver;
            delivery.state = DeliveryState::HandingOver;
            self.hand_over((delivery, doubted), ready, place);
        }
        if back > 0 {
            self.flow.give_back(back);
            self.plan.throttle.give_back(back);
        }
        self.tell(outcomes);
        self.pause().await?;
        Ok(true)
    }

    /// Hands a message over, unless what can change at any moment has changed by then.
    fn hand_over(
        &mut self,
        (delivery, doubted): (Delivery, bool),
        ready: Ready,
        place: OwnedSemaphorePermit,
    ) {
        let Ready { composed, address, hash, variant, .. } = ready;
        let (sender, plan, seen) = (self.sender.clone(), self.plan.clone(), self.seen);
        let (at, person, now) = (delivery.place, delivery.person, self.sender.now());
        self.flying.spawn(async move {
            let asked = plan.clone();
            let still = move || sender.last_word(&asked, seen, (person, hash));
            (at, plan.provider.hand_over_if(&composed, now, still).await)
        });
        self.flown.insert(at, Flying { delivery, doubted, variant, address, place });
    }

    /// Waits for ends, for messages that are being made, or until more may go.
    async fn wait(&mut self, until: Option<Timestamp>) {
        let now = self.sender.now();
        let more = match until {
            Some(until) => Duration::from_millis((until.0 - now.0).clamp(1, 1_000) as u64),
            None => END_WAITS_MAX,
        };
        let waiting = !self.making.is_empty();
        tokio::select! {
            Some(ended) = self.flying.join_next(), if !self.flying.is_empty() => {
                self.ended(ended);
                self.linger().await;
            }
            () = self.making.ready(), if waiting => {}
            () = sleep(more) => {}
        }
    }

    /// A few ends wait a little for more, so that one sync is for many.
    async fn linger(&mut self) {
        let until = Instant::now() + LINGER;
        while self.ends.len() < COMMIT_AT && !self.flying.is_empty() {
            let left = until.saturating_duration_since(Instant::now());
            match timeout(left, self.flying.join_next()).await {
                Ok(Some(ended)) => self.ended(ended),
                _ => break,
            }
        }
        while let Some(ended) = self.flying.try_join_next() {
            self.ended(ended);
        }
    }

    async fn keep_lease(&mut self) -> Result<bool, Error> {
        if self.kept_at.elapsed().as_millis() as i64 * 2 < LEASE_MS {
            return Ok(true);
        }
        self.kept_at = Instant::now();
        let until = Timestamp(self.sender.now().0 + LEASE_MS);
        Ok(self.sender.catalog.extend(self.lease, until).await?)
    }

    fn tell(&mut self, outcomes: Vec<Outcome>) {
        if !outcomes.is_empty() {
            self.telling.spawn((self.sender.tell)(outcomes));
        }
    }

    /// Waits until at most so many outcomes are on their way.
    async fn hear_of_telling(&mut self, most: usize) -> Result<(), Error> {
        while self.telling.len() > most {
            if let Some(told) = self.telling.join_next().await {
                let told = told.map_err(|_| Error::Broken("outcomes were not told"))?;
                told.map_err(Error::Untold)?;
            }
        }
        Ok(())
    }

    /// Gives the lease back once everything that happened is told.
    async fn end(&mut self) -> Result<(), Error> {
        self.hear_of_telling(0).await?;
        self.sender.catalog.release(self.lease, self.later).await?;
        Ok(())
    }
}
