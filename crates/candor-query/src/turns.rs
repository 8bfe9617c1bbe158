//! Who works while more is asked than there are cores: a pass holds one of a few places, and hands
//! it on every millisecond while others wait. So nobody waits for the whole of another's question,
//! and what is short is answered before what is long goes on.

use std::cell::Cell;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::Thread;
use std::time::{Duration, Instant};

/// How long a pass works while others wait.
const TURN: Duration = Duration::from_millis(1);
/// A question that has worked for less, on all threads together, is short so far, and goes first.
const SHORT: Duration = Duration::from_millis(1);
/// One that is long is passed over so often while it waits, and no more.
const PASSED_OVER_MAX: usize = 8;
/// Who waits works anyway once no place was handed on for so long: those who hold them read a
/// property from its files, which takes seconds where there is much of it.
const PATIENCE: Duration = Duration::from_millis(50);

/// The places for all who ask one server.
#[derive(Debug)]
pub struct Turns {
    /// How many wait whose question is short so far, and whose is long: a look without the lock.
    short: AtomicUsize,
    long: AtomicUsize,
    queue: Mutex<Queue>,
    patience: Duration,
}

#[derive(Debug)]
struct Queue {
    free: usize,
    /// How many work beside those who hold a place.
    beside: usize,
    /// When a place was handed on, somebody began to work beside, or the first one to wait.
    moved: Instant,
    short: VecDeque<Arc<Waiter>>,
    long: VecDeque<Arc<Waiter>>,
    /// How often the first of the long ones was passed over.
    passed_over: usize,
}

#[derive(Debug)]
struct Waiter {
    thread: Thread,
    called: AtomicBool,
}

impl Queue {
    fn of(&mut self, is_short: bool) -> &mut VecDeque<Arc<Waiter>> {
        if is_short { &mut self.short } else { &mut self.long }
    }

    fn is_empty(&self) -> bool {
        self.short.is_empty() && self.long.is_empty()
    }

    fn push(&mut self, waiter: Arc<Waiter>, is_short: bool) {
        if self.is_empty() {
            self.moved = Instant::now();
        }
        if self.long.is_empty() {
            self.passed_over = 0;
        }
        self.of(is_short).push_back(waiter);
    }

    /// Who is next of those who wait; a long one only if `also_long`.
    fn next(&mut self, also_long: bool) -> Option<Arc<Waiter>> {
        let passed_over = self.passed_over >= PASSED_OVER_MAX;
        if (self.short.is_empty() || passed_over) && also_long && !self.long.is_empty() {
            self.passed_over = 0;
            return self.long.pop_front();
        }
        self.passed_over += usize::from(!self.long.is_empty());
        self.short.pop_front()
    }
}

impl Turns {
    /// So many places.
    pub fn new(places: usize) -> Turns {
        Turns::with(places, PATIENCE)
    }

    fn with(places: usize, patience: Duration) -> Turns {
        assert!(places > 0, "somebody has to work");
        let queue = Queue {
            free: places,
            beside: 0,
            moved: Instant::now(),
            short: VecDeque::new(),
            long: VecDeque::new(),
            passed_over: 0,
        };
        let (short, long) = (AtomicUsize::new(0), AtomicUsize::new(0));
        Turns { short, long, queue: Mutex::new(queue), patience }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells those who look without the lock, before it is let go.
    fn told(&self, queue: MutexGuard<'_, Queue>) {
        self.short.store(queue.short.len(), Ordering::Relaxed);
        self.long.store(queue.long.len(), Ordering::Relaxed);
    }

    /// Waits for a place, or works beside those who hold one too long.
    fn enter(&self, is_short: bool) {
        let mut queue = self.queue();
        if queue.free > 0 {
            queue.free -= 1;
            return;
        }
        let waiter = Waiter { thread: std::thread::current(), called: AtomicBool::new(false) };
        let waiter = Arc::new(waiter);
        queue.push(waiter.clone(), is_short);
        let mut left = self.patience.saturating_sub(queue.moved.elapsed());
        self.told(queue);
        let called = || waiter.called.load(Ordering::Acquire);
        while !called() {
            std::thread::park_timeout(left.max(TURN));
            let mut queue = self.queue();
            left = self.patience.saturating_sub(queue.moved.elapsed());
            if called() || !left.is_zero() {
                continue;
            }
            let waiting = queue.of(is_short);
            // Whoever waits no more is called in a moment.
            if let Some(place) = waiting.iter().position(|other| Arc::ptr_eq(other, &waiter)) {
                waiting.remove(place);
                queue.beside += 1;
                queue.moved = Instant::now();
                self.told(queue);
                return;
            }
        }
    }

    /// Hands a place, held for so long, to whoever is next; false where there was nobody.
    fn hand_on(&self, worked: Duration, also_long: bool, or_free: bool) -> bool {
        let mut queue = self.queue();
        // Somebody works beside for whoever kept a place too long; who waits lets them go on.
        let kept = worked >= self.patience || or_free && queue.is_empty();
        if queue.beside > 0 && kept {
            queue.beside -= 1;
            queue.moved = Instant::now();
            return true;
        }
        let next = queue.next(also_long);
        queue.free += usize::from(next.is_none() && or_free);
        queue.moved = Instant::now();
        self.told(queue);
        if let Some(next) = &next {
            next.called.store(true, Ordering::Release);
            next.thread.unpark();
        }
        next.is_some()
    }
}

/// A place that a thread holds.
#[derive(Debug)]
pub(crate) struct Turn<'a> {
    turns: &'a Turns,
    /// How long the question has worked, in ns.
    spent: &'a AtomicU64,
    since: Cell<Instant>,
}

impl<'a> Turn<'a> {
    /// Waits for a place; `spent` is what all threads of the question share.
    pub(crate) fn wait(turns: &'a Turns, spent: &'a AtomicU64) -> Turn<'a> {
        turns.enter(is_short(spent.load(Ordering::Relaxed)));
        Turn { turns, spent, since: Cell::new(Instant::now()) }
    }

    /// Lets others work if it is their turn. Costs little while nobody waits: call it often.
    pub(crate) fn look(&self) {
        let waiting = |of: &AtomicUsize| of.load(Ordering::Relaxed) > 0;
        let (short, long) = (waiting(&self.turns.short), waiting(&self.turns.long));
        if !short && !long {
            return;
        }
        let worked = self.since.get().elapsed();
        let before = self.spent.load(Ordering::Relaxed);
        let spent = before.saturating_add(worked.as_nanos() as u64);
        let over = worked >= TURN;
        let before_others = short && !is_short(spent);
        if !over && !before_others {
            return;
        }
        if self.turns.hand_on(worked, over, false) {
            self.spent.fetch_add(worked.as_nanos() as u64, Ordering::Relaxed);
            self.turns.enter(is_short(spent));
            self.since.set(Instant::now());
        }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let worked = self.since.get().elapsed();
        self.spent.fetch_add(worked.as_nanos() as u64, Ordering::Relaxed);
        self.turns.hand_on(worked, true, true);
    }
}

fn is_short(spent: u64) -> bool {
    u128::from(spent) < SHORT.as_nanos()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: u64 = SHORT.as_nanos() as u64;
    const HOUR: Duration = Duration::from_secs(3_600);

    /// Waits until so many wait.
    fn until(turns: &Turns, waiting: usize) {
        while turns.short.load(Ordering::Relaxed) + turns.long.load(Ordering::Relaxed) < waiting {
            std::thread::yield_now();
        }
    }

    #[test]
    fn no_more_work_than_there_are_places_and_all_come_to_an_end() {
        let (turns, working, most) =
            (Turns::with(2, HOUR), AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..9 {
                scope.spawn(|| {
                    let spent = AtomicU64::new(0);
                    let turn = Turn::wait(&turns, &spent);
                    for _ in 0..40 {
                        let now = working.fetch_add(1, Ordering::SeqCst) + 1;
                        most.fetch_max(now, Ordering::SeqCst);
                        std::thread::sleep(TURN / 8);
                        working.fetch_sub(1, Ordering::SeqCst);
                        turn.look();
                    }
                });
            }
        });
        assert_eq!(most.into_inner(), 2);
        let queue = turns.queue();
        assert_eq!((queue.free, queue.short.len(), queue.long.len()), (2, 0, 0));
    }

    #[test]
    fn what_is_short_goes_first_and_what_is_long_is_not_passed_over_for_ever() {
        let (turns, order) = (Turns::with(1, HOUR), Mutex::new(Vec::new()));
        std::thread::scope(|scope| {
            let long = AtomicU64::new(LONG);
            let first = Turn::wait(&turns, &long);
            let come = |name: usize, worked: u64, before: usize| {
                let (turns, order) = (&turns, &order);
                scope.spawn(move || {
                    let spent = AtomicU64::new(worked);
                    let _turn = Turn::wait(turns, &spent);
                    order.lock().unwrap().push(name);
                });
                until(turns, before + 1);
            };
            come(100, LONG, 0);
            (0..PASSED_OVER_MAX + 2).for_each(|name| come(name, 0, name + 1));
            drop(first);
        });
        let first: Vec<usize> = (0..PASSED_OVER_MAX).chain([100]).collect();
        assert_eq!(order.into_inner().unwrap()[..first.len()], first);
    }

    #[test]
    fn who_holds_a_place_without_a_look_keeps_nobody_from_working() {
        let turns = Turns::with(1, TURN);
        let long = AtomicU64::new(LONG);
        let stuck = Turn::wait(&turns, &long);
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    let spent = AtomicU64::new(0);
                    Turn::wait(&turns, &spent).look();
                });
            }
        });
        drop(stuck);
        let queue = turns.queue();
        assert_eq!((queue.free, queue.beside), (1, 0));
        assert!(queue.short.is_empty() && queue.long.is_empty());
    }

    #[test]
    fn who_work_beside_hand_that_on_among_them() {
        let (turns, long) = (Turns::with(1, HOUR), AtomicU64::new(LONG));
        let stuck = Turn::wait(&turns, &long);
        // As if an hour had passed.
        turns.queue().beside = 1;
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let spent = AtomicU64::new(LONG);
                let beside =
                    Turn { turns: &turns, spent: &spent, since: Cell::new(Instant::now()) };
                until(&turns, 1);
                std::thread::sleep(TURN);
                beside.look();
            });
            scope.spawn(|| {
                let spent = AtomicU64::new(LONG);
                let handed_on = Turn::wait(&turns, &spent);
                until(&turns, 1);
                assert_eq!(turns.queue().beside, 1);
                drop(handed_on);
            });
        });
        assert_eq!(turns.queue().beside, 0);
        assert_eq!(turns.queue().free, 0);
        drop(stuck);
        assert_eq!(turns.queue().free, 1);
    }

    #[test]
    fn a_long_pass_lets_a_short_one_work_before_its_turn_is_over() {
        let (turns, done) = (Turns::with(1, HOUR), AtomicBool::new(false));
        std::thread::scope(|scope| {
            let long = AtomicU64::new(LONG);
            let turn = Turn::wait(&turns, &long);
            turn.since.set(Instant::now() + TURN * 1_000);
            scope.spawn(|| {
                let spent = AtomicU64::new(0);
                let _turn = Turn::wait(&turns, &spent);
                done.store(true, Ordering::SeqCst);
            });
            until(&turns, 1);
            turn.look();
            assert!(done.load(Ordering::SeqCst));
        });
    }
}
